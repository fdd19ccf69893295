#include "cli/packet_line.h"

#include <string.h>

#define USUAL_TTL       255u /* mtr-packet's */
#define USUAL_SIZE      64u
#define USUAL_TIMEOUT_S 10
#define MOST_TIMEOUT_S  INT64_C(1000000)
#define FIRST_USER_PORT 1024 /* those below take privilege to bind */
#define DIGITS          18u  /* of the numbers that fit in any case */

struct word {
    const char *text;
    size_t length;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word; false behind the last. */
static bool next_word(struct word *rest, struct word *word)
{
    while (rest->length > 0 && is_space(*rest->text)) {
        rest->text++;
        rest->length--;
    }
    *word = (struct word){rest->text, 0};
    while (word->length < rest->length && !is_space(word->text[word->length]))
        word->length++;
    rest->text += word->length;
    rest->length -= word->length;
    return word->length > 0;
}

static bool is(const struct word *word, const char *name)
{
    return strlen(name) == word->length && memcmp(word->text, name, word->length) == 0;
}

/* A decimal number from `least` to `most`. */
static bool read_number(const struct word *word, int64_t least, int64_t most, int64_t *number)
{
    size_t at = word->text[0] == '-' || word->text[0] == '+';
    int64_t value = 0;
    if (at == word->length || word->length - at > DIGITS)
        return false;
    for (size_t i = at; i < word->length; i++) {
        if (word->text[i] < '0' || word->text[i] > '9')
            return false;
        value = value * 10 + (word->text[i] - '0');
    }
    *number = word->text[0] == '-' ? -value : value;
    return *number >= least && *number <= most;
}

/* --- values of arguments --------------------------------------------------------------------- */

static bool read_u8(const struct word *word, int64_t least, uint8_t *value)
{
    int64_t number;
    if (!read_number(word, least, UINT8_MAX, &number))
        return false;
    *value = (uint8_t)number;
    return true;
}

static bool read_u16(const struct word *word, int64_t least, uint16_t *value)
{
    int64_t number;
    if (!read_number(word, least, UINT16_MAX, &number))
        return false;
    *value = (uint16_t)number;
    return true;
}

static bool read_address(const struct word *word, enum sonde_family family,
                         struct sonde_address *address)
{
    char text[SONDE_ADDRESS_TEXT];
    if (word->length >= sizeof text)
        return false;
    memcpy(text, word->text, word->length);
    text[word->length] = '\0';
    return strlen(text) == word->length && sonde_address_parse(text, address) &&
           address->family == family;
}

static bool read_protocol(const struct word *word, enum sonde_probe_kind *kind)
{
    static const struct {
        const char *name;
        enum sonde_probe_kind kind;
    } protocols[] = {
        {"icmp", SONDE_PROBE_ECHO},
        {"udp", SONDE_PROBE_UDP},
        {"tcp", SONDE_PROBE_TCP},
        {"sctp", SONDE_PROBE_SCTP},
    };
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (!is(word, protocols[i].name))
            continue;
        *kind = protocols[i].kind;
        return true;
    }
    return false;
}

static bool read_device(const struct word *word, char *device)
{
    if (word->length >= PACKET_DEVICE_ROOM || memchr(word->text, '\0', word->length))
        return false;
    memcpy(device, word->text, word->length);
    device[word->length] = '\0';
    return true;
}

/* One argument of send-probe; true also for those that nobody knows. */
static bool read_argument(const struct word *name, const struct word *value,
                          struct packet_request *request)
{
    int64_t number;
    if (is(name, "ip-4"))
        return read_address(value, SONDE_IPV4, &request->address);
    if (is(name, "ip-6"))
        return read_address(value, SONDE_IPV6, &request->address);
    if (is(name, "local-ip-4"))
        return read_address(value, SONDE_IPV4, &request->source);
    if (is(name, "local-ip-6"))
        return read_address(value, SONDE_IPV6, &request->source);
    if (is(name, "protocol"))
        return read_protocol(value, &request->kind);
    if (is(name, "port"))
        return read_u16(value, 0, &request->port);
    if (is(name, "local-port"))
        return read_u16(value, FIRST_USER_PORT, &request->local_port);
    if (is(name, "local-device"))
        return read_device(value, request->device);
    if (is(name, "ttl"))
        return read_u8(value, 1, &request->hop_limit);
    if (is(name, "size"))
        return read_u16(value, 0, &request->size);
    if (is(name, "tos"))
        return read_u8(value, 0, &request->traffic_class);
    if (is(name, "bit-pattern")) {
        /* mtr asks for a random byte with a value from 256 to 511 */
        bool good = read_number(value, INT32_MIN, INT32_MAX, &number);
        request->fill = good ? (uint8_t)number : 0;
        return good;
    }
    if (is(name, "mark")) {
        bool good = read_number(value, 0, UINT32_MAX, &number);
        request->mark = good ? (uint32_t)number : 0;
        return good;
    }
    if (is(name, "timeout")) {
        bool good = read_number(value, 0, MOST_TIMEOUT_S, &number);
        request->timeout = sonde_span_s(good ? number : 0);
        return good;
    }
    return true;
}

static bool is_unspecified(const struct sonde_address *address)
{
    static const uint8_t zeros[sizeof address->bytes];
    return memcmp(address->bytes, zeros, sonde_address_length(address)) == 0;
}

/* Arguments that do not go together make the line invalid. */
static void settle(struct packet_line *line)
{
    struct packet_request *request = &line->request;
    if (request->source.family != SONDE_FAMILY_NONE && is_unspecified(&request->source))
        request->source = (struct sonde_address){.family = SONDE_FAMILY_NONE};
    if (request->address.family == SONDE_FAMILY_NONE || is_unspecified(&request->address) ||
        (request->source.family != SONDE_FAMILY_NONE &&
         request->source.family != request->address.family))
        line->kind = PACKET_LINE_INVALID;
}

static void read_probe(struct packet_line *line, struct word rest)
{
    struct word name, value;
    line->request = (struct packet_request){
        .kind = SONDE_PROBE_ECHO,
        .size = USUAL_SIZE,
        .hop_limit = USUAL_TTL,
        .timeout = sonde_span_s(USUAL_TIMEOUT_S),
    };
    line->kind = PACKET_LINE_PROBE;
    while (next_word(&rest, &name)) {
        if (next_word(&rest, &value) && read_argument(&name, &value, &line->request))
            continue;
        line->kind = PACKET_LINE_INVALID;
        return;
    }
    settle(line);
}

static enum packet_feature feature_named(const struct word *word)
{
    static const struct {
        const char *name;
        enum packet_feature feature;
    } features[] = {
        {"version", PACKET_FEATURE_VERSION}, {"ip-4", PACKET_FEATURE_IPV4},
        {"ip-6", PACKET_FEATURE_IPV6},       {"send-probe", PACKET_FEATURE_SEND_PROBE},
        {"icmp", PACKET_FEATURE_ICMP},       {"udp", PACKET_FEATURE_UDP},
        {"tcp", PACKET_FEATURE_TCP},         {"sctp", PACKET_FEATURE_SCTP},
        {"mark", PACKET_FEATURE_MARK},       {"local-device", PACKET_FEATURE_DEVICE},
    };
    for (size_t i = 0; i < sizeof features / sizeof *features; i++)
        if (is(word, features[i].name))
            return features[i].feature;
    return PACKET_FEATURE_NONE;
}

static void read_support(struct packet_line *line, struct word rest)
{
    struct word name, value;
    line->kind = PACKET_LINE_INVALID;
    while (next_word(&rest, &name)) {
        if (!next_word(&rest, &value)) {
            line->kind = PACKET_LINE_INVALID;
            return;
        }
        if (!is(&name, "feature"))
            continue;
        line->kind = PACKET_LINE_SUPPORT;
        line->feature = feature_named(&value);
    }
}

void packet_line_read(struct packet_line *line, const char *text, size_t length)
{
    struct word rest = {text, length};
    struct word token, command;
    *line = (struct packet_line){.kind = PACKET_LINE_NO_TOKEN};
    if (!next_word(&rest, &token) || !read_number(&token, INT64_MIN, INT64_MAX, &line->token))
        return;
    if (!next_word(&rest, &command))
        line->kind = PACKET_LINE_INVALID;
    else if (is(&command, "send-probe"))
        read_probe(line, rest);
    else if (is(&command, "check-support"))
        read_support(line, rest);
    else
        line->kind = PACKET_LINE_UNKNOWN;
}
