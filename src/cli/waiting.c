#include "cli/waiting.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLACES  32
#define LONGEST sonde_span_s(1)

struct place {
    struct sonde_outcome outcome;
    struct sonde_mono until;
    uint8_t *bytes; /* of the datagram */
};

struct waiting {
    waiting_is_pending *is_pending;
    waiting_deliver *deliver;
    void *self;
    unsigned first;
    unsigned count;
    struct place places[PLACES];
};

struct waiting *waiting_create(waiting_is_pending *is_pending, waiting_deliver *deliver, void *self)
{
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting) {
        waiting->is_pending = is_pending;
        waiting->deliver = deliver;
        waiting->self = self;
    }
    return waiting;
}

void waiting_destroy(struct waiting *waiting)
{
    for (; waiting && waiting->count > 0; waiting->count--) {
        free(waiting->places[waiting->first].bytes);
        waiting->first = (waiting->first + 1) % PLACES;
    }
    free(waiting);
}

bool waiting_is_empty(const struct waiting *waiting)
{
    return waiting->count == 0;
}

/* Copies bytes behind those already kept, and points to the copy. */
static void keep(uint8_t *kept, size_t *used, struct sonde_bytes *bytes)
{
    if (bytes->length > 0)
        memcpy(kept + *used, bytes->data, bytes->length);
    bytes->data = kept + *used;
    *used += bytes->length;
}

/* Fills a place with a copy, bytes included. False when there is no memory. */
static bool fill(struct place *place, const struct sonde_outcome *outcome, struct sonde_mono now)
{
    size_t length = outcome->ip.length + outcome->extensions.length + outcome->icmp.length;
    size_t used = 0;
    uint8_t *bytes = malloc(length + 1);
    if (!bytes)
        return false;
    *place = (struct place){*outcome, sonde_mono_add(now, LONGEST), bytes};
    keep(bytes, &used, &place->outcome.ip);
    keep(bytes, &used, &place->outcome.extensions);
    keep(bytes, &used, &place->outcome.icmp);
    return true;
}

static void deliver_first(struct waiting *waiting)
{
    struct place *place = &waiting->places[waiting->first];
    waiting->first = (waiting->first + 1) % PLACES;
    waiting->count--;
    waiting->deliver(waiting->self, &place->outcome);
    free(place->bytes);
}

void waiting_push(struct waiting *waiting, const struct sonde_outcome *outcome,
                  struct sonde_mono now)
{
    bool pending = outcome->from.family != 0 && waiting->is_pending(waiting->self, &outcome->from);
    if (waiting->count == 0 && !pending) {
        waiting->deliver(waiting->self, outcome);
        return;
    }
    if (waiting->count == PLACES)
        deliver_first(waiting);
    if (fill(&waiting->places[(waiting->first + waiting->count) % PLACES], outcome, now)) {
        waiting->count++;
        return;
    }
    while (waiting->count > 0)
        deliver_first(waiting);
    waiting->deliver(waiting->self, outcome);
}

struct sonde_mono waiting_turn(struct waiting *waiting, struct sonde_mono now)
{
    while (waiting->count > 0) {
        const struct place *place = &waiting->places[waiting->first];
        if (sonde_mono_before(now, place->until) && place->outcome.from.family != 0 &&
            waiting->is_pending(waiting->self, &place->outcome.from))
            return place->until;
        deliver_first(waiting);
    }
    return SONDE_NEVER;
}
