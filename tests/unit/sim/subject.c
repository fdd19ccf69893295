#include "language.h"

#include <stdio.h>
#include <stdlib.h>

#define NODES                                                                                      \
    "router r 10.1.0.1\nrouter s 10.1.0.2\nhost h 198.18.0.9\nhost i 198.18.0.8\n"                 \
    "group g 10.1.0.255 members h\nbank k 3 10.2.0.1\nbank l 2 10.3.0.1\n"

static const char *owner_of(const struct read *read, const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address));
    const struct sim_prefix *prefix = sim_scenario_prefix(&read->scenario, &address);
    return prefix ? read->scenario.nodes[prefix->node].name : "";
}

Test(sim_subject, banks)
{
    struct read read;
    read_text(&read, "bank k 3 10.2.0.254 2001:db8::ffff 10.9.0.1 delay 1ms\n"
                     "bank k loss 1%\nrouter k-2 loss 2%\nat 5s bank k silent\n");
    const struct sim_node *bank = &read.scenario.nodes[sim_scenario_named(&read.scenario, "k")];
    cr_assert_eq(bank->kind, SIM_BANK);
    cr_assert_eq(bank->count, 3);
    cr_assert_eq(read.scenario.node_count, 5);
    for (uint32_t i = 0; i < bank->count; i++) {
        look_at_node(&read, bank->first + i, 0);
        cr_assert_eq(read.scenario.nodes[bank->first + i].kind, SIM_ROUTER);
        cr_assert_eq(read.p[SIM_DELAY]->number[0], SONDE_NS_PER_MS);
        cr_assert_float_eq(read.p[SIM_LOSS]->chance[0], i == 1 ? 0.02 : 0.01, 1e-12);
        cr_assert_null(read.p[SIM_ALIVE]);
        look_at_node(&read, bank->first + i, 5 * SONDE_NS_PER_S);
        cr_assert_eq(read.p[SIM_ALIVE]->chance[0], 0);
    }
    cr_assert_str_eq(owner_of(&read, "10.2.0.254"), "k-1");
    cr_assert_str_eq(owner_of(&read, "10.2.0.255"), "k-2");
    cr_assert_str_eq(owner_of(&read, "10.2.1.0"), "k-3");
    cr_assert_str_eq(owner_of(&read, "10.2.1.1"), "");
    cr_assert_str_eq(owner_of(&read, "2001:db8::1:1"), "k-3");
    cr_assert_str_eq(owner_of(&read, "10.9.0.3"), "k-3");
    sim_scenario_destroy(&read.scenario);
}

Test(sim_subject, the_largest_bank_and_the_last_address)
{
    struct read read;
    read_text(&read, "bank abcdefghijklmnopqrstuvwxyz0 256 255.255.255.0\n");
    cr_assert_str_eq(owner_of(&read, "255.255.255.255"), "abcdefghijklmnopqrstuvwxyz0-256");
    sim_scenario_destroy(&read.scenario);
}

Test(sim_subject, links)
{
    struct read read;
    read_text(&read, NODES "link observer r delay 1ms\nlink r > s delay 2ms\nlink k l loss 5%\n"
                           "link k-1 l-1 loss 6%\nlink h r\nat 5s link s h down\n"
                           "at 6s link r observer delay 9ms\n");
    const struct sim_scenario *scenario = &read.scenario;
    uint32_t out = link_between(&read, "", "r");
    cr_assert_eq(scenario->nodes[out].kind, SIM_LINK);
    cr_assert_str_eq(scenario->nodes[out].name, "observer>r");
    cr_assert_str_eq(scenario->nodes[link_between(&read, "r", "")].name, "r>observer");
    cr_assert_eq(sim_scenario_named(scenario, "observer>r"), SIM_NOBODY);
    cr_assert_neq(link_between(&read, "r", "s"), SIM_NOBODY);
    cr_assert_eq(link_between(&read, "s", "r"), SIM_NOBODY, "that direction has no properties");
    cr_assert_neq(link_between(&read, "r", "h"), SIM_NOBODY);
    for (int i = 0; i < 6; i++) {
        char k[8];
        char l[16];
        snprintf(k, sizeof(k), "k-%d", i % 3 + 1);
        snprintf(l, sizeof(l), "l-%d", i / 3 + 1);
        double loss = i == 0 ? 0.06 : 0.05;
        look_at_node(&read, link_between(&read, k, l), 0);
        cr_assert_float_eq(read.p[SIM_LOSS]->chance[0], loss, 1e-12, "%s %s", k, l);
        look_at_node(&read, link_between(&read, l, k), 0);
        cr_assert_float_eq(read.p[SIM_LOSS]->chance[0], loss, 1e-12, "%s %s", l, k);
    }
    look_at_node(&read, link_between(&read, "h", "s"), 0);
    cr_assert_null(read.p[SIM_DOWN]);
    look_at_node(&read, link_between(&read, "h", "s"), 5 * SONDE_NS_PER_S);
    cr_assert_not_null(read.p[SIM_DOWN]);
    look_at_node(&read, out, 6 * SONDE_NS_PER_S);
    cr_assert_eq(read.p[SIM_DELAY]->number[0], 9 * SONDE_NS_PER_MS);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_subject, mistakes)
{
    static const struct mistake mistakes[] = {
        {"bank\n", 1, "expected a name"},
        {"bank k\n", 1, "expected a number of routers from 1 to 256, found the end"},
        {"bank k 0 10.0.0.1\n", 1, "expected a number of routers"},
        {"bank k 257 10.0.0.1\n", 1, "expected a number of routers"},
        {"bank k 10.0.0.1\n", 1, "expected a number of routers"},
        {"bank k 3\n", 1, "expected an address"},
        {"bank k 3 10.0.0.0/8\n", 1, "expected an address, found"},
        {"bank k 3 255.255.255.254\n", 1, "expected an address with 2 more behind it"},
        {"bank k 3 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe\n", 1, "with 2 more behind it"},
        {"bank abcdefghijklmnopqrstuvwxyz01 3 10.0.0.1\n", 1, "at most 27"},
        {"router k-2 10.0.0.1\nbank k 2 10.2.0.1\n", 2, "\"k-2\" is a router already"},
        {"host h 10.0.0.3\nbank k 3 10.0.0.1\n", 2, "10.0.0.3 belongs to \"h\" already"},
        {"bank k 3 10.0.0.1 10.0.0.3\n", 1, "10.0.0.3 belongs to \"k-3\" already"},
        {"bank k 3 10.0.0.1\nrouter k loss 5%\n", 2, "\"k\" is a bank"},
        {"bank k 3 10.0.0.1\nbank k-2 loss 5%\n", 2, "\"k-2\" is a router"},
        {"bank k 3 10.0.0.1\nbank k 3 10.0.0.1\n", 2, "expected a property of a router"},
        {"bank k 3 10.0.0.1 alive 5%\n", 1, "expected a property of a router, found \"alive\""},
        {"at 5s bank k silent\n", 1, "expected the name of a bank defined above"},
        {"host observer 10.0.0.1\n", 1, "expected a name"},
        {"host a>b 10.0.0.1\n", 1, "expected a name"},
        {NODES "link\n", 8, "expected \"observer\", or the name of a router, bank or host"},
        {NODES "link r\n", 8, "expected \"observer\", or the name of a router, bank or host"},
        {NODES "link r x\n", 8, "defined above, found \"x\""},
        {NODES "link r g\n", 8, "defined above, found \"g\""},
        {NODES "link r >\n", 8, "expected \"observer\""},
        {NODES "link r>h\n", 8, "expected blanks around \">\""},
        {NODES "link r >h\n", 8, "expected blanks around \">\""},
        {NODES "link r < h\n", 8, "found \"<\""},
        {NODES "link r r\n", 8, "expected two different ends of the link"},
        {NODES "link observer observer\n", 8, "expected two different ends of the link"},
        {NODES "link k k-2\n", 8, "expected two different ends of the link"},
        {NODES "link k-3\n  k loss 5%\n", 9, "expected two different ends of the link"},
        {NODES "link h i\n", 8, "expected the observer or a router at one end of the link"},
        {NODES "link r h 5ms\n", 8, "expected a property of a link, found \"5ms\""},
        {NODES "link r h reverse x\n", 8, "expected a property of a link"},
    };
    EXPECT_MISTAKES(mistakes);
}

Test(sim_subject, at_most_so_many_links)
{
    const struct mistake mistakes[] = {{"bank k 256 10.0.0.1\nbank l 256 10.1.0.1\nlink k > l\n", 3,
                                        "expected at most 65536 names and links"},
                                       {"bank k 181 10.0.0.1\nbank l 181 10.1.0.1\nlink k l\n", 3,
                                        "expected at most 65536 names and links"}};
    EXPECT_MISTAKES(mistakes);
}
