#include "sim/queue.h"

#include <criterion/criterion.h>
#include <math.h>

static struct sim_queue queue;

Test(sim_queue, packets_wait_their_turn)
{
    cr_assert_eq(sim_queue_pass(&queue, 100, 10, 1000), 100);
    cr_assert_eq(sim_queue_pass(&queue, 100, 10, 1000), 110);
    cr_assert_eq(sim_queue_pass(&queue, 105, 20, 1000), 120);
    cr_assert_eq(sim_queue_pass(&queue, 140, 10, 1000), 140, "just over");
    cr_assert_eq(sim_queue_pass(&queue, 149, 10, 1000), 150);
    cr_assert_eq(sim_queue_pass(&queue, 500, 10, 1000), 500, "idle again");
    cr_assert_eq(queue.count, 2);
}

Test(sim_queue, a_full_queue_drops_and_is_none_the_worse)
{
    for (int i = 0; i < 6; i++)
        cr_assert_eq(sim_queue_pass(&queue, 0, 10, 50), 10 * i);
    cr_assert_eq(sim_queue_pass(&queue, 0, 10, 50), SIM_QUEUE_FULL);
    cr_assert_eq(sim_queue_pass(&queue, 10, 10, 60), 60);
}

Test(sim_queue, who_comes_before_what_is_known_already_does_not_wait_for_it)
{
    cr_assert_eq(sim_queue_pass(&queue, 1000, 10, 9999), 1000);
    for (int i = 0; i < 20; i++)
        cr_assert_eq(sim_queue_pass(&queue, 100 + 20 * i, 10, 9999), 100 + 20 * i);
    /* work that reaches into a later busy period pushes it on */
    cr_assert_eq(sim_queue_pass(&queue, 995, 10, 9999), 995);
    cr_assert_eq(sim_queue_pass(&queue, 1000, 10, 9999), 1015);
}

Test(sim_queue, all_work_is_done_whatever_the_order)
{
    /* 40 packets of 10 ns in a window of 300: the last one ends at 400 at the earliest */
    int64_t last = 0;
    for (int i = 0; i < 40; i++) {
        int64_t begins = sim_queue_pass(&queue, (i * 37) % 300, 10, 9999);
        cr_assert_geq(begins, (i * 37) % 300);
        last = begins > last ? begins : last;
    }
    int64_t work = 0;
    for (uint32_t i = 0; i < queue.count; i++) {
        work += queue.periods[i].until - queue.periods[i].from;
        cr_assert(i == 0 || queue.periods[i - 1].until < queue.periods[i].from);
    }
    cr_assert_eq(work, 400);
}

Test(sim_queue, only_so_many_busy_periods_are_remembered)
{
    for (int64_t i = 0; i < 200; i++)
        cr_assert_eq(sim_queue_pass(&queue, i * 100, 10, INT64_MAX), i * 100);
    cr_assert_eq(queue.count, SIM_QUEUE_PERIODS);
    cr_assert_eq(sim_queue_pass(&queue, 5, 10, INT64_MAX), 5, "forgotten");
    cr_assert_eq(sim_queue_pass(&queue, 19905, 10, INT64_MAX), 19910, "remembered");
}

Test(sim_queue, others_make_wait_as_in_md1)
{
    static const double loads[] = {0.1, 0.5, 0.8, 0.95};
    const int64_t service = 120000;
    for (size_t i = 0; i < 4; i++) {
        double load = loads[i], sum = 0;
        uint64_t waited = 0;
        const int64_t count = 400000;
        int64_t gap = load > 0.9 ? 7 * service : service;
        for (int64_t k = 0; k < count; k++) {
            int64_t wait = sim_queue_others(3, 5, k * gap, load, service);
            waited += wait > 0;
            sum += (double)wait;
        }
        double mean = load / (2 * (1 - load)) * (double)service;
        cr_expect_float_eq(sum / (double)count / mean, 1, 0.06, "load %g: mean %g of %g", load,
                           sum / (double)count, mean);
        cr_expect_float_eq((double)waited / (double)count, load, 0.03, "load %g: %g wait", load,
                           (double)waited / (double)count);
    }
}

Test(sim_queue, who_comes_later_never_leaves_earlier)
{
    int64_t left = 0;
    for (int64_t at = 0; at < 100000000; at += 1777) {
        int64_t out = at + sim_queue_others(1, 2, at, 0.9, 120000);
        cr_assert_geq(out, left);
        left = out;
    }
    cr_assert_eq(sim_queue_others(1, 2, 5000, 0, 120000), 0);
}
