#include "filter_help.h"

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
