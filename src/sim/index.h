/* A hash table from short byte strings to 32-bit ids: names and addresses of a scenario. */
#ifndef SIM_INDEX_H
#define SIM_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define SIM_INDEX_ABSENT UINT32_MAX
#define SIM_INDEX_KEY    32

struct sim_index_slot {
    uint8_t key[SIM_INDEX_KEY];
    uint32_t id; /* SIM_INDEX_ABSENT: the slot is free */
};

/* Zero is an empty index. */
struct sim_index {
    struct sim_index_slot *slots;
    uint32_t count;
    uint32_t capacity; /* a power of two */
};

void sim_index_destroy(struct sim_index *index);

/* Adds a key that is not there yet. Returns 0 or -ENOMEM. */
int sim_index_add(struct sim_index *index, const uint8_t key[static SIM_INDEX_KEY], uint32_t id);

/* The id of the key, or SIM_INDEX_ABSENT. */
uint32_t sim_index_find(const struct sim_index *index, const uint8_t key[static SIM_INDEX_KEY]);

#endif
