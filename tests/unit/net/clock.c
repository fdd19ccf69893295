#include <criterion/criterion.h>

#include "net/clock.h"

#define MS   SONDE_NS_PER_MS
#define S    SONDE_NS_PER_S
#define REAL (INT64_C(1700000000) * S) /* realtime at monotonic 0 */

static struct sonde_mono at(int64_t ns)
{
    return (struct sonde_mono){ns};
}

/* A clock whose offset was measured at 10 s and found again at 11 s. */
static struct net_clock settled(void)
{
    struct net_clock clock = {
        .offset = REAL, .bracket = 50, .checked = {10 * S}, .blind_until = {INT64_MIN}};

    net_clock_observe(&clock, at(11 * S - 25), REAL + 11 * S, at(11 * S + 25));
    return clock;
}

static bool translate(const struct net_clock *clock, int64_t real, int64_t low, int64_t high,
                      int64_t *result)
{
    struct sonde_mono mono = {0};
    bool good = net_clock_translate(clock, real, at(low), at(high), &mono);

    *result = mono.ns;
    return good;
}

Test(net_clock, translates_by_the_held_offset)
{
    struct net_clock clock = settled();
    int64_t result;

    cr_assert_eq(clock.steps, 0);
    cr_assert(translate(&clock, REAL + 10 * S + 7, INT64_MIN, 11 * S, &result));
    cr_assert_eq(result, 10 * S + 7);
}

Test(net_clock, small_errors_of_measurement_do_not_move_it)
{
    struct net_clock clock = settled();

    net_clock_observe(&clock, at(12 * S), REAL + 12 * S + 900, at(12 * S + 100));
    net_clock_observe(&clock, at(13 * S), REAL + 13 * S + 90000, at(13 * S + 200000));
    cr_assert_eq(clock.steps, 0);
    cr_assert_eq(clock.offset, REAL);
    cr_assert_eq(clock.checked.ns, 13 * S + 200000);
}

Test(net_clock, refuses_what_cannot_be)
{
    struct net_clock clock = settled();
    int64_t result;

    cr_assert_not(translate(&clock, REAL + 11 * S + 1, 10 * S, 11 * S - 10000, &result), "later");
    cr_assert_not(translate(&clock, REAL + 9 * S, 10 * S, 11 * S, &result), "earlier");
    cr_assert_not(translate(&clock, 0, INT64_MIN, 11 * S, &result) && result > 0, "no stamp");
    cr_assert_not(translate(&clock, INT64_MAX, INT64_MIN, 11 * S, &result));
    translate(&clock, INT64_MIN, INT64_MIN, INT64_MAX, &result);
}

/* The wall clock is stepped between 11 s and 11.1 s. */
static struct net_clock stepped(int64_t by)
{
    struct net_clock clock = settled();

    net_clock_observe(&clock, at(11 * S + 100 * MS), REAL + by + 11 * S + 100 * MS,
                      at(11 * S + 100 * MS));
    cr_assert_eq(clock.steps, 1);
    return clock;
}

Test(net_clock, large_steps_leave_no_doubt)
{
    const int64_t steps[] = {3600 * S, -3600 * S, 5 * S, -5 * S};

    for (size_t i = 0; i < 4; i++) {
        struct net_clock clock = stepped(steps[i]);
        int64_t before = 11 * S + 20 * MS, after = 11 * S + 90 * MS, read = 11 * S + 100 * MS;
        int64_t result;

        cr_assert(translate(&clock, REAL + before, INT64_MIN, read, &result));
        cr_assert_eq(result, before);
        cr_assert(translate(&clock, REAL + steps[i] + after, INT64_MIN, read, &result));
        cr_assert_eq(result, after);
        cr_assert(translate(&clock, REAL + steps[i] + 12 * S, INT64_MIN, 12 * S + 5, &result));
        cr_assert_eq(result, 12 * S);
    }
}

/* Whatever the step and whenever the stamp was made: the right time comes out, or none. */
Test(net_clock, a_wrong_time_never_comes_out)
{
    static const int64_t steps[] = {1500,     -1500,    MS,        -MS,   30 * MS,
                                    -30 * MS, 500 * MS, -500 * MS, 2 * S, -2 * S};
    size_t told = 0;

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct net_clock clock = stepped(steps[i]);

        for (int64_t step = 11 * S; step <= 11 * S + 100 * MS; step += 10 * MS)
            for (int64_t made = 10 * S + 500 * MS; made < 14 * S; made += 7 * MS) {
                int64_t real = REAL + made + (made >= step ? steps[i] : 0);
                int64_t read = made < 11 * S + 100 * MS ? 11 * S + 100 * MS : made + MS;
                int64_t result;

                if (!translate(&clock, real, INT64_MIN, read, &result))
                    continue;
                cr_assert_eq(result, made, "step %lld at %lld: made %lld, told %lld",
                             (long long)steps[i], (long long)step, (long long)made,
                             (long long)result);
                told++;
            }
    }
    cr_assert_gt(told, 20000);
}

Test(net_clock, two_steps_at_once_are_not_disentangled)
{
    struct net_clock clock = stepped(MS);
    int64_t result;

    net_clock_observe(&clock, at(11 * S + 200 * MS), REAL + 11 * S + 200 * MS,
                      at(11 * S + 200 * MS));
    cr_assert_eq(clock.steps, 2);
    cr_assert_not(
        translate(&clock, REAL + 11 * S + 150 * MS, INT64_MIN, 11 * S + 200 * MS, &result));
    cr_assert(translate(&clock, REAL + 14 * S, INT64_MIN, 14 * S, &result));
    cr_assert_eq(result, 14 * S);
}

Test(net_clock, measures_the_real_clocks)
{
    struct net_clock clock;

    net_clock_open(&clock);
    for (int i = 0; i < 100; i++)
        net_clock_check(&clock);
    cr_assert_gt(clock.offset, 0);
    cr_assert_geq(clock.bracket, 0);
}
