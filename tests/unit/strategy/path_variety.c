#include <string.h>

#include "path_help.h"

/* A letter an answer, one a round. */
static struct path_bench path_with(const char *answers)
{
    struct path_bench bench = path_bench_new((struct sonde_path_config){0});
    for (unsigned i = 0; answers[i]; i++)
        path_bench_tell(&bench, 1, i,
                        path_bench_answer(SONDE_TIME_EXCEEDED, (unsigned char)answers[i]));
    path_bench_judge(&bench, SONDE_TRACE_REACHED, 1, 1);
    return bench;
}

static enum sonde_path_variety variety(const char *answers)
{
    struct path_bench bench = path_with(answers);
    enum sonde_path_variety variety = path_bench_at(&bench, 1)->variety;
    sonde_path_destroy(bench.path);
    return variety;
}

Test(strategy_path_variety, one_after_the_other_is_a_change)
{
    cr_assert_eq(variety("aaaaaaaa"), SONDE_PATH_ONE);
    cr_assert_eq(variety("aaaaabbbbb"), SONDE_PATH_CHANGED);
    cr_assert_eq(variety("aaaaaabbbbbbaaaaaa"), SONDE_PATH_CHANGED);
    cr_assert_eq(variety("aaaabbbbcccc"), SONDE_PATH_CHANGED);
}

Test(strategy_path_variety, by_turns_is_none)
{
    cr_assert_eq(variety("abababababab"), SONDE_PATH_ALTERNATES);
    cr_assert_eq(variety("aabbbabaabab"), SONDE_PATH_ALTERNATES);
    cr_assert_eq(variety("abccabacbbca"), SONDE_PATH_ALTERNATES);
    cr_assert_eq(variety("aab"), SONDE_PATH_ALTERNATES, "too little to tell");
    cr_assert_eq(variety("aaaaaaaaab"), SONDE_PATH_ALTERNATES, "likewise");
}

Test(strategy_path_variety, changes_are_listed_with_their_round)
{
    struct path_bench bench = path_with("aaaaaabbbbbbaaaaaa");
    const struct sonde_path_hop *hop = path_bench_at(&bench, 1);
    cr_assert_eq(hop->change_count, 2);
    cr_assert_eq(hop->changes[0].round, 6);
    cr_assert_eq(hop->changes[1].round, 12);
    struct sonde_address a = path_bench_address('a'), b = path_bench_address('b');
    cr_assert(sonde_address_equal(&hop->changes[0].from, &a));
    cr_assert(sonde_address_equal(&hop->changes[0].to, &b));
    struct sonde_path_summary summary;
    sonde_path_summarize(bench.path, &summary);
    cr_assert_eq(summary.changes, 2);
    sonde_path_destroy(bench.path);
}

Test(strategy_path_variety, the_latest_changes_are_kept)
{
    char answers[20 * 20 + 1];
    for (unsigned i = 0; i < 400; i++)
        answers[i] = (char)('a' + i / 20);
    answers[400] = '\0';
    struct path_bench bench = path_with(answers);
    const struct sonde_path_hop *hop = path_bench_at(&bench, 1);
    cr_assert_eq(hop->variety, SONDE_PATH_CHANGED);
    cr_assert_eq(hop->change_count, SONDE_PATH_CHANGES);
    cr_assert_eq(hop->changes[0].round, 4 * 20);
    cr_assert_eq(hop->changes[SONDE_PATH_CHANGES - 1].round, 19 * 20);
    sonde_path_destroy(bench.path);
}
