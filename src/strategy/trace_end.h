/* Where a path ends, by what its hops have answered last. */
#ifndef STRATEGY_TRACE_END_H
#define STRATEGY_TRACE_END_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/trace.h"

#define TRACE_HOPS 256u /* by hop limit; 0 is none */

struct trace_hop {
    uint32_t todo; /* the queries that are still to be asked in this round, a bit each */
    uint32_t open; /* probes without a final outcome, superseded ones left out */
    uint32_t nth;
    int64_t left_ns;  /* when the last probe was handed out */
    int64_t heard_ns; /* when the last answer was told */
    uint32_t mtu;
    bool timed_out; /* a probe was not answered in its time */
    bool answered;  /* what follows is of the last answer */
    uint8_t icmp_type;
    uint8_t icmp_code;
    enum sonde_outcome_kind kind;
    uint32_t round; /* of that answer */
    enum sonde_said said;
    struct sonde_address from;
};

struct trace_look {
    struct sonde_mono now;
    struct sonde_span wait;  /* a probe that is older and unanswered is silent */
    struct sonde_span stale; /* an end of the path that has not answered for so long may be none */
    uint8_t first_hop;
    uint8_t last_hop;
    uint8_t silent_hops;
    uint8_t window; /* so many hops behind the highest that has answered are asked at once */
};

/*
 * Fills reason, hop and what goes with them (asked and error are not touched; reason OPEN where the
 * path may go on). Returns the highest hop that is to be asked.
 */
uint8_t trace_end_find(const struct trace_hop hops[static TRACE_HOPS],
                       const struct trace_look *look, struct sonde_trace_end *end);

#endif
