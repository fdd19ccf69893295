#include "packet/ipv6.h"

#include <errno.h>

#include "help.h"
#include "packet/protocol.h"

static struct packet_ipv6 random_header(struct base_random *random)
{
    return (struct packet_ipv6){
        .traffic_class = (uint8_t)base_random_u64(random),
        .flow_label = (uint32_t)help_below(random, 1u << 20),
        .payload_bytes = (uint16_t)base_random_u64(random),
        .next_header = (uint8_t)base_random_u64(random),
        .hop_limit = (uint8_t)base_random_u64(random),
        .source = help_address(random, SONDE_IPV6),
        .destination = help_address(random, SONDE_IPV6),
    };
}

Test(packet_ipv6, round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        struct packet_ipv6 header = random_header(&random), back;
        uint8_t room[40];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_ipv6_write(&writer, &header), 0);
        cr_assert_eq(packet_ipv6_parse(packet_written_from(&writer, 0), &back), 0);
        cr_assert_eq(back.traffic_class, header.traffic_class);
        cr_assert_eq(back.flow_label, header.flow_label);
        cr_assert_eq(back.payload_bytes, header.payload_bytes);
        cr_assert_eq(back.next_header, header.next_header);
        cr_assert_eq(back.hop_limit, header.hop_limit);
        cr_assert(sonde_address_equal(&back.source, &header.source));
        cr_assert(sonde_address_equal(&back.destination, &header.destination));
        cr_assert_eq(back.truncated, header.payload_bytes != 0);
    }
}

Test(packet_ipv6, cut_at_every_length)
{
    struct base_random random = help_random();
    struct packet_ipv6 header = random_header(&random), back;
    header.payload_bytes = 20;
    uint8_t bytes[80] = {0};
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    cr_assert_eq(packet_ipv6_write(&writer, &header), 0);
    for (size_t length = 0; length <= sizeof(bytes); length++) {
        struct sonde_bytes cut = help_exact(bytes, length);
        cr_assert_eq(packet_ipv6_parse(cut, &back), length < 40 ? -ENODATA : 0, "%zu", length);
        if (length >= 40) {
            cr_assert_eq(back.truncated, length < 60);
            cr_assert_eq(back.payload.length, (length < 60 ? length : 60) - 40);
            cr_assert_eq(packet_ipv6_parse_quoted(cut, &back), 0);
            cr_assert_eq(back.payload.length, length - 40);
        }
        help_free(cut);
    }
    bytes[0] = 0x45;
    cr_assert_eq(packet_ipv6_parse((struct sonde_bytes){bytes, 80}, &back), -EPROTONOSUPPORT);
}

Test(packet_ipv6, values_that_do_not_fit_are_refused)
{
    struct base_random random = help_random();
    struct packet_ipv6 good = random_header(&random);
    struct packet_ipv6 bad[3] = {good, good, good};
    bad[0].flow_label = 1u << 20;
    bad[1].source = help_address(&random, SONDE_IPV4);
    bad[2].destination.family = SONDE_FAMILY_NONE;
    uint8_t room[40];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(packet_ipv6_write(&writer, &bad[i]), -EINVAL);
    writer = packet_writer_over(room, 39);
    cr_assert_eq(packet_ipv6_write(&writer, &good), -ENOBUFS);
    struct packet_ipv6_fragment fragment = {.offset = 4};
    cr_assert_eq(packet_ipv6_fragment_write(&writer, &fragment), -EINVAL);
    writer = packet_writer_over(room, 7);
    fragment.offset = 8;
    cr_assert_eq(packet_ipv6_fragment_write(&writer, &fragment), -ENOBUFS);
}

/* Hop-by-hop (8), routing (24), AH (12), destination options (16), fragment (8), then ICMPv6. */
static size_t write_chain(struct packet_writer *writer, uint16_t fragment_offset)
{
    static const uint8_t hop_by_hop[8] = {PACKET_ROUTING, 0};
    static const uint8_t routing[24] = {PACKET_AH, 2};
    static const uint8_t ah[12] = {PACKET_DESTINATION_OPTIONS, 1};
    static const uint8_t destination[16] = {PACKET_FRAGMENT, 1};
    packet_write_bytes(writer, hop_by_hop, sizeof(hop_by_hop));
    packet_write_bytes(writer, routing, sizeof(routing));
    packet_write_bytes(writer, ah, sizeof(ah));
    packet_write_bytes(writer, destination, sizeof(destination));
    struct packet_ipv6_fragment fragment = {PACKET_ICMPV6, fragment_offset, true, 0xcafe1234};
    cr_assert_eq(packet_ipv6_fragment_write(writer, &fragment), 0);
    size_t headers = packet_written(writer);
    packet_write_bytes(writer, (const uint8_t *)"upper", 5);
    return headers;
}

Test(packet_ipv6, chain_to_the_upper_layer)
{
    uint8_t bytes[128];
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    size_t headers = write_chain(&writer, 0);
    struct packet_ipv6_upper upper;
    cr_assert_eq(packet_ipv6_upper(PACKET_HOP_BY_HOP, packet_written_from(&writer, 0), &upper), 0);
    cr_assert_eq(upper.protocol, PACKET_ICMPV6);
    cr_assert_eq(upper.extensions, 5);
    cr_assert_eq(upper.bytes.data, bytes + headers);
    cr_assert_eq(upper.bytes.length, 5);
    cr_assert(upper.fragmented);
    cr_assert(upper.fragment.more);
    cr_assert_eq(upper.fragment.offset, 0);
    cr_assert_eq(upper.fragment.id, 0xcafe1234);
    cr_assert_eq(upper.fragment.next_header, PACKET_ICMPV6);
}

Test(packet_ipv6, nothing_is_read_into_the_middle_of_a_fragment)
{
    uint8_t bytes[128];
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    size_t headers = write_chain(&writer, 1480);
    bytes[headers - 8] = PACKET_DESTINATION_OPTIONS; /* would be one more header */
    struct packet_ipv6_upper upper;
    cr_assert_eq(packet_ipv6_upper(PACKET_HOP_BY_HOP, packet_written_from(&writer, 0), &upper), 0);
    cr_assert_eq(upper.protocol, PACKET_DESTINATION_OPTIONS);
    cr_assert_eq(upper.fragment.offset, 1480);
    cr_assert_eq(upper.bytes.length, 5);
}

Test(packet_ipv6, chain_cut_at_every_length)
{
    uint8_t bytes[128];
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    size_t headers = write_chain(&writer, 0);
    for (size_t length = 0; length <= packet_written(&writer); length++) {
        struct sonde_bytes cut = help_exact(bytes, length);
        struct packet_ipv6_upper upper;
        int error = packet_ipv6_upper(PACKET_HOP_BY_HOP, cut, &upper);
        cr_assert_eq(error, length < headers ? -ENODATA : 0, "length %zu", length);
        help_free(cut);
    }
}

Test(packet_ipv6, chain_has_a_limit)
{
    uint8_t bytes[17 * 8] = {0};
    for (size_t i = 0; i < 17; i++)
        bytes[i * 8] = i < 16 ? PACKET_DESTINATION_OPTIONS : PACKET_UDP;
    struct packet_ipv6_upper upper;
    struct sonde_bytes all = {bytes, sizeof(bytes)};
    cr_assert_eq(packet_ipv6_upper(PACKET_DESTINATION_OPTIONS, all, &upper), -ELOOP);
    bytes[15 * 8] = PACKET_UDP;
    cr_assert_eq(packet_ipv6_upper(PACKET_DESTINATION_OPTIONS, all, &upper), 0);
    cr_assert_eq(upper.extensions, 16);
}

Test(packet_ipv6, no_extension_at_all)
{
    const uint8_t bytes[] = {1, 2, 3};
    static const uint8_t protocols[] = {PACKET_ICMPV6, PACKET_UDP, PACKET_ESP,
                                        PACKET_NO_NEXT_HEADER, 255};
    for (size_t i = 0; i < sizeof(protocols); i++) {
        struct packet_ipv6_upper upper;
        cr_assert_eq(packet_ipv6_upper(protocols[i], (struct sonde_bytes){bytes, 3}, &upper), 0);
        cr_assert_eq(upper.protocol, protocols[i]);
        cr_assert_eq(upper.bytes.length, 3);
        cr_assert_not(upper.fragmented);
    }
}
