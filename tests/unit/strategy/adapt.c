#include "strategy/adapt.h"

#include <criterion/criterion.h>

#include "strategy/slots.h"

#define WINDOW (500 * SONDE_NS_PER_MS)

/* Half second number k: so many probes, so many answers. */
static void play(struct strategy_adapt *adapt, int64_t k, unsigned sent, unsigned answered)
{
    struct sonde_mono due = {k * WINDOW};
    for (unsigned i = 0; i < sent; i++)
        strategy_adapt_sent(adapt, due);
    for (unsigned i = 0; i < sent; i++)
        strategy_adapt_settled(adapt, due, i < answered);
    strategy_adapt_judge(adapt, (struct sonde_mono){(k + 1) * WINDOW});
}

static struct strategy_adapt begun(void)
{
    struct strategy_adapt adapt;
    strategy_adapt_begin(&adapt, (struct sonde_mono){0});
    return adapt;
}

Test(strategy_adapt, begins_low_and_rises_to_all_of_it)
{
    struct strategy_adapt adapt = begun();
    cr_assert_eq(adapt.share, STRATEGY_SLOTS_WHOLE / 10);
    for (int64_t k = 0; k < 12; k++)
        play(&adapt, k, 1000, 900);
    cr_assert_eq(adapt.share, STRATEGY_SLOTS_WHOLE);
    cr_assert_eq(adapt.cuts, 0);
}

Test(strategy_adapt, a_fall_halves_the_rate_and_recovery_raises_it)
{
    struct strategy_adapt adapt = begun();
    for (int64_t k = 0; k < 5; k++)
        play(&adapt, k, 1000, 900);
    uint32_t before = adapt.share;
    play(&adapt, 5, 1000, 500);
    cr_assert_eq(adapt.share, before / 2);
    cr_assert_eq(adapt.cuts, 1);
    play(&adapt, 6, 1000, 900);
    cr_assert_gt(adapt.share, before / 2);
}

Test(strategy_adapt, what_left_before_the_cut_is_not_judged)
{
    struct strategy_adapt adapt = begun();
    play(&adapt, 0, 1000, 900);
    struct sonde_mono first = {1 * WINDOW}, second = {2 * WINDOW};
    for (unsigned i = 0; i < 1000; i++) {
        strategy_adapt_sent(&adapt, first);
        strategy_adapt_sent(&adapt, second);
    }
    for (unsigned i = 0; i < 1000; i++) {
        strategy_adapt_settled(&adapt, first, i < 300);
        strategy_adapt_settled(&adapt, second, i < 100);
    }
    uint32_t before = adapt.share;
    strategy_adapt_judge(&adapt, (struct sonde_mono){3 * WINDOW});
    cr_assert_eq(adapt.cuts, 1);
    cr_assert_eq(adapt.share, before / 2);
    cr_assert_float_eq(adapt.expected, 0.9, 1e-9);
}

Test(strategy_adapt, when_a_lower_rate_does_not_help_it_was_not_the_rate)
{
    struct strategy_adapt adapt = begun();
    for (int64_t k = 0; k < 5; k++)
        play(&adapt, k, 1000, 900);
    for (int64_t k = 5; k < 25; k++)
        play(&adapt, k, 1000, 100);
    cr_assert_eq(adapt.cuts, 1);
    cr_assert_eq(adapt.share, STRATEGY_SLOTS_WHOLE);
}

Test(strategy_adapt, chance_and_small_numbers_say_nothing)
{
    struct strategy_adapt adapt = begun();
    play(&adapt, 0, 1000, 100);
    play(&adapt, 1, 60, 4); /* less than 0.85 of 6, by chance */
    play(&adapt, 2, 49, 0); /* too few */
    cr_assert_eq(adapt.cuts, 0);
}

Test(strategy_adapt, open_probes_hold_the_verdict_up_but_not_for_ever)
{
    struct strategy_adapt adapt = begun();
    strategy_adapt_sent(&adapt, (struct sonde_mono){0});
    play(&adapt, 1, 1000, 900);
    cr_assert_eq(adapt.share, STRATEGY_SLOTS_WHOLE / 10);
    for (int64_t k = 2; k < 2 + STRATEGY_ADAPT_COHORTS; k++)
        play(&adapt, k, 1000, 900);
    cr_assert_eq(adapt.share, STRATEGY_SLOTS_WHOLE);
    strategy_adapt_settled(&adapt, (struct sonde_mono){0}, true); /* long forgotten */
}

Test(strategy_adapt, a_pause_of_any_length)
{
    struct strategy_adapt adapt = begun();
    play(&adapt, 0, 1000, 900);
    play(&adapt, 10 * STRATEGY_ADAPT_COHORTS + 3, 1000, 900);
    play(&adapt, 10 * STRATEGY_ADAPT_COHORTS + 4, 1000, 100);
    cr_assert_eq(adapt.cuts, 1);
}
