#include "sonde/path.h"

#include <errno.h>

#include "path_help.h"

Test(strategy_path, there_are_hops_from_first_to_last)
{
    struct sonde_path *path;
    cr_assert_eq(sonde_path_create(&path, &(struct sonde_path_config){.first_hop = 31}), -EINVAL);
    struct path_bench bench =
        path_bench_new((struct sonde_path_config){.first_hop = 3, .last_hop = 255});
    cr_assert_null(sonde_path_hop(bench.path, 2));
    cr_assert_eq(sonde_path_hop(bench.path, 3)->hop, 3);
    cr_assert_eq(sonde_path_hop(bench.path, 255)->hop, 255);
    path_bench_tell(&bench, 2, 0, path_bench_answer(SONDE_REPLY, 1)); /* changes nothing */
    cr_assert_eq(sonde_path_length(bench.path), 0);
    sonde_path_destroy(bench.path);
}

Test(strategy_path, every_answer_counts_as_received)
{
    struct path_bench bench =
        path_bench_new((struct sonde_path_config){.percentiles = true, .variation = true});
    for (int kind = SONDE_REPLY; kind <= SONDE_PARAMETER_PROBLEM; kind++)
        path_bench_tell(&bench, 2, 0, path_bench_answer((enum sonde_outcome_kind)kind, 2));
    path_bench_tell(&bench, 2, 0, (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
    path_bench_tell(&bench, 2, 0, (struct sonde_outcome){.kind = SONDE_UNFINISHED});
    const struct sonde_target_stats *stats = &path_bench_at(&bench, 2)->stats;
    cr_assert_eq(stats->stats.sent, 7);
    cr_assert_eq(sonde_stats_received(&stats->stats), 5);
    cr_assert_eq(sonde_stats_lost(&stats->stats), 1);
    cr_assert_eq(stats->histogram->total, 5);
    cr_assert_eq(stats->sequence->tally.judged, 6, "in the order of the hop's own probes");
    cr_assert_eq(stats->sequence->tally.ignored, 0);
    sonde_path_clear(bench.path);
    cr_assert_eq(sonde_stats_judged(&stats->stats), 0);
    cr_assert_eq(stats->histogram->total, 0);
    sonde_path_destroy(bench.path);
}

Test(strategy_path, addresses_are_kept_with_their_rounds)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    for (unsigned i = 0; i < 20; i++)
        path_bench_tell(&bench, 1, i, path_bench_answer(SONDE_TIME_EXCEEDED, 100 + i));
    path_bench_tell(&bench, 1, 20, path_bench_answer(SONDE_TIME_EXCEEDED, 103));
    const struct sonde_path_hop *hop = path_bench_at(&bench, 1);
    cr_assert_eq(hop->address_count, SONDE_PATH_ADDRESSES);
    cr_assert_eq(hop->unlisted, 4);
    cr_assert_eq(hop->current, 3);
    cr_assert_eq(hop->addresses[3].answers, 2);
    cr_assert_eq(hop->addresses[3].first_round, 3);
    cr_assert_eq(hop->addresses[3].last_round, 20);
    sonde_path_destroy(bench.path);
}

Test(strategy_path, silence_about_what_was_asked_again_is_in_no_figure)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    struct sonde_trace_place place = {.hop = 1, .superseded = true};
    struct sonde_outcome silent = {.kind = SONDE_TIMED_OUT};
    struct sonde_outcome reply = path_bench_answer(SONDE_REPLY, 1);
    for (unsigned i = 0; i < 2; i++, place.nth++) {
        sonde_path_sent(bench.path, &place);
        sonde_path_outcome(bench.path, &place, i == 0 ? &silent : &reply);
    }
    const struct sonde_path_hop *hop = path_bench_at(&bench, 1);
    cr_assert_eq(hop->superseded, 1);
    cr_assert_eq(hop->stats.stats.sent, 1);
    cr_assert_eq(sonde_stats_lost(&hop->stats.stats), 0);
    cr_assert_eq(sonde_stats_received(&hop->stats.stats), 1, "an answer is one");
    sonde_path_destroy(bench.path);
}

Test(strategy_path, verdicts_that_need_no_counting)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    path_bench_hop(&bench, 1, SONDE_TIME_EXCEEDED, 0, 3);
    path_bench_hop(&bench, 2, SONDE_TIME_EXCEEDED, 3, 3);
    path_bench_hop(&bench, 4, SONDE_UNREACHABLE, 1, 3);
    path_bench_judge(&bench, SONDE_TRACE_UNREACHABLE, 4, 30);
    cr_assert_eq(path_bench_at(&bench, 1)->verdict, SONDE_PATH_FINE);
    cr_assert_eq(path_bench_at(&bench, 2)->verdict, SONDE_PATH_SILENT);
    cr_assert_eq(path_bench_at(&bench, 3)->verdict, SONDE_PATH_NOT_ASKED);
    cr_assert_eq(path_bench_at(&bench, 4)->verdict, SONDE_PATH_UNREACHABLE);
    cr_assert_eq(sonde_path_length(bench.path), 4);
    path_bench_judge(&bench, SONDE_TRACE_TOO_BIG, 4, 30);
    cr_assert_eq(path_bench_at(&bench, 4)->verdict, SONDE_PATH_TOO_BIG);
    sonde_path_destroy(bench.path);
}

Test(strategy_path, a_black_hole_begins_behind_the_last_hop_that_answers)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    path_bench_hop(&bench, 1, SONDE_TIME_EXCEEDED, 0, 3);
    for (unsigned hop = 2; hop <= 9; hop++)
        path_bench_hop(&bench, hop, SONDE_TIME_EXCEEDED, 3, 3);
    path_bench_judge(&bench, SONDE_TRACE_SILENCE, 1, 9);
    struct sonde_path_summary summary;
    sonde_path_summarize(bench.path, &summary);
    cr_assert_eq(summary.length, 2);
    cr_assert_eq(summary.black_hole_hop, 2);
    cr_assert_eq(path_bench_at(&bench, 2)->verdict, SONDE_PATH_BLACK_HOLE);
    path_bench_judge(&bench, SONDE_TRACE_LAST_HOP, 1, 3);
    cr_assert_eq(sonde_path_length(bench.path), 3);
    cr_assert_eq(path_bench_at(&bench, 3)->verdict, SONDE_PATH_SILENT);
    sonde_path_destroy(bench.path);
}

Test(strategy_path, an_end_that_has_gone_dark_is_loss_and_no_black_hole_behind_it)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    path_bench_hop(&bench, 1, SONDE_TIME_EXCEEDED, 0, 20);
    path_bench_hop(&bench, 2, SONDE_REPLY, 0, 10);
    path_bench_hop(&bench, 2, SONDE_REPLY, 10, 10);
    path_bench_judge(&bench, SONDE_TRACE_SILENCE, 2, 8);
    cr_assert_eq(sonde_path_length(bench.path), 2);
    cr_assert_eq(path_bench_at(&bench, 2)->verdict, SONDE_PATH_LOSS);
    sonde_path_destroy(bench.path);
}

Test(strategy_path, the_hops_of_a_circle_are_marked)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    for (unsigned hop = 1; hop <= 5; hop++)
        path_bench_hop(&bench, hop, SONDE_TIME_EXCEEDED, 0, 3);
    struct sonde_trace_end end = {
        .reason = SONDE_TRACE_LOOP, .hop = 5, .loop_hop = 2, .loop_length = 2};
    sonde_path_judge(bench.path, &end);
    cr_assert_eq(path_bench_at(&bench, 1)->verdict, SONDE_PATH_FINE);
    cr_assert_eq(path_bench_at(&bench, 2)->verdict, SONDE_PATH_LOOP);
    cr_assert(path_bench_at(&bench, 5)->repeated);
    struct sonde_path_summary summary;
    sonde_path_summarize(bench.path, &summary);
    cr_assert_eq(summary.loop_hop, 2);
    cr_assert_eq(summary.loop_length, 2);
    sonde_path_destroy(bench.path);
}
