#include "sim/properties.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sonde/time.h"

static bool read_chance(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_chance(reader, &setting->chance[0]);
}

static bool read_span(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_span(reader, 0, &setting->number[0]);
}

static bool read_signed_span(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_span(reader, INT64_MIN, &setting->number[0]);
}

static bool read_jitter(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word kinds[] = {{"fixed", SIM_JITTER_FIXED},
                                            {"uniform", SIM_JITTER_UNIFORM},
                                            {"normal", SIM_JITTER_NORMAL},
                                            {"pareto", SIM_JITTER_PARETO},
                                            {0}};
    int64_t shape = 3;
    if (!sim_reader_choice(reader, "a kind of jitter", kinds, &setting->number[0]) ||
        !sim_reader_span(reader, 0, &setting->number[1]))
        return false;
    if (setting->number[0] == SIM_JITTER_PARETO && sim_reader_accept(reader, "shape") &&
        !sim_reader_integer(reader, "a shape", 2, 100, &shape))
        return false;
    setting->chance[0] = (double)shape;
    return true;
}

static bool read_hop_limit(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_integer(reader, "a hop limit", 1, 255, &setting->number[0]);
}

static bool read_reverse(struct sim_reader *reader, struct sim_setting *setting)
{
    const struct sim_token *token = &reader->token;
    if (token->kind != SIM_TOKEN_QUOTED && token->kind != SIM_TOKEN_WORD)
        return sim_reader_expected(reader, "expected a name");
    setting->list_first = reader->scenario->text_count;
    setting->list_count = (uint32_t)token->length;
    int added = sim_scenario_add_text(reader->scenario, token->text, token->length + 1);
    sim_reader_advance(reader);
    return sim_reader_added(reader, added);
}

static bool read_burst(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->chance[2] = 1;
    if (!sim_reader_chance(reader, &setting->chance[0]) ||
        !sim_reader_chance(reader, &setting->chance[1]))
        return false;
    if (sim_reader_accept(reader, "inside") && !sim_reader_chance(reader, &setting->chance[2]))
        return false;
    return !sim_reader_accept(reader, "outside") || sim_reader_chance(reader, &setting->chance[3]);
}

static bool read_duplicate(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[1] = 1;
    if (!sim_reader_chance(reader, &setting->chance[0]))
        return false;
    if (sim_reader_accept(reader, "after") && !sim_reader_span(reader, 0, &setting->number[0]))
        return false;
    return !sim_reader_accept(reader, "copies") ||
           sim_reader_integer(reader, "a number of copies", 1, 16, &setting->number[1]);
}

static bool read_reorder(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_chance(reader, &setting->chance[0]) && sim_reader_require(reader, "by") &&
           sim_reader_span(reader, 1, &setting->number[0]);
}

static bool read_shortening(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_chance(reader, &setting->chance[0]) && sim_reader_require(reader, "to") &&
           sim_reader_integer(reader, "a number of bytes", 0, 65535, &setting->number[0]);
}

static bool read_mangle(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[0] = -1;
    if (!sim_reader_chance(reader, &setting->chance[0]))
        return false;
    return !sim_reader_accept(reader, "at") ||
           sim_reader_integer(reader, "an offset in the payload", 0, 65535, &setting->number[0]);
}

static bool read_garbage(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[0] = -1;
    if (!sim_reader_chance(reader, &setting->chance[0]))
        return false;
    return !sim_reader_accept(reader, "bytes") ||
           sim_reader_integer(reader, "a number of bytes", 0, 1400, &setting->number[0]);
}

static bool read_silent(struct sim_reader *reader, struct sim_setting *setting)
{
    (void)reader;
    setting->chance[0] = 0;
    return true;
}

/* Codes of destination unreachable: RFC 792, RFC 1122, RFC 1812; RFC 4443 for IPv6. */
static bool read_unreachable(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word codes[] = {
        {"net", 0 << 8 | 0},         {"host", 1 << 8 | 3},     {"protocol", 2 << 8 | 4},
        {"port", 3 << 8 | 4},        {"source-route", 5 << 8}, {"prohibited", 13 << 8 | 1},
        {"precedence", 14 << 8 | 1}, {"cutoff", 15 << 8 | 1},  {0},
    };
    int64_t code;
    if (sim_reader_at_word(reader) && reader->token.text[0] >= '0' &&
        reader->token.text[0] <= '9') {
        if (!sim_reader_integer(reader, "a code", 0, 255, &code))
            return false;
        code |= code << 8;
    } else if (!sim_reader_choice(reader, "a code number or a word", codes, &code)) {
        return false;
    }
    setting->code4 = (uint8_t)(code >> 8);
    setting->code6 = (uint8_t)code;
    return true;
}

static bool read_code(struct sim_reader *reader, struct sim_setting *setting)
{
    int64_t code = 0;
    if (sim_reader_accept(reader, "code") && !sim_reader_integer(reader, "a code", 0, 255, &code))
        return false;
    setting->code4 = setting->code6 = (uint8_t)code;
    return true;
}

static bool read_fault_details(struct sim_reader *reader, struct sim_setting *setting)
{
    switch (setting->number[0]) {
    case SIM_FAULT_UNREACHABLE:
        return read_unreachable(reader, setting);
    case SIM_FAULT_TOO_BIG:
        return sim_reader_integer(reader, "an MTU", 0, 65535, &setting->number[1]);
    case SIM_FAULT_REDIRECT:
        setting->code4 = 1; /* for the host */
        return sim_reader_address(reader, &setting->address);
    case SIM_FAULT_PARAMETER_PROBLEM:
        return sim_reader_integer(reader, "a pointer", 0, 65535, &setting->number[1]) &&
               read_code(reader, setting);
    case SIM_FAULT_TIME_EXCEEDED:
        return read_code(reader, setting);
    default:
        return true;
    }
}

static bool read_fault(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word faults[] = {{"unreachable", SIM_FAULT_UNREACHABLE},
                                             {"time-exceeded", SIM_FAULT_TIME_EXCEEDED},
                                             {"too-big", SIM_FAULT_TOO_BIG},
                                             {"redirect", SIM_FAULT_REDIRECT},
                                             {"source-quench", SIM_FAULT_SOURCE_QUENCH},
                                             {"parameter-problem", SIM_FAULT_PARAMETER_PROBLEM},
                                             {0}};
    setting->chance[0] = 1;
    if (!sim_reader_choice(reader, "an error", faults, &setting->number[0]) ||
        !read_fault_details(reader, setting) || !sim_reader_require(reader, "from") ||
        !sim_reader_node(reader, SIM_ROUTER, &setting->node))
        return false;
    return !sim_reader_accept(reader, "chance") || sim_reader_chance(reader, &setting->chance[0]);
}

static bool read_mtu(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->node = SIM_NOBODY;
    if (!sim_reader_integer(reader, "an MTU", 68, 65535, &setting->number[0]))
        return false;
    if (sim_reader_accept(reader, "black-hole"))
        return true;
    if (!sim_reader_accept(reader, "from"))
        return sim_reader_expected(reader, "expected \"from\" and a router, or \"black-hole\"");
    return sim_reader_node(reader, SIM_ROUTER, &setting->node);
}

/* Names of nodes for as long as the words are such; at least one. */
static bool read_nodes(struct sim_reader *reader, struct sim_setting *setting,
                       enum sim_node_kind kind, uint32_t max)
{
    setting->list_first = reader->scenario->list_count;
    do {
        uint32_t node;
        if (setting->list_count == max)
            return sim_reader_fail(reader, "expected at most %u names", max);
        if (!sim_reader_node(reader, kind, &node) ||
            !sim_reader_added(reader, sim_scenario_add_list(reader->scenario, node)))
            return false;
        setting->list_count++;
    } while (sim_reader_at_word(reader) && !sim_property_known(reader->token.text));
    return true;
}

static bool read_via(struct sim_reader *reader, struct sim_setting *setting)
{
    return read_nodes(reader, setting, SIM_ROUTER, SIM_VIA_MAX);
}

static bool read_members(struct sim_reader *reader, struct sim_setting *setting)
{
    return read_nodes(reader, setting, SIM_HOST, SIM_MEMBERS_MAX);
}

static bool read_address(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_address(reader, &setting->address);
}

static bool read_answers(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word kinds[] = {{"echo", SIM_ANSWERS_ECHO},
                                            {"timestamp", SIM_ANSWERS_TIMESTAMP},
                                            {"extended", SIM_ANSWERS_EXTENDED},
                                            {"nothing", 0},
                                            {0}};
    int64_t answers;
    if (!sim_reader_choice(reader, "what is answered", kinds, &answers))
        return false;
    do {
        setting->number[0] |= answers;
    } while (answers && sim_reader_at_word(reader) &&
             sim_reader_lookup(kinds, reader->token.text, &answers) &&
             sim_reader_choice(reader, "what is answered", kinds, &answers));
    return true;
}

static bool read_extended(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_integer(reader, "a code", 0, 255, &setting->number[0]);
}

static bool read_quote(struct sim_reader *reader, struct sim_setting *setting)
{
    if (sim_reader_accept(reader, "all")) {
        setting->number[0] = 65535;
        return true;
    }
    return sim_reader_integer(reader, "\"all\" or a number of bytes", 0, 65535,
                              &setting->number[0]);
}

static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *digit = c ? strchr(digits, c) : NULL;
    return digit ? (int)(digit - digits) : -1;
}

static bool read_quote_options(struct sim_reader *reader, struct sim_setting *setting)
{
    const struct sim_token *token = &reader->token;
    char bytes[SIM_OPTIONS_MAX];
    size_t count = token->length / 2;
    bool fits = sim_reader_at_word(reader) && token->length % 8 == 0 && count <= sizeof(bytes);
    for (size_t i = 0; fits && i < count; i++) {
        int high = hex_value(token->text[2 * i]);
        int low = hex_value(token->text[2 * i + 1]);
        fits = high >= 0 && low >= 0;
        bytes[i] = (char)((high & 15) << 4 | (low & 15));
    }
    if (!fits)
        return sim_reader_expected(
            reader, "expected hexadecimal digits for 4 to 40 bytes, in units of 4 bytes");
    setting->list_first = reader->scenario->text_count;
    setting->list_count = (uint32_t)count;
    sim_reader_advance(reader);
    return sim_reader_added(reader, sim_scenario_add_text(reader->scenario, bytes, count));
}

static bool read_device_mtu(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_integer(reader, "an MTU", 576, 65535, &setting->number[0]);
}

static bool read_stamps(struct sim_reader *reader, struct sim_setting *setting)
{
    if (sim_reader_accept(reader, "exact"))
        return true;
    if (sim_reader_accept(reader, "missing")) {
        setting->number[0] = -1;
        return true;
    }
    if (sim_reader_accept(reader, "late"))
        return sim_reader_span(reader, 0, &setting->number[0]);
    return sim_reader_expected(reader, "expected \"exact\", \"missing\", or \"late\" and a time");
}

static bool read_queue(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_integer(reader, "a number of datagrams", 1, 1000000, &setting->number[0]);
}

static bool read_identifiers(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_integer(reader, "a number of identifiers", 1, SIM_IDENTIFIERS_MAX,
                              &setting->number[0]);
}

static bool read_send_error(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word errors[] = {{"ENETUNREACH", ENETUNREACH},
                                             {"EHOSTUNREACH", EHOSTUNREACH},
                                             {"ENETDOWN", ENETDOWN},
                                             {"ENOBUFS", ENOBUFS},
                                             {"EAGAIN", EAGAIN},
                                             {"EPERM", EPERM},
                                             {"EACCES", EACCES},
                                             {"EMSGSIZE", EMSGSIZE},
                                             {"EADDRNOTAVAIL", EADDRNOTAVAIL},
                                             {"ENODEV", ENODEV},
                                             {"EINVAL", EINVAL},
                                             {0}};
    setting->chance[0] = 1;
    if (!sim_reader_choice(reader, "an error", errors, &setting->number[0]))
        return false;
    return !sim_reader_accept(reader, "chance") || sim_reader_chance(reader, &setting->chance[0]);
}

/* "2024-06-01T12:00:00Z". */
static bool read_clock(struct sim_reader *reader, struct sim_setting *setting)
{
    struct tm civil = {0};
    int end = 0;
    if (sim_reader_at_word(reader))
        sscanf(reader->token.text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &civil.tm_year, &civil.tm_mon,
               &civil.tm_mday, &civil.tm_hour, &civil.tm_min, &civil.tm_sec, &end);
    if (end != 20 || end != (int)reader->token.length || civil.tm_year < 1970 || civil.tm_mon < 1 ||
        civil.tm_mon > 12 || civil.tm_mday < 1 || civil.tm_mday > 31)
        return sim_reader_expected(reader, "expected a time of day such as 2024-06-01T12:00:00Z");
    civil.tm_year = civil.tm_year < 2200 ? civil.tm_year - 1900 : 300;
    civil.tm_mon--;
    setting->number[0] = sonde_saturating_mul(timegm(&civil), SONDE_NS_PER_S);
    sim_reader_advance(reader);
    return true;
}

#define OBSERVER (1u << SIM_OBSERVER)
#define HOST     (1u << SIM_HOST)
#define ROUTER   (1u << SIM_ROUTER)
#define GROUP    (1u << SIM_GROUP)

static const struct property {
    const char *name;
    unsigned owners; /* kinds of nodes that have it */
    bool fixed;      /* cannot change at a time */
    enum sim_property property;
    bool (*read)(struct sim_reader *reader, struct sim_setting *setting);
} properties[] = {
    {"delay", HOST | ROUTER, false, SIM_DELAY, read_span},
    {"jitter", HOST | ROUTER, false, SIM_JITTER, read_jitter},
    {"loss", HOST | ROUTER, false, SIM_LOSS, read_chance},
    {"hop-limit", HOST | ROUTER, false, SIM_HOP_LIMIT, read_hop_limit},
    {"reverse", HOST | ROUTER | GROUP, true, SIM_REVERSE, read_reverse},
    {"silent", HOST | ROUTER, false, SIM_ALIVE, read_silent},
    {"alive", HOST, false, SIM_ALIVE, read_chance},
    {"spread", HOST, false, SIM_SPREAD, read_span},
    {"burst", HOST, false, SIM_BURST, read_burst},
    {"duplicate", HOST, false, SIM_DUPLICATE, read_duplicate},
    {"reorder", HOST, false, SIM_REORDER, read_reorder},
    {"corrupt", HOST, false, SIM_CORRUPT, read_chance},
    {"truncate", HOST, false, SIM_TRUNCATE, read_shortening},
    {"cut", HOST, false, SIM_CUT, read_shortening},
    {"mangle", HOST, false, SIM_MANGLE, read_mangle},
    {"forge", HOST, false, SIM_FORGE, read_chance},
    {"garbage", HOST, false, SIM_GARBAGE, read_garbage},
    {"stray", HOST, false, SIM_STRAY, read_chance},
    {"error", HOST, false, SIM_FAULT, read_fault},
    {"mtu", HOST, false, SIM_MTU, read_mtu},
    {"via", HOST, false, SIM_VIA, read_via},
    {"reply-from", HOST, false, SIM_REPLY_FROM, read_address},
    {"answers", HOST, false, SIM_ANSWERS, read_answers},
    {"extended-code", HOST, false, SIM_EXTENDED, read_extended},
    {"clock-offset", HOST, false, SIM_CLOCK_OFF, read_signed_span},
    {"quote", ROUTER, false, SIM_QUOTE, read_quote},
    {"quote-options", ROUTER, false, SIM_QUOTE_OPTIONS, read_quote_options},
    {"members", GROUP, false, SIM_MEMBERS, read_members},
    {"mtu", OBSERVER, false, SIM_DEVICE_MTU, read_device_mtu},
    {"send-cost", OBSERVER, false, SIM_SEND_COST, read_span},
    {"stamps", OBSERVER, false, SIM_STAMPS, read_stamps},
    {"receive-queue", OBSERVER, false, SIM_RECEIVE_QUEUE, read_queue},
    {"identifiers", OBSERVER, true, SIM_IDENTIFIERS, read_identifiers},
    {"clock", OBSERVER, true, SIM_CLOCK, read_clock},
    /* written as statements of their own: "at 3s..5s send-error ENETDOWN" */
    {"send-error", OBSERVER, false, SIM_SEND_ERROR, read_send_error},
    {"receive-drop", OBSERVER, false, SIM_RECEIVE_DROP, read_chance},
};

#define PROPERTY_COUNT (sizeof(properties) / sizeof(properties[0]))

static const struct property *find(const char *name, unsigned owners)
{
    for (size_t i = 0; i < PROPERTY_COUNT; i++)
        if (properties[i].owners & owners && strcmp(properties[i].name, name) == 0)
            return &properties[i];
    return NULL;
}

bool sim_property_known(const char *name)
{
    return find(name, UINT_MAX) != NULL;
}

bool sim_property_read(struct sim_reader *reader, const struct sim_setting *when)
{
    static const char *const owners[] = {"the observer", "a host", "a router", "a group"};
    struct sim_setting setting = *when;
    struct sim_scenario *scenario = reader->scenario;
    enum sim_node_kind kind = scenario->nodes[when->owner].kind;
    const char *name = sim_reader_at_word(reader) ? reader->token.text : "";
    const struct property *property = find(name, 1u << kind);
    if (!property)
        return sim_reader_expected(reader, "expected a property of %s", owners[kind]);
    if (property->fixed && setting.from != INT64_MIN)
        return sim_reader_fail(reader, "\"%s\" cannot change at a time", property->name);
    if (scenario->setting_count == SIM_SETTINGS_MAX)
        return sim_reader_fail(reader, "expected at most %d properties", SIM_SETTINGS_MAX);
    sim_reader_advance(reader);
    setting.property = (uint16_t)property->property;
    setting.cleared = sim_reader_accept(reader, "none");
    if (!setting.cleared && !property->read(reader, &setting))
        return false;
    return sim_reader_added(reader, sim_scenario_add_setting(scenario, &setting));
}
