#include "cli/waiting.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PLACES     32
#define BYTES_KEPT 2048 /* of a datagram, for what is shown of it */
#define LONGEST    sonde_span_s(1)

struct place {
    struct sonde_outcome outcome;
    struct sonde_mono until;
    uint8_t bytes[BYTES_KEPT];
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
    free(waiting);
}

bool waiting_is_empty(const struct waiting *waiting)
{
    return waiting->count == 0;
}

/* Copies bytes behind those already kept, as far as there is room, and points to the copy. */
static void keep(struct place *place, size_t *used, struct sonde_bytes *bytes)
{
    size_t length = bytes->length < BYTES_KEPT - *used ? bytes->length : BYTES_KEPT - *used;
    if (length > 0)
        memcpy(place->bytes + *used, bytes->data, length);
    *bytes = (struct sonde_bytes){place->bytes + *used, length};
    *used += length;
}

static void deliver_first(struct waiting *waiting)
{
    const struct place *place = &waiting->places[waiting->first];
    waiting->first = (waiting->first + 1) % PLACES;
    waiting->count--;
    waiting->deliver(waiting->self, &place->outcome);
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
    struct place *place = &waiting->places[(waiting->first + waiting->count++) % PLACES];
    size_t used = 0;
    place->outcome = *outcome;
    place->until = sonde_mono_add(now, LONGEST);
    keep(place, &used, &place->outcome.ip);
    keep(place, &used, &place->outcome.extensions);
    keep(place, &used, &place->outcome.icmp);
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
