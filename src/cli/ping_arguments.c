#include "cli/ping_arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/printable.h"
#include "cli/node_group.h"
#include "cli/ping_options.h"
#include "net/names.h"
#include "packet/node_info.h"

#define HEX_DIGITS "0123456789abcdefABCDEF"

static uint8_t hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return (uint8_t)(digit - '0');
    return (uint8_t)((digit | 0x20) - 'a' + 10);
}

bool ping_read_pattern(const struct cli_option *option, const char *argument, void *member,
                       struct cli_error *error)
{
    (void)option;
    struct ping_pattern pattern = {0};
    const char *wrong = argument + strspn(argument, HEX_DIGITS);
    if (*wrong) {
        char rest[128];
        cli_error_argument(error, "is not a pattern (expected hexadecimal digits)");
        snprintf(error->peer, sizeof error->peer, "patterns must be specified as hex digits: %s",
                 base_printable(wrong, strlen(wrong), rest, sizeof rest));
        return false;
    }
    while (*argument && pattern.length < PING_PATTERN_BYTES) {
        uint8_t byte = hex_value(*argument++);
        if (*argument)
            byte = (uint8_t)(byte << 4 | hex_value(*argument++));
        pattern.bytes[pattern.length++] = byte;
    }
    *(struct ping_pattern *)member = pattern;
    return true;
}

/* RFC 2474, 2597, 3246, 5865, 8622; RFC 1349 for the older four. */
static const struct {
    const char *name;
    uint8_t value;
} classes[] = {
    {"cs0", 0x00},        {"cs1", 0x20},         {"cs2", 0x40},     {"cs3", 0x60},
    {"cs4", 0x80},        {"cs5", 0xa0},         {"cs6", 0xc0},     {"cs7", 0xe0},
    {"af11", 0x28},       {"af12", 0x30},        {"af13", 0x38},    {"af21", 0x48},
    {"af22", 0x50},       {"af23", 0x58},        {"af31", 0x68},    {"af32", 0x70},
    {"af33", 0x78},       {"af41", 0x88},        {"af42", 0x90},    {"af43", 0x98},
    {"ef", 0xb8},         {"voice-admit", 0xb0}, {"le", 0x04},      {"lowdelay", 0x10},
    {"throughput", 0x08}, {"reliability", 0x04}, {"mincost", 0x02},
};

bool ping_read_traffic_class(const struct cli_option *option, const char *argument, void *member,
                             struct cli_error *error)
{
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(argument, classes[i].name) == 0) {
            *(int64_t *)member = classes[i].value;
            return true;
        }
    switch (base_parse_integer(argument, option->min, option->max, member)) {
    case BASE_NUMBER_OK:
        return true;
    case BASE_NUMBER_OUT_OF_RANGE:
        cli_error_argument(error, "is out of range (expected 0 to 255)");
        snprintf(error->peer, sizeof error->peer,
                 "the decimal value of TOS bits must be in range 0-255: %lld",
                 (long long)strtoll(argument, NULL, 0));
        return false;
    default:
        cli_error_argument(error,
                           "is not a traffic class (expected 0 to 255, or a name like af41, ef)");
        return false;
    }
}

static bool read_percentile(const char *text, size_t length, uint32_t *ppm)
{
    char number[16];
    const size_t whole = strspn(text, "0123456789");
    const size_t used =
        whole + (text[whole] == '.' ? 1 + strspn(text + whole + 1, "0123456789") : 0);
    if (length == 0 || length >= sizeof number || used != length || length > whole + 5)
        return false;
    memcpy(number, text, length);
    number[length] = '\0';
    struct sonde_span parts; /* a decimal number in units of 1/10,000 */
    if (base_parse_duration(number, (struct sonde_span){10000}, (struct sonde_span){0},
                            (struct sonde_span){1000000}, &parts) != BASE_NUMBER_OK)
        return false;
    *ppm = (uint32_t)parts.ns;
    return true;
}

bool ping_read_percentiles(const struct cli_option *option, const char *argument, void *member,
                           struct cli_error *error)
{
    (void)option;
    struct ping_percentiles percentiles = {0};
    for (;;) {
        const size_t length = strcspn(argument, ",");
        if (percentiles.count == PING_PERCENTILES) {
            cli_error_argument(error, "has too many items (expected %d at most)", PING_PERCENTILES);
            return false;
        }
        if (!read_percentile(argument, length, &percentiles.ppm[percentiles.count++])) {
            cli_error_argument(error, "is not a list of percentiles (expected numbers from 0 to "
                                      "100 with commas in between: 50,90,99.9)");
            return false;
        }
        if (argument[length] == '\0')
            break;
        argument += length + 1;
    }
    *(struct ping_percentiles *)member = percentiles;
    return true;
}

bool ping_read_source(const struct cli_option *option, const char *argument, void *member,
                      struct cli_error *error)
{
    (void)option;
    struct ping_source *source = member;
    struct sonde_address address;
    const char *percent = strchr(argument, ':') ? strchr(argument, '%') : NULL;
    char bare[SONDE_ADDRESS_TEXT];
    const size_t length = percent ? (size_t)(percent - argument) : strlen(argument);
    const char *device = percent ? percent + 1 : argument;
    bare[0] = '\0';
    if (length < sizeof bare) {
        memcpy(bare, argument, length);
        bare[length] = '\0';
    }
    const bool is_address = sonde_address_parse(bare, &address);
    if (!is_address && strchr(argument, ':')) {
        cli_error_argument(error, "is not an address");
        return false;
    }
    if ((percent || !is_address) && (*device == '\0' || strlen(device) >= NET_DEVICE_NAME)) {
        cli_error_argument(error, "is neither an address nor a device");
        return false;
    }
    if (is_address)
        source->address = address;
    if (percent || !is_address)
        source->device = device;
    return true;
}

bool ping_read_far_interface(const struct cli_option *option, const char *argument, void *member,
                             struct cli_error *error)
{
    (void)option;
    struct ping_far_interface far = {.text = argument};
    int64_t index;
    const size_t length = strlen(argument);
    if (sonde_address_parse(argument, &far.address) && far.address.scope == 0) {
        far.kind = PING_FAR_ADDRESS;
    } else if (length > 0 && strspn(argument, "0123456789") == length) {
        far.address = (struct sonde_address){0};
        if (base_parse_integer(argument, 1, UINT32_MAX, &index) != BASE_NUMBER_OK) {
            cli_error_argument(error, "is out of range (expected an index of 1 to 4294967295)");
            return false;
        }
        far.kind = PING_FAR_INDEX;
        far.index = (uint32_t)index;
    } else if (length > 0 && length <= 255 && !strchr(argument, ':')) {
        far.address = (struct sonde_address){0};
        far.kind = PING_FAR_NAME;
    } else {
        cli_error_argument(error, "is not an interface (expected its name, index or address)");
        return false;
    }
    *(struct ping_far_interface *)member = far;
    return true;
}

static const struct {
    const char *word;
    uint16_t qtype; /* 0: a subject */
    uint16_t flags;
    enum ping_subject subject;
} node_words[] = {
    {"name", PACKET_NODE_NAME, 0, 0},
    {"fqdn", PACKET_NODE_NAME, 0, 0},
    {"ipv6", PACKET_NODE_IPV6, 0, 0},
    {"ipv6-all", PACKET_NODE_IPV6, PACKET_NODE_ALL, 0},
    {"ipv6-compatible", PACKET_NODE_IPV6, PACKET_NODE_COMPATIBLE, 0},
    {"ipv6-linklocal", PACKET_NODE_IPV6, PACKET_NODE_LINK_LOCAL, 0},
    {"ipv6-sitelocal", PACKET_NODE_IPV6, PACKET_NODE_SITE_LOCAL, 0},
    {"ipv6-global", PACKET_NODE_IPV6, PACKET_NODE_GLOBAL, 0},
    {"ipv4", PACKET_NODE_IPV4, 0, 0},
    {"ipv4-all", PACKET_NODE_IPV4, PACKET_NODE_ALL, 0},
    {"subject-ipv6", 0, 0, PING_SUBJECT_IPV6},
    {"subject-ipv4", 0, 0, PING_SUBJECT_IPV4},
    {"subject-name", 0, 0, PING_SUBJECT_NAME},
    {"subject-fqdn", 0, 0, PING_SUBJECT_FULL_NAME},
};

const char *ping_node_words(void)
{
    return "Query:\n"
           "  name\n"
           "  ipv6\n"
           "  ipv6-all\n"
           "  ipv6-compatible\n"
           "  ipv6-global\n"
           "  ipv6-linklocal\n"
           "  ipv6-sitelocal\n"
           "  ipv4\n"
           "  ipv4-all\n"
           "Subject:\n"
           "  subject-ipv6=addr\n"
           "  subject-ipv4=addr\n"
           "  subject-name=name\n"
           "  subject-fqdn=name\n";
}

/* A name, maybe with a device behind it: NAME%eth0. */
static bool add_name(struct ping_node_query *query, const char *word, struct cli_error *error)
{
    char text[SONDE_ADDRESS_TEXT];
    struct sonde_address group;
    const size_t length = strcspn(word, "%");
    const char *device = word + length;
    if (length >= sizeof query->name) {
        cli_error_argument(error, "is not a name");
        return false;
    }
    memcpy(query->name, word, length);
    query->name[length] = '\0';
    if (!cli_node_group(query->name, &group)) {
        cli_error_argument(error, "is not a name");
        return false;
    }
    if (strlen(device) > NET_DEVICE_NAME || strcmp(device, "%") == 0) {
        cli_error_argument(error, "has no name of a device behind the %%");
        return false;
    }
    snprintf(query->group, sizeof query->group, "%s%s", sonde_address_format(&group, text), device);
    return true;
}

/* Adds what one word says to the query; false when the query says something else already. */
static bool add_to_query(struct ping_node_query *query, size_t word, const char *subject,
                         struct cli_error *error)
{
    const bool names_a_name = node_words[word].subject >= PING_SUBJECT_NAME;
    if (node_words[word].qtype) {
        if (query->qtype && query->qtype != node_words[word].qtype) {
            cli_error_argument(error, "asks for something else than the --node-info before");
            snprintf(error->peer, sizeof error->peer, "Qtype conflict");
            return false;
        }
        query->qtype = node_words[word].qtype;
        query->flags |= node_words[word].flags;
        return true;
    }
    if (query->subject != PING_SUBJECT_TARGET && query->subject != node_words[word].subject &&
        !(names_a_name && query->subject >= PING_SUBJECT_NAME)) {
        cli_error_argument(error, "names another kind of subject than the --node-info before");
        snprintf(error->peer, sizeof error->peer, "Subject type conflict");
        return false;
    }
    query->subject = node_words[word].subject;
    query->subject_text = subject;
    return !names_a_name || add_name(query, subject, error);
}

bool ping_read_node(const struct cli_option *option, const char *argument, void *member,
                    struct cli_error *error)
{
    (void)option;
    struct ping_node_query *query = member;
    if (strcmp(argument, "help") == 0) {
        query->help = true;
        return true;
    }
    const size_t length = strcspn(argument, "=");
    for (size_t i = 0; i < sizeof node_words / sizeof *node_words; i++) {
        if (strlen(node_words[i].word) != length ||
            strncmp(node_words[i].word, argument, length) != 0)
            continue;
        const bool takes_value = node_words[i].qtype == 0;
        if (takes_value != (argument[length] == '=') || (takes_value && !argument[length + 1]))
            break;
        return add_to_query(query, i, argument + length + takes_value, error);
    }
    cli_error_argument(error, "is not a question to a node; `--node-info help` lists them");
    return false;
}
