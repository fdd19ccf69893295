#include "strategy/permutation.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

Test(strategy_permutation, a_bijection_for_every_small_count)
{
    static bool seen[5000];
    for (uint64_t count = 1; count <= 5000; count++) {
        struct strategy_permutation permutation;
        strategy_permutation_init(&permutation, count, count * 7);
        memset(seen, 0, sizeof seen);
        for (uint64_t k = 0; k < count; k++) {
            uint64_t at = strategy_permutation_at(&permutation, k);
            cr_assert_lt(at, count, "number %llu of %llu", (unsigned long long)k,
                         (unsigned long long)count);
            cr_assert_not(seen[at], "%llu of %llu comes twice", (unsigned long long)at,
                          (unsigned long long)count);
            seen[at] = true;
        }
    }
}

/* No number twice, none outside, whatever part is looked at. */
Test(strategy_permutation, large_counts_by_samples)
{
    enum { SAMPLES = 100000 };
    static const uint64_t counts[] = {
        UINT64_C(16777216),      UINT64_C(3702258432),          UINT64_C(1) << 32,
        (UINT64_C(1) << 32) + 1, UINT64_C(1000000000000000003), (UINT64_C(1) << 63) - 1,
        UINT64_C(1) << 63,
    };
    uint64_t *samples = calloc(SAMPLES, sizeof *samples);
    cr_assert_not_null(samples);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct strategy_permutation permutation;
        strategy_permutation_init(&permutation, counts[i], i);
        uint64_t stride = counts[i] / SAMPLES;
        for (uint64_t k = 0; k < SAMPLES; k++) {
            /* the first half in a row, the second spread over the range */
            uint64_t number = k < SAMPLES / 2 ? k : counts[i] - 1 - (k - SAMPLES / 2) * stride;
            samples[k] = strategy_permutation_at(&permutation, number);
            cr_assert_lt(samples[k], counts[i]);
        }
        qsort(samples, SAMPLES, sizeof *samples, compare);
        for (size_t k = 1; k < SAMPLES; k++)
            cr_assert_neq(samples[k], samples[k - 1], "count %zu: twice", i);
    }
    free(samples);
}

Test(strategy_permutation, the_whole_of_a_slash_eight)
{
    enum { COUNT = 1 << 24 };
    uint8_t *seen = calloc(COUNT / 8, 1);
    cr_assert_not_null(seen);
    struct strategy_permutation permutation;
    strategy_permutation_init(&permutation, COUNT - 2, 99);
    for (uint64_t k = 0; k < COUNT - 2; k++) {
        uint64_t at = strategy_permutation_at(&permutation, k);
        cr_assert_lt(at, COUNT - 2);
        cr_assert_not(seen[at / 8] & 1 << at % 8);
        seen[at / 8] |= (uint8_t)(1 << at % 8);
    }
    free(seen);
}

/* The order is part of what resume files and shards agree about: it must never change. */
Test(strategy_permutation, the_same_order_everywhere)
{
    static const uint64_t slash16[] = {63303, 46448, 27059, 23505, 40702, 48356};
    static const uint64_t whole[] = {3095498131, 137758804,  3389464341,
                                     241447934,  2475070045, 430266098};
    struct strategy_permutation permutation;
    strategy_permutation_init(&permutation, 65536, 1);
    for (uint64_t k = 0; k < 6; k++)
        cr_expect_eq(strategy_permutation_at(&permutation, k), slash16[k]);
    strategy_permutation_init(&permutation, UINT64_C(1) << 32, UINT64_C(0x0123456789abcdef));
    for (uint64_t k = 0; k < 6; k++)
        cr_expect_eq(strategy_permutation_at(&permutation, k), whole[k]);
}

Test(strategy_permutation, seeds_give_other_orders)
{
    struct strategy_permutation a, b;
    unsigned same = 0;
    strategy_permutation_init(&a, 100000, 1);
    strategy_permutation_init(&b, 100000, 2);
    for (uint64_t k = 0; k < 10000; k++)
        same += strategy_permutation_at(&a, k) == strategy_permutation_at(&b, k);
    cr_expect_lt(same, 5);
}

/* Of 65,536 consecutive probes into a /8, each /16 gets about 256: no network is met in a row. */
Test(strategy_permutation, spread_over_networks)
{
    struct strategy_permutation permutation;
    strategy_permutation_init(&permutation, 1 << 24, 5);
    unsigned buckets[256] = {0}, neighbours = 0;
    uint64_t before = strategy_permutation_at(&permutation, 1000000);
    for (uint64_t k = 1; k <= 65536; k++) {
        uint64_t at = strategy_permutation_at(&permutation, 1000000 + k);
        buckets[at >> 16]++;
        neighbours += at >> 8 == before >> 8;
        before = at;
    }
    double chi = 0;
    for (int i = 0; i < 256; i++)
        chi += (buckets[i] - 256.0) * (buckets[i] - 256.0) / 256.0;
    cr_expect_lt(chi, 340, "chi square %g of 255 degrees", chi); /* p < 0.0003 */
    cr_expect_gt(chi, 180, "chi square %g: too even to be random", chi);
    cr_expect_lt(neighbours, 12, "%u times the same /24 twice in a row", neighbours); /* 1 is due */
}
