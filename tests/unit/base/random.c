#include "base/random.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(base_random, the_published_generators)
{
    /* xoshiro256** from the state 1, 2, 3, 4: computed by hand from its definition. */
    struct base_random random = {{1, 2, 3, 4}};
    static const uint64_t expected[] = {UINT64_C(11520), UINT64_C(0), UINT64_C(1509978240),
                                        UINT64_C(1215971899390074240)};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        cr_expect_eq(base_random_u64(&random), expected[i], "number %zu", i);

    /* SplitMix64 from the seed 0. */
    base_random_seed(&random, 0);
    cr_expect_eq(random.state[0], UINT64_C(0xe220a8397b1dcdaf));
    cr_expect_eq(random.state[1], UINT64_C(0x6e789e6aa1b965f4));
}

Test(base_random, the_same_seed_gives_the_same_numbers)
{
    struct base_random a, b, c;
    base_random_seed(&a, 7);
    base_random_seed(&b, 7);
    base_random_seed(&c, 8);
    int differ = 0;
    for (int i = 0; i < 100; i++) {
        const uint64_t value = base_random_u64(&a);
        cr_assert_eq(value, base_random_u64(&b));
        differ += value != base_random_u64(&c);
    }
    cr_expect_eq(differ, 100);
}

Test(base_random, below_is_uniform)
{
    struct base_random random;
    base_random_seed(&random, 1);
    int counts[7] = {0};
    for (int i = 0; i < 70000; i++) {
        const uint64_t value = base_random_below(&random, 7);
        cr_assert_lt(value, 7);
        counts[value]++;
    }
    double chi2 = 0;
    for (int i = 0; i < 7; i++)
        chi2 += (counts[i] - 10000.0) * (counts[i] - 10000.0) / 10000.0;
    cr_expect_lt(chi2, 22.46, "chi2 %f (six degrees, 0.1 %%)", chi2);
    cr_expect_eq(base_random_below(&random, 1), 0);
    for (int i = 0; i < 1000; i++)
        cr_assert_lt(base_random_below(&random, UINT64_C(0xc000000000000000)),
                     UINT64_C(0xc000000000000000));
}

Test(base_random, below_has_no_bias_where_modulo_has_the_most)
{
    /* With a bound of 3/4 of the range plain modulo would give the lowest third twice as often. */
    struct base_random random;
    base_random_seed(&random, 3);
    int low = 0;
    for (int i = 0; i < 30000; i++)
        low +=
            base_random_below(&random, UINT64_C(0xc000000000000000)) < UINT64_C(0x4000000000000000);
    cr_expect_lt(abs(low - 10000), 400, "%d", low);
}

Test(base_random, unit_interval)
{
    struct base_random random;
    base_random_seed(&random, 2);
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        const double value = base_random_unit(&random);
        cr_assert(value >= 0 && value < 1);
        sum += value;
    }
    cr_expect_lt(fabs(sum / 100000 - 0.5), 0.005);
}

Test(base_random, exponential_has_its_mean_and_deviation)
{
    struct base_random random;
    base_random_seed(&random, 4);
    double sum = 0, squares = 0;
    for (int i = 0; i < 200000; i++) {
        const double value = base_random_exponential(&random, 20.0);
        cr_assert(value >= 0 && isfinite(value));
        sum += value;
        squares += value * value;
    }
    const double mean = sum / 200000;
    cr_expect_lt(fabs(mean - 20.0), 0.3, "mean %f", mean);
    cr_expect_lt(fabs(sqrt(squares / 200000 - mean * mean) - 20.0), 0.4);
}

Test(base_random, secrets_fill_the_buffer_and_nothing_else)
{
    uint8_t a[48] = {0}, b[48] = {0};
    cr_assert_eq(base_random_secret(a, 40), 0);
    cr_assert_eq(base_random_secret(b, 40), 0);
    cr_expect_neq(memcmp(a, b, 40), 0);
    for (int i = 40; i < 48; i++)
        cr_expect_eq(a[i], 0);
    int zero = 0;
    for (int i = 0; i < 40; i++)
        zero += a[i] == 0;
    cr_expect_lt(zero, 10);
}
