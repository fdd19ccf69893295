#include "cli/packet_targets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define WAY_LIFE sonde_span_s(1)
#define NOBODY   UINT32_MAX

/* What is known of a place. */
struct entry {
    struct sonde_address source; /* as it was asked for */
    struct sonde_mono found;     /* when the way was looked up */
    uint32_t open;               /* probes that need it */
    uint32_t next;               /* of the same hash */
    uint32_t newer, older;       /* places without open probes, by when they were last used */
    bool listed;                 /* it can be found */
};

struct packet_targets {
    packet_targets_find *find;
    void *self;
    uint32_t count;
    uint32_t used; /* places that ever were */
    uint32_t newest, oldest;
    uint32_t *heads; /* `count` of them */
    struct entry *entries;
    struct sonde_engine_target *places;
};

int packet_targets_create(struct packet_targets **created, uint32_t count,
                          packet_targets_find *find, void *self)
{
    struct packet_targets *targets = calloc(1, sizeof *targets);
    if (!targets)
        return -ENOMEM;
    *targets = (struct packet_targets){
        .find = find,
        .self = self,
        .count = count,
        .newest = NOBODY,
        .oldest = NOBODY,
        .heads = malloc(count * sizeof *targets->heads),
        .entries = calloc(count, sizeof *targets->entries),
        .places = calloc(count, sizeof *targets->places),
    };
    if (!targets->heads || !targets->entries || !targets->places) {
        packet_targets_destroy(targets);
        return -ENOMEM;
    }
    memset(targets->heads, 0xff, count * sizeof *targets->heads);
    *created = targets;
    return 0;
}

void packet_targets_destroy(struct packet_targets *targets)
{
    if (!targets)
        return;
    free(targets->heads);
    free(targets->entries);
    free(targets->places);
    free(targets);
}

struct sonde_engine_target *packet_targets_places(struct packet_targets *targets)
{
    return targets->places;
}

/* FNV-1a. Who chooses the addresses is who started the session: there is nobody to fend off. */
static uint32_t *head_of(struct packet_targets *targets, const struct sonde_address *address)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof address->bytes; i++)
        hash = (hash ^ address->bytes[i]) * 16777619u;
    return &targets->heads[hash % targets->count];
}

static bool same(const struct sonde_address *a, const struct sonde_address *b)
{
    return a->family == b->family && a->scope == b->scope &&
           (a->family == SONDE_FAMILY_NONE || sonde_address_equal(a, b));
}

static uint32_t look_up(struct packet_targets *targets, const struct sonde_address *address,
                        const struct sonde_address *source)
{
    uint32_t place = *head_of(targets, address);
    while (place != NOBODY && !(same(&targets->places[place].address, address) &&
                                same(&targets->entries[place].source, source)))
        place = targets->entries[place].next;
    return place;
}

/* Open probes may go on with it; new ones do not find it any more. */
static void strike(struct packet_targets *targets, uint32_t place)
{
    uint32_t *at = head_of(targets, &targets->places[place].address);
    if (!targets->entries[place].listed)
        return;
    while (*at != place)
        at = &targets->entries[*at].next;
    *at = targets->entries[place].next;
    targets->entries[place].listed = false;
}

static void list(struct packet_targets *targets, uint32_t place)
{
    uint32_t *head = head_of(targets, &targets->places[place].address);
    targets->entries[place].next = *head;
    targets->entries[place].listed = true;
    *head = place;
}

/* --- places that nobody needs ---------------------------------------------------------------- */

static void put_by(struct packet_targets *targets, uint32_t place)
{
    struct entry *entry = &targets->entries[place];
    entry->newer = NOBODY;
    entry->older = targets->newest;
    if (targets->newest != NOBODY)
        targets->entries[targets->newest].newer = place;
    else
        targets->oldest = place;
    targets->newest = place;
}

static void take_back(struct packet_targets *targets, uint32_t place)
{
    const struct entry *entry = &targets->entries[place];
    if (entry->newer != NOBODY)
        targets->entries[entry->newer].older = entry->older;
    else
        targets->newest = entry->older;
    if (entry->older != NOBODY)
        targets->entries[entry->older].newer = entry->newer;
    else
        targets->oldest = entry->newer;
}

/* A place for another host, which is in no list; NOBODY: open probes need them all. */
static uint32_t empty_place(struct packet_targets *targets)
{
    if (targets->used < targets->count)
        return targets->used++;
    const uint32_t place = targets->oldest;
    if (place != NOBODY) {
        take_back(targets, place);
        strike(targets, place);
    }
    return place;
}

/* --------------------------------------------------------------------------------------------- */

static bool same_way(const struct sonde_engine_target *a, const struct sonde_engine_target *b)
{
    return same(&a->address, &b->address) && same(&a->source, &b->source) && a->mtu == b->mtu &&
           a->many_answer == b->many_answer;
}

static int occupy(struct packet_targets *targets, const struct sonde_engine_target *target,
                  const struct sonde_address *source, struct sonde_mono now, uint32_t *place)
{
    *place = empty_place(targets);
    if (*place == NOBODY)
        return -ENOBUFS;
    targets->places[*place] = *target;
    targets->entries[*place] = (struct entry){.source = *source, .found = now, .open = 1};
    list(targets, *place);
    return 0;
}

int packet_targets_take(struct packet_targets *targets, const struct sonde_address *address,
                        const struct sonde_address *source, struct sonde_mono now, uint32_t *place)
{
    struct sonde_engine_target target = {.address = *address};
    *place = look_up(targets, address, source);
    const bool known = *place != NOBODY;
    const bool fresh =
        known && sonde_mono_since(now, targets->entries[*place].found).ns < WAY_LIFE.ns;
    if (!fresh) {
        const int error = targets->find(targets->self, source, &target);
        if (error)
            return error;
    }
    if (!known)
        return occupy(targets, &target, source, now, place);
    struct entry *entry = &targets->entries[*place];
    if (!fresh)
        entry->found = now;
    if (!fresh && !same_way(&target, &targets->places[*place])) {
        if (entry->open > 0) {
            strike(targets, *place);
            return occupy(targets, &target, source, now, place);
        }
        targets->places[*place] = target;
    }
    if (entry->open++ == 0)
        take_back(targets, *place);
    return 0;
}

void packet_targets_release(struct packet_targets *targets, uint32_t place)
{
    if (--targets->entries[place].open == 0)
        put_by(targets, place);
}
