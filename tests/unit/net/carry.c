#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "net/carry.h"

static uint8_t bytes[200];
static union {
    struct cmsghdr align;
    uint8_t room[168];
} control;

static struct sonde_datagram v4(uint8_t options)
{
    static const uint8_t to[4] = {10, 0, 0, 2};
    struct sonde_datagram datagram = {.bytes = bytes, .length = 20u + options + 8u + 3u};

    memset(bytes, 0, sizeof bytes);
    bytes[0] = (uint8_t)(0x45 + options / 4);
    bytes[1] = 0xb8;
    bytes[8] = 17;
    bytes[9] = 1;
    bytes[12] = 10;
    bytes[15] = 1;
    memcpy(bytes + 16, to, 4);
    bytes[20 + options + 4] = 0x12;
    bytes[20 + options + 5] = 0x34;
    datagram.to = sonde_address_from_bytes(SONDE_IPV4, to);
    return datagram;
}

static int carry(const struct sonde_datagram *datagram, struct net_carry *result)
{
    return net_carry(datagram, 5, &control, sizeof control, result);
}

/* The data of a control message, NULL when it is not there. */
static const uint8_t *find(const struct net_carry *result, int level, int type)
{
    struct msghdr message = {.msg_control = &control, .msg_controllen = result->control};

    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at))
        if (at->cmsg_level == level && at->cmsg_type == type)
            return CMSG_DATA(at);
    return NULL;
}

static int find_int(const struct net_carry *result, int level, int type)
{
    const uint8_t *data = find(result, level, type);
    int value = -1;

    if (data)
        memcpy(&value, data, sizeof value);
    return value;
}

Test(net_carry, v4_header_becomes_control_messages)
{
    struct sonde_datagram datagram = v4(0);
    struct in_pktinfo info;
    struct net_carry result;

    cr_assert_eq(carry(&datagram, &result), 0);
    cr_assert_eq(result.header, 20);
    cr_assert_eq(result.identifier, 0x1234);
    cr_assert_not(result.dont_fragment);
    cr_assert_eq(find_int(&result, IPPROTO_IP, IP_TTL), 17);
    cr_assert_eq(find_int(&result, IPPROTO_IP, IP_TOS), 0xb8);
    memcpy(&info, find(&result, IPPROTO_IP, IP_PKTINFO), sizeof info);
    cr_assert_eq(ntohl(info.ipi_spec_dst.s_addr), 0x0a000001u);
    cr_assert_null(find(&result, IPPROTO_IP, IP_RETOPTS));
    bytes[6] = 0x40;
    memset(bytes + 12, 0, 4);
    cr_assert_eq(carry(&datagram, &result), 0);
    cr_assert(result.dont_fragment);
    cr_assert_null(find(&result, IPPROTO_IP, IP_PKTINFO));
}

Test(net_carry, v4_source_route_is_turned_into_the_kernels_form)
{
    /* On the wire to 10.0.0.2, then 10.0.0.3, 10.0.0.4 and the destination 10.0.0.9. */
    static const uint8_t wire[16] = {1, 131, 15, 4, 10, 0, 0, 3, 10, 0, 0, 4, 10, 0, 0, 9};
    static const uint8_t kernel[16] = {1, 131, 15, 4, 10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 4};
    struct sonde_datagram datagram = v4(16);
    struct net_carry result;

    memcpy(bytes + 20, wire, sizeof wire);
    cr_assert_eq(carry(&datagram, &result), 0);
    cr_assert_eq(result.header, 36);
    cr_assert_eq(result.to.bytes[3], 9);
    cr_assert_arr_eq(find(&result, IPPROTO_IP, IP_RETOPTS), kernel, sizeof kernel);
}

Test(net_carry, v4_other_options_go_as_they_are)
{
    static const uint8_t route[40] = {7, 39, 4};
    struct sonde_datagram datagram = v4(40);
    struct net_carry result;

    memcpy(bytes + 20, route, sizeof route);
    cr_assert_eq(carry(&datagram, &result), 0);
    cr_assert_eq(result.to.bytes[3], 2);
    cr_assert_arr_eq(find(&result, IPPROTO_IP, IP_RETOPTS), route, sizeof route);
}

Test(net_carry, v4_options_that_lie_are_harmless)
{
    for (unsigned length = 0; length < 256; length++) {
        struct sonde_datagram datagram = v4(8);
        struct net_carry result;

        bytes[20] = 131;
        bytes[21] = (uint8_t)length;
        cr_assert_eq(carry(&datagram, &result), 0);
    }
}

Test(net_carry, v4_refuses_fragments_and_rubbish)
{
    struct sonde_datagram datagram = v4(0);
    struct net_carry result;

    bytes[6] = 0x20;
    cr_assert_eq(carry(&datagram, &result), EOPNOTSUPP);
    bytes[6] = 0;
    bytes[7] = 1;
    cr_assert_eq(carry(&datagram, &result), EOPNOTSUPP);
    bytes[7] = 0;
    bytes[0] = 0x4f;
    cr_assert_eq(carry(&datagram, &result), EINVAL);
    bytes[0] = 0x44;
    cr_assert_eq(carry(&datagram, &result), EINVAL);
    bytes[0] = 0x65;
    cr_assert_eq(carry(&datagram, &result), EINVAL);
    datagram.length = 27;
    bytes[0] = 0x45;
    cr_assert_eq(carry(&datagram, &result), EINVAL);
}

static struct sonde_datagram v6(void)
{
    struct sonde_datagram datagram = {.bytes = bytes, .length = 40 + 8, .to = {.family = 6}};

    memset(bytes, 0, sizeof bytes);
    bytes[0] = 0x6b;
    bytes[1] = 0x8a;
    bytes[2] = 0xbc;
    bytes[3] = 0xde;
    bytes[6] = 58;
    bytes[7] = 33;
    bytes[45] = 7;
    datagram.to.bytes[0] = 0x20;
    return datagram;
}

Test(net_carry, v6_header_becomes_control_messages)
{
    struct sonde_datagram datagram = v6();
    struct in6_pktinfo info;
    struct net_carry result;

    cr_assert_eq(carry(&datagram, &result), 0);
    cr_assert_eq(result.header, 40);
    cr_assert_eq(result.identifier, 7);
    cr_assert_eq(result.flow_label, 0xabcde);
    cr_assert_eq(find_int(&result, IPPROTO_IPV6, IPV6_HOPLIMIT), 33);
    cr_assert_eq(find_int(&result, IPPROTO_IPV6, IPV6_TCLASS), 0xb8);
    cr_assert_null(find(&result, IPPROTO_IPV6, IPV6_PKTINFO));
    bytes[8] = 0xfe;
    bytes[9] = 0x80;
    bytes[23] = 1;
    cr_assert_eq(carry(&datagram, &result), 0);
    memcpy(&info, find(&result, IPPROTO_IPV6, IPV6_PKTINFO), sizeof info);
    cr_assert_eq(info.ipi6_ifindex, 5);
    cr_assert_eq(info.ipi6_addr.s6_addr[15], 1);
    bytes[6] = 44;
    cr_assert_eq(carry(&datagram, &result), EOPNOTSUPP);
}

/* The kernel writes UDP's header, too; TCP has nothing behind its own. */
Test(net_carry, ports_are_identifiers)
{
    static const uint8_t protocols[] = {17, 6};

    for (int i = 0; i < 2; i++) {
        struct sonde_datagram datagram = v4(4);
        struct net_carry result;

        bytes[9] = protocols[i];
        bytes[24] = 0xf0;
        bytes[25] = 0x01;
        bytes[26] = 0x00;
        bytes[27] = 0x35;
        cr_assert_eq(carry(&datagram, &result), 0);
        cr_assert_eq(result.protocol, protocols[i]);
        cr_assert_eq(result.identifier, 0xf001);
        cr_assert_eq(result.port, 53);
        cr_assert_eq(result.header, i ? 24 : 32);
    }
    struct sonde_datagram datagram = v4(0);
    struct net_carry result;

    bytes[9] = 132;
    cr_assert_eq(carry(&datagram, &result), EOPNOTSUPP);
}
