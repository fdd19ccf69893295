#include "packet/udp.h"

#include <errno.h>

#include "help.h"

#define ROOM 256

/* Ports 33434 to 53, "hello". */
static const uint8_t hello[] = {0x82, 0x9a, 0, 53, 0, 13, 0xb5, 0x2e, 'h', 'e', 'l', 'l', 'o'};

static const char *const pairs[2][2] = {{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}};

static struct sonde_address end_of(bool v6, int end)
{
    return help_parse(pairs[v6][end]);
}

Test(packet_udp, known_datagram)
{
    struct sonde_bytes bytes = {hello, sizeof(hello)};
    struct packet_udp udp;
    cr_assert_eq(packet_udp_parse(bytes, &udp), 0);
    cr_assert_eq(udp.source_port, 33434);
    cr_assert_eq(udp.destination_port, 53);
    cr_assert_eq(udp.length, 13);
    cr_assert_eq(udp.checksum, 0xb52e);
    cr_assert(help_same(udp.payload, (struct sonde_bytes){hello + 8, 5}));
    for (int v6 = 0; v6 <= 1; v6++) {
        struct sonde_address from = end_of(v6, 0), to = end_of(v6, 1);
        cr_assert_eq(packet_udp_checksum_ok(bytes, &from, &to), !v6);
        uint8_t room[ROOM];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), 0);
        cr_assert_eq(packet_written(&writer), sizeof(hello));
        cr_assert_eq(room[6] << 8 | room[7], v6 ? 0xddbd : 0xb52e);
        room[6] = hello[6];
        room[7] = hello[7];
        cr_assert_arr_eq(room, hello, sizeof(hello));
    }
}

Test(packet_udp, a_checksum_of_zero_is_sent_as_all_ones)
{
    static const uint8_t payloads[2][2] = {{0xf9, 0x06}, {0x21, 0x96}};
    for (int v6 = 0; v6 <= 1; v6++) {
        struct sonde_address from = end_of(v6, 0), to = end_of(v6, 1);
        struct packet_udp udp = {33434, 53, .payload = {payloads[v6], 2}};
        uint8_t room[ROOM];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), 0);
        struct sonde_bytes written = packet_written_from(&writer, 0);
        cr_assert_eq(room[6] << 8 | room[7], 0xffff);
        cr_assert(packet_udp_checksum_ok(written, &from, &to));
        room[6] = room[7] = 0;
        cr_assert_eq(packet_udp_checksum_ok(written, &from, &to), !v6,
                     "none is right in IPv4, wrong in IPv6");
    }
}

Test(packet_udp, round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        enum sonde_family family = help_coin(&random) ? SONDE_IPV6 : SONDE_IPV4;
        struct sonde_address from = help_address(&random, family);
        struct sonde_address to = help_address(&random, family);
        uint8_t payload[100], room[ROOM];
        help_fill(&random, payload, sizeof(payload));
        struct packet_udp udp = {
            .source_port = (uint16_t)base_random_u64(&random),
            .destination_port = (uint16_t)base_random_u64(&random),
            .payload = {payload, help_below(&random, sizeof(payload) + 1)},
        };
        size_t ahead = help_below(&random, 4);
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        packet_write_zeros(&writer, ahead);
        cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), 0);
        struct sonde_bytes bytes = packet_written_from(&writer, ahead);
        struct packet_udp back;
        cr_assert_eq(packet_udp_parse(bytes, &back), 0);
        cr_assert_eq(back.source_port, udp.source_port);
        cr_assert_eq(back.destination_port, udp.destination_port);
        cr_assert_eq(back.length, bytes.length);
        cr_assert_neq(back.checksum, 0);
        cr_assert(help_same(back.payload, udp.payload));
        cr_assert(packet_udp_checksum_ok(bytes, &from, &to));
        room[ahead + help_below(&random, bytes.length)] ^= (uint8_t)(1u << help_below(&random, 8));
        cr_assert_not(packet_udp_checksum_ok(bytes, &from, &to), "one bit");
    }
}

Test(packet_udp, every_cut_is_told)
{
    struct sonde_address from = end_of(false, 0), to = end_of(false, 1);
    for (size_t length = 0; length < sizeof(hello); length++) {
        struct sonde_bytes bytes = help_exact(hello, length);
        struct packet_udp udp;
        memset(&udp, 0xff, sizeof(udp));
        cr_assert_eq(packet_udp_parse(bytes, &udp), -ENODATA);
        cr_assert_eq(udp.source_port, 0);
        cr_assert_eq(udp.payload.length, 0);
        cr_assert_not(packet_udp_checksum_ok(bytes, &from, &to));
        help_free(bytes);
    }
}

Test(packet_udp, the_length_decides)
{
    struct sonde_address from = end_of(false, 0), to = end_of(false, 1);
    uint8_t bytes[sizeof(hello) + 3];
    memcpy(bytes, hello, sizeof(hello));
    memset(bytes + sizeof(hello), 0xee, 3);
    struct packet_udp udp;
    struct sonde_bytes all = {bytes, sizeof(bytes)};
    cr_assert_eq(packet_udp_parse(all, &udp), 0);
    cr_assert_eq(udp.payload.length, 5, "what follows is not the datagram's");
    cr_assert(packet_udp_checksum_ok(all, &from, &to));
    for (uint8_t length = 0; length < 8; length++) {
        bytes[5] = length;
        cr_assert_eq(packet_udp_parse(all, &udp), -EBADMSG);
        cr_assert_not(packet_udp_checksum_ok(all, &from, &to));
    }
    bytes[5] = 8;
    cr_assert_eq(packet_udp_parse(all, &udp), 0);
    cr_assert_eq(udp.payload.length, 0);
    bytes[5] = sizeof(bytes) + 1;
    cr_assert_eq(packet_udp_parse(all, &udp), -ENODATA);
}

Test(packet_udp, what_cannot_be_written)
{
    struct sonde_address from = end_of(false, 0), to = end_of(true, 1);
    struct packet_udp udp = {1, 2, .payload = {hello, 5}};
    uint8_t room[ROOM];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), -EINVAL);
    cr_assert(writer.failed);
    struct sonde_address none = {0};
    writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_udp_write(&writer, &udp, &none, &none), -EINVAL);
    to = end_of(false, 1);
    for (size_t size = 0; size < 13; size++) {
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), -ENOBUFS);
        cr_assert(writer.failed);
    }
    static uint8_t large[PACKET_UDP_PAYLOAD_MAX + 1], larger[65536];
    udp.payload = (struct sonde_bytes){large, sizeof(large)};
    writer = packet_writer_over(larger, sizeof(larger));
    cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), -EINVAL);
    udp.payload.length--;
    writer = packet_writer_over(larger, sizeof(larger));
    cr_assert_eq(packet_udp_write(&writer, &udp, &from, &to), 0);
    cr_assert(packet_udp_checksum_ok(packet_written_from(&writer, 0), &from, &to));
}
