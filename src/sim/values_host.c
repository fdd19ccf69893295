#include <string.h>

#include "base/number.h"
#include "sim/values.h"

bool sim_value_signed_span(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_span(reader, INT64_MIN, &setting->number[0]);
}

bool sim_value_shortening(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_chance(reader, &setting->chance[0]) && sim_reader_require(reader, "to") &&
           sim_reader_integer(reader, "a number of bytes", 0, 65535, &setting->number[0]);
}

bool sim_value_mangle(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[0] = -1;
    if (!sim_reader_chance(reader, &setting->chance[0]))
        return false;
    return !sim_reader_accept(reader, "at") ||
           sim_reader_integer(reader, "an offset in the payload", 0, 65535, &setting->number[0]);
}

bool sim_value_garbage(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->number[0] = -1;
    if (!sim_reader_chance(reader, &setting->chance[0]))
        return false;
    return !sim_reader_accept(reader, "bytes") ||
           sim_reader_integer(reader, "a number of bytes", 0, 1400, &setting->number[0]);
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

bool sim_value_fault(struct sim_reader *reader, struct sim_setting *setting)
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

bool sim_value_address(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_address(reader, &setting->address);
}

bool sim_value_answers(struct sim_reader *reader, struct sim_setting *setting)
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

/* "22" or "8000-8100", `length` characters of it. */
static bool parse_ports(const char *text, size_t length, int64_t *first, int64_t *last)
{
    char word[SIM_WORD_MAX + 1];
    memcpy(word, text, length);
    word[length] = '\0';
    char *dash = strchr(word, '-');
    if (dash)
        *dash = '\0';
    if (base_parse_integer(word, 0, UINT16_MAX, first) != BASE_NUMBER_OK)
        return false;
    *last = *first;
    return !dash || base_parse_integer(dash + 1, *first, UINT16_MAX, last) == BASE_NUMBER_OK;
}

/* One more range of ports in a state. None may be in two. */
static bool add_ports(struct sim_reader *reader, struct sim_setting *setting, int64_t first,
                      int64_t last, int64_t state)
{
    for (uint32_t i = 0; i < setting->list_count; i += 2) {
        uint32_t other = reader->scenario->list[setting->list_first + i];
        if (first <= (other & 0xffff) && last >= other >> 16)
            return sim_reader_fail(reader, "the state of port %lld has been given already",
                                   (long long)(first > other >> 16 ? first : other >> 16));
    }
    if (setting->list_count == 2 * SIM_PORTS_MAX)
        return sim_reader_fail(reader, "expected at most %d ranges of ports", SIM_PORTS_MAX);
    setting->list_count += 2;
    return sim_reader_list(reader, (uint32_t)(first << 16 | last)) &&
           sim_reader_list(reader, (uint32_t)state);
}

static bool at_ports(const struct sim_reader *reader)
{
    return sim_reader_at_word(reader) && reader->token.text[0] >= '0' &&
           reader->token.text[0] <= '9';
}

/* "22,80,8000-8100", and more such words. */
static bool read_ports(struct sim_reader *reader, struct sim_setting *setting, int64_t state)
{
    for (; at_ports(reader); sim_reader_advance(reader)) {
        const char *text = reader->token.text;
        for (size_t length; *text; text += length + (text[length] == ',')) {
            int64_t first;
            int64_t last;
            length = strcspn(text, ",");
            if (!parse_ports(text, length, &first, &last) || strcmp(text + length, ",") == 0)
                return sim_reader_expected(reader, "expected ports such as 22,80,8000-8100, "
                                                   "from 0 to 65535");
            if (!add_ports(reader, setting, first, last, state))
                return false;
        }
    }
    return true;
}

/* States with their ports; one without any is that of all others, and the last. */
bool sim_value_ports(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word states[] = {{"open", SIM_PORT_OPEN},
                                             {"closed", SIM_PORT_CLOSED},
                                             {"silent", SIM_PORT_SILENT},
                                             {"filtered", SIM_PORT_SILENT},
                                             {0}};
    int64_t state;
    setting->list_first = reader->scenario->list_count;
    if (!sim_reader_choice(reader, "a state", states, &state))
        return false;
    while (at_ports(reader)) {
        if (!read_ports(reader, setting, state))
            return false;
        setting->number[0] = SIM_PORT_CLOSED;
        if (!sim_reader_at_word(reader) || !sim_reader_lookup(states, reader->token.text, &state))
            return true;
        sim_reader_advance(reader);
    }
    setting->number[0] = state;
    if (sim_reader_at_word(reader) && strcmp(reader->token.text, "silent") != 0 &&
        sim_reader_lookup(states, reader->token.text, &state))
        return sim_reader_expected(reader, "expected the state of all other ports last");
    return true;
}

bool sim_value_reverse(struct sim_reader *reader, struct sim_setting *setting)
{
    return sim_reader_text(reader, "a name", 0, SIM_WORD_MAX, setting);
}
