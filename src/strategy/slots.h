/*
 * Slots: the times at which probes may leave, so many a second, exactly.
 *
 * Slot k is at base + k * gap, the gap a fraction of integers, so that nothing adds up however long
 * a run lasts. The share of the asked rate that is in use can be changed while it runs.
 */
#ifndef STRATEGY_SLOTS_H
#define STRATEGY_SLOTS_H

#include <stdint.h>

#include "sonde/time.h"

#define STRATEGY_SLOTS_WHOLE 1024u /* share: all of the asked rate */

struct strategy_slots {
    uint64_t gap_ns; /* gap_ns / gap_slots ns from slot to slot at the whole rate */
    uint64_t gap_slots;
    struct sonde_span tick; /* slots closer than this leave in groups; 0: never */
    uint32_t share;         /* of STRATEGY_SLOTS_WHOLE */
    int64_t base_ns;        /* of slot 0 */
    uint64_t next;          /* the first slot that is not used up */
    uint64_t group;         /* slots that leave together */
};

/* gap_ns and gap_slots are from 1 to INT64_MAX and UINT32_MAX. */
void strategy_slots_begin(struct strategy_slots *slots, struct sonde_mono start);

/* From the next slot on: so much of the asked rate. */
void strategy_slots_set_share(struct strategy_slots *slots, uint32_t share);

/* The time of a slot. Those of one group have one time. */
struct sonde_mono strategy_slots_at(const struct strategy_slots *slots, uint64_t slot);

/* The first slot that is not used up and not before `due`. */
uint64_t strategy_slots_from(const struct strategy_slots *slots, struct sonde_mono due);

/* The first slot of the last group that is not after `now`; not before `next`. */
uint64_t strategy_slots_last(const struct strategy_slots *slots, struct sonde_mono now);

/* Slots a second, now. */
double strategy_slots_rate(const struct strategy_slots *slots);

#endif
