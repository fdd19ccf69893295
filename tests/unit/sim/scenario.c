#include "language.h"

#include <stdio.h>

static struct sonde_address address_of(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address), "%s", text);
    return address;
}

static struct sim_scenario parsed(const char *text)
{
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    cr_assert_eq(sim_scenario_parse(&scenario, "x", text, strlen(text), &error), 0, "%u: %s",
                 error.line, error.message);
    return scenario;
}

Test(sim_scenario, longest_prefix_wins)
{
    struct sim_scenario scenario = parsed("host all 0.0.0.0/0\nhost ten 10.0.0.0/8\n"
                                          "host odd 10.128.0.0/9\nhost one 10.1.2.3\n"
                                          "host six 2001:db8::/33\nhost rest ::/0\n"
                                          "host self ::1\n");
    static const struct {
        const char *address;
        const char *node;
    } cases[] = {{"10.1.2.3", "one"},
                 {"10.1.2.4", "ten"},
                 {"10.129.0.1", "odd"},
                 {"11.0.0.1", "all"},
                 {"2001:db8:7fff::1", "six"},
                 {"2001:db8:8000::1", "rest"},
                 {"::1", "self"},
                 {"::2", "rest"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sonde_address address = address_of(cases[i].address);
        const struct sim_prefix *prefix = sim_scenario_prefix(&scenario, &address);
        cr_assert_not_null(prefix);
        cr_assert_str_eq(scenario.nodes[prefix->node].name, cases[i].node, "%s", cases[i].address);
    }
    struct sonde_address nothing = {0};
    cr_assert_null(sim_scenario_prefix(&scenario, &nothing));
    sim_scenario_destroy(&scenario);
}

Test(sim_scenario, addresses_and_names)
{
    struct sim_scenario scenario = parsed("host a 2001:db8::1 198.18.0.2 198.18.0.3\nhost b ::5\n");
    uint32_t a = sim_scenario_named(&scenario, "a");
    cr_assert_eq(sim_scenario_address(&scenario, a, SONDE_IPV4)->address.bytes[3], 2);
    cr_assert_eq(sim_scenario_address(&scenario, a, SONDE_FAMILY_NONE)->address.family, SONDE_IPV6);
    cr_assert_null(sim_scenario_address(&scenario, a + 1, SONDE_IPV4));
    cr_assert_eq(sim_scenario_named(&scenario, "c"), SIM_NOBODY);
    cr_assert_eq(sim_scenario_named(&scenario, "a-name-that-is-longer-than-any-name-may-be"),
                 SIM_NOBODY);
    sim_scenario_destroy(&scenario);
}

Test(sim_scenario, own_addresses)
{
    static const struct {
        const char *text;
        const char *v4;
        const char *v6;
    } cases[] = {{"host h 10.0.0.1\n", "198.18.0.1", "2001:db8::1"},
                 {"observer 10.0.0.2 10.0.0.3\n", "10.0.0.2", NULL},
                 {"observer fd00::2\n", NULL, "fd00::2"},
                 {"observer fd00::2 10.0.0.2\n", "10.0.0.2", "fd00::2"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sim_scenario scenario = parsed(cases[i].text);
        for (int v6 = 0; v6 < 2; v6++) {
            const char *wanted = v6 ? cases[i].v6 : cases[i].v4;
            struct sonde_address own;
            cr_assert_eq(sim_scenario_own_address(&scenario, v6 ? SONDE_IPV6 : SONDE_IPV4, &own),
                         wanted != NULL, "%s", cases[i].text);
            struct sonde_address right = address_of(wanted ? wanted : "::");
            cr_assert(!wanted || sonde_address_equal(&own, &right), "%s", cases[i].text);
        }
        sim_scenario_destroy(&scenario);
    }
}

Test(sim_scenario, links)
{
    struct sim_scenario scenario = parsed("router a 10.0.0.1\nrouter b 10.0.0.2\n");
    cr_assert_eq(sim_scenario_link(&scenario, 1, 2), SIM_NOBODY);
    cr_assert_eq(sim_scenario_add_link(&scenario, 1, 2), 0);
    cr_assert_eq(sim_scenario_add_link(&scenario, 0, 1), 0);
    cr_assert_eq(sim_scenario_link(&scenario, 1, 2), 3);
    cr_assert_eq(sim_scenario_link(&scenario, 0, 1), 4);
    cr_assert_eq(sim_scenario_link(&scenario, 2, 1), SIM_NOBODY);
    cr_assert_eq(scenario.nodes[3].from, 1);
    cr_assert_eq(scenario.nodes[3].to, 2);
    cr_assert_eq(scenario.nodes[3].address_first, SIM_NOBODY);
    cr_assert_str_eq(scenario.nodes[3].name, "a>b");
    cr_assert_str_eq(scenario.nodes[4].name, "observer>a");
    sim_scenario_destroy(&scenario);
}

Test(sim_scenario, the_longest_name_of_a_link)
{
    struct sim_scenario scenario =
        parsed("router abcdefghijklmnopqrstuvwxyz01234 10.0.0.1\n"
               "router ABCDEFGHIJKLMNOPQRSTUVWXYZ01234 10.0.0.2\n"
               "link abcdefghijklmnopqrstuvwxyz01234 > ABCDEFGHIJKLMNOPQRSTUVWXYZ01234\n");
    cr_assert_str_eq(scenario.nodes[3].name,
                     "abcdefghijklmnopqrstuvwxyz01234>ABCDEFGHIJKLMNOPQRSTUVWXYZ01234");
    sim_scenario_destroy(&scenario);
}

/* Windows that overlap: the one that began last holds, and what it covered comes back. */
Test(sim_scenario, what_is_in_force)
{
    struct sim_scenario scenario = parsed("host a 198.18.0.2 loss 1%\n"
                                          "at 5s..20s host a loss 5%\n"
                                          "at 10s..15s host a loss 10%\n"
                                          "at 12s host a loss none\n"
                                          "at 3s host a delay 3ms\n");
    static const struct {
        int64_t at_s;
        double percent;
        int64_t until_s;
    } cases[] = {{0, 1, 3},   {3, 1, 5},   {5, 5, 10}, {10, 10, 12},
                 {12, 0, 15}, {16, 0, 20}, {20, 0, 0}};
    const struct sim_setting *p[SIM_PROPERTIES];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t until = sim_scenario_in_force(&scenario, 1, cases[i].at_s * SONDE_NS_PER_S, p);
        cr_assert_eq(until, cases[i].until_s ? cases[i].until_s * SONDE_NS_PER_S : INT64_MAX, "%zu",
                     i);
        cr_assert_float_eq(p[SIM_LOSS] ? p[SIM_LOSS]->chance[0] * 100 : 0, cases[i].percent, 1e-9,
                           "at %lld", (long long)cases[i].at_s);
    }
    sim_scenario_destroy(&scenario);
}

Test(sim_scenario, many_names)
{
    struct sim_scenario scenario = {0};
    char name[SIM_NAME_MAX + 1];
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        cr_assert_eq(sim_scenario_add_node(&scenario, SIM_HOST, name), 0);
    }
    for (uint32_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        cr_assert_eq(sim_scenario_named(&scenario, name), i);
    }
    sim_scenario_destroy(&scenario);
}
