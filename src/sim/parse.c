#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/printable.h"
#include "sim/properties.h"
#include "sim/reader.h"
#include "sim/scenario.h"

/* "10s" or "10s..20s". */
static bool read_when(struct sim_reader *reader, struct sim_setting *when)
{
    char from[SIM_WORD_MAX + 1];
    const char *until = NULL;
    memcpy(from, reader->token.text, reader->token.length + 1);
    char *dots = strstr(from, "..");
    if (dots) {
        *dots = '\0';
        until = dots + 2;
    }
    if (!sim_reader_at_word(reader) || !sim_read_span(from, &when->from) ||
        (until && !sim_read_span(until, &when->until)) || when->from < 0)
        return sim_reader_expected(reader, "expected a time such as 10s, or two such as 10s..20s");
    if (when->until <= when->from)
        return sim_reader_expected(reader, "expected the later time behind \"..\"");
    sim_reader_advance(reader);
    return true;
}

static bool good_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", *c))
            return false;
    return *name && strlen(name) <= SIM_NAME_MAX && !sim_property_known(name) &&
           strcmp(name, "none") != 0;
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

/* The addresses behind a new name. */
static bool read_addresses(struct sim_reader *reader, uint32_t node)
{
    struct sim_scenario *scenario = reader->scenario;
    bool prefixes = scenario->nodes[node].kind == SIM_HOST;
    for (int count = 0; sim_reader_at_word(reader) && looks_like_address(reader->token.text);
         count++) {
        struct sim_prefix prefix = {.node = node};
        if (!parse_prefix(reader->token.text, &prefix) ||
            (!prefixes && prefix.bits != sonde_address_length(&prefix.address) * 8))
            return sim_reader_expected(reader, prefixes ? "expected an address or a prefix"
                                                        : "expected an address");
        if (count == SIM_ADDRESSES_MAX)
            return sim_reader_fail(reader, "expected at most %d addresses", SIM_ADDRESSES_MAX);
        uint32_t other = sim_scenario_prefix_index(scenario, &prefix.address, prefix.bits);
        if (other != SIM_INDEX_ABSENT)
            return sim_reader_fail(reader, "%.60s belongs to \"%s\" already", reader->token.text,
                                   scenario->nodes[scenario->prefixes[other].node].name);
        if (!sim_reader_added(reader, sim_scenario_add_prefix(scenario, &prefix)))
            return false;
        sim_reader_advance(reader);
    }
    return true;
}

/* The name behind "host" and its like: a new node, or one that is there already. */
static bool read_owner(struct sim_reader *reader, enum sim_node_kind kind,
                       struct sim_setting *setting)
{
    static const char *const kinds[] = {"observer", "host", "router", "group"};
    struct sim_scenario *scenario = reader->scenario;
    if (!sim_reader_at_word(reader) || !good_name(reader->token.text))
        return sim_reader_expected(reader,
                                   "expected a name (letters, digits, . - _; at most %d; "
                                   "no word of the language)",
                                   SIM_NAME_MAX);
    setting->owner = sim_scenario_named(scenario, reader->token.text);
    if (setting->owner != SIM_NOBODY) {
        if (scenario->nodes[setting->owner].kind != kind)
            return sim_reader_fail(reader, "\"%s\" is a %s", reader->token.text,
                                   kinds[scenario->nodes[setting->owner].kind]);
        sim_reader_advance(reader);
        return true;
    }
    if (setting->from != INT64_MIN)
        return sim_reader_expected(reader, "expected the name of a %s defined above", kinds[kind]);
    if (scenario->node_count == SIM_NODES_MAX)
        return sim_reader_fail(reader, "expected at most %d names", SIM_NODES_MAX);
    setting->owner = scenario->node_count;
    if (!sim_reader_added(reader, sim_scenario_add_node(scenario, kind, reader->token.text)))
        return false;
    sim_reader_advance(reader);
    if (!read_addresses(reader, setting->owner))
        return false;
    return scenario->nodes[setting->owner].address_first != SIM_NOBODY ||
           sim_reader_expected(reader, "expected an address");
}

static bool read_properties(struct sim_reader *reader, const struct sim_setting *setting)
{
    while (reader->token.kind != SIM_TOKEN_STATEMENT_END &&
           reader->token.kind != SIM_TOKEN_TEXT_END)
        if (!sim_property_read(reader, setting))
            return false;
    return true;
}

static bool read_signal(struct sim_reader *reader, int64_t *number)
{
    static const struct sim_word signals[] = {{"INT", SIGINT},
                                              {"QUIT", SIGQUIT},
                                              {"TERM", SIGTERM},
                                              {"HUP", SIGHUP},
                                              {"USR1", SIGUSR1},
                                              {"USR2", SIGUSR2},
                                              {"ALRM", SIGALRM},
                                              {"TSTP", SIGTSTP},
                                              {"CONT", SIGCONT},
                                              {"WINCH", SIGWINCH},
                                              {0}};
    return sim_reader_choice(reader, "a signal", signals, number);
}

static bool read_happening(struct sim_reader *reader, enum sim_happening_kind kind,
                           const struct sim_setting *when)
{
    struct sim_happening happening = {.at = when->from, .kind = kind};
    if (when->from == INT64_MIN || when->until != INT64_MAX)
        return sim_reader_fail(reader, "expected one time in front: \"at 5s ...\"");
    bool good = false;
    if (kind == SIM_HAPPENS_SIGNAL)
        good = read_signal(reader, &happening.value);
    else
        good =
            sim_reader_span(reader, kind == SIM_HAPPENS_SUSPEND ? 1 : INT64_MIN, &happening.value);
    return good &&
           sim_reader_added(reader, sim_scenario_add_happening(reader->scenario, happening));
}

/* "observer": our own addresses first, then properties. */
static bool read_observer(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->owner = 0;
    if (sim_reader_at_word(reader) && looks_like_address(reader->token.text)) {
        if (setting->from != INT64_MIN)
            return sim_reader_fail(reader, "the observer's addresses cannot change at a time");
        if (reader->scenario->nodes[0].address_first != SIM_NOBODY)
            return sim_reader_fail(reader, "the observer's addresses have been given above");
    }
    return read_addresses(reader, 0) && read_properties(reader, setting);
}

static bool read_subject(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word nodes[] = {
        {"host", SIM_HOST}, {"router", SIM_ROUTER}, {"group", SIM_GROUP}, {0}};
    static const struct sim_word happenings[] = {{"signal", SIM_HAPPENS_SIGNAL},
                                                 {"suspend", SIM_HAPPENS_SUSPEND},
                                                 {"clock-step", SIM_HAPPENS_CLOCK_STEP},
                                                 {0}};
    int64_t kind;
    const char *word = sim_reader_at_word(reader) ? reader->token.text : "";
    if (strcmp(word, "send-error") == 0 || strcmp(word, "receive-drop") == 0)
        return sim_property_read(reader, setting);
    if (sim_reader_accept(reader, "observer"))
        return read_observer(reader, setting);
    if (sim_reader_lookup(nodes, word, &kind)) {
        sim_reader_advance(reader);
        return read_owner(reader, (enum sim_node_kind)kind, setting) &&
               read_properties(reader, setting);
    }
    if (sim_reader_lookup(happenings, word, &kind)) {
        sim_reader_advance(reader);
        return read_happening(reader, (enum sim_happening_kind)kind, setting);
    }
    return sim_reader_expected(reader, "expected host, router, group, observer, signal, suspend, "
                                       "clock-step, send-error or receive-drop");
}

static bool read_statement(struct sim_reader *reader)
{
    struct sim_setting setting = {.from = INT64_MIN, .until = INT64_MAX};
    if (sim_reader_accept(reader, "at") && !read_when(reader, &setting))
        return false;
    if (!read_subject(reader, &setting))
        return false;
    return reader->token.kind == SIM_TOKEN_STATEMENT_END ||
           reader->token.kind == SIM_TOKEN_TEXT_END ||
           sim_reader_expected(reader, "expected the end of the statement");
}

int sim_scenario_parse(struct sim_scenario *scenario, const char *file, const char *text,
                       size_t length, struct sonde_sim_error *error)
{
    struct sim_reader reader;
    *scenario = (struct sim_scenario){0};
    *error = (struct sonde_sim_error){0};
    base_printable(file, strlen(file), error->file, sizeof(error->file));
    sim_reader_init(&reader, scenario, text, length, error);
    bool good = length <= SIM_TEXT_MAX ||
                sim_reader_fail(&reader, "expected at most %zu bytes", SIM_TEXT_MAX);
    good = good && sim_reader_added(&reader, sim_scenario_add_node(scenario, SIM_OBSERVER, ""));
    while (good && reader.token.kind != SIM_TOKEN_TEXT_END) {
        if (reader.token.kind == SIM_TOKEN_STATEMENT_END)
            sim_reader_advance(&reader);
        else
            good = read_statement(&reader);
    }
    if (good)
        sim_scenario_sort(scenario);
    else
        sim_scenario_destroy(scenario);
    return reader.result;
}

static int file_error(struct sonde_sim_error *error, const char *path, int number)
{
    *error = (struct sonde_sim_error){0};
    base_printable(path, strlen(path), error->file, sizeof(error->file));
    snprintf(error->message, sizeof(error->message), "cannot be read: %s", strerror(number));
    return -number;
}

int sim_scenario_load(struct sim_scenario *scenario, const char *path,
                      struct sonde_sim_error *error)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return file_error(error, path, errno);
    int result = 0;
    size_t length = 0;
    size_t room = 4096;
    char *text = malloc(room);
    while (text && length <= SIM_TEXT_MAX) {
        size_t got = fread(text + length, 1, room - length, file);
        length += got;
        if (got == 0)
            break;
        if (length < room)
            continue;
        room *= 2;
        char *larger = realloc(text, room);
        if (!larger)
            free(text);
        text = larger;
    }
    if (!text)
        result = file_error(error, path, ENOMEM);
    else if (ferror(file))
        result = file_error(error, path, errno ? errno : EIO);
    else
        result = sim_scenario_parse(scenario, path, text, length, error);
    free(text);
    fclose(file);
    return result;
}
