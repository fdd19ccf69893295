#include "strategy/permutation.h"

#include "base/siphash.h"

static void write_le(uint8_t *bytes, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* The smallest number whose square is not less than `count`, which is 2^63 at most. */
static uint32_t root_above(uint64_t count)
{
    uint64_t low = 1, high = UINT32_MAX;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (middle * middle < count)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

void strategy_permutation_init(struct strategy_permutation *permutation, uint64_t count,
                               uint64_t seed)
{
    permutation->count = count;
    permutation->left = root_above(count);
    permutation->right = (uint32_t)(count / permutation->left + (count % permutation->left != 0));
    uint8_t seed_key[16] = {0};
    write_le(seed_key, seed, 8);
    for (uint8_t half = 0; half < 2 * STRATEGY_PERMUTATION_ROUNDS; half++)
        write_le(permutation->keys[half / 2] + 8 * (half % 2), base_siphash(seed_key, &half, 1), 8);
}

/* A keyed hash of `half`, less than `side`. */
static uint32_t round_hash(const uint8_t key[static 16], uint32_t half, uint32_t side)
{
    uint8_t bytes[4];
    write_le(bytes, half, sizeof bytes);
    return (uint32_t)((base_siphash(key, bytes, sizeof bytes) >> 32) * side >> 32);
}

/* (a + b) modulo side; both are less than it. */
static uint32_t add_within(uint32_t a, uint32_t b, uint32_t side)
{
    return a >= side - b ? a - (side - b) : a + b;
}

static uint64_t encipher(const struct strategy_permutation *permutation, uint64_t number)
{
    uint32_t left = (uint32_t)(number % permutation->left);
    uint32_t right = (uint32_t)(number / permutation->left);
    for (unsigned i = 0; i < STRATEGY_PERMUTATION_ROUNDS; i += 2) {
        left = add_within(left, round_hash(permutation->keys[i], right, permutation->left),
                          permutation->left);
        right = add_within(right, round_hash(permutation->keys[i + 1], left, permutation->right),
                           permutation->right);
    }
    return (uint64_t)right * permutation->left + left;
}

uint64_t strategy_permutation_at(const struct strategy_permutation *permutation, uint64_t k)
{
    /* k is in the range itself, so its cycle leads back there */
    do
        k = encipher(permutation, k);
    while (k >= permutation->count);
    return k;
}
