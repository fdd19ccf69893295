/* Plays the echo strategy in a scenario and keeps both sides: what was heard and what was true. */
#ifndef TESTS_SIM_PLAY_H
#define TESTS_SIM_PLAY_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/echo.h"
#include "sonde/engine.h"
#include "sonde/sim.h"
#include "sonde/stats.h"

/* One probe from both sides. */
struct play_probe {
    /* heard */
    unsigned finals;
    enum sonde_outcome_kind final;
    int64_t rtt_ns; /* of the final outcome; -1 unknown */
    unsigned duplicates, late, corrupt;
    int64_t due_ns, sent_ns;
    int error;
    /* true */
    unsigned entered; /* times it entered the network … */
    uint64_t packet;  /* … and as which packet there, the last time */
    unsigned intact;  /* answers that came back whole, errors included */
    int64_t first_ns; /* when the first of them came, counted from entering; -1 none */
    bool first_is_error;
    unsigned broken;     /* answers that came back with a wrong checksum */
    unsigned unreadable; /* garbage, cut, forged: nothing to be believed */
};

struct play {
    const char *scenario; /* a path below tests/sim/scenarios/, or a text with a line break */
    const char *host;
    uint64_t seed;
    struct sonde_echo_config echo;     /* targets is set from `hosts` */
    const struct sonde_address *hosts; /* NULL: the one named `host` */
    uint32_t host_count;
    int stop_at_signal; /* the loop's hook ends the run at this signal */

    /* results */
    struct play_probe *probes; /* host_count × capacity */
    size_t capacity;           /* probes kept for each target */
    uint64_t hash;             /* of every outcome, in order: equal runs have equal hashes */
    uint64_t outcomes;
    uint64_t skipped;
    struct sonde_stats stats; /* of all targets together */
    struct sonde_engine_counters counters;
    struct sonde_transport_counters transport_counters;
    int result; /* of the loop */
};

void play_run(struct play *play);
void play_free(struct play *play);

static inline struct play_probe *play_probe(struct play *play, uint32_t target, uint64_t number)
{
    return &play->probes[target * play->capacity + number];
}

#endif
