#include "path_help.h"

static void quote(struct path_bench *bench, unsigned hop, struct sonde_quote quote)
{
    struct sonde_outcome outcome = path_bench_answer(SONDE_TIME_EXCEEDED, hop);
    quote.present = true;
    outcome.quote = quote;
    path_bench_tell(bench, hop, 0, outcome);
}

Test(strategy_path_rewrite, a_class_is_rewritten_between_two_hops)
{
    static const uint8_t classes[] = {0xb9, 0xb9, 0x01, 0x01, 0x00};
    struct path_bench bench =
        path_bench_new((struct sonde_path_config){.probe = {.traffic_class = 0xb9}});
    for (unsigned i = 0; i < sizeof classes; i++)
        if (i != 3) /* silent */
            quote(&bench, i + 1, (struct sonde_quote){.traffic_class = classes[i], .hop_limit = 1});
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 5, 5);
    for (unsigned hop = 1; hop <= 5; hop++)
        cr_assert_eq(path_bench_at(&bench, hop)->class_rewritten, hop == 3 || hop == 5, "%u", hop);
    cr_assert_eq(path_bench_at(&bench, 3)->class_before, 0xb9);
    cr_assert_eq(path_bench_at(&bench, 3)->rewrite_after, 2);
    cr_assert_eq(path_bench_at(&bench, 5)->rewrite_after, 3, "the last that quoted");
    struct sonde_path_summary summary;
    sonde_path_summarize(bench.path, &summary);
    cr_assert_eq(summary.rewrite_hop, 3);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_rewrite, this_machine_itself_may_have_rewritten)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    quote(&bench, 1, (struct sonde_quote){.traffic_class = 8});
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 1, 1);
    cr_assert(path_bench_at(&bench, 1)->class_rewritten);
    cr_assert_eq(path_bench_at(&bench, 1)->rewrite_after, 0);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_rewrite, a_nat_stands_in_front_of_who_sees_the_translation)
{
    struct sonde_address ours = path_bench_address(77), theirs = path_bench_address(88);
    struct sonde_address others = path_bench_address(99);
    struct path_bench bench = path_bench_new((struct sonde_path_config){.source = ours});
    quote(&bench, 1, (struct sonde_quote){.from = ours});
    quote(&bench, 3, (struct sonde_quote){.from = theirs, .port_differs = true});
    quote(&bench, 4, (struct sonde_quote){.from = theirs, .port_differs = true});
    for (int i = 0; i < 2; i++)
        quote(&bench, 5, (struct sonde_quote){.from = others, .port_differs = true});
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 5, 5);
    for (unsigned hop = 1; hop <= 5; hop++)
        cr_assert_eq(path_bench_at(&bench, hop)->nat_before, hop == 3 || hop == 5, "%u", hop);
    cr_assert_eq(path_bench_at(&bench, 3)->nat_after, 1);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_rewrite, a_checksum_gives_a_nat_away_that_translates_quotes)
{
    struct sonde_address ours = path_bench_address(77);
    struct path_bench bench = path_bench_new((struct sonde_path_config){.source = ours});
    quote(&bench, 1, (struct sonde_quote){.from = ours});
    quote(&bench, 2, (struct sonde_quote){.from = ours, .checksum_differs = true});
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 2, 2);
    cr_assert_not(path_bench_at(&bench, 2)->nat_before, "one quote is no evidence");
    quote(&bench, 2, (struct sonde_quote){.from = ours, .checksum_differs = true});
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 2, 2);
    cr_assert(path_bench_at(&bench, 2)->nat_before);
    sonde_path_destroy(bench.path);
}

static struct sonde_quote translated(struct sonde_address from, uint16_t port)
{
    return (struct sonde_quote){.from = from, .port = port, .port_differs = true};
}

/* Who makes quotes up does not know what the hops behind show, and a translator is no die. */
Test(strategy_path_rewrite, a_forged_quote_is_no_nat)
{
    struct sonde_address ours = path_bench_address(77);
    struct path_bench bench = path_bench_new((struct sonde_path_config){.source = ours});
    quote(&bench, 1, translated(ours, 1)); /* hop 2 sees none */
    quote(&bench, 1, translated(ours, 1));
    quote(&bench, 2, (struct sonde_quote){.from = ours});
    quote(&bench, 3, translated(ours, 2)); /* hop 4 sees another one */
    quote(&bench, 4, translated(ours, 3));
    quote(&bench, 4, translated(ours, 4));
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 4, 4);
    for (unsigned hop = 1; hop <= 4; hop++)
        cr_assert_not(path_bench_at(&bench, hop)->nat_before, "%u", hop);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_rewrite, behind_a_forged_quote_a_nat_is_one)
{
    struct sonde_address ours = path_bench_address(77), theirs = path_bench_address(88);
    struct path_bench bench = path_bench_new((struct sonde_path_config){.source = ours});
    quote(&bench, 1, (struct sonde_quote){.from = ours});
    quote(&bench, 2, translated(path_bench_address(99), 1));
    quote(&bench, 3, translated(theirs, 2));
    quote(&bench, 4, translated(theirs, 2));
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 4, 4);
    for (unsigned hop = 1; hop <= 4; hop++)
        cr_assert_eq(path_bench_at(&bench, hop)->nat_before, hop == 3, "%u", hop);
    cr_assert_eq(path_bench_at(&bench, 3)->nat_after, 1, "of hop 2 nothing is believed");
    sonde_path_destroy(bench.path);
}

Test(strategy_path_rewrite, a_hop_limit_of_zero_was_passed_on)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    struct sonde_outcome outcome = path_bench_answer(SONDE_TIME_EXCEEDED, 3);
    outcome.quote = (struct sonde_quote){.present = true, .hop_limit = 0};
    path_bench_tell(&bench, 2, 0, outcome);
    outcome.quote.hop_limit = 1;
    path_bench_tell(&bench, 3, 0, outcome);
    path_bench_hop(&bench, 4, SONDE_TIME_EXCEEDED, 0, 1);
    quote(&bench, 5, (struct sonde_quote){.hop_limit = 0}); /* quotes what it made of it */
    quote(&bench, 6, (struct sonde_quote){.hop_limit = 1});
    outcome.from = path_bench_address(6); /* a tunnel's end answers twice */
    path_bench_tell(&bench, 7, 0, outcome);
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 7, 7);
    for (unsigned hop = 1; hop <= 7; hop++)
        cr_assert_eq(path_bench_at(&bench, hop)->hop_limit_zero, hop == 2, "%u", hop);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_rewrite, the_way_back_is_estimated)
{
    static const struct {
        int hop_limit, hops;
    } cases[] = {{255, 0}, {250, 5}, {129, 126}, {128, 0}, {60, 4}, {64, 0},
                 {33, 31}, {30, 2},  {1, 31},    {0, -1},  {-1, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path_bench bench = path_bench_new((struct sonde_path_config){0});
        struct sonde_outcome outcome = path_bench_answer(SONDE_REPLY, 1);
        outcome.hop_limit = cases[i].hop_limit;
        path_bench_tell(&bench, 1, 0, outcome);
        path_bench_judge(&bench, SONDE_TRACE_REACHED, 1, 1);
        cr_expect_eq(path_bench_at(&bench, 1)->return_hops, cases[i].hops, "%d",
                     cases[i].hop_limit);
        sonde_path_destroy(bench.path);
    }
}
