/* A target that has half opened a connection does not answer another SYN of the same flow. */
#include "strategy/trace_inside.h"

#define SLACK_NS (10 * SONDE_NS_PER_MS)

bool trace_is_one_by_one(const struct sonde_trace *trace, unsigned h)
{
    return trace->end.reason == SONDE_TRACE_REACHED && trace->end.said == SONDE_SAID_SYN_ACK &&
           h == trace->end.hop;
}

struct sonde_mono trace_half_open_until(const struct sonde_trace *trace, unsigned h)
{
    const struct trace_hop *hop = &trace->hops[h];
    return trace_is_one_by_one(trace, h) && hop->open > 0
               ? sonde_mono_add((struct sonde_mono){hop->left_ns}, trace_wait(trace))
               : (struct sonde_mono){INT64_MIN};
}

void trace_connected(struct sonde_trace *trace, unsigned hop, struct sonde_span rtt)
{
    struct trace_half_open *half = &trace->half_open;
    unsigned from = hop;
    if (trace->end.reason == SONDE_TRACE_REACHED && hop > trace->end.hop)
        return;
    /* silent hops right in front may be the target as well: its SYN may have come second */
    while (!trace->connected && from > trace->config.first_hop && !trace->hops[from - 1].answered)
        from--;
    trace->connected = true;
    half->from = half->to == 0 || from < half->from ? (uint8_t)from : half->from;
    half->to = hop > half->to ? (uint8_t)hop : half->to;
    half->settled = trace->now;
    for (unsigned h = half->from; h <= half->to; h++)
        if (trace->hops[h].open > 0)
            half->settled = sonde_mono_later(
                half->settled, sonde_mono_add((struct sonde_mono){trace->hops[h].left_ns},
                                              (struct sonde_span){rtt.ns + rtt.ns / 4 + SLACK_NS}));
}

void trace_supersede(struct sonde_trace *trace)
{
    uint64_t open = trace->open;
    for (uint64_t number = trace->memory.next; number > 0 && open > 0; number--) {
        struct trace_asked *asked = trace_memory_find(&trace->memory, number - 1);
        if (!asked)
            break;
        if (!asked->open)
            continue;
        open--;
        struct sonde_trace_place *place = &asked->place;
        if (asked->alone || place->superseded || place->hop < trace->half_open.from ||
            place->hop > trace->half_open.to)
            continue;
        place->superseded = true;
        trace->hops[place->hop].open--;
        if (place->round == (uint32_t)trace->round)
            trace->hops[place->hop].todo |= UINT32_C(1) << place->query;
    }
    trace->half_open.to = 0;
}
