#include "sim/subject.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "sim/properties.h"
#include "sim/scenario.h"

#define BANK_NAME_MAX (SIM_NAME_MAX - 4) /* "-256" goes behind it */

static const char *const kind_names[] = {"observer", "host", "router", "group", "bank", "link"};

static bool good_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *c))
            return false;
    return *name && strlen(name) <= SIM_NAME_MAX && !sim_property_known(name) &&
           strcmp(name, "none") != 0 && strcmp(name, "observer") != 0;
}

/* An address with or without "/bits". False when the text is something else; no mistake is told. */
static bool parse_prefix(const char *text, struct sim_prefix *prefix)
{
    char address[SIM_WORD_MAX + 1];
    memcpy(address, text, strlen(text) + 1);
    char *slash = strchr(address, '/');
    if (slash)
        *slash = '\0';
    if (!sonde_address_parse(address, &prefix->address) || prefix->address.scope)
        return false;
    int64_t bits = (int64_t)sonde_address_length(&prefix->address) * 8;
    if (slash && base_parse_integer(slash + 1, 0, bits, &bits) != BASE_NUMBER_OK)
        return false;
    prefix->bits = (uint8_t)bits;
    return true;
}

static bool looks_like_address(const char *word)
{
    size_t hex = strspn(word, "0123456789abcdefABCDEF");
    return word[hex] == ':' || (word[hex] == '.' && hex > 0) || word[hex] == '/';
}

/* Steps to the next address. False behind the last one of the family. */
static bool next_address(struct sonde_address *address)
{
    for (size_t i = sonde_address_length(address); i-- > 0;)
        if (++address->bytes[i] != 0)
            return true;
    return false;
}

/* Gives the nodes one address each, from this one on. */
static bool add_addresses(struct sim_reader *reader, struct sim_prefix prefix, uint32_t first,
                          uint32_t count)
{
    struct sim_scenario *scenario = reader->scenario;
    char text[SONDE_ADDRESS_TEXT];
    for (uint32_t i = 0; i < count; i++) {
        prefix.node = first + i;
        uint32_t other = sim_scenario_prefix_index(scenario, &prefix.address, prefix.bits);
        if (other != SIM_INDEX_ABSENT)
            return sim_reader_fail(reader, "%s belongs to \"%s\" already",
                                   count > 1 ? sonde_address_format(&prefix.address, text)
                                             : reader->token.text,
                                   scenario->nodes[scenario->prefixes[other].node].name);
        if (!sim_reader_added(reader, sim_scenario_add_prefix(scenario, &prefix)))
            return false;
        if (!next_address(&prefix.address) && i + 1 < count)
            return sim_reader_expected(reader, "expected an address with %u more behind it",
                                       count - 1);
    }
    return true;
}

/* The addresses behind a new name, of these nodes. */
static bool read_addresses(struct sim_reader *reader, uint32_t first, uint32_t count)
{
    bool prefixes = reader->scenario->nodes[first].kind == SIM_HOST;
    for (int number = 0; sim_reader_at_word(reader) && looks_like_address(reader->token.text);
         number++) {
        struct sim_prefix prefix;
        if (!parse_prefix(reader->token.text, &prefix) ||
            (!prefixes && prefix.bits != sonde_address_length(&prefix.address) * 8))
            return sim_reader_expected(reader, prefixes ? "expected an address or a prefix"
                                                        : "expected an address");
        if (number == SIM_ADDRESSES_MAX)
            return sim_reader_fail(reader, "expected at most %d addresses", SIM_ADDRESSES_MAX);
        if (!add_addresses(reader, prefix, first, count))
            return false;
        sim_reader_advance(reader);
    }
    return true;
}

/* Those of whom a statement names for the first time, who must have one. */
static bool read_new_addresses(struct sim_reader *reader)
{
    const struct sim_statement *statement = &reader->statement;
    return read_addresses(reader, statement->first, statement->count) &&
           (reader->scenario->nodes[statement->first].address_first != SIM_NOBODY ||
            sim_reader_expected(reader, "expected an address"));
}

static bool add_node(struct sim_reader *reader, enum sim_node_kind kind, const char *name)
{
    if (reader->scenario->node_count == SIM_NODES_MAX)
        return sim_reader_fail(reader, "expected at most %d names and links", SIM_NODES_MAX);
    return sim_reader_added(reader, sim_scenario_add_node(reader->scenario, kind, name));
}

/* The name behind "host" and its like. *node is SIM_NOBODY when it is new. It is not yet taken. */
static bool find_name(struct sim_reader *reader, enum sim_node_kind kind, uint32_t *node)
{
    struct sim_scenario *scenario = reader->scenario;
    int longest = kind == SIM_BANK ? BANK_NAME_MAX : SIM_NAME_MAX;
    *node = SIM_NOBODY;
    if (!sim_reader_at_word(reader) || !good_name(reader->token.text) ||
        reader->token.length > (size_t)longest)
        return sim_reader_expected(reader,
                                   "expected a name (letters, digits, . - _; at most %d; "
                                   "no word of the language)",
                                   longest);
    *node = sim_scenario_named(scenario, reader->token.text);
    if (*node != SIM_NOBODY && scenario->nodes[*node].kind != kind)
        return sim_reader_fail(reader, "\"%s\" is a %s", reader->token.text,
                               kind_names[scenario->nodes[*node].kind]);
    if (*node == SIM_NOBODY && reader->statement.from != INT64_MIN)
        return sim_reader_expected(reader, "expected the name of a %s defined above",
                                   kind_names[kind]);
    return true;
}

/* A new node, or one that is there already. */
static bool read_single(struct sim_reader *reader, enum sim_node_kind kind)
{
    struct sim_statement *statement = &reader->statement;
    uint32_t node;
    if (!find_name(reader, kind, &node))
        return false;
    statement->kind = kind;
    statement->count = 1;
    statement->first = node == SIM_NOBODY ? reader->scenario->node_count : node;
    if (node == SIM_NOBODY && !add_node(reader, kind, reader->token.text))
        return false;
    sim_reader_advance(reader);
    return node != SIM_NOBODY || read_new_addresses(reader);
}

/* The routers of a new bank. */
static bool add_bank(struct sim_reader *reader, const char *bank, uint32_t count)
{
    struct sim_scenario *scenario = reader->scenario;
    uint32_t node = scenario->node_count;
    if (!add_node(reader, SIM_BANK, bank))
        return false;
    scenario->nodes[node].first = node + 1;
    scenario->nodes[node].count = count;
    for (uint32_t i = 1; i <= count; i++) {
        char name[SIM_NAME_MAX + 12];
        snprintf(name, sizeof(name), "%.*s-%u", BANK_NAME_MAX, bank, i);
        uint32_t other = sim_scenario_named(scenario, name);
        if (other != SIM_NOBODY)
            return sim_reader_fail(reader, "\"%s\" is a %s already", name,
                                   kind_names[scenario->nodes[other].kind]);
        if (!add_node(reader, SIM_ROUTER, name))
            return false;
    }
    return true;
}

/* A statement about a bank is one about its routers. */
static bool read_bank(struct sim_reader *reader)
{
    struct sim_statement *statement = &reader->statement;
    uint32_t node;
    if (!find_name(reader, SIM_BANK, &node))
        return false;
    char name[SIM_WORD_MAX + 1];
    memcpy(name, reader->token.text, reader->token.length + 1);
    sim_reader_advance(reader);
    bool is_new = node == SIM_NOBODY;
    if (is_new) {
        int64_t count;
        node = reader->scenario->node_count;
        if (!sim_reader_integer(reader, "a number of routers", 1, SIM_BANK_MAX, &count) ||
            !add_bank(reader, name, (uint32_t)count))
            return false;
    }
    statement->kind = SIM_ROUTER;
    statement->first = reader->scenario->nodes[node].first;
    statement->count = reader->scenario->nodes[node].count;
    return !is_new || read_new_addresses(reader);
}

/* "observer": our own addresses first. */
static bool read_observer(struct sim_reader *reader)
{
    struct sim_statement *statement = &reader->statement;
    statement->kind = SIM_OBSERVER;
    statement->first = 0;
    statement->count = 1;
    if (sim_reader_at_word(reader) && looks_like_address(reader->token.text)) {
        if (statement->from != INT64_MIN)
            return sim_reader_fail(reader, "the observer's addresses cannot change at a time");
        if (reader->scenario->nodes[0].address_first != SIM_NOBODY)
            return sim_reader_fail(reader, "the observer's addresses have been given above");
    }
    return read_addresses(reader, 0, 1);
}

/* One end of a link: one node, or the routers of a bank. Its name is not yet taken. */
static bool find_end(struct sim_reader *reader, uint32_t *first, uint32_t *count)
{
    const struct sim_scenario *scenario = reader->scenario;
    *first = 0;
    *count = 1;
    const char *word = sim_reader_at_word(reader) ? reader->token.text : "";
    if (strcmp(word, "observer") == 0)
        return true;
    *first = *word ? sim_scenario_named(scenario, word) : SIM_NOBODY;
    const struct sim_node *node = *first == SIM_NOBODY ? NULL : &scenario->nodes[*first];
    if (!node && strlen(word) > 1 && strchr(word, '>'))
        return sim_reader_expected(reader, "expected blanks around \">\"");
    if (!node || node->kind == SIM_GROUP)
        return sim_reader_expected(reader, "expected \"observer\", or the name of a router, bank "
                                           "or host defined above");
    if (node->kind == SIM_BANK) {
        *first = node->first;
        *count = node->count;
    }
    return true;
}

/* The link from one node to another, which may be there already. */
static bool add_link(struct sim_reader *reader, uint32_t from, uint32_t to)
{
    if (sim_scenario_link(reader->scenario, from, to) != SIM_NOBODY)
        return true;
    if (reader->scenario->node_count == SIM_NODES_MAX)
        return sim_reader_fail(reader, "expected at most %d names and links", SIM_NODES_MAX);
    return sim_reader_added(reader, sim_scenario_add_link(reader->scenario, from, to));
}

static bool read_link(struct sim_reader *reader)
{
    struct sim_statement *statement = &reader->statement;
    const struct sim_scenario *scenario = reader->scenario;
    if (!find_end(reader, &statement->first, &statement->count))
        return false;
    sim_reader_advance(reader);
    statement->kind = SIM_LINK;
    statement->both_ways = !sim_reader_accept(reader, ">");
    if (!find_end(reader, &statement->far_first, &statement->far_count))
        return false;
    const uint32_t near = statement->first;
    const uint32_t far = statement->far_first;
    if (near < far + statement->far_count && far < near + statement->count)
        return sim_reader_fail(reader, "expected two different ends of the link");
    if (scenario->nodes[near].kind == SIM_HOST && scenario->nodes[far].kind == SIM_HOST)
        return sim_reader_fail(reader, "expected the observer or a router at one end of the link");
    for (uint32_t i = 0; i < statement->count; i++)
        for (uint32_t j = 0; j < statement->far_count; j++)
            if (!add_link(reader, near + i, far + j) ||
                (statement->both_ways && !add_link(reader, far + j, near + i)))
                return false;
    sim_reader_advance(reader);
    return true;
}

bool sim_subject_read(struct sim_reader *reader, bool *understood)
{
    static const struct sim_word kinds[] = {{"observer", SIM_OBSERVER},
                                            {"host", SIM_HOST},
                                            {"router", SIM_ROUTER},
                                            {"group", SIM_GROUP},
                                            {"bank", SIM_BANK},
                                            {"link", SIM_LINK},
                                            {0}};
    int64_t kind;
    *understood = sim_reader_at_word(reader) && sim_reader_lookup(kinds, reader->token.text, &kind);
    if (!*understood)
        return true;
    sim_reader_advance(reader);
    if (kind == SIM_OBSERVER)
        return read_observer(reader);
    if (kind == SIM_BANK)
        return read_bank(reader);
    if (kind == SIM_LINK)
        return read_link(reader);
    return read_single(reader, (enum sim_node_kind)kind);
}
