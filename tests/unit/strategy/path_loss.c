#include <math.h>

#include "path_help.h"

static enum sonde_path_verdict verdict(struct path_bench *bench, unsigned hop)
{
    return path_bench_at(bench, hop)->verdict;
}

/* A path of so many hops, the last one the target; what each of them missed of `asked`. */
static struct path_bench path_of(unsigned hops, const unsigned *missed, unsigned asked)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    for (unsigned hop = 1; hop <= hops; hop++)
        path_bench_hop(&bench, hop, hop < hops ? SONDE_TIME_EXCEEDED : SONDE_REPLY, missed[hop - 1],
                       asked);
    path_bench_judge(&bench, SONDE_TRACE_REACHED, hops, hops);
    return bench;
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

Test(strategy_path_loss, fishers_test_is_exact)
{
    cr_assert(near(sonde_path_chance(3, 4, 1, 4), 17.0 / 70), "the lady tasting tea");
    cr_assert(near(sonde_path_chance(4, 4, 0, 4), 1.0 / 70));
    cr_assert(near(sonde_path_chance(2, 3, 0, 9), 3.0 / 66));
    cr_assert(near(sonde_path_chance(1, 4, 3, 4), 69.0 / 70), "below the mean");
    cr_assert(near(sonde_path_chance(0, 4, 3, 4), 1));
    cr_assert(near(sonde_path_chance(3, 4, 0, 0), 1), "nothing to compare with");
    cr_assert(near(sonde_path_chance(4, 4, 4, 4), 1));
    cr_assert_lt(sonde_path_chance(500000, 1000000, 490000, 1000000), 1e-12, "large and quick");
}

Test(strategy_path_loss, what_is_not_missing_behind_is_no_loss)
{
    struct path_bench bench = path_of(5, (unsigned[]){0, 0, 7, 0, 0}, 10);
    cr_assert_eq(verdict(&bench, 3), SONDE_PATH_RATIONED);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_FINE);
    cr_assert_eq(path_bench_at(&bench, 3)->missed_behind, 0);
    cr_assert_eq(path_bench_at(&bench, 3)->asked_behind, 20);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, little_is_unclear)
{
    struct path_bench bench = path_of(5, (unsigned[]){0, 0, 1, 0, 0}, 3);
    cr_assert_eq(verdict(&bench, 3), SONDE_PATH_UNCLEAR);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, loss_begins_where_it_begins_and_goes_on)
{
    struct path_bench bench = path_of(6, (unsigned[]){0, 0, 0, 10, 12, 9}, 50);
    cr_assert_eq(verdict(&bench, 3), SONDE_PATH_FINE);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_LOSS);
    cr_assert_eq(verdict(&bench, 5), SONDE_PATH_LOSS_GOES_ON);
    cr_assert_eq(verdict(&bench, 6), SONDE_PATH_LOSS_GOES_ON);
    struct sonde_path_summary summary;
    sonde_path_summarize(bench.path, &summary);
    cr_assert_eq(summary.loss_hop, 4);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, from_the_first_hop_on_too)
{
    struct path_bench bench = path_of(4, (unsigned[]){10, 11, 9, 10}, 50);
    cr_assert_eq(verdict(&bench, 1), SONDE_PATH_LOSS);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_LOSS_GOES_ON);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, more_of_it_may_begin_further_on)
{
    struct path_bench bench = path_of(6, (unsigned[]){0, 10, 11, 50, 52, 51}, 100);
    cr_assert_eq(verdict(&bench, 1), SONDE_PATH_FINE);
    cr_assert_eq(verdict(&bench, 2), SONDE_PATH_LOSS);
    cr_assert_eq(verdict(&bench, 3), SONDE_PATH_LOSS_GOES_ON);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_LOSS);
    cr_assert_eq(verdict(&bench, 6), SONDE_PATH_LOSS_GOES_ON);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, rationed_hops_do_not_hide_the_beginning)
{
    struct path_bench bench = path_of(6, (unsigned[]){0, 80, 0, 20, 95, 22}, 100);
    cr_assert_eq(verdict(&bench, 2), SONDE_PATH_RATIONED);
    cr_assert_eq(verdict(&bench, 3), SONDE_PATH_FINE);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_LOSS);
    cr_assert_eq(verdict(&bench, 5), SONDE_PATH_RATIONED);
    cr_assert_eq(verdict(&bench, 6), SONDE_PATH_LOSS_GOES_ON);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, an_outage_of_a_few_probes_has_its_place)
{
    struct path_bench bench = path_of(4, (unsigned[]){0, 2, 2, 2}, 120);
    cr_assert_eq(verdict(&bench, 2), SONDE_PATH_LOSS);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_LOSS_GOES_ON);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, what_the_target_misses_is_loss)
{
    struct path_bench bench = path_of(4, (unsigned[]){0, 0, 0, 1}, 10);
    cr_assert_eq(verdict(&bench, 4), SONDE_PATH_LOSS);
    sonde_path_destroy(bench.path);
}

/* Every third answer, and what chance gives: the same share, told apart by the pattern. */
Test(strategy_path_loss, a_ration_is_regular_and_chance_is_not)
{
    static const uint8_t random[] = {1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0,
                                     0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1};
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    for (unsigned i = 0; i < sizeof random; i++) {
        struct sonde_outcome silent = {.kind = SONDE_TIMED_OUT};
        struct sonde_outcome heard = path_bench_answer(SONDE_TIME_EXCEEDED, 1);
        path_bench_tell(&bench, 1, i, i % 3 == 0 ? heard : silent);
        path_bench_tell(&bench, 2, i, random[i] ? heard : silent);
    }
    path_bench_hop(&bench, 3, SONDE_REPLY, 0, 30);
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 3, 3);
    cr_assert(path_bench_at(&bench, 1)->regular);
    cr_assert(near(path_bench_at(&bench, 1)->answer_every, 3));
    cr_assert_not(path_bench_at(&bench, 2)->regular);
    cr_assert_eq(verdict(&bench, 2), SONDE_PATH_RATIONED);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_loss, a_target_may_ration_its_port_unreachables)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    path_bench_hop(&bench, 1, SONDE_TIME_EXCEEDED, 0, 30);
    for (unsigned i = 0; i < 30; i++) {
        struct sonde_outcome heard = path_bench_answer(SONDE_REPLY, 2);
        heard.said = SONDE_SAID_PORT_CLOSED;
        path_bench_tell(&bench, 2, i,
                        i % 3 == 0 ? heard : (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
    }
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 2, 2);
    cr_assert_eq(verdict(&bench, 2), SONDE_PATH_RATIONED);
    sonde_path_destroy(bench.path);
}

/* Of 30 probes to the last hop 15 find no answer, at random; nothing answers behind it. */
static struct path_bench half_of_the_last(enum sonde_outcome_kind kind, enum sonde_said said,
                                          enum sonde_trace_reason reason)
{
    static const uint8_t random[] = {1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0,
                                     0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 1};
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    path_bench_hop(&bench, 1, SONDE_TIME_EXCEEDED, 0, 30);
    for (unsigned i = 0; i < sizeof random; i++) {
        struct sonde_outcome heard = path_bench_answer(kind, 2);
        heard.said = said;
        path_bench_tell(&bench, 2, i,
                        random[i] ? heard : (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
    }
    path_bench_judge(&bench, reason, 2, 2);
    return bench;
}

Test(strategy_path_loss, errors_that_only_the_last_hop_misses_may_be_rationed)
{
    static const struct {
        enum sonde_outcome_kind kind;
        enum sonde_said said;
        enum sonde_trace_reason reason;
        enum sonde_path_verdict verdict;
    } cases[] = {
        {SONDE_TIME_EXCEEDED, SONDE_SAID_NOTHING, SONDE_TRACE_LAST_HOP, SONDE_PATH_UNCLEAR},
        {SONDE_TIME_EXCEEDED, SONDE_SAID_NOTHING, SONDE_TRACE_SILENCE, SONDE_PATH_UNCLEAR},
        {SONDE_REPLY, SONDE_SAID_PORT_CLOSED, SONDE_TRACE_REACHED, SONDE_PATH_UNCLEAR},
        {SONDE_REPLY, SONDE_SAID_RST, SONDE_TRACE_REACHED, SONDE_PATH_LOSS},
        {SONDE_REPLY, SONDE_SAID_ICMP_REPLY, SONDE_TRACE_REACHED, SONDE_PATH_LOSS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path_bench bench = half_of_the_last(cases[i].kind, cases[i].said, cases[i].reason);
        cr_expect_eq(verdict(&bench, 2), cases[i].verdict, "case %zu: %d", i, verdict(&bench, 2));
        cr_expect_eq(path_bench_at(&bench, 2)->asked_behind, 0);
        sonde_path_destroy(bench.path);
    }
}
