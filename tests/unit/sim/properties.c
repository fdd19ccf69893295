#include "language.h"

#include <stdio.h>

#include "sim/properties.h"

static struct sim_scenario scenario;
static struct sonde_sim_error error;
static const struct sim_setting *in_force[SIM_PROPERTIES];

/* What a host with these properties has in force. */
static const struct sim_setting *const *host_with(const char *properties)
{
    char text[400];
    snprintf(text, sizeof(text), "router r 198.18.1.1\nhost h 198.18.0.9 %s\n", properties);
    cr_assert_eq(sim_scenario_parse(&scenario, "x", text, strlen(text), &error), 0, "%s: %s",
                 properties, error.message);
    sim_scenario_in_force(&scenario, 2, 0, in_force);
    return in_force;
}

Test(sim_properties, defaults_within_a_property)
{
    const struct sim_setting *const *p =
        host_with("jitter pareto 1ms burst 1% 2% duplicate 3% "
                  "mangle 4% garbage 5% error unreachable net from r");
    cr_assert_eq(p[SIM_JITTER]->chance[0], 3);
    cr_assert_eq(p[SIM_BURST]->chance[2], 1);
    cr_assert_eq(p[SIM_BURST]->chance[3], 0);
    cr_assert_eq(p[SIM_DUPLICATE]->number[0], 0);
    cr_assert_eq(p[SIM_DUPLICATE]->number[1], 1);
    cr_assert_eq(p[SIM_MANGLE]->number[0], -1);
    cr_assert_eq(p[SIM_GARBAGE]->number[0], -1);
    cr_assert_eq(p[SIM_FAULT]->chance[0], 1);
    cr_assert_null(p[SIM_LOSS]);
    sim_scenario_destroy(&scenario);
}

Test(sim_properties, the_last_word_counts)
{
    const struct sim_setting *const *p = host_with("loss 1% loss 2% delay 5ms delay none");
    cr_assert_float_eq(p[SIM_LOSS]->chance[0], 0.02, 1e-12);
    cr_assert_null(p[SIM_DELAY]);
    sim_scenario_destroy(&scenario);
    p = host_with("silent alive 100%");
    cr_assert_eq(p[SIM_ALIVE]->chance[0], 1);
    sim_scenario_destroy(&scenario);
}

Test(sim_properties, codes_of_unreachable)
{
    static const struct {
        const char *word;
        uint8_t code4, code6;
    } cases[] = {{"net", 0, 0},         {"host", 1, 3},         {"protocol", 2, 4},
                 {"port", 3, 4},        {"source-route", 5, 0}, {"prohibited", 13, 1},
                 {"precedence", 14, 1}, {"cutoff", 15, 1},      {"7", 7, 7}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[80];
        snprintf(text, sizeof(text), "error unreachable %s from r", cases[i].word);
        const struct sim_setting *const *p = host_with(text);
        cr_assert_eq(p[SIM_FAULT]->code4, cases[i].code4, "%s", text);
        cr_assert_eq(p[SIM_FAULT]->code6, cases[i].code6, "%s", text);
        sim_scenario_destroy(&scenario);
    }
}

Test(sim_properties, known_words)
{
    cr_assert(sim_property_known("delay"));
    cr_assert(sim_property_known("send-error"));
    cr_assert(!sim_property_known("far"));
    cr_assert(!sim_property_known("every"));
    cr_assert(!sim_property_known("core-1"));
}
