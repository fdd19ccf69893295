#include "bench.h"
#include "packet/icmp.h"
#include "packet/node_info.h"

static struct bench *asking(enum sonde_probe_kind kind, bool ipv6)
{
    struct bench *bench = bench_create_idle();
    bench->run.kind = kind;
    if (ipv6)
        bench->targets[0].address = bench_address("fd09::2");
    bench_open(bench, report_text_create);
    return bench;
}

/* --- payload --------------------------------------------------------------------------------- */

Test(report_text_reply, wrong_data)
{
    struct bench *bench = asking(SONDE_PROBE_ECHO, false);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 234000);
    for (size_t i = 0; i < 56; i++)
        bench->bytes[8 + i] = (uint8_t)i;
    bench->bytes[8 + 20] = 0xeb;
    outcome.payload_differs = true;
    outcome.payload_differs_at = 20;
    bench_tell(bench, outcome);
    bench_expect(bench,
                 "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms\n"
                 "wrong data byte #20 should be 0x14 but was 0xeb\n"
                 "#16\t10 11 12 13 eb 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 "
                 "29 2a 2b 2c 2d 2e 2f \n"
                 "#48\t30 31 32 33 34 35 36 37 \n");
    outcome.payload_differs_at = 56; /* beyond what is there */
    bench_tell(bench, outcome);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms\n");
    bench_close(bench);
}

Test(report_text_reply, wrong_data_of_a_pattern_in_a_short_payload)
{
    static const uint8_t pattern[] = {0xff, 0x0a};
    struct bench *bench = bench_create_idle();
    bench->run.pattern = pattern;
    bench->run.pattern_bytes = 2;
    bench->run.payload_bytes = 4;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 234000);
    outcome.icmp.length = 12;
    memcpy(bench->bytes + 8, "\xff\x0a\xff\x00", 4);
    outcome.payload_differs = true;
    outcome.payload_differs_at = 3;
    bench_tell(bench, outcome);
    bench_expect(bench, "12 bytes from 192.0.2.1: icmp_seq=1 ttl=61\n"
                        "wrong data byte #3 should be 0xa but was 0x0\n"
                        "#0\tff a ff 0 \n");
    bench_close(bench);
}

/* --- node information ------------------------------------------------------------------------ */

static void node_reply(struct bench *bench, uint8_t code, uint16_t qtype, uint16_t flags,
                       const void *data, size_t length)
{
    uint8_t *bytes = bench->bytes;
    memset(bytes, 0, 16);
    bytes[0] = PACKET_ICMPV6_NODE_INFO_REPLY;
    bytes[1] = code;
    bytes[4] = (uint8_t)(qtype >> 8);
    bytes[5] = (uint8_t)qtype;
    bytes[6] = (uint8_t)(flags >> 8);
    bytes[7] = (uint8_t)flags;
    memcpy(bytes + 16, data, length);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 234000);
    outcome.icmp_type = PACKET_ICMPV6_NODE_INFO_REPLY;
    outcome.icmp_code = code;
    outcome.hop_limit = 60;
    outcome.icmp.length = 16 + length;
    bench_tell(bench, outcome);
}

Test(report_text_reply, node_names)
{
    struct bench *bench = asking(SONDE_PROBE_NODE_INFO, true);
    node_reply(bench, 0, 2, 0, "\0\0\0\0\4host\0\0\3two\0\0", 17);
    bench_expect(bench, "33 bytes from fd09::2: host, two; seq=1; ttl=60\n");
    node_reply(bench, 0, 2, 0, "\0\0\0\0\4h\x1bst\3net\0", 14);
    bench_expect(bench, "30 bytes from fd09::2: h\\027st.net.; seq=1; ttl=60\n");
    node_reply(bench, 0, 2, 0, "\0\0\0\0\4ho", 7);
    bench_expect(bench, "23 bytes from fd09::2: parse error (truncated); seq=1; ttl=60\n");
    node_reply(bench, 0, 2, 0, "\0\0", 2);
    bench_expect(bench, "18 bytes from fd09::2: parse error (too short); seq=1; ttl=60\n");
    bench_close(bench);
}

Test(report_text_reply, node_addresses)
{
    static const uint8_t v6[42] = {[4] = 0xfd, [19] = 1, [24] = 0xfe, [25] = 0x80, [39] = 2};
    static const uint8_t v4[16] = {[4] = 10, [7] = 1, [12] = 10, [15] = 2};
    struct bench *bench = asking(SONDE_PROBE_NODE_INFO, true);
    node_reply(bench, 0, 3, 1, v6, 40);
    bench_expect(bench, "56 bytes from fd09::2: fd00::1, fe80::2 (truncated); seq=1; ttl=60\n");
    node_reply(bench, 0, 3, 0, v6, 42);
    bench_expect(
        bench, "58 bytes from fd09::2: fd00::1, fe80::2, parse error (truncated); seq=1; ttl=60\n");
    node_reply(bench, 0, 4, 0, v4, 16);
    bench_expect(bench, "32 bytes from fd09::2: 10.0.0.1, 10.0.0.2; seq=1; ttl=60\n");
    bench_close(bench);
}

Test(report_text_reply, node_refusals)
{
    struct bench *bench = asking(SONDE_PROBE_NODE_INFO, true);
    node_reply(bench, 1, 2, 0, "", 0);
    node_reply(bench, 2, 2, 0, "", 0);
    node_reply(bench, 7, 2, 0, "", 0);
    node_reply(bench, 0, 0x63, 0, "", 0);
    bench_expect(bench, "16 bytes from fd09::2: refused; seq=1; ttl=60\n"
                        "16 bytes from fd09::2: unknown; seq=1; ttl=60\n"
                        "16 bytes from fd09::2: unknown code(07); seq=1; ttl=60\n"
                        "16 bytes from fd09::2: unknown qtype(0x63); seq=1; ttl=60\n");
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "0 packets transmitted, 4 received\n\n");
    bench_close(bench);
}

/* --- timestamp, extended echo ---------------------------------------------------------------- */

Test(report_text_reply, timestamp)
{
    static const uint8_t bytes[20] = {14, 0, 0,    0,    0x12, 0x67, 0,    1, 0x80, 1,
                                      2,  3, 0x03, 0x0b, 0x2c, 0xfd, 0x80, 0, 0,    5};
    struct bench *bench = asking(SONDE_PROBE_TIMESTAMP, false);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 234000);
    outcome.icmp_type = 14;
    outcome.icmp = (struct sonde_bytes){bytes, sizeof bytes};
    bench_tell(bench, outcome);
    bench_expect(bench, "20 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms "
                        "receive=14:11:04.061 transmit=0x80000005\n");
    bench_close(bench);
}

Test(report_text_reply, extended_echo)
{
    uint8_t bytes[8] = {43, 0, 0, 0, 0x12, 0x67, 1, 0};
    struct bench *bench = asking(SONDE_PROBE_EXTENDED_ECHO, false);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 234000);
    outcome.icmp_type = 43;
    outcome.icmp = (struct sonde_bytes){bytes, sizeof bytes};
    bytes[7] = 1 << 2 | 1 << 1 | 1; /* active, IPv4, IPv6 */
    bench_tell(bench, outcome);
    bytes[7] = 2 << 5; /* a neighbour, reachable */
    bench_tell(bench, outcome);
    bytes[7] = 0;
    bench_tell(bench, outcome);
    bytes[1] = 2;
    outcome.icmp_code = 2;
    bench_tell(bench, outcome);
    bench_expect(bench,
                 "8 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms interface=up,ipv4,ipv6\n"
                 "8 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms neighbour=reachable\n"
                 "8 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms interface=down\n"
                 "8 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.234 ms Extended Echo Reply: No "
                 "Such Interface\n");
    bench_close(bench);
}
