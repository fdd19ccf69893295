/* Plays a trace in a scenario of the gallery and keeps both sides: what was heard, what was true.
 */
#ifndef TESTS_SIM_TRACE_PLAY_H
#define TESTS_SIM_TRACE_PLAY_H

#include "sonde/path.h"
#include "sonde/sim.h"
#include "sonde/trace.h"

enum { TRACE_PLAY_HOPS = 256 };

/* What the network says of the probes with one hop limit. */
struct trace_play_truth {
    unsigned asked;
    unsigned answered;
    unsigned rationed; /* errors that a ration did not allow */
    unsigned lost;     /* on the way out or back */
    struct sonde_address from;
};

struct trace_play {
    const char *scenario; /* a name in the gallery, or a text with a line break */
    const char *host;     /* NULL: far */
    enum sonde_family family;
    uint64_t seed;
    struct sonde_trace_config trace;

    /* results */
    struct sonde_trace *strategy;
    struct sonde_path *path;
    struct sonde_trace_end end;
    struct sonde_path_summary summary;
    struct trace_play_truth truth[TRACE_PLAY_HOPS];
    struct sonde_transport transport;
    int64_t took_ns;
    int64_t slowest_ns; /* the longest true round trip of an answer */
    unsigned sent;
    unsigned unfinished;
    unsigned timed_out;
    unsigned finals;
};

void trace_play_run(struct trace_play *play);
void trace_play_free(struct trace_play *play);

const struct sonde_path_hop *trace_play_hop(const struct trace_play *play, unsigned hop);

/* The name in the scenario of who answered last for a hop; "*": nobody. */
const char *trace_play_who(const struct trace_play *play, unsigned hop);

#endif
