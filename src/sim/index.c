#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "sim/index.h"

/* The key need not be secret: a scenario's author can only slow down the author's own run. */
static uint32_t slot_of(const struct sim_index *index, const uint8_t *key)
{
    static const uint8_t secret[16];
    uint32_t mask = index->capacity - 1;
    uint32_t slot = (uint32_t)base_siphash(secret, key, SIM_INDEX_KEY) & mask;
    while (index->slots[slot].id != SIM_INDEX_ABSENT &&
           memcmp(index->slots[slot].key, key, SIM_INDEX_KEY) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

static int grow(struct sim_index *index)
{
    struct sim_index larger = {.capacity = index->capacity ? index->capacity * 2 : 16};
    larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
    if (!larger.slots)
        return -ENOMEM;
    for (uint32_t i = 0; i < larger.capacity; i++)
        larger.slots[i].id = SIM_INDEX_ABSENT;
    for (uint32_t i = 0; i < index->capacity; i++)
        if (index->slots[i].id != SIM_INDEX_ABSENT)
            larger.slots[slot_of(&larger, index->slots[i].key)] = index->slots[i];
    larger.count = index->count;
    free(index->slots);
    *index = larger;
    return 0;
}

void sim_index_destroy(struct sim_index *index)
{
    free(index->slots);
    *index = (struct sim_index){0};
}

int sim_index_add(struct sim_index *index, const uint8_t key[static SIM_INDEX_KEY], uint32_t id)
{
    if (index->count >= index->capacity / 2) {
        int error = grow(index);
        if (error)
            return error;
    }
    struct sim_index_slot *slot = &index->slots[slot_of(index, key)];
    memcpy(slot->key, key, SIM_INDEX_KEY);
    slot->id = id;
    index->count++;
    return 0;
}

uint32_t sim_index_find(const struct sim_index *index, const uint8_t key[static SIM_INDEX_KEY])
{
    return index->capacity ? index->slots[slot_of(index, key)].id : SIM_INDEX_ABSENT;
}
