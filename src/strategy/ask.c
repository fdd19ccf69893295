#include "sonde/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

struct sonde_ask {
    uint32_t capacity;
    uint32_t first; /* place of the next one */
    uint32_t count;
    bool closed;
    struct sonde_span longest; /* of the timeouts */
    struct sonde_probe probes[];
};

int sonde_ask_create(struct sonde_ask **created, uint32_t capacity)
{
    if (capacity == 0)
        return -EINVAL;
    struct sonde_ask *ask = calloc(1, sizeof *ask + (size_t)capacity * sizeof *ask->probes);
    if (!ask)
        return -ENOMEM;
    ask->capacity = capacity;
    *created = ask;
    return 0;
}

void sonde_ask_destroy(struct sonde_ask *ask)
{
    free(ask);
}

int sonde_ask_put(struct sonde_ask *ask, const struct sonde_probe *probe)
{
    if (ask->closed)
        return -EPIPE;
    if (ask->count == ask->capacity)
        return -ENOBUFS;
    ask->probes[(ask->first + ask->count++) % ask->capacity] = *probe;
    if (probe->timeout.ns > ask->longest.ns)
        ask->longest = probe->timeout;
    return 0;
}

uint32_t sonde_ask_room(const struct sonde_ask *ask)
{
    return ask->closed ? 0 : ask->capacity - ask->count;
}

void sonde_ask_close(struct sonde_ask *ask)
{
    ask->closed = true;
}

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct sonde_ask *ask = self;
    (void)now;
    *wake = SONDE_NEVER;
    if (ask->count == 0)
        return ask->closed ? SONDE_NEXT_DONE : SONDE_NEXT_WAIT;
    *probe = ask->probes[ask->first];
    ask->first = (ask->first + 1) % ask->capacity;
    ask->count--;
    return SONDE_NEXT_PROBE;
}

static struct sonde_mono end(void *self)
{
    (void)self;
    return SONDE_NEVER;
}

static struct sonde_span patience(void *self)
{
    const struct sonde_ask *ask = self;
    return ask->longest;
}

static void outcome(void *self, const struct sonde_outcome *told)
{
    (void)self;
    (void)told;
}

struct sonde_strategy sonde_ask_strategy(struct sonde_ask *ask)
{
    static const struct sonde_strategy_ops ops = {
        .next = next, .end = end, .patience = patience, .outcome = outcome};
    return (struct sonde_strategy){.ops = &ops, .self = ask};
}
