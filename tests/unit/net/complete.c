#include <criterion/criterion.h>
#include <string.h>

#include "net/complete.h"
#include "packet/checksum.h"
#include "packet/ipv4.h"
#include "packet/protocol.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

static struct sonde_address address(const char *text)
{
    struct sonde_address parsed;

    cr_assert(sonde_address_parse(text, &parsed));
    return parsed;
}

/* A packet with its right checksum, behind `skip` bytes. Returns its length. */
static size_t write_packet(uint8_t *bytes, uint8_t protocol, const struct sonde_address *from,
                           const struct sonde_address *to, size_t payload)
{
    static const uint8_t words[64] = "the words of a payload of any length, odd or even, and so on";
    struct packet_writer writer = packet_writer_over(bytes, 256);
    struct packet_udp udp = {.source_port = 53, .destination_port = 61440};
    struct packet_tcp tcp = {.source_port = 80, .destination_port = 61440, .flags = 0x12};
    struct packet_sctp sctp = {.source_port = 80, .destination_port = 61440};

    udp.payload = tcp.payload = (struct sonde_bytes){words, payload};
    if (protocol == PACKET_UDP) {
        packet_udp_write(&writer, &udp, from, to);
    } else if (protocol == PACKET_TCP) {
        packet_tcp_write(&writer, &tcp, from, to);
    } else {
        size_t packet = packet_sctp_begin(&writer, &sctp);

        packet_sctp_chunk_write(&writer, PACKET_SCTP_ABORT, 0, udp.payload);
        packet_sctp_end(&writer, packet);
    }
    cr_assert_not(writer.failed);
    return packet_written(&writer);
}

static size_t checksum_at(uint8_t protocol)
{
    return protocol == PACKET_UDP ? 6 : protocol == PACKET_TCP ? 16 : 8;
}

/* What a stack leaves to its device. */
static void leave(uint8_t *bytes, size_t length, uint8_t protocol, const struct sonde_address *from,
                  const struct sonde_address *to)
{
    struct packet_sum sum = {0};
    uint16_t partial;

    if (protocol == PACKET_SCTP) {
        memset(bytes + 8, 0, 4);
        return;
    }
    packet_sum_pseudo(&sum, from, to, protocol, (uint32_t)length);
    partial = (uint16_t)~packet_sum_checksum(&sum);
    bytes[checksum_at(protocol)] = (uint8_t)(partial >> 8);
    bytes[checksum_at(protocol) + 1] = (uint8_t)partial;
}

static const uint8_t protocols[] = {PACKET_UDP, PACKET_TCP, PACKET_SCTP};

Test(net_complete, what_was_left_is_written)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t payload = 0; payload < 60; payload++)
            for (int v6 = 0; v6 < 2; v6++) {
                struct sonde_address from = address(v6 ? "2001:db8::1" : "192.0.2.1");
                struct sonde_address to = address(v6 ? "2001:db8:ffff::2" : "198.51.100.7");
                uint8_t right[256], bytes[256];
                size_t length = write_packet(right, protocols[i], &from, &to, payload);

                memcpy(bytes, right, length);
                leave(bytes, length, protocols[i], &from, &to);
                cr_assert_neq(memcmp(bytes, right, length), 0);
                net_complete(bytes, length, protocols[i], &from, &to);
                cr_assert_eq(memcmp(bytes, right, length), 0, "%u %zu", protocols[i], payload);
            }
}

Test(net_complete, right_and_wrong_ones_stay)
{
    struct sonde_address from = address("192.0.2.1"), to = address("198.51.100.7");

    for (size_t i = 0; i < 3; i++)
        for (int wrong = 0; wrong < 2; wrong++) {
            uint8_t before[256], bytes[256];
            size_t length = write_packet(before, protocols[i], &from, &to, 20);

            if (wrong)
                before[checksum_at(protocols[i])] ^= 1;
            memcpy(bytes, before, length);
            net_complete(bytes, length, protocols[i], &from, &to);
            cr_assert_eq(memcmp(bytes, before, length), 0, "%u %d", protocols[i], wrong);
        }
}

Test(net_complete, what_is_cut_is_left_alone)
{
    struct sonde_address from = address("192.0.2.1"), to = address("198.51.100.7");

    for (size_t i = 0; i < 3; i++)
        for (size_t length = 0; length < 12; length++) {
            uint8_t bytes[16] = {0}, before[16] = {0};

            if (length >= checksum_at(protocols[i]) + 2)
                continue;
            net_complete(bytes, length, protocols[i], &from, &to);
            cr_assert_eq(memcmp(bytes, before, sizeof bytes), 0);
        }
}

Test(net_complete, behind_an_ipv4_header)
{
    struct sonde_address from = address("192.0.2.1"), to = address("198.51.100.7");
    uint8_t right[256] = {0}, bytes[256] = {0};
    size_t length = write_packet(right + 20, PACKET_TCP, &from, &to, 5);
    struct packet_ipv4 header = {.total_bytes = (uint16_t)(20 + length),
                                 .ttl = 64,
                                 .protocol = PACKET_TCP,
                                 .source = from,
                                 .destination = to};
    struct packet_writer writer = packet_writer_over(right, 20);

    packet_ipv4_write(&writer, &header);
    memcpy(bytes, right, sizeof bytes);
    leave(bytes + 20, length, PACKET_TCP, &from, &to);
    net_complete_v4(bytes, 20 + length - 1);
    cr_assert_neq(memcmp(bytes, right, sizeof bytes), 0, "one byte is not there");
    net_complete_v4(bytes, 20 + length);
    cr_assert_eq(memcmp(bytes, right, sizeof bytes), 0);
}
