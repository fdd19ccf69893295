#include "sonde/stats.h"

#include <criterion/criterion.h>
#include <math.h>

#include "streams.h"

/* The bounds are where the score (p̂ - p) / sqrt(p (1 - p) / n) is ±z: find them by bisection. */
static double bound_by_search(double p_hat, double n, double z, double inner, double outer)
{
    for (int i = 0; i < 200; i++) {
        double p = (inner + outer) / 2;
        if (fabs(p_hat - p) < z * sqrt(p * (1 - p) / n))
            inner = p;
        else
            outer = p;
    }
    return inner;
}

Test(stats_confidence, bounds_solve_the_score_equation)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        for (int i = 0; i < 50; i++) {
            uint64_t trials = 1 + below(&dice, UINT64_C(1) << (1 + below(&dice, 20)));
            uint64_t hits = below(&dice, trials + 1);
            double z = 0.5 + (double)below(&dice, 300) / 100, n = (double)trials;
            double p = (double)hits / n;
            struct sonde_interval got = sonde_wilson(hits, trials, z);
            double low = hits == 0 ? 0 : bound_by_search(p, n, z, p, 0);
            double high = hits == trials ? 1 : bound_by_search(p, n, z, p, 1);
            cr_assert(fabs(got.low - low) < 1e-9 && fabs(got.high - high) < 1e-9,
                      "seed %lu: %lu of %lu, z %g", (unsigned long)seed, (unsigned long)hits,
                      (unsigned long)trials, z);
        }
    }
}

Test(stats_confidence, known_values)
{
    /* R: binom::binom.wilson(10, 100): 0.05522914 0.1743657 */
    struct sonde_interval got = sonde_wilson(10, 100, SONDE_Z_95);
    cr_assert_float_eq(got.low, 0.05522914, 1e-8);
    cr_assert_float_eq(got.high, 0.1743657, 1e-7);
}

Test(stats_confidence, ends_are_exact)
{
    struct sonde_interval none = sonde_wilson(0, 10, SONDE_Z_95);
    struct sonde_interval all = sonde_wilson(10, 10, SONDE_Z_95);
    struct sonde_interval huge = sonde_wilson(1, UINT64_MAX, SONDE_Z_95);
    struct sonde_interval unknown = sonde_wilson(0, 0, SONDE_Z_95);
    cr_assert(none.low == 0.0 && none.high > 0.27 && none.high < 0.28);
    cr_assert(all.high == 1.0 && all.low > 0.72 && all.low < 0.73);
    cr_assert(huge.low >= 0.0 && huge.high < 1e-15);
    cr_assert(unknown.low == 0.0 && unknown.high == 1.0);
}
