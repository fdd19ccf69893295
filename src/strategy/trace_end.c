#include "strategy/trace_end.h"

#include "strategy/circle.h"

static enum sonde_trace_reason reason_of(enum sonde_outcome_kind kind)
{
    switch (kind) {
    case SONDE_REPLY:
        return SONDE_TRACE_REACHED;
    case SONDE_UNREACHABLE:
        return SONDE_TRACE_UNREACHABLE;
    case SONDE_TOO_BIG:
        return SONDE_TRACE_TOO_BIG;
    case SONDE_PARAMETER_PROBLEM:
        return SONDE_TRACE_PARAMETER;
    default:
        return SONDE_TRACE_OPEN;
    }
}

static bool is_stale(const struct trace_hop *hop, const struct trace_look *look)
{
    return sonde_saturating_sub(look->now.ns, hop->heard_ns) > look->stale.ns;
}

/* The lowest hop whose last answer ends the path; 0: none. */
static unsigned final_hop(const struct trace_hop *hops, const struct trace_look *look)
{
    for (unsigned h = look->first_hop; h <= look->last_hop; h++)
        if (hops[h].answered && reason_of(hops[h].kind) != SONDE_TRACE_OPEN &&
            !is_stale(&hops[h], look))
            return h;
    return 0;
}

static bool find_circle(const struct trace_hop *hops, const struct trace_look *look,
                        unsigned *first, unsigned *length)
{
    struct sonde_address addresses[TRACE_HOPS];
    unsigned count = 0;
    for (unsigned h = look->first_hop; h <= look->last_hop; h++, count++) {
        bool expired = hops[h].answered && hops[h].kind == SONDE_TIME_EXCEEDED;
        addresses[count] = expired ? hops[h].from : (struct sonde_address){0};
    }
    size_t at, turn;
    if (!strategy_circle_find(addresses, count, &at, &turn))
        return false;
    *first = look->first_hop + (unsigned)at;
    *length = (unsigned)turn;
    return true;
}

static bool is_silent(const struct trace_hop *hop, const struct trace_look *look)
{
    bool old = sonde_saturating_sub(look->now.ns, hop->left_ns) >= look->wait.ns;
    return hop->nth > 0 && !hop->answered && (hop->timed_out || old);
}

/* How many hops in a row behind `heard` are known to be silent. */
static unsigned silence(const struct trace_hop *hops, const struct trace_look *look, unsigned heard)
{
    unsigned count = 0;
    while (heard + count < look->last_hop && is_silent(&hops[heard + count + 1], look))
        count++;
    return count;
}

static unsigned at_most(unsigned hop, const struct trace_look *look)
{
    return hop < look->last_hop ? hop : look->last_hop;
}

/* The path has no end yet: how far is it to be asked? */
static unsigned find_open(const struct trace_hop *hops, const struct trace_look *look,
                          struct sonde_trace_end *end)
{
    unsigned heard = 0;
    for (unsigned h = look->first_hop; h <= look->last_hop; h++)
        if (hops[h].answered)
            heard = h;
    unsigned from = heard > 0 ? heard : look->first_hop - 1u;
    unsigned silent = silence(hops, look, from);
    end->hop = (uint8_t)heard;
    if (silent >= look->silent_hops) {
        end->reason = SONDE_TRACE_SILENCE;
        return from + look->silent_hops;
    }
    if (from + silent == look->last_hop)
        end->reason = SONDE_TRACE_LAST_HOP;
    return at_most(from + look->window, look);
}

uint8_t trace_end_find(const struct trace_hop hops[static TRACE_HOPS],
                       const struct trace_look *look, struct sonde_trace_end *end)
{
    unsigned first, length;
    unsigned final = final_hop(hops, look);
    *end = (struct sonde_trace_end){.asked = end->asked, .error = end->error};
    if (find_circle(hops, look, &first, &length) && (final == 0 || first + 2 * length <= final)) {
        end->reason = SONDE_TRACE_LOOP;
        end->hop = (uint8_t)(first + 2 * length - 1);
        end->loop_hop = (uint8_t)first;
        end->loop_length = (uint8_t)length;
        return end->hop;
    }
    if (final == 0)
        return (uint8_t)find_open(hops, look, end);
    const struct trace_hop *hop = &hops[final];
    end->reason = reason_of(hop->kind);
    end->hop = (uint8_t) final;
    end->icmp_type = hop->icmp_type;
    end->icmp_code = hop->icmp_code;
    end->said = hop->said;
    end->from = hop->from;
    end->mtu = hop->mtu;
    return end->hop;
}
