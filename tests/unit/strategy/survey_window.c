#include "strategy/survey_window.h"

#include <criterion/criterion.h>

#include "base/random.h"

Test(strategy_survey_window, a_mark_is_new_once)
{
    struct survey_window window;
    cr_assert_eq(survey_window_init(&window), 0);
    for (uint64_t mark = 0; mark < 1000; mark++) {
        cr_expect_not(survey_window_meet(&window, mark << 20), "%llu", (unsigned long long)mark);
        cr_expect(survey_window_meet(&window, mark << 20));
    }
    survey_window_destroy(&window);
}

Test(strategy_survey_window, the_oldest_of_a_line_is_forgotten)
{
    struct survey_window window;
    cr_assert_eq(survey_window_init(&window), 0);
    for (uint64_t mark = 1; mark <= SURVEY_WINDOW_LINE; mark++)
        cr_expect_not(survey_window_meet(&window, mark));
    cr_expect(survey_window_meet(&window, 1), "all eight are remembered");
    cr_expect_not(survey_window_meet(&window, 100), "one more, in place of 2");
    cr_expect(survey_window_meet(&window, 1), "1 was met after 2");
    for (uint64_t mark = 3; mark <= SURVEY_WINDOW_LINE; mark++)
        cr_expect(survey_window_meet(&window, mark), "%llu", (unsigned long long)mark);
    cr_expect_not(survey_window_meet(&window, 2));
    survey_window_destroy(&window);
}

/* Half a million answers later nearly every one is still known, four million later none. */
Test(strategy_survey_window, about_a_million_are_remembered)
{
    struct survey_window window;
    struct base_random random;
    cr_assert_eq(survey_window_init(&window), 0);
    base_random_seed(&random, 1);
    for (int i = 0; i < 500000; i++)
        survey_window_meet(&window, base_random_u64(&random));
    base_random_seed(&random, 1);
    int known = 0;
    for (int i = 0; i < 500000; i++)
        known += survey_window_meet(&window, base_random_u64(&random));
    cr_expect_gt(known, 470000, "%d of 500,000", known);
    for (int i = 0; i < 4000000; i++)
        survey_window_meet(&window, base_random_u64(&random));
    base_random_seed(&random, 1);
    known = 0;
    for (int i = 0; i < 1000; i++)
        known += survey_window_meet(&window, base_random_u64(&random));
    cr_expect_lt(known, 5);
    survey_window_destroy(&window);
}
