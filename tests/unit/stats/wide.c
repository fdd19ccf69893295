#include "stats/wide.h"

#include <criterion/criterion.h>
#include <math.h>

#include "streams.h"

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 u128;

static u128 joined(const uint64_t value[2])
{
    return (u128)value[1] << 64 | value[0];
}

Test(stats_wide, agrees_with_128_bit_integers)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        for (int i = 0; i < 500; i++) {
            uint64_t a[2] = {roll(&dice), roll(&dice) >> below(&dice, 64)};
            uint64_t b[2] = {roll(&dice) >> below(&dice, 64), roll(&dice) >> below(&dice, 64)};
            uint64_t sum[2] = {a[0], a[1]}, difference[2] = {a[0], a[1]}, product[2];
            u128 x = joined(a), y = joined(b);

            stats_wide_add(sum, 2, b, 2);
            cr_assert(joined(sum) == x + y, "seed %lu", (unsigned long)seed);
            stats_wide_subtract(difference, b, 2);
            cr_assert(joined(difference) == x - y, "seed %lu", (unsigned long)seed);
            stats_wide_multiply(product, a, 1, b, 1);
            cr_assert(joined(product) == (u128)a[0] * b[0], "seed %lu", (unsigned long)seed);
            cr_assert(!!stats_wide_less(a, b, 2) == (x < y), "seed %lu", (unsigned long)seed);

            uint64_t divisor = b[0] | 1, dividend[2] = {a[0], a[1] % divisor};
            u128 whole = joined(dividend), quotient = whole / divisor;
            if (whole % divisor >= divisor - whole % divisor)
                quotient++;
            if (quotient >> 64 == 0)
                cr_assert(stats_wide_divide(dividend, divisor) == (uint64_t)quotient, "seed %lu",
                          (unsigned long)seed);
        }
    }
}
#endif

Test(stats_wide, carries_through_every_limb)
{
    uint64_t sum[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 7}, one = 1;
    stats_wide_add(sum, 4, &one, 1);
    const uint64_t carried[4] = {0, 0, 0, 8};
    cr_assert_arr_eq(sum, carried, sizeof sum);

    const uint64_t unit[4] = {1, 0, 0, 0};
    stats_wide_subtract(sum, unit, 4);
    const uint64_t borrowed[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, 7};
    cr_assert_arr_eq(sum, borrowed, sizeof sum);
}

Test(stats_wide, multiplies_the_largest)
{
    /* (2^192 - 1)(2^64 - 1) = 2^256 - 2^192 - 2^64 + 1 */
    const uint64_t a[3] = {UINT64_MAX, UINT64_MAX, UINT64_MAX}, b[1] = {UINT64_MAX};
    const uint64_t expected[4] = {1, UINT64_MAX, UINT64_MAX, UINT64_MAX - 1};
    uint64_t product[4];
    stats_wide_multiply(product, a, 3, b, 1);
    cr_assert_arr_eq(product, expected, sizeof product);
    stats_wide_multiply(product, b, 1, a, 3);
    cr_assert_arr_eq(product, expected, sizeof product);
}

Test(stats_wide, becomes_a_double)
{
    const uint64_t value[4] = {0, 5, 0, 3};
    cr_assert_eq(stats_wide_double(value, 4), ldexp(3, 192) + ldexp(5, 64));
    cr_assert_eq(stats_wide_double(value, 1), 0.0);
}
