#include "language.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUTERS "router a 10.1.0.1\nrouter b 10.1.0.2\nrouter c 10.1.0.3\nrouter d 10.1.0.4\n"
#define BANK    "bank k 3 10.2.0.1\n"
#define H       "host h 198.18.0.9 via "

/* A way as it stands in the list, written again. Returns where it ends in the text. */
static char *write_way(const struct sim_scenario *scenario, const uint32_t *words, uint32_t count,
                       char *text)
{
    for (uint32_t i = 0; i < count;) {
        if (words[i] != SIM_FORK) {
            text += sprintf(text, "%s ", scenario->nodes[words[i++]].name);
            continue;
        }
        uint32_t branches = words[i + 1];
        i += 2;
        for (uint32_t branch = 0; branch < branches; branch++) {
            text += sprintf(text, branch ? "| " : "( ");
            cr_assert_leq(i + 1 + words[i], count);
            text = write_way(scenario, words + i + 1, words[i], text);
            i += 1 + words[i];
        }
        text += sprintf(text, ") ");
    }
    return text;
}

Test(sim_ways, forks)
{
    static const struct {
        const char *way;
        const char *meaning;
    } cases[] = {
        {"a b c", "a b c "},
        {"a a", "a a "},
        {"a ( b | c ) d", "a ( b | c ) d "},
        {"( a | b c | ) d", "( a | b c | ) d "},
        {"( | a )", "( | a ) "},
        {"( a )", "( a ) "},
        {"a ( b ( c | ) | d ) ( a | b )", "a ( b ( c | ) | d ) ( a | b ) "},
        {"a k b", "a ( k-1 | k-2 | k-3 ) b "},
        {"( k a | k-2 )", "( ( k-1 | k-2 | k-3 ) a | k-2 ) "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[300];
        char written[300] = "";
        struct read read;
        snprintf(text, sizeof(text), ROUTERS BANK H "%s loss 5%%\n", cases[i].way);
        read_text(&read, text);
        look_at(&read, "h");
        const struct sim_setting *via = read.p[SIM_VIA];
        write_way(&read.scenario, read.scenario.list + via->list_first, via->list_count, written);
        cr_assert_str_eq(written, cases[i].meaning, "%s", cases[i].way);
        cr_assert_not_null(read.p[SIM_LOSS], "%s", cases[i].way);
        sim_scenario_destroy(&read.scenario);
    }
}

Test(sim_ways, mistakes)
{
    static const struct mistake mistakes[] = {
        {ROUTERS H "\n", 5, "expected the name of a router or bank defined above, found the end"},
        {ROUTERS H "loss 5%\n", 5, "expected the name of a router or bank"},
        {ROUTERS H "a x\n", 5, "expected the name of a router or bank"},
        {ROUTERS H "( )\n", 5, "expected the name of a router or bank defined above, found \")\""},
        {ROUTERS H "( | )\n", 5, "expected the name of a router or bank"},
        {ROUTERS H "( a | b\n", 5, "expected a router, \"|\" or \")\", found the end"},
        {ROUTERS H "( a | b\n  loss 5%\n", 6, "\")\", found \"loss\""},
        {ROUTERS H "a | b\n", 5, "expected a property of a host, found \"|\""},
        {ROUTERS H ")\n", 5, "expected the name of a router or bank"},
        {ROUTERS H "(a | b)\n", 5, "expected blanks around \"(\", \"|\" and \")\", found \"(a\""},
        {ROUTERS H "( a|b )\n", 5, "expected blanks around"},
        {ROUTERS "router a via b a\n", 5, "expected a router that is not on its own way"},
        {BANK ROUTERS "bank k via a ( b | k-3 )\n", 6, "not on its own way, found \"k-3\""},
        {BANK ROUTERS "router k-2 via k\n", 6, "not on its own way, found \"k\""},
        {"group g 10.0.0.255 members x\n", 1, "expected the name of a host defined above"},
        {"group g 10.0.0.255 members\n", 1, "expected the name of a host defined above"},
        {ROUTERS "group g 10.0.0.255 members a\n", 5, "expected the name of a host"},
        {"group g 10.0.0.255 via a\n", 1, "expected a property of a group"},
    };
    EXPECT_MISTAKES(mistakes);
}

/* A scenario with `before`, `count` times `middle`, and `after` on the way of h. */
static char *way_of(const char *before, const char *middle, size_t count, const char *after)
{
    char *text = malloc(200 + strlen(before) + count * strlen(middle) + strlen(after));
    char *end = text + sprintf(text, ROUTERS BANK H "%s", before);
    while (count--)
        end += sprintf(end, "%s", middle);
    sprintf(end, "%s", after);
    return text;
}

static void limit(const char *before, const char *middle, size_t most, const char *after,
                  const char *message)
{
    struct read read;
    char *text = way_of(before, middle, most, after);
    read_text(&read, text);
    sim_scenario_destroy(&read.scenario);
    free(text);
    text = way_of(before, middle, most + 1, after);
    expect_mistakes(&(struct mistake){text, 6, message}, 1);
    free(text);
}

Test(sim_ways, limits)
{
    limit("", "a ", SIM_VIA_MAX, "", "expected at most 254 routers one behind the other");
    limit("", "( a | b c ) ", SIM_VIA_MAX / 2, "", "expected at most 254 routers");
    limit("a ", "k ", SIM_VIA_MAX - 1, "", "expected at most 254 routers");
    limit("( a ", "| b ", SIM_BRANCHES_MAX - 1, ")", "expected at most 256 branches");
    limit("", "( a ", SIM_FORK_DEPTH_MAX, ") ) ) ) ) ) ) ) ) ) ) ) ) ) ) )",
          "expected at most 16 forks within forks");
    limit("", "( a ", SIM_FORK_DEPTH_MAX - 1, "k ) ) ) ) ) ) ) ) ) ) ) ) ) ) )",
          "expected at most 16 forks within forks");
}

/* 1,300 bytes of text make 130,000 words each time. */
Test(sim_ways, a_few_words_cannot_take_all_memory)
{
    size_t room = 1 << 20;
    char *text = malloc(room);
    char *end = text + sprintf(text, "bank k 256 10.2.0.1\nhost h 198.18.0.9\n");
    for (int i = 0; i < 40; i++) {
        end += sprintf(end, "host h via");
        for (int j = 0; j < SIM_VIA_MAX; j++)
            end += sprintf(end, " k");
        end += sprintf(end, "\n");
    }
    expect_mistakes(&(struct mistake){text, 35, "expected at most 4194304 routers, members"}, 1);
    free(text);
}
