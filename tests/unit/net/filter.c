#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>

#include "net/filter.h"

#define DEVICE     7
#define IFINDEX_AT ((uint32_t)(SKF_AD_OFF + SKF_AD_IFINDEX))
#define OURS       ((struct net_identifiers){.base = 0x4560, .count = 16})

static bool load(const uint8_t *bytes, size_t length, uint64_t at, size_t size, uint32_t *value)
{
    if (at + size > length)
        return false;
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value = *value << 8 | bytes[at + i];
    return true;
}

static uint32_t calculate(uint16_t code, uint32_t a, uint32_t operand)
{
    switch (BPF_OP(code)) {
    case BPF_ADD:
        return a + operand;
    case BPF_AND:
        return a & operand;
    case BPF_LSH:
        return a << operand;
    default:
        cr_assert_fail("no such calculation in our programs");
        return 0;
    }
}

/* Classic BPF as far as our programs use it. A load beyond the packet drops it. */
static bool lets_in_through(uint32_t device, const struct net_filter *filter, const uint8_t *bytes,
                            size_t length)
{
    uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

    for (size_t pc = 0; pc < filter->length; pc++) {
        const struct sock_filter *step = &filter->code[pc];
        bool true_branch;

        switch (BPF_CLASS(step->code)) {
        case BPF_LD:
            if (BPF_MODE(step->code) == BPF_IMM)
                a = step->k;
            else if (BPF_MODE(step->code) == BPF_MEM)
                a = memory[step->k];
            else if (BPF_MODE(step->code) == BPF_ABS && step->k == IFINDEX_AT)
                a = device;
            else if (!load(bytes, length, (uint64_t)x + step->k,
                           BPF_SIZE(step->code) == BPF_B ? 1 : 2, &a))
                return false;
            break;
        case BPF_LDX:
            if (BPF_MODE(step->code) == BPF_IMM) {
                x = step->k;
                break;
            }
            if (!load(bytes, length, step->k, 1, &x))
                return false;
            x = (x & 0xf) * 4;
            break;
        case BPF_ST:
            memory[step->k] = a;
            break;
        case BPF_ALU:
            a = calculate(step->code, a, BPF_SRC(step->code) == BPF_X ? x : step->k);
            break;
        case BPF_MISC:
            x = a;
            break;
        case BPF_JMP:
            true_branch = BPF_OP(step->code) == BPF_JEQ ? a == step->k : (a & step->k) != 0;
            pc += true_branch ? step->jt : step->jf;
            break;
        default:
            return step->k != 0;
        }
    }
    cr_assert_fail("the program has no end");
    return false;
}

static bool lets_in(const struct net_filter *filter, const uint8_t *bytes, size_t length)
{
    return lets_in_through(DEVICE, filter, bytes, length);
}

struct packet {
    uint8_t bytes[256];
    size_t length;
};

static void append(struct packet *packet, const void *bytes, size_t length)
{
    memcpy(packet->bytes + packet->length, bytes, length);
    packet->length += length;
}

static void icmp(struct packet *packet, uint8_t type, uint16_t identifier)
{
    uint8_t header[8] = {type, 0, 0, 0, (uint8_t)(identifier >> 8), (uint8_t)identifier, 0, 1};
    append(packet, header, sizeof header);
}

static void ipv4(struct packet *packet, uint8_t options, uint8_t protocol, uint16_t fragment)
{
    uint8_t header[60] = {(uint8_t)(0x45 + options / 4)};

    header[6] = (uint8_t)(fragment >> 8);
    header[7] = (uint8_t)fragment;
    header[9] = protocol;
    append(packet, header, 20u + options);
}

static void ipv6(struct packet *packet, uint8_t next)
{
    uint8_t header[40] = {0x60, [6] = next};
    append(packet, header, sizeof header);
}

/* Packet sockets show the same bytes, and are to let in the same. */
static bool v4_lets_in(const struct packet *packet)
{
    struct net_filter filter;
    bool in;

    net_filter_icmp(&filter, SONDE_IPV4, OURS, 0);
    in = lets_in(&filter, packet->bytes, packet->length);
    net_filter_packet(&filter, SONDE_IPV4, OURS, DEVICE);
    cr_assert_eq(lets_in(&filter, packet->bytes, packet->length), in);
    return in;
}

/* There the IPv6 header is in front. */
static bool v6_lets_in(const struct packet *packet)
{
    struct net_filter filter;
    struct packet whole = {0};
    bool in;

    net_filter_icmp(&filter, SONDE_IPV6, OURS, 0);
    in = lets_in(&filter, packet->bytes, packet->length);
    ipv6(&whole, 58);
    append(&whole, packet->bytes, packet->length);
    net_filter_packet(&filter, SONDE_IPV6, OURS, DEVICE);
    cr_assert_eq(lets_in(&filter, whole.bytes, whole.length), in);
    return in;
}

static bool v4_reply(uint8_t options, uint8_t type, uint16_t identifier)
{
    struct packet packet = {0};
    ipv4(&packet, options, 1, 0);
    icmp(&packet, type, identifier);
    return v4_lets_in(&packet);
}

static bool v4_error(uint8_t type, uint8_t options, uint8_t protocol, uint16_t fragment,
                     uint8_t quoted, uint16_t identifier)
{
    struct packet packet = {0};
    ipv4(&packet, 8, 1, 0);
    icmp(&packet, type, 0);
    ipv4(&packet, options, protocol, fragment);
    icmp(&packet, quoted, identifier);
    return v4_lets_in(&packet);
}

Test(net_filter, fits_the_kernels_limits_and_ends)
{
    struct net_filter filter;

    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2) {
        net_filter_icmp(&filter, (enum sonde_family)family, OURS, 0);
        cr_assert_lt(filter.length, NET_FILTER_MAX);
        for (uint16_t i = 0; i < filter.length; i++)
            if (BPF_CLASS(filter.code[i].code) == BPF_JMP)
                cr_assert(i + 1 + filter.code[i].jt < filter.length &&
                          i + 1 + filter.code[i].jf < filter.length);
        cr_assert_eq(BPF_CLASS(filter.code[filter.length - 1].code), BPF_RET);
        net_filter_packet(&filter, (enum sonde_family)family, OURS, DEVICE);
        cr_assert_lt(filter.length, NET_FILTER_MAX);
    }
}

Test(net_filter, v4_replies_of_our_block_only)
{
    for (unsigned type = 0; type < 256; type++)
        for (uint8_t options = 0; options <= 40; options += 20) {
            bool reply = type == 0 || type == 14 || type == 43;
            cr_assert_eq(v4_reply(options, (uint8_t)type, 0x4560), reply, "%u", type);
            cr_assert_eq(v4_reply(options, (uint8_t)type, 0x456f), reply, "%u", type);
            cr_assert_not(v4_reply(options, (uint8_t)type, 0x4570));
            cr_assert_not(v4_reply(options, (uint8_t)type, 0x455f));
        }
}

Test(net_filter, v4_errors_about_our_requests_only)
{
    for (unsigned type = 1; type < 43; type++) {
        bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
        if (type == 14)
            continue;
        cr_assert_eq(v4_error((uint8_t)type, 0, 1, 0, 8, 0x4561), error, "%u", type);
    }
    for (uint8_t options = 0; options <= 40; options += 4)
        cr_assert(v4_error(11, options, 1, 0, 8, 0x4561));
    cr_assert(v4_error(11, 0, 1, 0, 13, 0x4561));
    cr_assert(v4_error(11, 0, 1, 0, 42, 0x4561));
    cr_assert(v4_error(11, 0, 1, 0x4000, 8, 0x4561), "don't fragment is not a fragment");
    cr_assert(v4_error(11, 0, 1, 0x2000, 8, 0x4561), "the first fragment has the header");
    cr_assert_not(v4_error(11, 0, 1, 0x2001, 8, 0x4561));
    cr_assert_not(v4_error(11, 0, 17, 0, 8, 0x4561));
    cr_assert_not(v4_error(11, 0, 1, 0, 0, 0x4561));
    cr_assert_not(v4_error(11, 0, 1, 0, 8, 0x4571));
}

static struct packet v6_error(uint8_t type)
{
    struct packet packet = {0};
    icmp(&packet, type, 0);
    return packet;
}

Test(net_filter, v6_replies_and_errors)
{
    for (unsigned type = 0; type < 256; type++) {
        struct packet packet = {0};
        bool reply = type == 129 || type == 161 || type == 140;

        icmp(&packet, (uint8_t)type, 0x4565);
        cr_assert_eq(v6_lets_in(&packet), reply, "%u", type);
        packet = v6_error((uint8_t)type);
        ipv6(&packet, 58);
        icmp(&packet, 128, 0x4565);
        cr_assert_eq(v6_lets_in(&packet), (type >= 1 && type <= 4) || type == 140, "%u", type);
        packet = v6_error(3);
        ipv6(&packet, 58);
        icmp(&packet, (uint8_t)type, 0x4565);
        cr_assert_eq(v6_lets_in(&packet), type == 128 || type == 160 || type == 139, "%u", type);
    }
}

Test(net_filter, v6_quotes_with_extension_headers)
{
    static const uint8_t hops[16] = {60, 1};
    static const uint8_t options[8] = {44, 0};
    static const uint8_t first[8] = {58, 0, 0, 1};
    static const uint8_t later[8] = {58, 0, 0, 9};
    struct packet packet = v6_error(2);

    ipv6(&packet, 0);
    append(&packet, hops, sizeof hops);
    append(&packet, options, sizeof options);
    append(&packet, first, sizeof first);
    icmp(&packet, 128, 0x4560);
    cr_assert(v6_lets_in(&packet));
    packet.bytes[packet.length - 3] = 0x80;
    cr_assert_not(v6_lets_in(&packet));

    packet = v6_error(2);
    ipv6(&packet, 44);
    append(&packet, later, sizeof later);
    icmp(&packet, 128, 0x4560);
    cr_assert_not(v6_lets_in(&packet));
}

Test(net_filter, v6_redirects_with_and_without_link_layer_address)
{
    for (int with = 0; with < 2; with++) {
        static const uint8_t link_layer[8] = {2, 1};
        static const uint8_t redirected[8] = {4, 7};
        uint8_t header[40] = {137};
        struct packet packet = {0};

        append(&packet, header, sizeof header);
        if (with)
            append(&packet, link_layer, sizeof link_layer);
        append(&packet, redirected, sizeof redirected);
        ipv6(&packet, 58);
        icmp(&packet, 128, 0x4560);
        cr_assert(v6_lets_in(&packet));
        packet.bytes[packet.length - 3] = 0x80;
        cr_assert_not(v6_lets_in(&packet));
    }
}

Test(net_filter, cut_packets_are_dropped)
{
    struct packet packet = {0};

    ipv4(&packet, 0, 1, 0);
    icmp(&packet, 11, 0);
    ipv4(&packet, 0, 1, 0);
    icmp(&packet, 8, 0x4560);
    packet.length -= 2;
    cr_assert(v4_lets_in(&packet), "the identifier is still there");
    for (; packet.length > 0; packet.length--) {
        struct packet cut = packet;
        cut.length--;
        cr_assert_not(v4_lets_in(&cut), "%zu", cut.length);
    }
}

Test(net_filter, the_whole_space_and_a_single_identifier)
{
    struct net_filter filter;
    struct packet packet = {0};

    ipv4(&packet, 0, 1, 0);
    icmp(&packet, 0, 0xfffe);
    net_filter_icmp(&filter, SONDE_IPV4, (struct net_identifiers){0, 65536}, 0);
    cr_assert(lets_in(&filter, packet.bytes, packet.length));
    net_filter_icmp(&filter, SONDE_IPV4, (struct net_identifiers){0xfffe, 1}, 0);
    cr_assert(lets_in(&filter, packet.bytes, packet.length));
    net_filter_icmp(&filter, SONDE_IPV4, (struct net_identifiers){0xffff, 1}, 0);
    cr_assert_not(lets_in(&filter, packet.bytes, packet.length));
}

Test(net_filter, packet_sockets_show_more_than_icmp)
{
    static const uint8_t v6_next[] = {58, 0, 43, 60, 44, 17, 6};
    struct net_filter filter;

    net_filter_packet(&filter, SONDE_IPV4, OURS, DEVICE);
    for (int i = 0; i < 5; i++) {
        static const struct {
            uint8_t protocol;
            uint16_t fragment;
        } is[5] = {{1, 0}, {1, 0x4000}, {17, 0}, {1, 0x2000}, {1, 185}};
        struct packet packet = {0};

        ipv4(&packet, 0, is[i].protocol, is[i].fragment);
        icmp(&packet, 0, 0x4560);
        cr_assert_eq(lets_in(&filter, packet.bytes, packet.length), i < 2, "%d", i);
    }
    net_filter_packet(&filter, SONDE_IPV6, OURS, DEVICE);
    for (size_t i = 0; i < sizeof v6_next; i++) {
        struct packet packet = {0};

        ipv6(&packet, v6_next[i]);
        icmp(&packet, 129, 0x4560);
        cr_assert_eq(lets_in(&filter, packet.bytes, packet.length), i < 4, "%zu", i);
    }
}

Test(net_filter, of_one_device_and_the_loopback_device)
{
    struct net_filter filter;
    struct packet packet = {0};

    ipv4(&packet, 0, IPPROTO_ICMP, 0);
    icmp(&packet, 0, 0x4561);
    net_filter_packet(&filter, SONDE_IPV4, OURS, DEVICE);
    cr_assert(lets_in_through(DEVICE, &filter, packet.bytes, packet.length));
    cr_assert(lets_in_through(1, &filter, packet.bytes, packet.length));
    cr_assert_not(lets_in_through(DEVICE + 1, &filter, packet.bytes, packet.length));

    packet = (struct packet){0};
    ipv6(&packet, IPPROTO_ICMPV6);
    icmp(&packet, 129, 0x4561);
    net_filter_packet(&filter, SONDE_IPV6, OURS, DEVICE);
    cr_assert(lets_in_through(DEVICE, &filter, packet.bytes, packet.length));
    cr_assert(lets_in_through(1, &filter, packet.bytes, packet.length));
    cr_assert_not(lets_in_through(DEVICE + 1, &filter, packet.bytes, packet.length));
}

/* --- other protocols than ICMP ---------------------------------------------------------------- */

#define ALL_PROTOCOLS (SONDE_NET_UDP | SONDE_NET_TCP | SONDE_NET_SCTP)

static void ports(struct packet *packet, uint16_t source, uint16_t destination, uint8_t flags)
{
    uint8_t header[20] = {(uint8_t)(source >> 8), (uint8_t)source, (uint8_t)(destination >> 8),
                          (uint8_t)destination};
    header[13] = flags;
    append(packet, header, sizeof header);
}

/* An error that quotes the eight bytes behind an IP header of `protocol`. */
static struct packet error_about(enum sonde_family family, uint8_t protocol, uint16_t fragment)
{
    struct packet packet = {0};

    if (family == SONDE_IPV4) {
        ipv4(&packet, 0, 1, 0);
        icmp(&packet, 3, 0);
        ipv4(&packet, 4, protocol, fragment);
    } else {
        icmp(&packet, 1, 0);
        ipv6(&packet, protocol);
    }
    ports(&packet, 4, 80, 2);
    packet.length -= 12;
    return packet;
}

Test(net_filter, errors_about_the_protocols_asked_for)
{
    static const uint8_t numbers[] = {17, 6, 132};

    for (unsigned asked = 0; asked <= ALL_PROTOCOLS; asked++)
        for (unsigned i = 0; i < 3; i++)
            for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2) {
                struct packet packet = error_about((enum sonde_family)family, numbers[i], 0);
                struct net_filter filter;

                net_filter_icmp(&filter, (enum sonde_family)family, OURS, asked);
                cr_assert_lt(filter.length, NET_FILTER_MAX);
                cr_assert_eq(lets_in(&filter, packet.bytes, packet.length), (asked >> i & 1) != 0,
                             "%u %u", asked, numbers[i]);
                packet = error_about((enum sonde_family)family, 47, 0);
                cr_assert_not(lets_in(&filter, packet.bytes, packet.length));
            }
}

Test(net_filter, errors_about_later_fragments_name_nobody)
{
    static const uint8_t later[8] = {17, 0, 0, 9};
    static const uint8_t first[8] = {17, 0, 0, 1};
    struct net_filter filter;
    struct packet packet = error_about(SONDE_IPV4, 17, 0x2001);

    net_filter_icmp(&filter, SONDE_IPV4, OURS, SONDE_NET_UDP);
    cr_assert_not(lets_in(&filter, packet.bytes, packet.length));
    net_filter_icmp(&filter, SONDE_IPV6, OURS, SONDE_NET_UDP);
    for (int i = 0; i < 2; i++) {
        packet = (struct packet){0};
        icmp(&packet, 1, 0);
        ipv6(&packet, 44);
        append(&packet, i ? later : first, 8);
        ports(&packet, 4, 80, 0);
        cr_assert_eq(lets_in(&filter, packet.bytes, packet.length), i == 0);
    }
}

/* ICMP is judged as without. */
Test(net_filter, other_protocols_change_nothing_for_icmp)
{
    struct net_filter with, without;

    for (unsigned type = 0; type < 256; type++)
        for (unsigned bit = 0; bit < 2; bit++) {
            struct packet packet = {0};

            ipv4(&packet, 0, 1, 0);
            icmp(&packet, (uint8_t)type, bit ? 0x4561 : 0x4571);
            ipv4(&packet, 0, 1, 0);
            icmp(&packet, 8, bit ? 0x4561 : 0x4571);
            net_filter_icmp(&with, SONDE_IPV4, OURS, ALL_PROTOCOLS);
            net_filter_icmp(&without, SONDE_IPV4, OURS, 0);
            cr_assert_eq(lets_in(&with, packet.bytes, packet.length),
                         lets_in(&without, packet.bytes, packet.length), "%u", type);
        }
}

/* But a quoted identifier may be another one when that is asked for; that of an answer may not. */
Test(net_filter, quotes_with_translated_identifiers)
{
    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2) {
        bool v4 = family == SONDE_IPV4;
        for (unsigned translated = 0; translated < 2; translated++) {
            struct net_filter filter;
            struct packet quote = {0}, answer = {0};

            net_filter_icmp(&filter, (enum sonde_family)family, OURS,
                            translated ? NET_FILTER_TRANSLATED : 0);
            if (v4)
                ipv4(&quote, 0, 1, 0);
            icmp(&quote, v4 ? 11 : 3, 0);
            if (v4)
                ipv4(&quote, 0, 1, 0);
            else
                ipv6(&quote, 58);
            icmp(&quote, v4 ? 8 : 128, 0x1234);
            cr_assert_eq(lets_in(&filter, quote.bytes, quote.length), translated);
            if (v4)
                ipv4(&answer, 0, 1, 0);
            icmp(&answer, v4 ? 0 : 129, 0x1234);
            cr_assert_not(lets_in(&filter, answer.bytes, answer.length));
        }
    }
}

static bool answer_gets_in(enum sonde_family family, enum sonde_net_protocol protocol,
                           uint8_t options, uint16_t port, uint8_t flags)
{
    struct net_filter filter;
    struct packet packet = {0};

    if (family == SONDE_IPV4)
        ipv4(&packet, options, 6, 0);
    ports(&packet, 0x4561, port, flags);
    net_filter_answers(&filter, family, protocol, OURS);
    return lets_in(&filter, packet.bytes, packet.length);
}

Test(net_filter, answers_to_our_ports_only)
{
    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2)
        for (unsigned bit = SONDE_NET_UDP; bit <= SONDE_NET_SCTP; bit *= 2)
            for (uint8_t options = 0; options <= 40; options += 20) {
                enum sonde_family which = (enum sonde_family)family;
                enum sonde_net_protocol protocol = (enum sonde_net_protocol)bit;

                cr_assert(answer_gets_in(which, protocol, options, 0x4560, 0x12));
                cr_assert(answer_gets_in(which, protocol, options, 0x456f, 0x12));
                cr_assert_not(answer_gets_in(which, protocol, options, 0x4570, 0x12));
                cr_assert_not(answer_gets_in(which, protocol, options, 0x455f, 0x12));
            }
}

Test(net_filter, answers_to_other_ports_on_demand)
{
    uint16_t also[NET_FILTER_PORTS] = {5000, [NET_FILTER_PORTS - 1] = 6000};
    static const uint16_t in[] = {5000, 6000, 0x4560, 0x456f}, out[] = {5001, 5999, 0x4570};
    for (int family = SONDE_IPV4; family <= SONDE_IPV6; family += 2) {
        struct net_filter filter;
        struct packet packet;

        net_filter_answers_also(&filter, (enum sonde_family)family, SONDE_NET_UDP, OURS, also,
                                NET_FILTER_PORTS);
        for (size_t i = 0; i < 7; i++) {
            packet = (struct packet){0};
            if (family == SONDE_IPV4)
                ipv4(&packet, 0, 6, 0);
            ports(&packet, 0x4561, i < 4 ? in[i] : out[i - 4], 0);
            cr_assert_eq(lets_in(&filter, packet.bytes, packet.length), i < 4, "%zu", i);
        }
    }
}

Test(net_filter, of_tcp_what_may_answer_a_syn)
{
    for (unsigned flags = 0; flags < 256; flags++) {
        bool good = flags & 0x14; /* ACK or RST */

        cr_assert_eq(answer_gets_in(SONDE_IPV4, SONDE_NET_TCP, 0, 0x4560, (uint8_t)flags), good);
        cr_assert_eq(answer_gets_in(SONDE_IPV6, SONDE_NET_TCP, 0, 0x4560, (uint8_t)flags), good);
        cr_assert(answer_gets_in(SONDE_IPV6, SONDE_NET_UDP, 0, 0x4560, (uint8_t)flags));
    }
}
