/* A trace from inside: what its files share. */
#ifndef STRATEGY_TRACE_INSIDE_H
#define STRATEGY_TRACE_INSIDE_H

#include "strategy/trace_end.h"
#include "strategy/trace_memory.h"

/* Hops whose probes may have met a half-open connection. */
struct trace_half_open {
    uint8_t from;
    uint8_t to;                /* 0: there are none */
    struct sonde_mono settled; /* when those are known that did */
};

struct sonde_trace {
    struct sonde_trace_config config;
    struct trace_hop hops[TRACE_HOPS];
    struct trace_memory memory;
    uint64_t open; /* probes without a final outcome */

    bool started;
    bool idle; /* there was nothing to ask when we were asked last */
    struct sonde_mono start;
    uint64_t round;
    uint64_t skipped;
    struct sonde_mono earliest; /* no probe may leave before */
    struct sonde_span gap;      /* in this round */
    struct sonde_mono now;      /* as last told */

    int64_t rtt_max_ns; /* -1 while nothing has answered */
    uint32_t failures;  /* refused sends, as long as nothing else was heard */
    bool heard;
    bool connected; /* the target has said SYN/ACK */
    struct trace_half_open half_open;
    uint8_t limit;
    struct sonde_trace_end end;
};

/* How long an answer may take that is still to be expected. */
struct sonde_span trace_wait(const struct sonde_trace *trace);

/* --- trace_half_open.c: see trace.h about half-open connections ------------------------------ */

/* The queries of this hop follow one another. */
bool trace_is_one_by_one(const struct sonde_trace *trace, unsigned hop);

/* Until when the next SYN has to wait for the one before; INT64_MIN: it need not. */
struct sonde_mono trace_half_open_until(const struct sonde_trace *trace, unsigned hop);

/*
 * The target has half opened a connection, and we have closed it again. What was under way to it
 * meanwhile may be answered all the same, by cookies; that shows within the time that this answer
 * took.
 */
void trace_connected(struct sonde_trace *trace, unsigned hop, struct sonde_span rtt);

/* Now it has shown: what met a half-open connection and was not answered is asked again. */
void trace_supersede(struct sonde_trace *trace);

#endif
