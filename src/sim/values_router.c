#include <string.h>

#include "base/number.h"
#include "packet/extension.h"
#include "sim/values.h"

#define ERRORS_MAX      1000000
#define BOTTOM_OF_STACK 0x100u
#define ALL_TRAFFIC     31

bool sim_value_error_limit(struct sim_reader *reader, struct sim_setting *setting)
{
    if (!sim_reader_integer(reader, "a number of errors", 1, ERRORS_MAX, &setting->number[0]) ||
        !sim_reader_require(reader, "per") || !sim_reader_span(reader, 1, &setting->number[1]))
        return false;
    int64_t burst = setting->number[0];
    if (sim_reader_accept(reader, "burst") &&
        !sim_reader_integer(reader, "a number of errors", 1, ERRORS_MAX, &burst))
        return false;
    setting->chance[0] = (double)burst;
    return true;
}

bool sim_value_quote(struct sim_reader *reader, struct sim_setting *setting)
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

bool sim_value_quote_options(struct sim_reader *reader, struct sim_setting *setting)
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

bool sim_value_balance(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word kinds[] = {{"flow", SIM_BALANCE_FLOW},
                                            {"destination", SIM_BALANCE_DESTINATION},
                                            {"packet", SIM_BALANCE_PACKET},
                                            {0}};
    return sim_reader_choice(reader, "what a branch is chosen by", kinds, &setting->number[0]);
}

/* "LABEL", "LABEL/TC" or "LABEL/TC/TTL" as a label stack entry: RFC 3032 section 2.1, RFC 5462. */
static bool parse_label(const char *text, uint32_t *entry)
{
    static const int64_t max[] = {0xfffff, 7, 255};
    int64_t value[] = {0, 0, 1};
    char word[SIM_WORD_MAX + 1];
    memcpy(word, text, strlen(text) + 1);
    char *at = word;
    for (int i = 0; at; i++) {
        char *slash = strchr(at, '/');
        if (slash)
            *slash++ = '\0';
        if (i == 3 || base_parse_integer(at, 0, max[i], &value[i]) != BASE_NUMBER_OK)
            return false;
        at = slash;
    }
    *entry = (uint32_t)(value[0] << 12 | value[1] << 9 | value[2]);
    return true;
}

bool sim_value_mpls(struct sim_reader *reader, struct sim_setting *setting)
{
    setting->list_first = reader->scenario->list_count;
    do {
        uint32_t entry;
        if (setting->list_count == SIM_LABELS_MAX)
            return sim_reader_fail(reader, "expected at most %d labels", SIM_LABELS_MAX);
        if (!sim_reader_at_word(reader) || !parse_label(reader->token.text, &entry))
            return sim_reader_expected(reader, "expected LABEL, LABEL/TC or LABEL/TC/TTL (a label "
                                               "to 1048575, TC to 7, TTL to 255)");
        if (!sim_reader_list(reader, entry))
            return false;
        setting->list_count++;
        sim_reader_advance(reader);
    } while (sim_reader_at_word(reader) && reader->token.text[0] >= '0' &&
             reader->token.text[0] <= '9');
    reader->scenario->list[setting->list_first + setting->list_count - 1] |= BOTTOM_OF_STACK;
    return true;
}

bool sim_value_interface(struct sim_reader *reader, struct sim_setting *setting)
{
    enum { INDEX, ADDRESS, NAME, MTU };
    static const struct sim_word fields[] = {
        {"index", INDEX}, {"address", ADDRESS}, {"name", NAME}, {"mtu", MTU}, {0}};
    int64_t field;
    bool good = sim_reader_choice(reader, "what is told of the interface", fields, &field);
    setting->number[0] = -1;
    setting->number[1] = -1;
    while (good) {
        if (field == INDEX)
            good = sim_reader_integer(reader, "an index", 0, UINT32_MAX, &setting->number[0]);
        else if (field == MTU)
            good = sim_reader_integer(reader, "an MTU", 0, UINT32_MAX, &setting->number[1]);
        else if (field == ADDRESS)
            good = sim_reader_address(reader, &setting->address);
        else
            good = sim_reader_text(reader, "a name", 1, SIM_INTERFACE_MAX, setting);
        if (!good || !sim_reader_at_word(reader) ||
            !sim_reader_lookup(fields, reader->token.text, &field))
            break;
        sim_reader_advance(reader);
    }
    return good;
}

bool sim_value_extensions(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word forms[] = {{"compliant", PACKET_EXTENSION_COMPLIANT},
                                            {"old", PACKET_EXTENSION_PRE_RFC},
                                            {"none", PACKET_EXTENSION_NONE},
                                            {0}};
    return sim_reader_choice(reader, "a form of extensions", forms, &setting->number[0]);
}

bool sim_value_nat(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word kinds[] = {{"ports", SIM_NAT_PORTS},
                                            {"ip-id", SIM_NAT_IP_ID},
                                            {"forgets-quotes", SIM_NAT_FORGETS_QUOTES},
                                            {0}};
    int64_t kind;
    while (sim_reader_at_word(reader) && sim_reader_lookup(kinds, reader->token.text, &kind)) {
        setting->number[0] |= kind;
        sim_reader_advance(reader);
    }
    return true;
}

bool sim_value_loop(struct sim_reader *reader, struct sim_setting *setting)
{
    if (!sim_reader_node(reader, SIM_ROUTER, &setting->node))
        return false;
    if (sim_reader_about(reader, setting->node))
        return sim_reader_fail(reader, "expected another router than \"%s\" itself",
                               reader->scenario->nodes[setting->node].name);
    return true;
}

bool sim_value_prohibits(struct sim_reader *reader, struct sim_setting *setting)
{
    static const struct sim_word kinds[] = {{"icmp", SIM_TRAFFIC_ICMP},
                                            {"udp", SIM_TRAFFIC_UDP},
                                            {"tcp", SIM_TRAFFIC_TCP},
                                            {"sctp", SIM_TRAFFIC_SCTP},
                                            {"other", SIM_TRAFFIC_OTHER},
                                            {"all", ALL_TRAFFIC},
                                            {0}};
    int64_t kind;
    bool good = sim_reader_choice(reader, "what is prohibited", kinds, &kind);
    while (good) {
        setting->number[0] |= kind;
        if (!sim_reader_at_word(reader) || !sim_reader_lookup(kinds, reader->token.text, &kind))
            break;
        sim_reader_advance(reader);
    }
    setting->number[1] = good && sim_reader_accept(reader, "silently");
    return good;
}
