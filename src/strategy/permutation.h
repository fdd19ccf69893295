/*
 * The numbers 0 … n-1 in an order that looks random, without memory: number k of the order is
 * computed, not looked up. A number is a pair (left, right) below a rectangle that is as good as
 * square and hardly larger than n; four rounds add a keyed hash of one half to the other, and a
 * result outside the range is walked on until it falls into it (Black and Rogaway 2002, "Ciphers
 * with arbitrary finite domains", generalized Feistel and cycle walking). Every round can be taken
 * back, so it is a bijection whatever the hash.
 *
 * So a survey spreads over all networks at once, can be divided among machines, and can go on where
 * it stopped.
 */
#ifndef STRATEGY_PERMUTATION_H
#define STRATEGY_PERMUTATION_H

#include <stdint.h>

#define STRATEGY_PERMUTATION_ROUNDS 4

struct strategy_permutation {
    uint64_t count;
    uint32_t left; /* sides of the rectangle: left * right >= count */
    uint32_t right;
    uint8_t keys[STRATEGY_PERMUTATION_ROUNDS][16];
};

/* `count` is 1 to 2^63. The same seed gives the same order on every machine. */
void strategy_permutation_init(struct strategy_permutation *permutation, uint64_t count,
                               uint64_t seed);

/* Number k of the order; k is less than count. A bijection. */
uint64_t strategy_permutation_at(const struct strategy_permutation *permutation, uint64_t k);

#endif
