#include "packet/fragment.h"

#include <errno.h>

#include "help.h"
#include "packet/ipv4_options.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

/* A datagram put together again, by the rules of a receiver: RFC 791 section 3.2, RFC 8200 4.5. */
struct reassembly {
    uint8_t body[PACKET_DATAGRAM_MAX];
    uint8_t seen[PACKET_DATAGRAM_MAX];
    size_t end; /* known from the fragment without the more flag */
    size_t bytes;
};

static void put(struct reassembly *whole, size_t offset, struct sonde_bytes piece, bool more)
{
    cr_assert(piece.length > 0);
    cr_assert(!more || piece.length % 8 == 0);
    cr_assert(offset % 8 == 0);
    cr_assert_leq(offset + piece.length, 65535);
    for (size_t i = 0; i < piece.length; i++) {
        cr_assert_not(whole->seen[offset + i], "overlap");
        whole->seen[offset + i] = 1;
        whole->body[offset + i] = piece.data[i];
    }
    whole->bytes += piece.length;
    if (!more)
        whole->end = offset + piece.length;
}

static size_t build_ipv4(struct base_random *random, uint8_t *bytes, size_t size,
                         struct packet_ipv4 *header, size_t payload)
{
    struct packet_writer writer = packet_writer_over(bytes, size);
    header->total_bytes = (uint16_t)(packet_ipv4_header_bytes(header) + payload);
    cr_assert_eq(packet_ipv4_write(&writer, header), 0);
    uint8_t *body = packet_write_space(&writer, payload);
    cr_assert(body);
    help_fill(random, body, payload);
    return packet_written(&writer);
}

/* Copied: loose source route, router alert. Not copied: record route. And a NOP between them. */
static size_t write_options(uint8_t *options, size_t room)
{
    struct packet_writer writer = packet_writer_over(options, room);
    struct packet_ipv4_route record = {.type = PACKET_OPTION_RECORD_ROUTE, .slots = 3};
    struct packet_ipv4_route loose = {.type = PACKET_OPTION_LOOSE_ROUTE, .slots = 2};
    static const uint8_t alert[] = {PACKET_OPTION_NOP, PACKET_OPTION_ROUTER_ALERT, 4, 0, 0};
    cr_assert_eq(packet_ipv4_route_write(&writer, &record), 0);
    cr_assert_eq(packet_ipv4_route_write(&writer, &loose), 0);
    packet_write_bytes(&writer, alert, sizeof(alert));
    cr_assert_eq(packet_ipv4_options_pad(&writer, 0), 0);
    return packet_written(&writer);
}

static void check_later_options(struct sonde_bytes found)
{
    const uint8_t expected[] = {PACKET_OPTION_LOOSE_ROUTE,  11, 4, 0, 0, 0, 0, 0, 0, 0, 0,
                                PACKET_OPTION_ROUTER_ALERT, 4,  0, 0, 0};
    cr_assert_eq(found.length, sizeof(expected));
    cr_assert_arr_eq(found.data, expected, sizeof(expected));
}

static void split_ipv4(struct sonde_bytes datagram, size_t mtu, const struct packet_ipv4 *original)
{
    static struct reassembly whole;
    memset(&whole, 0, sizeof(whole));
    struct packet_fragmenter fragmenter;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, mtu, 0), 0, "mtu %zu", mtu);
    size_t count = 0, expected = packet_fragmenter_count(&fragmenter);
    for (;;) {
        uint8_t *room = malloc(mtu);
        struct packet_writer writer = packet_writer_over(room, mtu);
        int more = packet_fragmenter_next(&fragmenter, &writer);
        if (more == 0) {
            free(room);
            break;
        }
        cr_assert_eq(more, 1);
        struct packet_ipv4 header;
        struct sonde_bytes bytes = packet_written_from(&writer, 0);
        cr_assert_leq(bytes.length, mtu);
        cr_assert_eq(packet_ipv4_parse(bytes, &header), 0);
        cr_assert(header.checksum_ok);
        cr_assert_eq(header.total_bytes, bytes.length);
        cr_assert_eq(header.id, original->id);
        cr_assert_eq(header.ttl, original->ttl);
        cr_assert_eq(header.protocol, original->protocol);
        cr_assert_eq(header.traffic_class, original->traffic_class);
        if (count == 0)
            cr_assert(help_same(header.options, original->options));
        else if (original->options.length)
            check_later_options(header.options);
        put(&whole, header.fragment_offset, header.payload, header.more_fragments);
        count++;
        free(room);
    }
    cr_assert_eq(count, expected);
    size_t header_bytes = packet_ipv4_header_bytes(original);
    cr_assert_eq(whole.end, datagram.length - header_bytes);
    cr_assert_eq(whole.bytes, whole.end);
    cr_assert_arr_eq(whole.body, datagram.data + header_bytes, whole.end);
}

Test(packet_fragment, ipv4_reassembles)
{
    struct base_random random = help_random();
    static uint8_t bytes[65536];
    for (int round = 0; round < 300; round++) {
        uint8_t options[40];
        size_t option_bytes = help_coin(&random) ? write_options(options, sizeof(options)) : 0;
        struct packet_ipv4 header = {
            .traffic_class = 0x28,
            .id = (uint16_t)base_random_u64(&random),
            .ttl = 64,
            .protocol = PACKET_ICMPV4,
            .source = help_address(&random, SONDE_IPV4),
            .destination = help_address(&random, SONDE_IPV4),
            .options = {options, option_bytes},
        };
        size_t payload = 8 + help_below(&random, round % 10 ? 3000 : 65535 - 60 - 8);
        size_t length = build_ipv4(&random, bytes, sizeof(bytes), &header, payload);
        size_t smallest = 20 + option_bytes + 8;
        size_t mtu = round % 10 ? smallest + help_below(&random, 1600) : 576;
        split_ipv4((struct sonde_bytes){bytes, length}, mtu, &header);
    }
}

Test(packet_fragment, ipv4_largest_datagram_in_smallest_pieces)
{
    struct base_random random = help_random();
    static uint8_t bytes[65535];
    struct packet_ipv4 header = {.id = 7,
                                 .ttl = 1,
                                 .protocol = PACKET_ICMPV4,
                                 .source = help_address(&random, SONDE_IPV4),
                                 .destination = help_address(&random, SONDE_IPV4)};
    size_t length = build_ipv4(&random, bytes, sizeof(bytes), &header, 65515);
    split_ipv4((struct sonde_bytes){bytes, length}, 28, &header);
}

Test(packet_fragment, what_fits_goes_as_it_is)
{
    struct base_random random = help_random();
    uint8_t bytes[200], room[200];
    struct packet_ipv4 header = {.dont_fragment = true,
                                 .source = help_address(&random, SONDE_IPV4),
                                 .destination = help_address(&random, SONDE_IPV4)};
    size_t length = build_ipv4(&random, bytes, sizeof(bytes), &header, 100);
    struct packet_fragmenter fragmenter;
    struct sonde_bytes datagram = {bytes, length};
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, length, 0), 0);
    cr_assert_eq(packet_fragmenter_count(&fragmenter), 1);
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_fragmenter_next(&fragmenter, &writer), 1);
    cr_assert(help_same(packet_written_from(&writer, 0), datagram));
    cr_assert_eq(packet_fragmenter_next(&fragmenter, &writer), 0);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, length - 1, 0), -EMSGSIZE, "DF");
}

Test(packet_fragment, ipv4_refuses)
{
    struct base_random random = help_random();
    uint8_t bytes[300];
    struct packet_ipv4 header = {.source = help_address(&random, SONDE_IPV4),
                                 .destination = help_address(&random, SONDE_IPV4)};
    size_t length = build_ipv4(&random, bytes, sizeof(bytes), &header, 200);
    struct sonde_bytes datagram = {bytes, length};
    struct packet_fragmenter fragmenter;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 28, 0), 0);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 27, 0), -EMSGSIZE);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 0, 0), -EMSGSIZE);
    datagram.length--;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), -EINVAL, "cut");
    datagram.length = 0;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), -EINVAL);
    bytes[0] = 0x55;
    datagram.length = length;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), -EINVAL, "version 5");

    const uint8_t broken[4] = {PACKET_OPTION_LOOSE_ROUTE, 9, 4, 0};
    header.options = (struct sonde_bytes){broken, sizeof(broken)};
    datagram.length = build_ipv4(&random, bytes, sizeof(bytes), &header, 200);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), -EINVAL, "option");
    header.options.length = 0;
    header.more_fragments = true;
    datagram.length = build_ipv4(&random, bytes, sizeof(bytes), &header, 201);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), -EINVAL, "odd fragment");
    header.more_fragments = false;
    header.fragment_offset = 65528;
    datagram.length = build_ipv4(&random, bytes, sizeof(bytes), &header, 8);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), -EINVAL, "beyond 65,535");
}

Test(packet_fragment, a_fragment_can_be_divided_again)
{
    struct base_random random = help_random();
    uint8_t bytes[600], room[100];
    struct packet_ipv4 header = {.more_fragments = true,
                                 .fragment_offset = 1480,
                                 .source = help_address(&random, SONDE_IPV4),
                                 .destination = help_address(&random, SONDE_IPV4)};
    size_t length = build_ipv4(&random, bytes, sizeof(bytes), &header, 160);
    struct packet_fragmenter fragmenter;
    struct sonde_bytes datagram = {bytes, length};
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 100, 0), 0);
    for (size_t i = 0; i < 2; i++) {
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_fragmenter_next(&fragmenter, &writer), 1);
        struct packet_ipv4 piece;
        cr_assert_eq(packet_ipv4_parse(packet_written_from(&writer, 0), &piece), 0);
        cr_assert_eq(piece.fragment_offset, 1480 + i * 80);
        cr_assert(piece.more_fragments, "the last of these is not the datagram's last");
    }
}

Test(packet_fragment, without_room_the_same_fragment_comes_next)
{
    struct base_random random = help_random();
    uint8_t bytes[600], room[100];
    struct packet_ipv4 header = {.source = help_address(&random, SONDE_IPV4),
                                 .destination = help_address(&random, SONDE_IPV4)};
    size_t length = build_ipv4(&random, bytes, sizeof(bytes), &header, 500);
    struct packet_fragmenter fragmenter;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, (struct sonde_bytes){bytes, length}, 100, 0),
                 0);
    struct packet_writer writer = packet_writer_over(room, 99);
    cr_assert_eq(packet_fragmenter_next(&fragmenter, &writer), -ENOBUFS);
    cr_assert_eq(packet_written(&writer), 0);
    writer = packet_writer_over(room, 100);
    cr_assert_eq(packet_fragmenter_next(&fragmenter, &writer), 1);
    struct packet_ipv4 piece;
    cr_assert_eq(packet_ipv4_parse(packet_written_from(&writer, 0), &piece), 0);
    cr_assert_eq(piece.fragment_offset, 0);
}

/* Hop-by-hop and routing stay in each fragment; destination options behind them do not. */
static size_t build_ipv6(struct base_random *random, uint8_t *bytes, size_t size, bool extensions,
                         size_t payload)
{
    static const uint8_t before[] = {
        PACKET_ROUTING, 0, 1, 4, 0, 0, 0, 0, PACKET_DESTINATION_OPTIONS, 0, 4, 0, 0, 0, 0, 0};
    static const uint8_t behind[] = {PACKET_ICMPV6, 0, 1, 4, 0, 0, 0, 0};
    size_t extension_bytes = extensions ? sizeof(before) + sizeof(behind) : 0;
    struct packet_ipv6 header = {
        .traffic_class = 0x28,
        .flow_label = 0x12345,
        .payload_bytes = (uint16_t)(payload + extension_bytes),
        .next_header = extensions ? PACKET_HOP_BY_HOP : PACKET_ICMPV6,
        .hop_limit = 7,
        .source = help_address(random, SONDE_IPV6),
        .destination = help_address(random, SONDE_IPV6),
    };
    struct packet_writer writer = packet_writer_over(bytes, size);
    cr_assert_eq(packet_ipv6_write(&writer, &header), 0);
    if (extensions) {
        packet_write_bytes(&writer, before, sizeof(before));
        packet_write_bytes(&writer, behind, sizeof(behind));
    }
    uint8_t *body = packet_write_space(&writer, payload);
    cr_assert(body);
    help_fill(random, body, payload);
    return packet_written(&writer);
}

static void split_ipv6(struct sonde_bytes datagram, size_t mtu, bool extensions)
{
    static struct reassembly whole;
    memset(&whole, 0, sizeof(whole));
    size_t fixed = extensions ? 56 : 40;
    struct packet_fragmenter fragmenter;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, mtu, 0xfeedbeef), 0);
    size_t count = 0, expected = packet_fragmenter_count(&fragmenter);
    for (;;) {
        uint8_t *room = malloc(mtu);
        struct packet_writer writer = packet_writer_over(room, mtu);
        int more = packet_fragmenter_next(&fragmenter, &writer);
        if (more == 0) {
            free(room);
            break;
        }
        cr_assert_eq(more, 1);
        struct sonde_bytes bytes = packet_written_from(&writer, 0);
        struct packet_ipv6 header;
        struct packet_ipv6_upper upper;
        cr_assert_leq(bytes.length, mtu);
        cr_assert_eq(packet_ipv6_parse(bytes, &header), 0);
        cr_assert_eq(header.payload_bytes, bytes.length - 40);
        cr_assert_eq(header.flow_label, 0x12345);
        cr_assert_eq(packet_ipv6_upper(header.next_header, header.payload, &upper), 0);
        cr_assert(upper.fragmented);
        cr_assert_eq(upper.fragment.id, 0xfeedbeef);
        cr_assert_eq(upper.fragment.next_header,
                     extensions ? PACKET_DESTINATION_OPTIONS : PACKET_ICMPV6);
        struct sonde_bytes piece = {bytes.data + fixed + 8, bytes.length - fixed - 8};
        put(&whole, upper.fragment.offset, piece, upper.fragment.more);
        count++;
        free(room);
    }
    cr_assert_eq(count, expected);
    cr_assert_eq(whole.end, datagram.length - fixed);
    cr_assert_eq(whole.bytes, whole.end);
    cr_assert_arr_eq(whole.body, datagram.data + fixed, whole.end);
}

Test(packet_fragment, ipv6_reassembles)
{
    struct base_random random = help_random();
    static uint8_t bytes[PACKET_DATAGRAM_MAX];
    for (int round = 0; round < 200; round++) {
        bool extensions = help_coin(&random);
        size_t most = 65535 - (extensions ? 24 : 0);
        size_t payload = round == 0 ? most : 1600 + help_below(&random, round % 10 ? 4000 : 60000);
        size_t length = build_ipv6(&random, bytes, sizeof(bytes), extensions, payload);
        size_t mtu = 1280 + help_below(&random, 300);
        split_ipv6((struct sonde_bytes){bytes, length}, mtu, extensions);
    }
}

Test(packet_fragment, ipv6_refuses)
{
    struct base_random random = help_random();
    static uint8_t bytes[4000];
    struct packet_fragmenter fragmenter;
    struct sonde_bytes datagram = {bytes, build_ipv6(&random, bytes, sizeof(bytes), true, 2000)};
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1280, 1), 0);
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1279, 1), -EMSGSIZE);
    bytes[48] = PACKET_FRAGMENT;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1280, 1), -EINVAL, "once is enough");
    bytes[48] = PACKET_DESTINATION_OPTIONS;
    bytes[57] = 160; /* destination options of 1,288 bytes: RFC 7112 forbids to cut them */
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1280, 1), -EMSGSIZE);
    bytes[57] = 255; /* reaches beyond the datagram */
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1280, 1), -EINVAL);
    datagram.length--;
    cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1280, 1), -EINVAL);
}

Test(packet_fragment, ipv6_leaves_room_in_the_chain)
{
    struct base_random random = help_random();
    static uint8_t bytes[4000];
    struct sonde_bytes datagram = {bytes, build_ipv6(&random, bytes, sizeof(bytes), false, 2000)};
    bytes[6] = PACKET_DESTINATION_OPTIONS;
    for (size_t count = 1; count <= PACKET_IPV6_CHAIN_MAX; count++) {
        memset(bytes + 40, 0, count * 8);
        for (size_t i = 0; i < count; i++)
            bytes[40 + i * 8] = i + 1 < count ? PACKET_DESTINATION_OPTIONS : PACKET_ICMPV6;
        struct packet_fragmenter fragmenter;
        cr_assert_eq(packet_fragmenter_init(&fragmenter, datagram, 1280, 1),
                     count < PACKET_IPV6_CHAIN_MAX ? 0 : -EINVAL);
    }
}

Test(packet_fragment, ipv6_keeps_transport_headers_whole)
{
    static const struct {
        uint8_t protocol;
        size_t header;
    } cases[] = {{PACKET_TCP, 60}, {PACKET_SCTP, 12}, {PACKET_UDP, 8}};
    struct base_random random = help_random();
    static uint8_t bytes[4000];
    for (size_t i = 0; i < 3; i++) {
        struct sonde_bytes datagram = {bytes,
                                       build_ipv6(&random, bytes, sizeof(bytes), true, 3000)};
        bytes[56] = cases[i].protocol;
        /* Room for 1,216 bytes behind the fragment header; options take all but the header's. */
        for (size_t units = 1; units < 152; units++) {
            bytes[57] = (uint8_t)(units - 1);
            struct packet_fragmenter fragmenter;
            int error = packet_fragmenter_init(&fragmenter, datagram, 1280, 1);
            cr_assert_eq(error, units * 8 + cases[i].header <= 1216 ? 0 : -EMSGSIZE);
        }
    }
}
