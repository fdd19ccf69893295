#include "helper.h"

#include <math.h>
#include <stdlib.h>

#include "sim/dice.h"

#define THROWS 200000

static double samples[THROWS];

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Fills samples, sorted, with the jitter of a packet after the other. */
static void sample(enum sim_jitter kind, int64_t amount, double shape)
{
    struct sim_setting jitter = {.number = {kind, amount}, .chance = {shape}};
    for (uint64_t i = 0; i < THROWS; i++)
        samples[i] = (double)sim_dice_jitter(sim_dice_take(9, 4, i), 0, &jitter);
    qsort(samples, THROWS, sizeof(samples[0]), compare);
}

/* The largest distance between the distribution of the samples and the one that they should have.
 */
static double kolmogorov(double (*cdf)(double))
{
    double distance = 0;
    for (size_t i = 0; i < THROWS; i++) {
        double expected = cdf(samples[i]);
        distance = fmax(distance, fabs(expected - (double)i / THROWS));
        distance = fmax(distance, fabs(expected - (double)(i + 1) / THROWS));
    }
    return distance;
}

static double uniform_cdf(double x)
{
    return x / 1e6;
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / 1e6 / M_SQRT2);
}

static double pareto_cdf(double x)
{
    return 1 - pow(1 + x / 2e6, -3); /* mean 1e6, shape 3 */
}

Test(sim_dice, jitter_is_distributed_as_it_says)
{
    double limit = 1.95 / sqrt(THROWS); /* Kolmogorov-Smirnov, 0.1 % */
    sample(SIM_JITTER_UNIFORM, 1000000, 0);
    cr_assert_lt(kolmogorov(uniform_cdf), limit);
    sample(SIM_JITTER_NORMAL, 1000000, 0);
    cr_assert_lt(kolmogorov(normal_cdf), limit);
    sample(SIM_JITTER_PARETO, 1000000, 3);
    cr_assert_lt(kolmogorov(pareto_cdf), limit);
    cr_assert_geq(samples[0], 0);
    sample(SIM_JITTER_FIXED, 1000000, 0);
    cr_assert_eq(samples[0], 1e6);
    cr_assert_eq(samples[THROWS - 1], 1e6);
    cr_assert_eq(sim_dice_jitter(sim_dice_take(9, 4, 1), 0, NULL), 0);
}

Test(sim_dice, absurd_amounts_stay_in_range)
{
    sample(SIM_JITTER_PARETO, INT64_MAX, 2);
    cr_assert_leq(samples[THROWS - 1], 3.6e12);
    sample(SIM_JITTER_NORMAL, INT64_MAX, 0);
    cr_assert_geq(samples[0], -3.6e12);
}

Test(sim_dice, throws_are_repeatable_and_independent)
{
    struct sim_dice dice = sim_dice_take(1, 2, 3);
    cr_assert_eq(sim_dice_throw(dice, 5), sim_dice_throw(sim_dice_take(1, 2, 3), 5));
    cr_assert_neq(sim_dice_throw(dice, 5), sim_dice_throw(dice, 6));
    cr_assert_neq(dice.base, sim_dice_take(2, 2, 3).base);
    cr_assert_neq(dice.base, sim_dice_take(1, 3, 3).base);
    cr_assert_neq(dice.base, sim_dice_take(1, 2, 4).base);
    /* the decisions of one packet, and one decision of many packets, must not go together */
    double n = THROWS, same_packet = 0, next_packet = 0;
    for (uint64_t i = 0; i < THROWS; i++) {
        struct sim_dice a = sim_dice_take(1, 2, i), b = sim_dice_take(1, 2, i + 1);
        double x = sim_dice_unit(a, SIM_THROW_LOSS) - 0.5;
        same_packet += x * (sim_dice_unit(a, SIM_THROW_DUPLICATE) - 0.5);
        next_packet += x * (sim_dice_unit(b, SIM_THROW_LOSS) - 0.5);
    }
    double sigma = sqrt(n) / 12;
    cr_assert_lt(fabs(same_packet), 5 * sigma);
    cr_assert_lt(fabs(next_packet), 5 * sigma);
}

Test(sim_dice, bytes)
{
    uint8_t a[37] = {0}, b[37];
    memset(b, 0xff, sizeof(b));
    sim_dice_bytes(sim_dice_take(1, 1, 1), 3, a, sizeof(a));
    sim_dice_bytes(sim_dice_take(1, 1, 1), 3, b, sizeof(b));
    cr_assert_arr_eq(a, b, sizeof(a));
    int zeros = 0;
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    cr_assert_lt(zeros, 5);
}
