/*
 * The trace strategy: which hop of the way to one target to ask next.
 *
 * Probes for many hops are in flight at once, a gap apart. As answers come in, the path's end
 * becomes known and nothing beyond it is asked any more. A trace may be repeated: round k begins at
 * start + k * interval, and asks the hops up to the end that is known by then. When the end of the
 * path answers with "time exceeded" later on, the path has grown, and the hops behind are asked
 * again.
 *
 * When everything has been asked, silent probes are waited for only so long: `wait_factor` times
 * the slowest round trip of the path, `wait_floor` at least, the probe's timeout at most (which
 * also holds while nothing has answered at all). Probes beyond the end are not waited for; they are
 * SONDE_UNFINISHED.
 *
 * A host that has half opened a TCP connection does not answer another SYN of the same flow. So,
 * once the target has said SYN/ACK, the queries that ask it follow one another; those that were
 * under way before are asked again and `superseded`: their silence says nothing.
 *
 * Memory is allocated when it is created, in proportion to the hops and to the probes that may be
 * remembered at once.
 */
#ifndef SONDE_TRACE_H
#define SONDE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/strategy.h"
#include "sonde/time.h"

#define SONDE_TRACE_QUERIES_MAX 32u

enum sonde_trace_order {
    SONDE_TRACE_BY_KIND,  /* by hop for UDP, else by query */
    SONDE_TRACE_BY_QUERY, /* the first query of every hop, then the second …: kind to routers */
    SONDE_TRACE_BY_HOP,   /* all queries of a hop, then the next: the target is asked first what
                             counts, before probes with larger hop limits use up its ration of
                             errors (RFC 1812 section 4.3.2.8); a little faster on short paths */
};

/* Zero stands for the default where one is named. */
struct sonde_trace_config {
    uint8_t first_hop;          /* 1 */
    uint8_t last_hop;           /* 30 */
    uint8_t queries;            /* of each hop, in each round: 3; up to SONDE_TRACE_QUERIES_MAX */
    uint8_t silent_hops;        /* so many silent hops in a row end the path: 6 */
    uint64_t rounds;            /* 0: no end */
    struct sonde_span interval; /* from round to round; must be > 0 unless rounds is 1 */
    struct sonde_span gap; /* between any two probes; shorter where a round would not fit into its
                              interval. Negative: none. 1 ms */
    enum sonde_trace_order order;
    double wait_factor;           /* 3 */
    struct sonde_span wait_floor; /* 250 ms, of several rounds half the interval where that is
                                     less; never more than the probe's timeout */
    bool wait_out;                /* every probe is waited for until its timeout */
    struct sonde_span deadline;   /* the run ends at start + deadline at the latest; 0: none */
    struct sonde_probe probe;     /* kind, timeout, size, class, port, flow …: all but target,
                                     number, due, hop limit */
};

struct sonde_trace;

/* Returns 0, -EINVAL or -ENOMEM. */
int sonde_trace_create(struct sonde_trace **trace, const struct sonde_trace_config *config);
void sonde_trace_destroy(struct sonde_trace *trace);

/* The strategy to hand to an engine with one target, index 0; valid as long as trace is. */
struct sonde_strategy sonde_trace_strategy(struct sonde_trace *trace);

/* What a probe asked. */
struct sonde_trace_place {
    uint32_t round;  /* from 0 */
    uint8_t hop;     /* its hop limit */
    uint8_t query;   /* from 0 */
    uint32_t nth;    /* so many probes had asked this hop before: without gaps, over all rounds */
    bool superseded; /* it was asked again; silence about it is neither answer nor loss */
};

/*
 * The place of a probe, by its number. False for one that was not asked yet, or so long ago that it
 * is forgotten: they are remembered for the timeout and ten seconds.
 */
bool sonde_trace_place(const struct sonde_trace *trace, uint64_t number,
                       struct sonde_trace_place *place);

/* How a path ends, as far as is known. */
enum sonde_trace_reason {
    SONDE_TRACE_OPEN,        /* not known yet */
    SONDE_TRACE_REACHED,     /* the target has answered */
    SONDE_TRACE_UNREACHABLE, /* somebody says that there is no way; type, code and who are kept */
    SONDE_TRACE_TOO_BIG,     /* probes of this size get no further */
    SONDE_TRACE_PARAMETER,   /* "parameter problem" */
    SONDE_TRACE_LOOP,        /* hops repeat: A B A B, or longer circles, seen twice around */
    SONDE_TRACE_SILENCE,     /* too many silent hops in a row */
    SONDE_TRACE_LAST_HOP,    /* the last hop that was to be asked was asked */
    SONDE_TRACE_SEND_FAILED, /* this machine cannot send; error says why */
};

struct sonde_trace_end {
    enum sonde_trace_reason reason;
    /*
     * REACHED, UNREACHABLE, TOO_BIG, PARAMETER: the lowest hop with that answer. LOOP: the last hop
     * of the second turn. SILENCE, LAST_HOP, OPEN: the highest hop that has answered, 0 for none.
     */
    uint8_t hop;
    uint8_t asked;       /* the highest hop that was asked, in this round */
    uint8_t loop_hop;    /* LOOP: the first hop of the circle … */
    uint8_t loop_length; /* … and how many hops it is long */
    uint8_t icmp_type;   /* of that answer; meaningless when `from` is no ICMP message */
    uint8_t icmp_code;
    enum sonde_said said;      /* REACHED */
    struct sonde_address from; /* who gave it */
    uint32_t mtu;              /* TOO_BIG; 0 unknown */
    int error;                 /* SEND_FAILED: positive errno */
};

/* What is known now; at the end of a run, how and why it ended. */
void sonde_trace_ended(const struct sonde_trace *trace, struct sonde_trace_end *end);

/* Rounds that passed unused because the machine slept or starved. */
uint64_t sonde_trace_skipped(const struct sonde_trace *trace);

#endif
