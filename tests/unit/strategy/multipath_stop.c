#include <criterion/criterion.h>
#include <math.h>

#include "sonde/multipath.h"
#include "strategy/multipath_stop.h"

/* As published for MDA: Augustin, Friedman, Teixeira 2007, and used by every tool since. */
Test(multipath_stop, published_points)
{
    static const uint32_t at_95[] = {6, 11, 16, 21, 27, 33};
    static const uint32_t at_99[] = {8, 15, 21, 28, 36, 43, 51, 58, 66, 74, 82, 90, 98, 106};
    for (uint32_t k = 1; k <= sizeof at_95 / sizeof *at_95; k++)
        cr_expect_eq(sonde_multipath_stopping_point(k, 0.05), at_95[k - 1], "%u", k);
    for (uint32_t k = 1; k <= sizeof at_99 / sizeof *at_99; k++)
        cr_expect_eq(sonde_multipath_stopping_point(k, 0.01), at_99[k - 1], "%u", k);
}

/*
 * The published points from the seventh on are those of one look at n_k; who has also looked at all
 * points before may have stopped there, and must look a little longer (Veitch and others, 2009).
 */
Test(multipath_stop, never_below_the_published_and_hardly_above)
{
    static const uint32_t published[] = {6,   11,  16,  21,  27,  33,  38,  44,  51,  57,  63,
                                         70,  76,  83,  90,  96,  103, 110, 117, 124, 131, 138,
                                         145, 152, 159, 167, 174, 181, 189, 196, 203, 211};
    for (uint32_t k = 1; k <= sizeof published / sizeof *published; k++) {
        uint32_t ours = sonde_multipath_stopping_point(k, 0.05);
        cr_expect(ours >= published[k - 1] && ours <= published[k - 1] + 1, "%u: %u", k, ours);
    }
}

/* The chance to stop before all of K are known, with these points; by following all ways. */
static double failure_of(uint32_t all, double failure)
{
    double chance[64] = {0}, failed = 0, running = 1;
    chance[1] = 1;
    for (uint32_t n = 1; running > 1e-12 && n < 4000; n++) {
        running = 0;
        for (uint32_t j = 1; j < all; j++) {
            if (chance[j] > 0 && n >= sonde_multipath_stopping_point(j, failure)) {
                failed += chance[j];
                chance[j] = 0;
            }
            running += chance[j];
        }
        for (uint32_t j = all; j >= 1; j--)
            chance[j] = chance[j] * j / all + chance[j - 1] * (all - j + 1) / all;
    }
    return failed;
}

Test(multipath_stop, fails_as_often_as_allowed_and_not_for_want_of_a_probe)
{
    const double levels[] = {0.05, 0.01, 0.003};
    for (unsigned i = 0; i < 3; i++) {
        for (uint32_t all = 2; all <= 12; all++)
            cr_expect_leq(failure_of(all, levels[i]), levels[i], "%u at %g", all, levels[i]);
        uint32_t n = sonde_multipath_stopping_point(1, levels[i]);
        cr_expect_gt(pow(2, -(double)(n - 2)), levels[i]); /* one less would be too few */
    }
}

Test(multipath_stop, rises_everywhere)
{
    uint32_t before = 0;
    struct multipath_stop stop;
    multipath_stop_init(&stop, 0.01);
    for (uint32_t k = 1; k <= SONDE_MULTIPATH_WIDTH; k++) {
        uint32_t n = multipath_stop_at(&stop, k);
        cr_expect_gt(n, before, "%u", k);
        before = n;
    }
    cr_expect_eq(multipath_stop_at(&stop, SONDE_MULTIPATH_WIDTH + 5), before);
}

Test(multipath_stop, outside_is_0)
{
    cr_expect_eq(sonde_multipath_stopping_point(0, 0.05), 0);
    cr_expect_eq(sonde_multipath_stopping_point(SONDE_MULTIPATH_WIDTH + 1, 0.05), 0);
    cr_expect_eq(sonde_multipath_stopping_point(1, 0), 0);
    cr_expect_eq(sonde_multipath_stopping_point(1, 0.6), 0);
    cr_expect_eq(sonde_multipath_stopping_point(1, NAN), 0);
}
