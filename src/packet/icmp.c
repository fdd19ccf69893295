#include "packet/icmp.h"

#include <errno.h>

#include "packet/checksum.h"
#include "packet/protocol.h"

#define BASE_BYTES               4u /* type, code, checksum */
#define OPTION_REDIRECTED_HEADER 4u /* RFC 4861 section 4.6.3 */

static enum packet_icmp_form form_v4(uint8_t type)
{
    switch (type) {
    case PACKET_ICMPV4_ECHO:
    case PACKET_ICMPV4_ECHO_REPLY:
        return PACKET_ICMP_ECHO;
    case PACKET_ICMPV4_TIMESTAMP:
    case PACKET_ICMPV4_TIMESTAMP_REPLY:
        return PACKET_ICMP_TIMES;
    case PACKET_ICMPV4_EXTENDED_ECHO:
        return PACKET_ICMP_EXTENDED_ECHO_REQUEST;
    case PACKET_ICMPV4_EXTENDED_ECHO_REPLY:
        return PACKET_ICMP_EXTENDED_ECHO_ANSWER;
    case PACKET_ICMPV4_UNREACHABLE:
    case PACKET_ICMPV4_SOURCE_QUENCH:
    case PACKET_ICMPV4_REDIRECT:
    case PACKET_ICMPV4_TIME_EXCEEDED:
    case PACKET_ICMPV4_PARAMETER_PROBLEM:
        return PACKET_ICMP_ERROR;
    default:
        return PACKET_ICMP_OTHER;
    }
}

static enum packet_icmp_form form_v6(uint8_t type)
{
    switch (type) {
    case PACKET_ICMPV6_ECHO:
    case PACKET_ICMPV6_ECHO_REPLY:
        return PACKET_ICMP_ECHO;
    case PACKET_ICMPV6_EXTENDED_ECHO:
        return PACKET_ICMP_EXTENDED_ECHO_REQUEST;
    case PACKET_ICMPV6_EXTENDED_ECHO_REPLY:
        return PACKET_ICMP_EXTENDED_ECHO_ANSWER;
    case PACKET_ICMPV6_NODE_INFO:
    case PACKET_ICMPV6_NODE_INFO_REPLY:
        return PACKET_ICMP_NODE;
    case PACKET_ICMPV6_REDIRECT:
        return PACKET_ICMP_ERROR;
    default:
        /* RFC 4443 section 2.1: the high bit tells errors from information. */
        return type > 0 && type < 128 ? PACKET_ICMP_ERROR : PACKET_ICMP_OTHER;
    }
}

enum packet_icmp_form packet_icmp_form(enum sonde_family family, uint8_t type)
{
    return family == SONDE_IPV4 ? form_v4(type) : form_v6(type);
}

static struct sonde_address read_address(struct packet_reader *reader, enum sonde_family family)
{
    uint8_t bytes[16];
    packet_read_copy(reader, bytes, family == SONDE_IPV4 ? 4 : 16);
    return sonde_address_from_bytes(family, bytes);
}

/* Divides quote and extensions; `length_field` is in units of the type. */
static void read_quote(struct packet_reader *reader, struct packet_icmp *message,
                       uint8_t length_field)
{
    struct packet_icmp_error *error = &message->error;
    size_t unit = packet_extension_unit(message->family, message->type);
    struct sonde_bytes body = packet_rest(reader);
    error->quote = body;
    if (unit)
        error->form =
            packet_extension_locate(body, length_field * unit, &error->quote, &error->extensions);
}

static void parse_error_v4(struct packet_reader *reader, struct packet_icmp *message)
{
    struct packet_icmp_error *error = &message->error;
    struct packet_reader redirect = *reader;
    uint8_t fifth = packet_read_u8(reader);
    uint8_t length_field = packet_read_u8(reader);
    uint16_t low = packet_read_u16(reader);
    if (message->type == PACKET_ICMPV4_PARAMETER_PROBLEM)
        error->pointer = fifth;
    if (message->type == PACKET_ICMPV4_UNREACHABLE &&
        message->code == PACKET_ICMPV4_FRAGMENTATION_NEEDED)
        error->mtu = low;
    if (message->type == PACKET_ICMPV4_REDIRECT)
        error->gateway = read_address(&redirect, SONDE_IPV4);
    read_quote(reader, message, length_field);
}

/* The quote is in one of the options that follow, each of which tells its length in eights. */
static void parse_redirect_v6(struct packet_reader *reader, struct packet_icmp_error *error)
{
    packet_skip(reader, 4);
    error->gateway = read_address(reader, SONDE_IPV6);
    error->redirected = read_address(reader, SONDE_IPV6);
    if (reader->failed)
        return;
    struct packet_reader options = packet_reader_over(packet_rest(reader));
    while (packet_left(&options) >= 8) {
        uint8_t type = packet_read_u8(&options);
        size_t length = packet_read_u8(&options) * (size_t)8;
        if (length == 0)
            return;
        size_t left = packet_left(&options);
        struct sonde_bytes rest =
            packet_read_bytes(&options, length - 2 < left ? length - 2 : left);
        if (type != OPTION_REDIRECTED_HEADER)
            continue;
        struct packet_reader redirected = packet_reader_over(rest);
        packet_skip(&redirected, 6);
        error->quote = packet_rest(&redirected);
        return;
    }
}

static void parse_error_v6(struct packet_reader *reader, struct packet_icmp *message)
{
    struct packet_icmp_error *error = &message->error;
    if (message->type == PACKET_ICMPV6_REDIRECT) {
        parse_redirect_v6(reader, error);
        return;
    }
    uint32_t word = packet_read_u32(reader);
    if (message->type == PACKET_ICMPV6_TOO_BIG)
        error->mtu = word;
    if (message->type == PACKET_ICMPV6_PARAMETER_PROBLEM)
        error->pointer = word;
    read_quote(reader, message, (uint8_t)(word >> 24));
}

static void parse_extended(struct packet_reader *reader, bool reply,
                           struct packet_icmp_extended *extended)
{
    extended->identifier = packet_read_u16(reader);
    extended->sequence = packet_read_u8(reader);
    uint8_t flags = packet_read_u8(reader);
    if (!reply) {
        extended->local = flags & 1;
        return;
    }
    extended->state = flags >> 5;
    extended->active = flags & 4;
    extended->ipv4 = flags & 2;
    extended->ipv6 = flags & 1;
}

static void parse_form(struct packet_reader *reader, struct packet_icmp *message)
{
    switch (message->form) {
    case PACKET_ICMP_OTHER:
        message->word = packet_read_u32(reader);
        break;
    case PACKET_ICMP_ECHO:
        message->echo.identifier = packet_read_u16(reader);
        message->echo.sequence = packet_read_u16(reader);
        break;
    case PACKET_ICMP_TIMES:
        message->timestamp.identifier = packet_read_u16(reader);
        message->timestamp.sequence = packet_read_u16(reader);
        message->timestamp.originate = packet_read_u32(reader);
        message->timestamp.receive = packet_read_u32(reader);
        message->timestamp.transmit = packet_read_u32(reader);
        break;
    case PACKET_ICMP_EXTENDED_ECHO_REQUEST:
    case PACKET_ICMP_EXTENDED_ECHO_ANSWER:
        parse_extended(reader, message->form == PACKET_ICMP_EXTENDED_ECHO_ANSWER,
                       &message->extended);
        break;
    case PACKET_ICMP_NODE:
        message->node.qtype = packet_read_u16(reader);
        message->node.flags = packet_read_u16(reader);
        packet_read_copy(reader, message->node.nonce, sizeof(message->node.nonce));
        break;
    case PACKET_ICMP_ERROR:
        if (message->family == SONDE_IPV4)
            parse_error_v4(reader, message);
        else
            parse_error_v6(reader, message);
        break;
    }
}

int packet_icmp_parse(enum sonde_family family, struct sonde_bytes bytes,
                      struct packet_icmp *message)
{
    *message = (struct packet_icmp){.family = (uint8_t)family};
    if (family != SONDE_IPV4 && family != SONDE_IPV6)
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(bytes);
    message->type = packet_read_u8(&reader);
    message->code = packet_read_u8(&reader);
    message->checksum = packet_read_u16(&reader);
    if (reader.failed) {
        *message = (struct packet_icmp){.family = (uint8_t)family};
        return -ENODATA;
    }
    struct packet_icmp base = *message;
    message->form = packet_icmp_form(family, message->type);
    parse_form(&reader, message);
    if (reader.failed) {
        *message = base;
        return -ENODATA;
    }
    message->payload = packet_rest(&reader);
    return 0;
}

bool packet_icmp_checksum_ok(enum sonde_family family, struct sonde_bytes bytes,
                             const struct sonde_address *source,
                             const struct sonde_address *destination)
{
    if (bytes.length < BASE_BYTES)
        return false;
    struct packet_sum sum = {0};
    if (family == SONDE_IPV6)
        packet_sum_pseudo(&sum, source, destination, PACKET_ICMPV6, (uint32_t)bytes.length);
    packet_sum_add(&sum, bytes.data, bytes.length);
    return packet_sum_ok(&sum);
}

int packet_icmp_request_type(enum sonde_family family, enum sonde_probe_kind kind)
{
    bool v4 = family == SONDE_IPV4;
    switch (kind) {
    case SONDE_PROBE_ECHO:
        return v4 ? (int)PACKET_ICMPV4_ECHO : (int)PACKET_ICMPV6_ECHO;
    case SONDE_PROBE_TIMESTAMP:
        return v4 ? (int)PACKET_ICMPV4_TIMESTAMP : -1;
    case SONDE_PROBE_EXTENDED_ECHO:
        return v4 ? (int)PACKET_ICMPV4_EXTENDED_ECHO : (int)PACKET_ICMPV6_EXTENDED_ECHO;
    case SONDE_PROBE_NODE_INFO:
        return v4 ? -1 : (int)PACKET_ICMPV6_NODE_INFO;
    case SONDE_PROBE_UDP:
    case SONDE_PROBE_TCP:
    case SONDE_PROBE_SCTP:
        break;
    }
    return -1;
}

int packet_icmp_reply_type(enum sonde_family family, uint8_t request_type)
{
    static const struct {
        uint8_t family, request, reply;
    } pairs[] = {
        {SONDE_IPV4, PACKET_ICMPV4_ECHO, PACKET_ICMPV4_ECHO_REPLY},
        {SONDE_IPV4, PACKET_ICMPV4_TIMESTAMP, PACKET_ICMPV4_TIMESTAMP_REPLY},
        {SONDE_IPV4, PACKET_ICMPV4_EXTENDED_ECHO, PACKET_ICMPV4_EXTENDED_ECHO_REPLY},
        {SONDE_IPV4, PACKET_ICMPV4_INFORMATION, PACKET_ICMPV4_INFORMATION_REPLY},
        {SONDE_IPV4, PACKET_ICMPV4_ADDRESS_MASK, PACKET_ICMPV4_ADDRESS_MASK_REPLY},
        {SONDE_IPV6, PACKET_ICMPV6_ECHO, PACKET_ICMPV6_ECHO_REPLY},
        {SONDE_IPV6, PACKET_ICMPV6_EXTENDED_ECHO, PACKET_ICMPV6_EXTENDED_ECHO_REPLY},
        {SONDE_IPV6, PACKET_ICMPV6_NODE_INFO, PACKET_ICMPV6_NODE_INFO_REPLY},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].family == family && pairs[i].request == request_type)
            return pairs[i].reply;
    return -1;
}

static int outcome_v4(uint8_t type, uint8_t code)
{
    switch (type) {
    case PACKET_ICMPV4_ECHO_REPLY:
    case PACKET_ICMPV4_TIMESTAMP_REPLY:
    case PACKET_ICMPV4_EXTENDED_ECHO_REPLY:
        return SONDE_REPLY;
    case PACKET_ICMPV4_UNREACHABLE:
        return code == PACKET_ICMPV4_FRAGMENTATION_NEEDED ? SONDE_TOO_BIG : SONDE_UNREACHABLE;
    case PACKET_ICMPV4_TIME_EXCEEDED:
        return SONDE_TIME_EXCEEDED;
    case PACKET_ICMPV4_PARAMETER_PROBLEM:
        return SONDE_PARAMETER_PROBLEM;
    case PACKET_ICMPV4_REDIRECT:
        return SONDE_REDIRECT;
    case PACKET_ICMPV4_SOURCE_QUENCH:
        return SONDE_SOURCE_QUENCH;
    default:
        return -1;
    }
}

static int outcome_v6(uint8_t type)
{
    switch (type) {
    case PACKET_ICMPV6_ECHO_REPLY:
    case PACKET_ICMPV6_EXTENDED_ECHO_REPLY:
    case PACKET_ICMPV6_NODE_INFO_REPLY:
        return SONDE_REPLY;
    case PACKET_ICMPV6_TOO_BIG:
        return SONDE_TOO_BIG;
    case PACKET_ICMPV6_TIME_EXCEEDED:
        return SONDE_TIME_EXCEEDED;
    case PACKET_ICMPV6_PARAMETER_PROBLEM:
        return SONDE_PARAMETER_PROBLEM;
    case PACKET_ICMPV6_REDIRECT:
        return SONDE_REDIRECT;
    default:
        return type > 0 && type < 128 ? (int)SONDE_UNREACHABLE : -1;
    }
}

int packet_icmp_outcome(enum sonde_family family, uint8_t type, uint8_t code)
{
    return family == SONDE_IPV4 ? outcome_v4(type, code) : outcome_v6(type);
}

bool packet_icmp_lease(const struct packet_icmp *message, uint16_t *identifier, uint16_t *sequence)
{
    switch (message->form) {
    case PACKET_ICMP_ECHO:
        *identifier = message->echo.identifier;
        *sequence = message->echo.sequence;
        return true;
    case PACKET_ICMP_TIMES:
        *identifier = message->timestamp.identifier;
        *sequence = message->timestamp.sequence;
        return true;
    case PACKET_ICMP_EXTENDED_ECHO_REQUEST:
    case PACKET_ICMP_EXTENDED_ECHO_ANSWER:
        *identifier = message->extended.identifier;
        *sequence = message->extended.sequence;
        return true;
    case PACKET_ICMP_NODE: {
        const uint8_t *nonce = message->node.nonce;
        *identifier = (uint16_t)(nonce[0] << 8 | nonce[1]);
        *sequence = (uint16_t)(nonce[2] << 8 | nonce[3]);
        return true;
    }
    default:
        return false;
    }
}
