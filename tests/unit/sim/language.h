/* Scenarios that are right, and scenarios that are not. */
#ifndef TESTS_UNIT_SIM_LANGUAGE_H
#define TESTS_UNIT_SIM_LANGUAGE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "sim/scenario.h"

struct mistake {
    const char *text;
    unsigned line;       /* where it must be told */
    const char *message; /* a part of what must be told */
};

static inline void expect_mistakes(const struct mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct mistake *mistake = &mistakes[i];
        struct sim_scenario scenario;
        struct sonde_sim_error error;
        int result =
            sim_scenario_parse(&scenario, "bad.scn", mistake->text, strlen(mistake->text), &error);
        cr_assert_eq(result, -EINVAL, "%s: %d", mistake->text, result);
        cr_assert_eq(error.line, mistake->line, "%s: line %u: %s", mistake->text, error.line,
                     error.message);
        cr_assert_not_null(strstr(error.message, mistake->message), "%s: %s", mistake->text,
                           error.message);
        cr_assert_str_eq(error.file, "bad.scn");
    }
}

#define EXPECT_MISTAKES(mistakes)                                                                  \
    expect_mistakes((mistakes), sizeof(mistakes) / sizeof((mistakes)[0]))

/* A scenario, and what is in force for one of its nodes. */
struct read {
    struct sim_scenario scenario;
    const struct sim_setting *p[SIM_PROPERTIES];
};

static inline void read_text(struct read *read, const char *text)
{
    struct sonde_sim_error error;
    cr_assert_eq(sim_scenario_parse(&read->scenario, "good.scn", text, strlen(text), &error), 0,
                 "%s: line %u: %s", text, error.line, error.message);
}

static inline void look_at_node(struct read *read, uint32_t node, int64_t at)
{
    cr_assert_neq(node, SIM_NOBODY);
    sim_scenario_in_force(&read->scenario, node, at, read->p);
}

static inline void look_at(struct read *read, const char *name)
{
    look_at_node(read, sim_scenario_named(&read->scenario, name), 0);
}

static inline uint32_t link_between(const struct read *read, const char *from, const char *to)
{
    const struct sim_scenario *scenario = &read->scenario;
    return sim_scenario_link(scenario, *from ? sim_scenario_named(scenario, from) : 0,
                             *to ? sim_scenario_named(scenario, to) : 0);
}

#endif
