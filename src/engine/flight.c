#include "engine/flight.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define TOKEN_SLOT_BITS                                                                            \
    24 /* of a token: the slot; the rest counts up, so that none comes twice                       \
        */
#define TOKEN_SLOT_MASK ((UINT64_C(1) << TOKEN_SLOT_BITS) - 1)
#define FIRST_SLOTS     64
#define NEWEST          1024u /* probes of a lane that are looked through */

static_assert(sizeof(struct flight_slot) == 56, "with lane and queue 68 bytes a probe");

static int64_t expiry_key(const void *owner, uint32_t id)
{
    const struct flight *flight = owner;
    return flight->slots[id].expiry_ns;
}

int flight_init(struct flight *flight, const uint16_t *identifiers, size_t count,
                uint32_t sequences, uint32_t slot_limit, struct sonde_span linger)
{
    *flight = (struct flight){.sequences = sequences, .slot_limit = slot_limit, .linger = linger};
    base_queue_init(&flight->expiries, expiry_key, flight);
    if (count == 0 || count > 65536 || sequences < 2 || sequences > 65536 || slot_limit == 0 ||
        slot_limit > FLIGHT_SLOTS_MAX)
        return -EINVAL;
    flight->lanes = calloc(count, sizeof *flight->lanes);
    if (!flight->lanes)
        return -ENOMEM;
    flight->lane_count = count;
    for (size_t i = 0; i < count; i++) {
        struct flight_lane *lane = &flight->lanes[i];
        lane->identifier = identifiers[i];
        lane->first = lane->next = 1; /* people count from one */
    }
    return 0;
}

void flight_destroy(struct flight *flight)
{
    for (size_t i = 0; i < flight->lane_count; i++)
        free(flight->lanes[i].slots);
    free(flight->lanes);
    free(flight->slots);
    base_queue_destroy(&flight->expiries);
}

static uint32_t index_of(const struct flight *flight, const struct flight_slot *slot)
{
    return (uint32_t)(slot - flight->slots);
}

static uint16_t after(const struct flight *flight, uint16_t sequence)
{
    return (uint16_t)((sequence + 1u) % flight->sequences);
}

static bool is_final(const struct flight_slot *slot)
{
    return slot->state == FLIGHT_ANSWERED || slot->state == FLIGHT_TIMED_OUT;
}

static void forget(struct flight *flight, struct flight_lane *lane, uint32_t sequence)
{
    uint32_t index = lane->slots[sequence] - 1;
    lane->slots[sequence] = 0;
    flight->slots[index].state = FLIGHT_FREE;
    flight->slots[index].token = 0;
    flight->slots[index].target = flight->free_head;
    flight->free_head = index + 1;
}

/* Forgets the oldest leases of a lane that have lingered long enough; with `needed`, the oldest. */
static void reclaim(struct flight *flight, struct flight_lane *lane, struct sonde_mono now,
                    bool needed)
{
    while (lane->first != lane->next) {
        uint32_t entry = lane->slots[lane->first];
        if (entry != 0) {
            const struct flight_slot *slot = &flight->slots[entry - 1];
            if (!is_final(slot) || (!needed && slot->expiry_ns > now.ns))
                return;
            forget(flight, lane, lane->first);
            needed = false;
        }
        lane->first = after(flight, lane->first);
    }
}

/* Moves next to a sequence number that is free, or held by a probe that merely lingers. */
static bool find_sequence(struct flight *flight, struct flight_lane *lane, bool no_zero)
{
    if (lane->open >= flight->sequences - no_zero)
        return false;
    for (uint32_t tried = 0; tried <= flight->sequences; tried++) {
        if (no_zero && lane->next == 0)
            lane->next = 1;
        uint32_t entry = lane->slots[lane->next];
        if (entry != 0 && is_final(&flight->slots[entry - 1]))
            forget(flight, lane, lane->next);
        if (lane->slots[lane->next] == 0)
            return true;
        lane->next = after(flight, lane->next);
    }
    return false;
}

static bool grow(struct flight *flight)
{
    uint32_t capacity = flight->slot_capacity ? flight->slot_capacity * 2 : FIRST_SLOTS;
    if (capacity > flight->slot_limit)
        capacity = flight->slot_limit;
    if (capacity == flight->slot_capacity || base_queue_reserve(&flight->expiries, capacity) != 0)
        return false;
    struct flight_slot *slots = reallocarray(flight->slots, capacity, sizeof *slots);
    if (!slots)
        return false;
    flight->slots = slots;
    flight->slot_capacity = capacity;
    return true;
}

/* A lane with a free sequence number, the one wished for first. *memory: there was enough. */
static struct flight_lane *lane_for(struct flight *flight, const struct flight_wish *wish,
                                    struct sonde_mono now, bool *memory)
{
    size_t tries = wish->fixed ? 1 : flight->lane_count;
    *memory = true;
    for (size_t i = 0; i < tries; i++) {
        struct flight_lane *lane = &flight->lanes[(wish->lane + i) % flight->lane_count];
        if (!lane->slots)
            lane->slots = calloc(flight->sequences, sizeof *lane->slots);
        *memory = lane->slots != NULL;
        if (!lane->slots)
            return NULL;
        reclaim(flight, lane, now, false);
        if (find_sequence(flight, lane, wish->no_zero))
            return lane;
    }
    return NULL;
}

/* Makes a free slot at the limit of memory by forgetting a probe that merely lingers. */
static void reclaim_anywhere(struct flight *flight, struct sonde_mono now)
{
    for (size_t i = 0; i < flight->lane_count && flight->free_head == 0; i++)
        reclaim(flight, &flight->lanes[i], now, true);
}

/* The index of a slot that was given back, was never used, or is of a probe that merely lingers. */
static bool take_slot(struct flight *flight, struct sonde_mono now, uint32_t *index)
{
    if (flight->free_head == 0 && (flight->slot_count < flight->slot_capacity || grow(flight))) {
        *index = flight->slot_count++;
        return true;
    }
    reclaim_anywhere(flight, now);
    if (flight->free_head == 0)
        return false;
    *index = flight->free_head - 1;
    flight->free_head = flight->slots[*index].target;
    return true;
}

struct flight_slot *flight_lease(struct flight *flight, const struct flight_wish *wish,
                                 struct sonde_mono now, struct sonde_mono *free_at)
{
    bool memory;
    uint32_t index;
    struct flight_lane *lane = lane_for(flight, wish, now, &memory);
    if (!lane || !take_slot(flight, now, &index)) {
        memory = memory && (!lane || flight->slot_count == flight->slot_limit);
        const struct flight_slot *first = flight_first_expiry(flight);
        *free_at = memory && first ? (struct sonde_mono){first->expiry_ns} : SONDE_NEVER;
        return NULL;
    }
    struct flight_slot *slot = &flight->slots[index];
    *slot = (struct flight_slot){
        .token = ++flight->serial << TOKEN_SLOT_BITS | index,
        .target = wish->target,
        .lane = (uint16_t)(lane - flight->lanes),
        .sequence = lane->next,
        .state = FLIGHT_BUILT,
        .stamp_source = SONDE_STAMP_USER,
    };
    lane->slots[lane->next] = index + 1;
    lane->next = after(flight, lane->next);
    lane->open++;
    flight->open_count++;
    return slot;
}

struct flight_slot *flight_by_token(struct flight *flight, uint64_t token)
{
    uint64_t index = token & TOKEN_SLOT_MASK;
    if (token == 0 || index >= flight->slot_count || flight->slots[index].token != token)
        return NULL;
    return &flight->slots[index];
}

/* Identifiers are mostly a contiguous block; where the kernel chose them there are few. */
struct flight_lane *flight_lane(struct flight *flight, uint16_t identifier)
{
    uint16_t guess = (uint16_t)(identifier - flight->lanes[0].identifier);
    if (guess < flight->lane_count && flight->lanes[guess].identifier == identifier)
        return &flight->lanes[guess];
    for (size_t i = 0; i < flight->lane_count; i++)
        if (flight->lanes[i].identifier == identifier)
            return &flight->lanes[i];
    return NULL;
}

struct flight_slot *flight_by_lease(struct flight *flight, uint16_t identifier, uint32_t sequence)
{
    const struct flight_lane *lane = flight_lane(flight, identifier);
    return lane ? flight_in_lane(flight, lane, sequence) : NULL;
}

struct flight_slot *flight_in_lane(struct flight *flight, const struct flight_lane *lane,
                                   uint32_t sequence)
{
    if (!lane->slots || sequence >= flight->sequences || lane->slots[sequence] == 0)
        return NULL;
    return &flight->slots[lane->slots[sequence] - 1];
}

uint32_t flight_newest_count(const struct flight *flight)
{
    return flight->sequences < NEWEST ? flight->sequences : NEWEST;
}

struct flight_slot *flight_newest(struct flight *flight, const struct flight_lane *lane,
                                  uint32_t back)
{
    return flight_in_lane(flight, lane,
                          (lane->next + flight->sequences - back) % flight->sequences);
}

void flight_open(struct flight *flight, struct flight_slot *slot, struct sonde_mono expiry)
{
    slot->state = FLIGHT_OPEN;
    slot->expiry_ns = expiry.ns;
    base_queue_push(&flight->expiries, index_of(flight, slot));
}

void flight_close(struct flight *flight, struct flight_slot *slot, enum flight_state state,
                  struct sonde_mono now)
{
    if (slot->state == FLIGHT_OPEN)
        base_queue_remove(&flight->expiries, index_of(flight, slot));
    slot->state = (unsigned)state & 7u;
    slot->expiry_ns = sonde_mono_add(now, flight->linger).ns;
    flight->lanes[slot->lane].open--;
    flight->open_count--;
}

struct flight_slot *flight_first_expiry(struct flight *flight)
{
    if (flight->expiries.count == 0)
        return NULL;
    return &flight->slots[base_queue_top(&flight->expiries)];
}

struct flight_slot *flight_first_built(struct flight *flight)
{
    if (flight->open_count == flight->expiries.count)
        return NULL;
    for (uint32_t i = 0; i < flight->slot_count; i++)
        if (flight->slots[i].state == FLIGHT_BUILT)
            return &flight->slots[i];
    return NULL;
}

uint64_t flight_spare_token(struct flight *flight)
{
    return ++flight->serial << TOKEN_SLOT_BITS | TOKEN_SLOT_MASK;
}

uint16_t flight_identifier(const struct flight *flight, const struct flight_slot *slot)
{
    return flight->lanes[slot->lane].identifier;
}

int flight_rename(struct flight *flight, size_t index, uint16_t identifier)
{
    struct flight_lane *lane = &flight->lanes[index];
    if (lane->identifier == identifier && flight_lane(flight, identifier) == lane)
        return 0;
    if (flight_lane(flight, identifier))
        return -EEXIST;
    if (lane->open > 0)
        return -EBUSY;
    if (lane->slots)
        reclaim(flight, lane, SONDE_NEVER, false);
    lane->identifier = identifier;
    return 0;
}
