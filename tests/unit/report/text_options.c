#include "bench.h"
#include "packet/ipv4.h"

/* An IP header with these options in front of an empty payload. */
static struct sonde_bytes header_with(const uint8_t *options, size_t length)
{
    static uint8_t bytes[PACKET_IPV4_HEADER_MAX];
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    struct packet_ipv4 header = {
        .total_bytes = 84,
        .ttl = 64,
        .protocol = 1,
        .source = bench_address("192.0.2.1"),
        .destination = bench_address("192.0.2.77"),
        .options = {options, length},
    };
    cr_assert_eq(packet_ipv4_write(&writer, &header), 0);
    return (struct sonde_bytes){bytes, packet_written(&writer)};
}

static void reply(struct bench *bench, uint64_t number, const uint8_t *options, size_t length)
{
    struct sonde_outcome outcome = bench_reply(bench, 0, number, 295000);
    outcome.ip = header_with(options, length);
    bench_tell(bench, outcome);
}

Test(report_text_options, record_route)
{
    static const uint8_t options[12] = {1, 7, 11, 12, 10, 9, 0, 1, 10, 9, 0, 2};
    static const uint8_t other[12] = {1, 7, 11, 12, 10, 9, 0, 1, 10, 9, 0, 3};
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, options, sizeof options);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n"
                        "NOP\n"
                        "RR: \t10.9.0.1\n"
                        "\t10.9.0.2\n"
                        "\n");
    reply(bench, 1, options, sizeof options);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=2 ttl=61 time=0.295 ms\n"
                        "NOP\t(same route)\n");
    reply(bench, 2, other, sizeof other);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=3 ttl=61 time=0.295 ms\n"
                        "NOP\n"
                        "RR: \t10.9.0.1\n"
                        "\t10.9.0.3\n"
                        "\n");
    bench_close(bench);
}

Test(report_text_options, a_longer_route_is_another)
{
    static const uint8_t one[12] = {1, 7, 11, 8, 10, 9, 0, 1, 0, 0, 0, 0};
    static const uint8_t two[12] = {1, 7, 11, 12, 10, 9, 0, 1, 0, 0, 0, 0};
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, two, sizeof two);
    bench_out(bench);
    reply(bench, 1, one, sizeof one);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=2 ttl=61 time=0.295 ms\n"
                        "NOP\n"
                        "RR: \t10.9.0.1\n"
                        "\n");
    bench_close(bench);
}

Test(report_text_options, record_route_still_empty)
{
    static const uint8_t options[8] = {7, 7, 4, 0, 0, 0, 0, 0};
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, options, sizeof options);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n");
    bench_close(bench);
}

Test(report_text_options, source_routes)
{
    static const uint8_t loose[8] = {131, 7, 8, 10, 1, 1, 1, 0};
    static const uint8_t strict[8] = {137, 7, 8, 10, 1, 1, 1, 0};
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, loose, sizeof loose);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n"
                        "LSRR: \t10.1.1.1\n\n");
    reply(bench, 0, strict, sizeof strict);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n"
                        "SSRR: \t10.1.1.1\n\n");
    bench_close(bench);
}

Test(report_text_options, times_only)
{
    static const uint8_t options[12] = {68, 12, 13, 0x30, 0, 0, 3, 0xe8, 0, 0, 3, 0xe3};
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, options, sizeof options);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n"
                        "TS: \t1000 absolute\n"
                        "\t-5\n"
                        "Unrecorded hops: 3\n"
                        "\n");
    bench_close(bench);
}

Test(report_text_options, times_with_addresses_some_of_no_standard)
{
    static const uint8_t options[28] = {68, 28, 29, 0x11,                   /* full, one lost */
                                        10, 3,  3,  3,    0,    0, 3, 0xe8, /* 1000 */
                                        10, 4,  4,  4,    0x80, 0, 0, 5,    /* 5, its own */
                                        10, 5,  5,  5,    0x80, 0, 0, 0x0c};
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, options, sizeof options);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n"
                        "TS: \t10.3.3.3\t1000 absolute\n"
                        "\t10.4.4.4\t5 absolute not-standard\n"
                        "\t10.5.5.5\t7 not-standard\n"
                        "Unrecorded hops: 1\n"
                        "\n");
    bench_close(bench);
}

Test(report_text_options, unknown_and_broken)
{
    static const uint8_t options[8] = {148, 4, 0, 0, 7, 200, 4, 0}; /* router alert; too long */
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    reply(bench, 0, options, sizeof options);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.295 ms\n"
                        "unknown option 94\n");
    bench_close(bench);
}

Test(report_text_options, not_in_a_flood)
{
    static const uint8_t options[8] = {148, 4, 0, 0, 0, 0, 0, 0};
    struct bench *bench = bench_create_idle();
    bench->run.flood = true;
    bench_open(bench, report_text_create);
    reply(bench, 0, options, sizeof options);
    bench_expect(bench, "\b \b");
    bench_close(bench);
}

/* ping -v shows the header that a redirect quotes; here in the order of the wire. */
Test(report_text_options, quoted_header)
{
    static const uint8_t redirect[] = {
        5,    1,    0,  0, 10, 7, 7,  7, 0x45, 0x00, 0x00, 0x54, 0x74, 0x94, 0x40, 0x00, 0x40, 0x01,
        0x29, 0x8d, 10, 9, 0,  1, 10, 1, 5,    1,    8,    0,    0,    0,    0,    1,    0,    1};
    struct bench *bench = bench_create_idle();
    bench->run.verbose = true;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_error(bench, 0, SONDE_REDIRECT, 5, 1);
    outcome.gateway = bench_address("10.7.7.7");
    outcome.icmp = (struct sonde_bytes){redirect, sizeof redirect};
    bench_tell(bench, outcome);
    bench_expect(bench, "From 10.9.9.9: icmp_seq=1 Redirect Host(New nexthop: 10.7.7.7)\n"
                        "Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst Data\n"
                        " 4  5  00 0054 7494   2 0000  40  01 298d 10.9.0.1  10.1.5.1 \n");
    outcome.icmp.length = 20; /* cut: nothing to show, nothing read beyond */
    bench_tell(bench, outcome);
    outcome.icmp = (struct sonde_bytes){NULL, 0};
    bench_tell(bench, outcome);
    bench_expect(bench, "From 10.9.9.9: icmp_seq=1 Redirect Host(New nexthop: 10.7.7.7)\n"
                        "From 10.9.9.9: icmp_seq=1 Redirect Host(New nexthop: 10.7.7.7)\n");
    bench_close(bench);
}
