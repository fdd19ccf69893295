#include "strategy/slots.h"

typedef unsigned __int128 wide;

/* From slot to slot: numerator / denominator ns. */
static wide numerator(const struct strategy_slots *slots)
{
    return (wide)slots->gap_ns * STRATEGY_SLOTS_WHOLE;
}

static wide denominator(const struct strategy_slots *slots)
{
    return (wide)slots->gap_slots * slots->share;
}

static void set_group(struct strategy_slots *slots)
{
    wide group =
        slots->tick.ns > 0 ? (wide)slots->tick.ns * denominator(slots) / numerator(slots) : 1;
    slots->group = group > UINT32_MAX ? UINT32_MAX : group > 1 ? (uint64_t)group : 1;
}

void strategy_slots_begin(struct strategy_slots *slots, struct sonde_mono start)
{
    slots->base_ns = start.ns;
    slots->next = 0;
    set_group(slots);
}

/* Without groups; held at the end of time. */
static int64_t time_of(const struct strategy_slots *slots, uint64_t slot)
{
    wide gap = numerator(slots);
    if (slot > 0 && gap > (wide)-1 / slot)
        return INT64_MAX;
    wide after = gap * slot / denominator(slots);
    return after > INT64_MAX ? INT64_MAX : sonde_saturating_add(slots->base_ns, (int64_t)after);
}

void strategy_slots_set_share(struct strategy_slots *slots, uint32_t share)
{
    slots->base_ns = time_of(slots, slots->next);
    slots->next = 0;
    slots->share = share > 0 ? share : 1;
    set_group(slots);
}

struct sonde_mono strategy_slots_at(const struct strategy_slots *slots, uint64_t slot)
{
    return (struct sonde_mono){time_of(slots, slot - slot % slots->group)};
}

uint64_t strategy_slots_from(const struct strategy_slots *slots, struct sonde_mono due)
{
    int64_t after = sonde_saturating_sub(due.ns, slots->base_ns);
    if (after <= 0 || strategy_slots_at(slots, slots->next).ns >= due.ns)
        return slots->next;
    wide gap = numerator(slots);
    wide slot = ((wide)after * denominator(slots) + gap - 1) / gap;
    slot = (slot + slots->group - 1) / slots->group * slots->group;
    if (slot > UINT64_MAX)
        return UINT64_MAX;
    return slot > slots->next ? (uint64_t)slot : slots->next;
}

uint64_t strategy_slots_last(const struct strategy_slots *slots, struct sonde_mono now)
{
    int64_t after = sonde_saturating_sub(now.ns, slots->base_ns);
    if (after <= 0)
        return slots->next;
    wide slot = ((wide)after + 1) * denominator(slots) / numerator(slots);
    if (slot > UINT64_MAX)
        slot = UINT64_MAX;
    uint64_t last = (uint64_t)slot;
    while (last > 0 && time_of(slots, last) > sonde_saturating_add(slots->base_ns, after))
        last--; /* the last step of rounding */
    last -= last % slots->group;
    return last > slots->next ? last : slots->next;
}

double strategy_slots_rate(const struct strategy_slots *slots)
{
    return 1e9 * (double)slots->gap_slots / (double)slots->gap_ns * slots->share /
           STRATEGY_SLOTS_WHOLE;
}
