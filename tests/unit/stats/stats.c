#include "sonde/stats.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "streams.h"

static void feed(struct sonde_stats *stats, enum sonde_outcome_kind kind, unsigned times)
{
    struct sonde_outcome outcome = final_outcome(kind, 0);
    while (times-- > 0)
        sonde_stats_outcome(stats, &outcome);
}

static void feed_rtt(struct sonde_stats *stats, int64_t rtt_ns)
{
    struct sonde_outcome outcome = reply_after(0, rtt_ns);
    sonde_stats_outcome(stats, &outcome);
}

Test(stats_stats, empty_has_no_figures)
{
    struct sonde_stats stats;
    struct sonde_rtt_summary summary;
    sonde_stats_init(&stats, 0);
    cr_assert_not(sonde_stats_rtt(&stats, &summary));
    cr_assert_eq(summary.count, 0);
    cr_assert_eq(summary.max.ns, 0);
    cr_assert_eq(sonde_stats_loss_ratio(&stats), 0.0);
    cr_assert_eq(sonde_stats_loss_interval(&stats, SONDE_Z_95).high, 1.0);
}

Test(stats_stats, every_kind_has_its_meaning)
{
    static const enum sonde_verdict meaning[SONDE_OUTCOME_KINDS] = {
        [SONDE_REPLY] = SONDE_VERDICT_RECEIVED,
        [SONDE_TIME_EXCEEDED] = SONDE_VERDICT_ERROR,
        [SONDE_UNREACHABLE] = SONDE_VERDICT_ERROR,
        [SONDE_TOO_BIG] = SONDE_VERDICT_ERROR,
        [SONDE_PARAMETER_PROBLEM] = SONDE_VERDICT_ERROR,
        [SONDE_TIMED_OUT] = SONDE_VERDICT_LOST,
        [SONDE_SEND_FAILED] = SONDE_VERDICT_VOID,
        [SONDE_UNFINISHED] = SONDE_VERDICT_VOID,
    };
    struct sonde_stats stats;
    sonde_stats_init(&stats, 0);
    for (unsigned kind = 0; kind < SONDE_OUTCOME_KINDS; kind++) {
        struct sonde_outcome outcome = final_outcome((enum sonde_outcome_kind)kind, 0);
        cr_assert_eq(sonde_stats_outcome(&stats, &outcome), meaning[kind], "kind %u", kind);
        cr_assert_eq(stats.outcomes[kind], 1, "kind %u", kind);
    }
    cr_assert_eq(sonde_stats_received(&stats), 1);
    cr_assert_eq(sonde_stats_lost(&stats), 1);
    cr_assert_eq(sonde_stats_errors(&stats), 4);
    cr_assert_eq(sonde_stats_judged(&stats), 6);

    struct sonde_outcome unknown = {.kind = SONDE_OUTCOME_KINDS};
    cr_assert_eq(sonde_stats_outcome(&stats, &unknown), SONDE_VERDICT_NOTICE);
}

Test(stats_stats, a_trace_counts_errors_as_answers)
{
    struct sonde_stats stats;
    sonde_stats_init(&stats, SONDE_KIND_BIT(SONDE_REPLY) | SONDE_KIND_BIT(SONDE_TIME_EXCEEDED));
    struct sonde_outcome outcome = final_outcome(SONDE_TIME_EXCEEDED, 0);
    outcome.rtt_known = true;
    outcome.rtt.ns = 5000;
    cr_assert_eq(sonde_stats_outcome(&stats, &outcome), SONDE_VERDICT_RECEIVED);
    feed(&stats, SONDE_UNREACHABLE, 2);
    cr_assert_eq(sonde_stats_received(&stats), 1);
    cr_assert_eq(sonde_stats_errors(&stats), 2);
    cr_assert_eq(stats.measured, 1);
}

Test(stats_stats, neither_unfinished_nor_unsent_is_lost)
{
    struct sonde_stats stats;
    sonde_stats_init(&stats, 0);
    for (int i = 0; i < 20; i++)
        sonde_stats_sent(&stats);
    feed(&stats, SONDE_REPLY, 6);
    feed(&stats, SONDE_TIMED_OUT, 2);
    cr_assert_eq(sonde_stats_loss_ratio(&stats), 0.25);
    feed(&stats, SONDE_UNFINISHED, 12);
    feed(&stats, SONDE_SEND_FAILED, 5);
    feed(&stats, SONDE_LATE, 2);
    feed(&stats, SONDE_DUPLICATE, 3);
    feed(&stats, SONDE_CORRUPT, 3);
    cr_assert_eq(sonde_stats_loss_ratio(&stats), 0.25);
    feed(&stats, SONDE_UNREACHABLE, 2);
    cr_assert_eq(sonde_stats_loss_ratio(&stats), 0.2);
    cr_assert_eq(stats.sent, 20);
}

Test(stats_stats, moments_equal_two_passes_over_an_array)
{
    enum { COUNT = 2000 };
    static int64_t rtt[COUNT];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        struct sonde_stats stats;
        struct sonde_rtt_summary got;
        sonde_stats_init(&stats, 0);
        unsigned bits = 20 + (unsigned)(seed % 17);
        long double sum = 0, squares = 0;
        int64_t min = INT64_MAX, max = -1;
        for (int i = 0; i < COUNT; i++) {
            rtt[i] = any_span(&dice, bits);
            sum += rtt[i];
            min = rtt[i] < min ? rtt[i] : min;
            max = rtt[i] > max ? rtt[i] : max;
            feed_rtt(&stats, rtt[i]);
        }
        for (int i = 0; i < COUNT; i++)
            squares += (rtt[i] - sum / COUNT) * (rtt[i] - sum / COUNT);

        cr_assert(sonde_stats_rtt(&stats, &got));
        cr_assert_eq(got.count, COUNT);
        cr_assert_eq(got.min.ns, min);
        cr_assert_eq(got.max.ns, max);
        cr_assert_eq(got.last.ns, rtt[COUNT - 1]);
        cr_assert_eq(got.mean.ns, llroundl(sum / COUNT), "seed %lu", (unsigned long)seed);
        cr_assert(fabsl(got.deviation.ns - sqrtl(squares / COUNT)) <= 0.51L, "seed %lu",
                  (unsigned long)seed);
    }
}

Test(stats_stats, deviation_keeps_a_small_spread_on_a_large_mean)
{
    struct sonde_stats stats;
    struct sonde_rtt_summary got;
    sonde_stats_init(&stats, 0);
    for (int i = 0; i < 1000; i++)
        feed_rtt(&stats, (INT64_C(1) << 61) + (i % 2) * 2);
    cr_assert(sonde_stats_rtt(&stats, &got));
    cr_assert_eq(got.mean.ns, (INT64_C(1) << 61) + 1);
    cr_assert_eq(got.deviation.ns, 1);
}

Test(stats_stats, moving_figures_follow_their_formulas)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        struct sonde_stats stats;
        struct sonde_rtt_summary got;
        sonde_stats_init(&stats, 0);
        long double ewma = 0, jitter = 0;
        int64_t before = 0;
        for (int i = 0; i < 1000; i++) {
            int64_t rtt = any_span(&dice, 32);
            ewma = i == 0 ? rtt : ewma + (rtt - ewma) / 8;
            if (i > 0)
                jitter += (llabs(rtt - before) - jitter) / 16;
            before = rtt;
            feed_rtt(&stats, rtt);
            cr_assert(sonde_stats_rtt(&stats, &got));
            /* whole-number arithmetic drops less than one of the eighths or sixteenths a step */
            cr_assert(fabsl(got.ewma.ns - ewma) <= 2, "seed %lu step %d", (unsigned long)seed, i);
            cr_assert(fabsl(got.jitter.ns - jitter) <= 2, "seed %lu step %d", (unsigned long)seed,
                      i);
        }
    }
}

Test(stats_stats, a_first_rtt_of_zero_is_a_first_rtt)
{
    struct sonde_stats stats;
    struct sonde_rtt_summary got;
    sonde_stats_init(&stats, 0);
    feed_rtt(&stats, 0);
    feed_rtt(&stats, 8000);
    cr_assert(sonde_stats_rtt(&stats, &got));
    cr_assert_eq(got.min.ns, 0);
    cr_assert_eq(got.ewma.ns, 1000);
    cr_assert_eq(got.jitter.ns, 500);
    cr_assert_eq(got.mean.ns, 4000);
    cr_assert_eq(got.deviation.ns, 4000);
}

Test(stats_stats, a_reply_without_rtt_is_received_and_not_measured)
{
    struct sonde_stats stats;
    sonde_stats_init(&stats, 0);
    feed(&stats, SONDE_REPLY, 3);
    cr_assert_eq(sonde_stats_received(&stats), 3);
    cr_assert_eq(stats.measured, 0);
    cr_assert_eq(stats.impossible, 0);
}

/*
 * CVE-2025-48964: a forged time in a reply made iputils' RTT huge and its moving average and sums
 * overflow. Whatever RTT gets here, the arithmetic holds and the other figures stay true.
 */
Test(stats_stats, cve_2025_48964_forged_times_overflow_nothing)
{
    static const int64_t forged[] = {INT64_MAX, 0, INT64_MAX - 1, 1, INT64_C(1) << 62, INT64_MAX};
    struct sonde_stats stats;
    struct sonde_rtt_summary got;
    sonde_stats_init(&stats, 0);
    for (int i = 0; i < 6000; i++) {
        feed_rtt(&stats, forged[i % 6]);
        cr_assert(sonde_stats_rtt(&stats, &got));
        cr_assert(got.min.ns >= 0 && got.mean.ns >= got.min.ns && got.max.ns >= got.mean.ns);
        cr_assert(got.deviation.ns >= 0 && got.deviation.ns <= got.max.ns);
        cr_assert(got.ewma.ns >= 0 && got.ewma.ns <= INT64_C(1) << 60);
        cr_assert(got.jitter.ns >= 0 && got.jitter.ns <= INT64_C(1) << 58);
    }
    long double mean = (4.0L * INT64_MAX - (INT64_MAX - (INT64_C(1) << 62))) / 6;
    cr_assert(fabsl(got.mean.ns - mean) < 1e6L);

    feed_rtt(&stats, -1);
    feed_rtt(&stats, INT64_MIN);
    cr_assert_eq(stats.measured, 6000);
    cr_assert_eq(stats.impossible, 2);
    cr_assert_eq(sonde_stats_received(&stats), 6002);

    stats.impossible = UINT32_MAX;
    feed_rtt(&stats, -1);
    cr_assert_eq(stats.impossible, UINT32_MAX);
}

Test(stats_stats, merging_equals_recording_together)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        struct sonde_stats part[3], together, merged;
        struct sonde_rtt_summary one, two;
        for (int i = 0; i < 3; i++)
            sonde_stats_init(&part[i], 0);
        sonde_stats_init(&together, 0);
        sonde_stats_init(&merged, 0);
        for (int i = 0; i < 500; i++) {
            struct sonde_stats *mine = &part[below(&dice, 3)];
            struct sonde_outcome outcome = reply_after(0, any_span(&dice, 63) - 1);
            outcome.kind = (enum sonde_outcome_kind)(below(&dice, 2) * below(&dice, 13));
            sonde_stats_outcome(mine, &outcome);
            sonde_stats_outcome(&together, &outcome);
            sonde_stats_sent(mine);
            sonde_stats_sent(&together);
        }
        for (int i = 0; i < 3; i++)
            sonde_stats_merge(&merged, &part[i]);

        cr_assert_eq(merged.sent, together.sent);
        cr_assert_eq(merged.impossible, together.impossible);
        cr_assert_arr_eq(merged.outcomes, together.outcomes, sizeof merged.outcomes);
        cr_assert_arr_eq(merged.sum, together.sum, sizeof merged.sum);
        cr_assert_arr_eq(merged.squares, together.squares, sizeof merged.squares);
        cr_assert(sonde_stats_rtt(&merged, &one) && sonde_stats_rtt(&together, &two));
        cr_assert(one.min.ns == two.min.ns && one.max.ns == two.max.ns);
        cr_assert(one.mean.ns == two.mean.ns && one.deviation.ns == two.deviation.ns, "seed %lu",
                  (unsigned long)seed);
        cr_assert(two.single_stream && !one.single_stream);
        cr_assert(one.ewma.ns == 0 && one.jitter.ns == 0 && one.last.ns == 0);
    }
}

Test(stats_stats, merging_with_an_empty_one_keeps_the_stream)
{
    struct sonde_stats empty, full, into;
    struct sonde_rtt_summary got;
    sonde_stats_init(&empty, 0);
    sonde_stats_init(&full, 0);
    sonde_stats_init(&into, 0);
    feed_rtt(&full, 100);
    feed_rtt(&full, 300);
    sonde_stats_merge(&into, &full);
    sonde_stats_merge(&into, &empty);
    cr_assert_eq(memcmp(&into, &full, sizeof into), 0);
    cr_assert(sonde_stats_rtt(&into, &got) && got.single_stream);

    into.impossible = full.impossible = UINT32_MAX - 1;
    sonde_stats_merge(&into, &full);
    cr_assert_eq(into.impossible, UINT32_MAX);
}
