/* Packets and records for the tests of the writers. */
#ifndef TESTS_UNIT_LAB_RECORDS_H
#define TESTS_UNIT_LAB_RECORDS_H

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "lab/record.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define START INT64_C(5000000000)
#define EPOCH INT64_C(1700000000123456789)

static const struct lab_clock clock_of_tests = {{START}, {EPOCH}};

struct lab_test_packet {
    uint8_t bytes[1500];
    size_t length;
};

static inline struct sonde_bytes whole(const struct lab_test_packet *packet)
{
    return (struct sonde_bytes){packet->bytes, packet->length};
}

static inline struct sonde_address address(const char *text)
{
    struct sonde_address result;

    cr_assert(sonde_address_parse(text, &result));
    return result;
}

/* Any ICMP message of either family, in a datagram. */
static inline void wrap_icmp(struct lab_test_packet *packet, const struct packet_icmp *message,
                             const char *from, const char *to, uint8_t hop_limit)
{
    uint8_t inner[1400];
    struct packet_writer body = packet_writer_over(inner, sizeof inner);
    struct packet_writer writer = packet_writer_over(packet->bytes, sizeof packet->bytes);
    struct sonde_address source = address(from);
    struct sonde_address destination = address(to);

    cr_assert_eq(packet_icmp_write(&body, message, &source, &destination), 0);
    if (message->family == SONDE_IPV4)
        packet_ipv4_write(&writer,
                          &(struct packet_ipv4){
                              .total_bytes = (uint16_t)(PACKET_IPV4_HEADER + packet_written(&body)),
                              .id = 77,
                              .ttl = hop_limit,
                              .protocol = PACKET_ICMPV4,
                              .source = source,
                              .destination = destination});
    else
        packet_ipv6_write(&writer,
                          &(struct packet_ipv6){.payload_bytes = (uint16_t)packet_written(&body),
                                                .flow_label = 0x12345,
                                                .next_header = PACKET_ICMPV6,
                                                .hop_limit = hop_limit,
                                                .source = source,
                                                .destination = destination});
    packet_write_bytes(&writer, inner, packet_written(&body));
    cr_assert_not(writer.failed);
    packet->length = packet_written(&writer);
}

static inline void make_echo(struct lab_test_packet *packet, uint8_t type, const char *from,
                             const char *to)
{
    static const uint8_t payload[] = "payload of an odd length";
    struct packet_icmp message = {.family = (uint8_t)address(from).family,
                                  .type = type,
                                  .form = PACKET_ICMP_ECHO,
                                  .echo = {.identifier = 0xbeef, .sequence = 7},
                                  .payload = {payload, sizeof payload}};

    wrap_icmp(packet, &message, from, to, 64);
}

/* Time exceeded from 10.0.0.1 about `asked`, with two labels and an interface. */
static inline void make_exceeded(struct lab_test_packet *packet,
                                 const struct lab_test_packet *asked)
{
    static const struct packet_mpls labels[] = {{16001, 5, false, 254}, {17, 0, true, 1}};
    static const uint8_t name[] = "ge-0/0/1\x1b[2J";
    struct packet_interface_info info = {
        .has_index = true, .index = 42, .has_mtu = true, .mtu = 9000, .name = {name, 12}};
    uint8_t room[256];
    struct packet_writer writer = packet_writer_over(room, sizeof room);
    size_t start = packet_extension_begin(&writer);
    struct packet_icmp message = {
        .family = SONDE_IPV4, .type = PACKET_ICMPV4_TIME_EXCEEDED, .form = PACKET_ICMP_ERROR};

    info.address = address("10.0.0.254");
    packet_extension_write_mpls(&writer, labels, 2);
    packet_extension_write_interface_info(&writer, &info);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    message.error.form = PACKET_EXTENSION_COMPLIANT;
    message.error.quote = whole(asked);
    message.error.extensions = packet_written_from(&writer, start);
    wrap_icmp(packet, &message, "10.0.0.1", "198.18.0.1", 255);
}

/* The name of a file that is there for the length of a test. */
static inline void scratch_file(char path[static 32])
{
    int fd;

    strcpy(path, "/tmp/sonde-lab-XXXXXX");
    fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    close(fd);
}

#endif
