#include <string.h>

#include "sim/properties.h"
#include "sim/values.h"

static bool read_way(struct sim_reader *reader, struct sim_setting *setting, int depth,
                     uint32_t *longest);

static bool add_word(struct sim_reader *reader, struct sim_setting *setting, uint32_t word)
{
    setting->list_count++;
    return sim_reader_list(reader, word);
}

static bool check_depth(struct sim_reader *reader, int depth)
{
    return depth <= SIM_FORK_DEPTH_MAX ||
           sim_reader_fail(reader, "expected at most %d forks within forks", SIM_FORK_DEPTH_MAX);
}

/* Behind "(". The numbers of branches and of their words are filled in when they are known. */
static bool read_fork(struct sim_reader *reader, struct sim_setting *setting, int depth,
                      uint32_t *longest)
{
    struct sim_scenario *scenario = reader->scenario;
    uint32_t count_at = scenario->list_count + 1;
    uint32_t branches = 0;
    *longest = 0;
    if (!check_depth(reader, depth) || !add_word(reader, setting, SIM_FORK) ||
        !add_word(reader, setting, 0))
        return false;
    do {
        uint32_t words_at = scenario->list_count;
        uint32_t length;
        if (++branches > SIM_BRANCHES_MAX)
            return sim_reader_fail(reader, "expected at most %d branches", SIM_BRANCHES_MAX);
        if (!add_word(reader, setting, 0) || !read_way(reader, setting, depth, &length))
            return false;
        scenario->list[words_at] = scenario->list_count - words_at - 1;
        *longest = length > *longest ? length : *longest;
    } while (sim_reader_accept(reader, "|"));
    scenario->list[count_at] = branches;
    if (*longest == 0)
        return sim_reader_expected(reader, "expected the name of a router or bank defined above");
    return sim_reader_accept(reader, ")") ||
           sim_reader_expected(reader, "expected a router, \"|\" or \")\"");
}

/* A fork with each router of the bank as a branch. */
static bool add_bank(struct sim_reader *reader, struct sim_setting *setting,
                     const struct sim_node *bank, int depth)
{
    bool good = check_depth(reader, depth) && add_word(reader, setting, SIM_FORK) &&
                add_word(reader, setting, bank->count);
    for (uint32_t i = 0; good && i < bank->count; i++)
        good = add_word(reader, setting, 1) && add_word(reader, setting, bank->first + i);
    return good;
}

static bool read_router(struct sim_reader *reader, struct sim_setting *setting, int depth)
{
    struct sim_scenario *scenario = reader->scenario;
    const char *name = sim_reader_at_word(reader) ? reader->token.text : "";
    uint32_t node = *name ? sim_scenario_named(scenario, name) : SIM_NOBODY;
    const struct sim_node *found = node == SIM_NOBODY ? NULL : &scenario->nodes[node];
    if (!found && strlen(name) > 1 && strpbrk(name, "(|)"))
        return sim_reader_expected(reader, "expected blanks around \"(\", \"|\" and \")\"");
    if (!found || (found->kind != SIM_ROUTER && found->kind != SIM_BANK))
        return sim_reader_expected(reader, "expected the name of a router or bank defined above");
    bool bank = found->kind == SIM_BANK;
    for (uint32_t i = 0; i < (bank ? found->count : 1); i++)
        if (sim_reader_about(reader, (bank ? found->first : node) + i))
            return sim_reader_expected(reader, "expected a router that is not on its own way");
    if (bank ? !add_bank(reader, setting, found, depth + 1) : !add_word(reader, setting, node))
        return false;
    sim_reader_advance(reader);
    return true;
}

/* True when what comes next cannot stand on a way. */
static bool at_end(const struct sim_reader *reader)
{
    const char *word = reader->token.text;
    return !sim_reader_at_word(reader) || strcmp(word, "|") == 0 || strcmp(word, ")") == 0 ||
           sim_property_known(word);
}

/* A way that may be empty. *longest: the routers on its longest branch. */
static bool read_way(struct sim_reader *reader, struct sim_setting *setting, int depth,
                     uint32_t *longest)
{
    *longest = 0;
    while (!at_end(reader)) {
        uint32_t length = 1;
        if (sim_reader_accept(reader, "(") ? !read_fork(reader, setting, depth + 1, &length)
                                           : !read_router(reader, setting, depth))
            return false;
        *longest += length;
        if (*longest > SIM_VIA_MAX)
            return sim_reader_fail(reader, "expected at most %d routers one behind the other",
                                   SIM_VIA_MAX);
    }
    return true;
}

bool sim_value_via(struct sim_reader *reader, struct sim_setting *setting)
{
    uint32_t longest;
    setting->list_first = reader->scenario->list_count;
    if (!read_way(reader, setting, 0, &longest))
        return false;
    return longest > 0 ||
           sim_reader_expected(reader, "expected the name of a router or bank defined above");
}

bool sim_value_members(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->list_first = reader->scenario->list_count;
    do {
        uint32_t node;
        if (setting->list_count == SIM_MEMBERS_MAX)
            return sim_reader_fail(reader, "expected at most %d names", SIM_MEMBERS_MAX);
        if (!sim_reader_node(reader, SIM_HOST, &node) || !add_word(reader, setting, node))
            return false;
    } while (sim_reader_at_word(reader) && !sim_property_known(reader->token.text));
    return true;
}
