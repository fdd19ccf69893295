#include "language.h"

#include <stdio.h>
#include <stdlib.h>

#define H "host h 198.18.0.9 "

/* What ports do: the state of most, then "first-last state" for each range of others. */
static const char *ports_text(const struct read *read, enum sim_property property)
{
    static const char *const states[] = {"closed", "open", "silent"};
    static char text[200];
    const struct sim_setting *setting = read->p[property];
    int used = snprintf(text, sizeof(text), "%s", states[setting->number[0]]);
    for (uint32_t i = 0; i < setting->list_count; i += 2) {
        const uint32_t *list = &read->scenario.list[setting->list_first + i];
        used += snprintf(text + used, sizeof(text) - (size_t)used, " %u-%u %s", list[0] >> 16,
                         list[0] & 0xffff, states[list[1]]);
    }
    return text;
}

Test(sim_values_host, ports)
{
    static const struct {
        const char *tcp;
        const char *meaning;
    } cases[] = {
        {"open", "open"},
        {"filtered", "silent"},
        {"silent silent", "silent"},
        {"closed silent", "closed"},
        {"open 22", "closed 22-22 open"},
        {"open 22 loss 5%", "closed 22-22 open"},
        {"open 22,80,8000-8100 filtered", "silent 22-22 open 80-80 open 8000-8100 open"},
        {"open 22 23 silent", "silent 22-22 open 23-23 open"},
        {"open 22 filtered 23 closed 24 open", "open 22-22 open 23-23 silent 24-24 closed"},
        {"open 0-65535", "closed 0-65535 open"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[100];
        struct read read;
        snprintf(text, sizeof(text), H "tcp %s\n", cases[i].tcp);
        read_text(&read, text);
        look_at(&read, "h");
        cr_assert_str_eq(ports_text(&read, SIM_TCP), cases[i].meaning, "%s", text);
        sim_scenario_destroy(&read.scenario);
    }
}

Test(sim_values_host, silent_behind_a_state_for_all_is_the_host_s)
{
    struct read read;
    read_text(&read, H "udp open 7 closed silent sctp silent\n");
    look_at(&read, "h");
    cr_assert_str_eq(ports_text(&read, SIM_UDP), "closed 7-7 open");
    cr_assert_str_eq(ports_text(&read, SIM_SCTP), "silent");
    cr_assert_eq(read.p[SIM_ALIVE]->chance[0], 0);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_host, the_rest)
{
    struct read read;
    read_text(&read, H "foreign 1% hostile 2% return-hops 0 error-limit 5 per 1s\n");
    look_at(&read, "h");
    cr_assert_float_eq(read.p[SIM_FOREIGN]->chance[0], 0.01, 1e-12);
    cr_assert_float_eq(read.p[SIM_HOSTILE]->chance[0], 0.02, 1e-12);
    cr_assert_eq(read.p[SIM_RETURN_HOPS]->number[0], 0);
    cr_assert_eq(read.p[SIM_ERROR_LIMIT]->chance[0], 5);
    sim_scenario_destroy(&read.scenario);
}

Test(sim_values_host, mistakes)
{
    static const struct mistake mistakes[] = {
        {H "tcp\n", 1, "expected a state: open, closed, silent, filtered"},
        {H "tcp 22 open\n", 1, "expected a state"},
        {H "tcp open 22,\n", 1, "expected ports such as 22,80,8000-8100"},
        {H "tcp open 22,,23\n", 1, "expected ports"},
        {H "tcp open 65536\n", 1, "expected ports such as 22,80,8000-8100, from 0 to 65535"},
        {H "tcp open 5-3\n", 1, "expected ports"},
        {H "tcp open 5-\n", 1, "expected ports"},
        {H "tcp open 1-2-3\n", 1, "expected ports"},
        {H "tcp open 22 closed 22\n", 1, "the state of port 22 has been given already"},
        {H "tcp open 22 closed 1-1024\n", 1, "the state of port 22 has been given already"},
        {H "tcp open 20-30,25-40\n", 1, "the state of port 25 has been given already"},
        {H "tcp filtered open 22\n", 1, "expected the state of all other ports last"},
        {H "return-hops 255\n", 1, "expected a number of routers from 0 to 254"},
        {H "foreign 1\n", 1, "percentage"},
        {H "hostile\n", 1, "percentage"},
    };
    EXPECT_MISTAKES(mistakes);
}

Test(sim_values_host, at_most_256_ranges)
{
    char text[4096] = H "udp open";
    struct read read;
    for (int i = 0; i < SIM_PORTS_MAX; i++)
        sprintf(text + strlen(text), " %d", i);
    read_text(&read, text);
    sim_scenario_destroy(&read.scenario);
    strcat(text, " 999");
    const struct mistake mistakes[] = {{text, 1, "expected at most 256 ranges of ports"}};
    EXPECT_MISTAKES(mistakes);
}
