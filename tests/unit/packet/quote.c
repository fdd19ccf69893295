#include "packet/quote.h"

#include <errno.h>

#include "help.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"

/* A quoted IPv4 datagram with that many bytes of options and transport bytes behind them. */
static struct sonde_bytes quote_ipv4(uint8_t *room, size_t size, uint8_t protocol,
                                     size_t option_bytes, struct sonde_bytes transport)
{
    static uint8_t options[40];
    memset(options, 1, sizeof(options));
    struct packet_ipv4 header = {
        .traffic_class = 0xb8,
        .total_bytes = 84,
        .id = 0x4321,
        .ttl = 1,
        .protocol = protocol,
        .source = help_parse("192.0.2.1"),
        .destination = help_parse("198.51.100.2"),
        .options = {options, option_bytes},
    };
    struct packet_writer writer = packet_writer_over(room, size);
    cr_assert_eq(packet_ipv4_write(&writer, &header), 0);
    packet_write_bytes(&writer, transport.data, transport.length);
    return packet_written_from(&writer, 0);
}

static const uint8_t echo[8] = {8, 0, 0xab, 0xcd, 0x12, 0x34, 0x00, 0x07};

static void assert_echo(const struct packet_transport *transport)
{
    cr_assert(transport->has_type && transport->has_checksum && transport->has_lease);
    cr_assert_eq(transport->checksum, 0xabcd);
    cr_assert_eq(transport->identifier, 0x1234);
    cr_assert_eq(transport->sequence, 7);
}

Test(packet_quote, echo_request_in_ipv4)
{
    uint8_t room[128];
    struct sonde_quote quote;
    struct packet_transport transport;
    struct sonde_bytes bytes =
        quote_ipv4(room, sizeof(room), PACKET_ICMPV4, 0, (struct sonde_bytes){echo, 8});
    cr_assert_eq(packet_quote_parse(SONDE_IPV4, bytes, &quote, &transport), 0);
    cr_assert(quote.present);
    cr_assert_eq(quote.hop_limit, 1);
    cr_assert_eq(quote.traffic_class, 0xb8);
    cr_assert_eq(quote.ip_id, 0x4321);
    cr_assert_eq(quote.total_bytes, 84);
    struct sonde_address to = help_parse("198.51.100.2");
    cr_assert(sonde_address_equal(&quote.to, &to));
    assert_echo(&transport);
}

/*
 * CVE-2022-23093: a quoted header with options was given the room of one without. Here every length
 * of options, and every cut of the whole, reads exactly what is there.
 */
Test(packet_quote, options_in_the_quoted_header)
{
    for (size_t option_bytes = 0; option_bytes <= 40; option_bytes += 4) {
        uint8_t room[128];
        struct sonde_quote quote;
        struct packet_transport transport;
        struct sonde_bytes bytes = quote_ipv4(room, sizeof(room), PACKET_ICMPV4, option_bytes,
                                              (struct sonde_bytes){echo, 8});
        cr_assert_eq(packet_quote_parse(SONDE_IPV4, bytes, &quote, &transport), 0);
        assert_echo(&transport);
        for (size_t length = 0; length < bytes.length; length++) {
            struct sonde_bytes cut = help_exact(bytes.data, length);
            int error = packet_quote_parse(SONDE_IPV4, cut, &quote, &transport);
            cr_assert_eq(error, length < 20 + option_bytes ? -ENODATA : 0);
            cr_assert_eq(quote.present, error == 0);
            cr_assert(help_inside(transport.bytes, cut));
            size_t there = error ? 0 : length - 20 - option_bytes;
            cr_assert_eq(transport.has_type, there >= 2);
            cr_assert_eq(transport.has_checksum, there >= 4);
            cr_assert_eq(transport.has_lease, there >= 8);
            help_free(cut);
        }
    }
}

Test(packet_quote, header_length_that_cannot_be)
{
    uint8_t room[128];
    struct sonde_quote quote;
    struct packet_transport transport;
    struct sonde_bytes bytes =
        quote_ipv4(room, sizeof(room), PACKET_ICMPV4, 0, (struct sonde_bytes){echo, 8});
    room[0] = 0x4f;
    cr_assert_eq(packet_quote_parse(SONDE_IPV4, bytes, &quote, &transport), -ENODATA);
    room[0] = 0x43;
    cr_assert_eq(packet_quote_parse(SONDE_IPV4, bytes, &quote, &transport), -EBADMSG);
    cr_assert_not(quote.present);
    cr_assert_eq(packet_quote_parse(SONDE_IPV6, bytes, &quote, &transport), -EPROTONOSUPPORT);
    cr_assert_eq(packet_quote_parse(SONDE_FAMILY_NONE, bytes, &quote, &transport),
                 -EPROTONOSUPPORT);
}

Test(packet_quote, total_length_is_not_believed)
{
    uint8_t room[128];
    struct sonde_quote quote;
    struct packet_transport transport;
    struct sonde_bytes bytes =
        quote_ipv4(room, sizeof(room), PACKET_ICMPV4, 0, (struct sonde_bytes){echo, 8});
    room[2] = room[3] = 0;
    cr_assert_eq(packet_quote_parse(SONDE_IPV4, bytes, &quote, &transport), 0);
    cr_assert_eq(quote.total_bytes, 0);
    assert_echo(&transport);
}

Test(packet_quote, inner_fragment_has_no_transport_header)
{
    uint8_t room[128];
    struct sonde_quote quote;
    struct packet_transport transport;
    struct sonde_bytes bytes =
        quote_ipv4(room, sizeof(room), PACKET_ICMPV4, 0, (struct sonde_bytes){echo, 8});
    room[7] = 185;
    cr_assert_eq(packet_quote_parse(SONDE_IPV4, bytes, &quote, &transport), 0);
    cr_assert(transport.inner_fragment);
    cr_assert_not(transport.has_type);
    cr_assert_eq(transport.bytes.length, 8);
}

static struct sonde_bytes quote_ipv6(uint8_t *room, size_t size, bool extensions)
{
    static const uint8_t options[16] = {PACKET_FRAGMENT, 1};
    static const uint8_t echo6[8] = {128, 0, 0xab, 0xcd, 0x12, 0x34, 0x00, 0x07};
    struct packet_ipv6 header = {
        .traffic_class = 0x0b,
        .flow_label = 0xabcde,
        .payload_bytes = 64,
        .next_header = extensions ? PACKET_DESTINATION_OPTIONS : PACKET_ICMPV6,
        .hop_limit = 1,
        .source = help_parse("2001:db8::1"),
        .destination = help_parse("2001:db8::2"),
    };
    struct packet_writer writer = packet_writer_over(room, size);
    cr_assert_eq(packet_ipv6_write(&writer, &header), 0);
    if (extensions) {
        struct packet_ipv6_fragment fragment = {.next_header = PACKET_ICMPV6, .more = true};
        packet_write_bytes(&writer, options, sizeof(options));
        cr_assert_eq(packet_ipv6_fragment_write(&writer, &fragment), 0);
    }
    packet_write_bytes(&writer, echo6, sizeof(echo6));
    return packet_written_from(&writer, 0);
}

Test(packet_quote, echo_request_in_ipv6)
{
    for (int extensions = 0; extensions < 2; extensions++) {
        uint8_t room[128];
        struct sonde_quote quote;
        struct packet_transport transport;
        struct sonde_bytes bytes = quote_ipv6(room, sizeof(room), extensions);
        cr_assert_eq(packet_quote_parse(SONDE_IPV6, bytes, &quote, &transport), 0);
        cr_assert_eq(quote.flow_label, 0xabcde);
        cr_assert_eq(quote.traffic_class, 0x0b);
        cr_assert_eq(quote.total_bytes, 104);
        cr_assert_eq(quote.ip_id, 0);
        cr_assert_eq(transport.protocol, PACKET_ICMPV6);
        assert_echo(&transport);
        size_t headers = extensions ? 64 : 40;
        for (size_t length = 0; length < bytes.length; length++) {
            struct sonde_bytes cut = help_exact(bytes.data, length);
            int error = packet_quote_parse(SONDE_IPV6, cut, &quote, &transport);
            cr_assert_eq(error, length < 40 ? -ENODATA : 0);
            cr_assert_eq(transport.has_type, length >= headers + 2);
            cr_assert_eq(transport.has_lease, length >= headers + 8);
            cr_assert(help_inside(transport.bytes, cut));
            help_free(cut);
        }
    }
}

Test(packet_quote, length_of_ipv6_is_held_at_its_end)
{
    uint8_t room[128];
    struct sonde_quote quote;
    struct packet_transport transport;
    struct sonde_bytes bytes = quote_ipv6(room, sizeof(room), false);
    room[4] = room[5] = 0xff;
    cr_assert_eq(packet_quote_parse(SONDE_IPV6, bytes, &quote, &transport), 0);
    cr_assert_eq(quote.total_bytes, 65535);
}

/* From how many bytes on each field is there. */
static void check_transport(uint8_t protocol, size_t length)
{
    static const uint8_t bytes[24] = {0x12, 0x34, 0x56, 0x78, 1, 2, 3,    4,    5, 6,
                                      7,    8,    0x50, 0x12, 9, 9, 0xaa, 0xbb, 0, 0};
    struct sonde_bytes cut = help_exact(bytes, length);
    struct packet_transport transport;
    packet_transport_parse(protocol, cut, &transport);
    bool tcp = protocol == PACKET_TCP, sctp = protocol == PACKET_SCTP;
    bool udp = protocol == PACKET_UDP || protocol == PACKET_UDPLITE;
    cr_assert_eq(transport.has_ports, length >= 4);
    cr_assert_eq(transport.source_port, length >= 4 ? 0x1234 : 0);
    cr_assert_eq(transport.destination_port, length >= 4 ? 0x5678 : 0);
    cr_assert_eq(transport.has_tcp_sequence, tcp && length >= 8);
    cr_assert_eq(transport.tcp_sequence, tcp && length >= 8 ? 0x01020304 : 0);
    cr_assert_eq(transport.has_acknowledgment, tcp && length >= 12);
    cr_assert_eq(transport.acknowledgment, tcp && length >= 12 ? 0x05060708 : 0);
    cr_assert_eq(transport.has_tcp_flags, tcp && length >= 14);
    cr_assert_eq(transport.tcp_flags, tcp && length >= 14 ? 0x12 : 0);
    cr_assert_eq(transport.has_length, udp && length >= 6);
    cr_assert_eq(transport.length, udp && length >= 6 ? 0x0102 : 0);
    cr_assert_eq(transport.has_verification_tag, sctp && length >= 8);
    cr_assert_eq(transport.verification_tag, sctp && length >= 8 ? 0x01020304 : 0);
    size_t checksum_end = tcp ? 18 : sctp ? 12 : 8;
    cr_assert_eq(transport.has_checksum, length >= checksum_end);
    cr_assert_eq(transport.checksum, length < checksum_end ? 0
                                     : tcp                 ? 0xaabb
                                     : sctp                ? 0x05060708
                                                           : 0x0304);
    help_free(cut);
}

Test(packet_quote, ports_and_what_follows)
{
    static const uint8_t protocols[] = {PACKET_TCP, PACKET_UDP, PACKET_UDPLITE, PACKET_SCTP};
    for (size_t i = 0; i < sizeof(protocols); i++)
        for (size_t length = 0; length <= 24; length++)
            check_transport(protocols[i], length);
    struct packet_transport transport;
    packet_transport_parse(PACKET_ESP, (struct sonde_bytes){echo, 8}, &transport);
    cr_assert_not(transport.has_ports || transport.has_type || transport.has_checksum);
}

Test(packet_quote, leases_of_other_requests)
{
    const uint8_t extended[8] = {42, 0, 0, 0, 0x12, 0x34, 0x56, 1};
    struct packet_transport transport;
    packet_transport_parse(PACKET_ICMPV4, (struct sonde_bytes){extended, 8}, &transport);
    cr_assert(transport.has_lease);
    cr_assert_eq(transport.identifier, 0x1234);
    cr_assert_eq(transport.sequence, 0x56);
    const uint8_t node[16] = {139, 0, 0, 0, 0, 2, 0, 0, 0x12, 0x34, 0x56, 0x78};
    packet_transport_parse(PACKET_ICMPV6, (struct sonde_bytes){node, 16}, &transport);
    cr_assert(transport.has_lease);
    cr_assert_eq(transport.identifier, 0x1234);
    cr_assert_eq(transport.sequence, 0x5678);
    packet_transport_parse(PACKET_ICMPV6, (struct sonde_bytes){node, 11}, &transport);
    cr_assert_not(transport.has_lease);
    packet_transport_parse(PACKET_ICMPV6, (struct sonde_bytes){node, 5}, &transport);
    cr_assert_not(transport.has_lease);
    const uint8_t error[8] = {3, 1, 0, 0, 1, 2, 3, 4};
    packet_transport_parse(PACKET_ICMPV4, (struct sonde_bytes){error, 8}, &transport);
    cr_assert_not(transport.has_lease);
}

Test(packet_quote, the_initiate_tag_of_an_init)
{
    static const uint8_t init[] = {0x12, 0x34, 0, 9, 0, 0,  0,    0,    1,    2,
                                   3,    4,    1, 0, 0, 20, 0xca, 0xfe, 0xba, 0xbe};
    for (size_t length = 0; length <= sizeof(init); length++) {
        struct packet_transport transport;
        struct sonde_bytes cut = help_exact(init, length);
        packet_transport_parse(PACKET_SCTP, cut, &transport);
        cr_assert_eq(transport.has_ports, length >= 4);
        cr_assert_eq(transport.has_verification_tag, length >= 8);
        cr_assert_eq(transport.has_checksum, length >= 12);
        cr_assert_eq(transport.has_initiate_tag, length >= 20);
        cr_assert_eq(transport.initiate_tag, length >= 20 ? 0xcafebabe : 0);
        help_free(cut);
    }
    uint8_t data[sizeof(init)];
    struct packet_transport transport;
    memcpy(data, init, sizeof(init));
    data[12] = 0; /* not an INIT */
    packet_transport_parse(PACKET_SCTP, (struct sonde_bytes){data, sizeof(data)}, &transport);
    cr_assert_not(transport.has_initiate_tag);
}
