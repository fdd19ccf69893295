#include "language.h"

#include "sim/index.h"

static void key_of(uint32_t number, uint8_t key[SIM_INDEX_KEY])
{
    memset(key, 0, SIM_INDEX_KEY);
    for (int i = 0; i < 4; i++)
        key[SIM_INDEX_KEY - 4 + i] = (uint8_t)(number >> 8 * i);
}

Test(sim_index, finds_what_was_added)
{
    struct sim_index index = {0};
    uint8_t key[SIM_INDEX_KEY];
    key_of(0, key);
    cr_assert_eq(sim_index_find(&index, key), SIM_INDEX_ABSENT);
    for (uint32_t i = 0; i < 10000; i++) {
        key_of(i * 2, key);
        cr_assert_eq(sim_index_add(&index, key, i), 0);
    }
    for (uint32_t i = 0; i < 20000; i++) {
        key_of(i, key);
        cr_assert_eq(sim_index_find(&index, key), i % 2 ? SIM_INDEX_ABSENT : i / 2);
    }
    sim_index_destroy(&index);
    cr_assert_eq(sim_index_find(&index, key), SIM_INDEX_ABSENT);
}
