#include "cli/packet_reply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "packet/extension.h"
#include "packet/icmp_types.h"

#define NS_PER_US 1000
#define LABEL_MAX 32u /* characters of one label's four values, with commas */

/* A line that grows; what does not fit is left out. */
struct text {
    char *line;
    size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text, const char *format, ...)
{
    const size_t room = PACKET_REPLY_ROOM - 1 - text->used; /* the newline has its place */
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text->line + text->used, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->used += (size_t)length < room ? (size_t)length : room - 1;
}

static size_t end(struct text *text)
{
    text->line[text->used++] = '\n';
    text->line[text->used] = '\0';
    return text->used;
}

static struct text begin(char *line, int64_t token, const char *word)
{
    struct text text = {line, 0};
    add(&text, "%" PRId64 " %s", token, word);
    return text;
}

size_t packet_reply_word(char line[PACKET_REPLY_ROOM], int64_t token, const char *word)
{
    struct text text = begin(line, token, word);
    return end(&text);
}

size_t packet_reply_support(char line[PACKET_REPLY_ROOM], int64_t token, const char *support)
{
    struct text text = begin(line, token, "feature-support support ");
    add(&text, "%s", support);
    return end(&text);
}

/* NULL: the protocol has no word for it. */
static const char *word_for(int error)
{
    switch (error) {
    case EINVAL:
    case EMSGSIZE:
    case EAFNOSUPPORT:
    case ENODEV:
        return "invalid-argument";
    case ENETDOWN:
    case ENOBUFS: /* the device is congested: a probe is lost, and mtr goes on */
    case EAGAIN:
        return "network-down";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "no-route";
    case EPERM:
    case EACCES:
        return "permission-denied";
    case EADDRINUSE:
        return "address-in-use";
    case EADDRNOTAVAIL:
        return "address-not-available";
    case ENOMEM:
        return "probes-exhausted";
    default:
        return NULL;
    }
}

size_t packet_reply_error(char line[PACKET_REPLY_ROOM], int64_t token, int error)
{
    const char *word = word_for(error);
    struct text text = begin(line, token, word ? word : "unexpected-error errno ");
    if (!word)
        add(&text, "%d", error);
    return end(&text);
}

/* Label, traffic class, bottom of stack and TTL of each entry: RFC 4950. */
static void add_labels(struct text *text, struct sonde_bytes extensions)
{
    struct packet_extension_object object;
    struct packet_mpls entry;
    bool any = false;
    struct packet_reader objects = packet_extension_objects(extensions);
    while (packet_extension_next(&objects, &object) == 1) {
        for (size_t i = 0; packet_extension_mpls(&object, i, &entry) == 1; i++) {
            if (text->used + LABEL_MAX > PACKET_REPLY_ROOM)
                return;
            add(text, "%s%" PRIu32 ",%u,%d,%u", any ? "," : " mpls ", entry.label,
                entry.traffic_class, entry.bottom, entry.ttl);
            any = true;
        }
    }
}

static size_t answer(char *line, int64_t token, const char *word,
                     const struct sonde_outcome *outcome)
{
    struct text text = begin(line, token, word);
    struct sonde_address from = outcome->from;
    char address[SONDE_ADDRESS_TEXT];
    from.scope = 0; /* the protocol's addresses have none */
    const int64_t ns = outcome->rtt_known ? outcome->rtt.ns : 0;
    add(&text, " %s %s round-trip-time %" PRId64, from.family == SONDE_IPV6 ? "ip-6" : "ip-4",
        sonde_address_format(&from, address), (ns + NS_PER_US / 2) / NS_PER_US);
    if (outcome->extensions.length > 0)
        add_labels(&text, outcome->extensions);
    return end(&text);
}

/* A host says that there is nobody behind its port: the probe has come to its end. */
static bool reached(const struct sonde_outcome *outcome)
{
    return outcome->from.family == SONDE_IPV4
               ? outcome->icmp_type == PACKET_ICMPV4_UNREACHABLE &&
                     outcome->icmp_code == PACKET_ICMPV4_PORT_UNREACHABLE
               : outcome->icmp_type == PACKET_ICMPV6_UNREACHABLE &&
                     outcome->icmp_code == PACKET_ICMPV6_PORT_UNREACHABLE;
}

size_t packet_reply_outcome(char line[PACKET_REPLY_ROOM], int64_t token,
                            const struct sonde_outcome *outcome)
{
    const bool somebody = outcome->from.family != SONDE_FAMILY_NONE;
    switch (outcome->kind) {
    case SONDE_REPLY:
        return answer(line, token, "reply", outcome);
    case SONDE_TIME_EXCEEDED:
        return answer(line, token, "ttl-expired", outcome);
    case SONDE_UNREACHABLE:
        if (somebody && reached(outcome))
            return answer(line, token, "reply", outcome);
        return somebody ? answer(line, token, "no-route", outcome)
                        : packet_reply_word(line, token, "no-route");
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
        return somebody ? answer(line, token, "no-route", outcome)
                        : packet_reply_word(line, token, "no-route");
    case SONDE_SEND_FAILED:
        return packet_reply_error(line, token, outcome->error);
    default:
        return packet_reply_word(line, token, "no-reply");
    }
}
