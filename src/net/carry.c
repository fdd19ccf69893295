#define _GNU_SOURCE /* struct in6_pktinfo */

#include "net/carry.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { V4_HEADER = 20, V6_HEADER = 40, UPPER_HEADER = 8 }; /* the last: at least */
enum { UDP_HEADER = 8 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LOOSE_ROUTE = 131, OPTION_STRICT_ROUTE = 137 };

static void put(struct msghdr *message, size_t *used, int level, int type, const void *data,
                size_t length)
{
    struct cmsghdr *control = (struct cmsghdr *)((uint8_t *)message->msg_control + *used);

    if (*used + CMSG_SPACE(length) > message->msg_controllen)
        return;
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(control), data, length);
    *used += CMSG_SPACE(length);
}

static void put_int(struct msghdr *message, size_t *used, int level, int type, int value)
{
    put(message, used, level, type, &value, sizeof value);
}

/* Where a source route begins within the options; their length when there is none. */
static size_t source_route(const uint8_t *options, size_t length)
{
    for (size_t at = 0; at + 1 < length && options[at] != OPTION_END;) {
        size_t size = options[at] == OPTION_NOP ? 1 : options[at + 1];

        if (size == 0 || (options[at] != OPTION_NOP && size < 2) || at + size > length)
            return length;
        if ((options[at] == OPTION_LOOSE_ROUTE || options[at] == OPTION_STRICT_ROUTE) && size >= 7)
            return at;
        at += size;
    }
    return length;
}

/*
 * On the wire the header names the next hop and the route ends with the destination. The kernel
 * wants the destination as address and the route beginning with the next hop, and turns it around
 * itself (net/ipv4/ip_options.c).
 */
static void carry_options(const uint8_t *header, size_t length, struct msghdr *message,
                          size_t *used, struct net_carry *carry)
{
    uint8_t options[40];
    size_t at;

    memcpy(options, header + V4_HEADER, length);
    at = source_route(options, length);
    if (at < length) {
        size_t slots = (options[at + 1] - 3u) / 4;
        uint8_t *list = options + at + 3;

        memcpy(carry->to.bytes, list + 4 * (slots - 1), 4);
        memmove(list + 4, list, 4 * (slots - 1));
        memcpy(list, header + 16, 4);
    }
    put(message, used, IPPROTO_IP, IP_RETOPTS, options, length);
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
    while (length && bytes[length - 1] == 0)
        length--;
    return length == 0;
}

static int carry_v4(const struct sonde_datagram *datagram, struct msghdr *message,
                    struct net_carry *carry)
{
    const uint8_t *header = datagram->bytes;
    struct in_pktinfo info = {0};

    if (datagram->length < V4_HEADER + UPPER_HEADER || header[0] >> 4 != 4)
        return EINVAL;
    carry->header = (header[0] & 0x0fu) * 4;
    if (carry->header < V4_HEADER || carry->header + UPPER_HEADER > datagram->length)
        return EINVAL;
    if ((header[6] & 0x3f) || header[7])
        return EOPNOTSUPP; /* a fragment */
    carry->protocol = header[9];
    carry->dont_fragment = header[6] & 0x40;
    put_int(message, &carry->control, IPPROTO_IP, IP_TTL, header[8]);
    put_int(message, &carry->control, IPPROTO_IP, IP_TOS, header[1]);
    if (!is_zero(header + 12, 4)) {
        memcpy(&info.ipi_spec_dst, header + 12, 4);
        put(message, &carry->control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
    if (carry->header > V4_HEADER)
        carry_options(header, carry->header - V4_HEADER, message, &carry->control, carry);
    return 0;
}

static int carry_v6(const struct sonde_datagram *datagram, uint32_t device, struct msghdr *message,
                    struct net_carry *carry)
{
    const uint8_t *header = datagram->bytes;
    struct in6_pktinfo info = {0};
    struct sonde_address source;

    if (datagram->length < V6_HEADER + UPPER_HEADER || header[0] >> 4 != 6)
        return EINVAL;
    carry->protocol = header[6];
    carry->header = V6_HEADER;
    carry->flow_label = (header[1] & 0x0fu) << 16 | (uint32_t)header[2] << 8 | header[3];
    put_int(message, &carry->control, IPPROTO_IPV6, IPV6_HOPLIMIT, header[7]);
    put_int(message, &carry->control, IPPROTO_IPV6, IPV6_TCLASS,
            (header[0] & 0x0f) << 4 | header[1] >> 4);
    if (!is_zero(header + 8, 16)) {
        source = sonde_address_from_bytes(SONDE_IPV6, header + 8);
        memcpy(&info.ipi6_addr, header + 8, 16);
        if (sonde_address_is_link_local(&source))
            info.ipi6_ifindex = datagram->to.scope ? datagram->to.scope : device;
        put(message, &carry->control, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
    return 0;
}

int net_carry(const struct sonde_datagram *datagram, uint32_t device, void *control, size_t room,
              struct net_carry *carry)
{
    struct msghdr message = {.msg_control = control, .msg_controllen = room};
    const uint8_t *upper;
    int error;

    memset(control, 0, room);
    *carry = (struct net_carry){.to = datagram->to};
    error = datagram->to.family == SONDE_IPV6 ? carry_v6(datagram, device, &message, carry)
                                              : carry_v4(datagram, &message, carry);
    if (error)
        return error;
    upper = datagram->bytes + carry->header;
    switch (carry->protocol) {
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
        carry->identifier = (uint16_t)(upper[4] << 8 | upper[5]);
        return 0;
    case IPPROTO_UDP:
        carry->header += UDP_HEADER;
        break;
    case IPPROTO_TCP:
        break;
    default:
        return EOPNOTSUPP;
    }
    carry->identifier = (uint16_t)(upper[0] << 8 | upper[1]);
    carry->port = (uint16_t)(upper[2] << 8 | upper[3]);
    return 0;
}
