#include <criterion/criterion.h>
#include <stdlib.h>

#include "engine/plan.h"

#define MS SONDE_NS_PER_MS

static void plan_with(struct plan *plan, struct plan_config config)
{
    cr_assert_eq(plan_init(plan, &config), 0);
}

/* Runs the plan with a clock that is never late; returns the due times of target 0. */
static size_t run_exactly(struct plan *plan, int64_t *due_ns, size_t capacity)
{
    struct sonde_mono now = {1000};
    struct plan_due due;
    struct sonde_mono wake;
    size_t count = 0;
    for (;;) {
        switch (plan_next(plan, now, &due, &wake)) {
        case SONDE_NEXT_PROBE:
            if (due.target == 0 && count < capacity)
                due_ns[count++] = due.due.ns - 1000;
            break;
        case SONDE_NEXT_WAIT:
            now = wake;
            break;
        case SONDE_NEXT_DONE:
            return count;
        }
        if (count == capacity)
            return count;
    }
}

Test(engine_plan, due_times_are_absolute)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){
                         .targets = 1, .interval = {10 * MS}, .count = 300, .preload = 1});
    int64_t due[301];
    cr_assert_eq(run_exactly(&plan, due, 301), 300);
    for (int i = 0; i < 300; i++)
        cr_assert_eq(due[i], i * 10 * MS);
    plan_destroy(&plan);
}

Test(engine_plan, lateness_does_not_move_the_schedule)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 1, .interval = {10 * MS}, .count = 50});
    struct plan_due due;
    struct sonde_mono wake, now = {0};
    for (int k = 0; k < 50; k++) {
        while (plan_next(&plan, now, &due, &wake) == SONDE_NEXT_WAIT)
            now.ns = wake.ns + (k % 7) * MS; /* woken up to 6 ms late */
        cr_assert_eq(due.number, (uint64_t)k);
        cr_assert_eq(due.due.ns, k * 10 * MS);
    }
    cr_assert_eq(plan.skipped, 0);
    plan_destroy(&plan);
}

Test(engine_plan, a_suspended_machine_skips_and_says_so)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 1, .interval = {1000 * MS}});
    struct plan_due due;
    struct sonde_mono wake;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    /* asleep from 0.5 s to 3.6 s: due times 1 s and 2 s are gone, 3 s is made up for */
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){3600 * MS}, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(due.due.ns, 3000 * MS);
    cr_assert_eq(due.number, 1);
    cr_assert_eq(plan.skipped, 2);
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){3600 * MS}, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, 4000 * MS);
    plan_destroy(&plan);
}

Test(engine_plan, short_stalls_are_made_up_for)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 1, .interval = {10 * MS}});
    struct plan_due due;
    struct sonde_mono wake;
    int sent = 0;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    while (plan_next(&plan, (struct sonde_mono){95 * MS}, &due, &wake) == SONDE_NEXT_PROBE)
        sent++;
    cr_assert_eq(sent, 9);
    cr_assert_eq(plan.skipped, 0);
    plan_destroy(&plan);
}

/* Three seconds of probes to 1,000 targets: how many different due times are there? */
static int64_t wake_ups(struct sonde_span tick)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 1000,
                                          .interval = {1000 * MS},
                                          .spread = {1000 * MS},
                                          .tick = tick,
                                          .count = 3});
    struct plan_due due;
    struct sonde_mono wake, now = {0};
    int64_t last[1000], wake_ups = 0, before = -1;
    for (uint64_t sent = 0; sent < 3000; sent++) {
        while (plan_next(&plan, now, &due, &wake) == SONDE_NEXT_WAIT)
            now = wake;
        cr_assert_eq(due.target, sent % 1000);
        cr_assert_eq(due.number, sent / 1000);
        if (due.number > 0)
            cr_assert_eq(due.due.ns - last[due.target], 1000 * MS);
        last[due.target] = due.due.ns;
        wake_ups += due.due.ns != before;
        before = due.due.ns;
    }
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_DONE);
    plan_destroy(&plan);
    return wake_ups;
}

Test(engine_plan, targets_are_spread_evenly)
{
    cr_assert_eq(wake_ups((struct sonde_span){0}), 3000);
}

Test(engine_plan, groups_save_wake_ups_and_keep_every_interval)
{
    cr_assert_eq(wake_ups((struct sonde_span){5 * MS}), 600);
}

Test(engine_plan, the_gap_between_any_two_probes_is_kept)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 10,
                                          .interval = {10 * MS},
                                          .min_gap = {5 * MS},

                                          .count = 2});
    struct plan_due due;
    struct sonde_mono wake, now = {0};
    for (int sent = 0; sent < 20; sent++) {
        while (plan_next(&plan, now, &due, &wake) == SONDE_NEXT_WAIT)
            now = wake;
        cr_assert_eq(due.due.ns, sent * 5 * MS);
    }
    plan_destroy(&plan);
}

Test(engine_plan, preload_comes_first)
{
    struct plan plan;
    plan_with(&plan,
              (struct plan_config){.targets = 1, .interval = {10 * MS}, .preload = 3, .count = 5});
    int64_t due[5];
    cr_assert_eq(run_exactly(&plan, due, 5), 5);
    int64_t expected[5] = {0, 0, 0, 10 * MS, 20 * MS};
    for (int i = 0; i < 5; i++)
        cr_assert_eq(due[i], expected[i], "probe %d", i);
    plan_destroy(&plan);
}

Test(engine_plan, preload_is_not_held_by_the_gap_and_the_next_waits_for_all_of_it)
{
    struct plan plan;
    plan_with(
        &plan,
        (struct plan_config){
            .targets = 2, .interval = {20 * MS}, .min_gap = {5 * MS}, .preload = 3, .count = 4});
    struct plan_due due;
    struct sonde_mono wake, now = {0};
    int64_t expected[8] = {0, 0, 0, 15 * MS, 15 * MS, 15 * MS, 30 * MS, 35 * MS};
    for (int sent = 0; sent < 8; sent++) {
        while (plan_next(&plan, now, &due, &wake) == SONDE_NEXT_WAIT)
            now = wake;
        cr_expect_eq(due.due.ns, expected[sent], "probe %d at %jd", sent, (intmax_t)due.due.ns);
    }
    plan_destroy(&plan);
}

Test(engine_plan, nothing_is_due_past_the_deadline)
{
    struct plan plan;
    plan_with(&plan,
              (struct plan_config){.targets = 1, .interval = {1000 * MS}, .deadline = {3000 * MS}});
    int64_t due[10];
    cr_assert_eq(run_exactly(&plan, due, 10), 3);
    plan_destroy(&plan);
}

Test(engine_plan, poisson_gaps_have_mean_and_deviation_of_the_interval)
{
    struct plan plan;
    plan_with(
        &plan,
        (struct plan_config){
            .mode = PLAN_POISSON, .targets = 1, .interval = {10 * MS}, .count = 20000, .seed = 42});
    static int64_t due[20000];
    cr_assert_eq(run_exactly(&plan, due, 20000), 20000);
    double sum = 0, squares = 0;
    for (int i = 1; i < 20000; i++) {
        double gap = (double)(due[i] - due[i - 1]) / (10.0 * MS);
        sum += gap;
        squares += gap * gap;
    }
    double mean = sum / 19999;
    cr_assert_float_eq(mean, 1, 0.03);
    cr_assert_float_eq(squares / 19999 - mean * mean, 1, 0.06);
    plan_destroy(&plan);
}

Test(engine_plan, adaptive_sends_at_the_answer)
{
    struct plan plan;
    plan_with(&plan,
              (struct plan_config){
                  .mode = PLAN_ADAPTIVE, .targets = 1, .interval = {1000 * MS}, .floor = {2 * MS}});
    struct plan_due due;
    struct sonde_mono wake;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, 1000 * MS);
    plan_settled(&plan, 0, 0, (struct sonde_mono){7 * MS}, (struct sonde_span){0});
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){7 * MS}, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(due.due.ns, 7 * MS);
    plan_settled(&plan, 0, 1, (struct sonde_mono){8 * MS},
                 (struct sonde_span){0}); /* quicker than the floor */
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){8 * MS}, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, 9 * MS);
    plan_destroy(&plan);
}

Test(engine_plan, a_window_is_filled_no_faster_than_answers_come)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){
                         .mode = PLAN_ADAPTIVE, .targets = 1, .interval = {10 * MS}, .window = 4});
    struct plan_due due;
    struct sonde_mono wake;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, 10 * MS, "no RTT is known");
    plan_settled(&plan, 0, 0, (struct sonde_mono){1 * MS}, (struct sonde_span){1 * MS});
    /* read late, at 2.5 ms: probes at 1 ms and 2 ms would have been answered meanwhile */
    struct sonde_mono now = {2 * MS + MS / 2};
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(due.due.ns, 1 * MS);
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(due.due.ns, 2 * MS);
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, 3 * MS);
    now.ns = 100 * MS;
    for (int i = 0; i < 2; i++)
        cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){5 * MS}, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, 14 * MS, "the window is full");
    plan_destroy(&plan);
}

Test(engine_plan, no_target_sends_what_it_slept_through)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 3, .interval = {1000 * MS}});
    struct plan_due due;
    struct sonde_mono wake, now = {0};
    for (int i = 0; i < 3; i++)
        cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_PROBE);
    now.ns = 60500 * MS; /* a minute of sleep */
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_PROBE);
        cr_assert_eq(due.due.ns, 60000 * MS);
        cr_assert_eq(due.number, 1);
    }
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(plan.skipped, 3 * 59);
    plan_destroy(&plan);
}

Test(engine_plan, a_flood_does_not_make_up_for_sleep)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){
                         .mode = PLAN_ADAPTIVE, .targets = 1, .interval = {10 * MS}, .window = 64});
    struct plan_due due;
    struct sonde_mono wake;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    int sent = 0;
    while (plan_next(&plan, (struct sonde_mono){600000 * MS}, &due, &wake) == SONDE_NEXT_PROBE)
        sent++;
    cr_assert_eq(sent, 1);
    plan_destroy(&plan);
}

Test(engine_plan, one_loss_does_not_slow_a_flood_for_ever)
{
    struct plan plan;
    plan_with(&plan,
              (struct plan_config){.mode = PLAN_ADAPTIVE, .targets = 1, .interval = {10 * MS}});
    struct plan_due due;
    struct sonde_mono wake;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){10 * MS}, &due, &wake), SONDE_NEXT_PROBE);
    plan_settled(&plan, 0, 1, (struct sonde_mono){11 * MS}, (struct sonde_span){MS});
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){11 * MS}, &due, &wake), SONDE_NEXT_PROBE,
                 "probe 0 is lost, but probe 1 was answered");
    plan_destroy(&plan);
}

Test(engine_plan, a_stall_does_not_undo_the_least_gap)
{
    struct plan plan;
    plan_with(&plan, (struct plan_config){.targets = 1000,
                                          .interval = {1000 * MS},
                                          .spread = {1000 * MS},
                                          .min_gap = {2 * MS}});
    struct plan_due due;
    struct sonde_mono wake;
    cr_assert_eq(plan_next(&plan, (struct sonde_mono){0}, &due, &wake), SONDE_NEXT_PROBE);
    int sent = 0;
    while (plan_next(&plan, (struct sonde_mono){900 * MS}, &due, &wake) == SONDE_NEXT_PROBE)
        sent++;
    cr_assert_leq(sent, 5, "%d at once", sent);
    plan_destroy(&plan);
}

Test(engine_plan, refuses_what_cannot_be)
{
    struct plan plan;
    cr_assert_neq(plan_init(&plan, &(struct plan_config){.targets = 0}), 0);
    plan_destroy(&plan);
    cr_assert_neq(plan_init(&plan, &(struct plan_config){.targets = 1, .interval = {-1}}), 0);
    plan_destroy(&plan);
}

Test(engine_plan, extreme_intervals_saturate)
{
    struct plan plan;
    plan_with(&plan,
              (struct plan_config){.targets = 2, .interval = {INT64_MAX}, .spread = {INT64_MAX}});
    struct plan_due due;
    struct sonde_mono wake, now = {INT64_MAX - 5};
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(plan_next(&plan, now, &due, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake.ns, INT64_MAX);
    plan_destroy(&plan);
}
