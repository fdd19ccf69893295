#include "build_ports.h"

#include "packet/udp.h"

/* A probe with a payload that servers understand, in both families, with any sequence. */
static void each(enum sonde_payload kind, size_t bytes,
                 void (*look)(struct sonde_bytes payload, uint16_t sequence, uint64_t proof))
{
    struct sonde_engine_config config = build_plain;
    config.payload = kind;
    for (int family = 0; family < 2; family++) {
        struct builder builder;
        build_init(&builder, &config);
        struct sonde_engine_target target = build_target(family);
        for (uint32_t sequence = 1; sequence < 65536; sequence = sequence * 3 + 1) {
            struct sonde_probe probe = {
                .kind = SONDE_PROBE_UDP, .port = 53, .payload_bytes = (uint16_t)sequence};
            struct build_lease lease = {sequence * 77, 40000, (uint16_t)sequence};
            struct sonde_bytes upper = build_upper(&builder, &probe, &target, &lease, 17);
            struct packet_udp udp;
            cr_assert_eq(packet_udp_parse(upper, &udp), 0);
            cr_assert(packet_udp_checksum_ok(upper, &target.source, &target.address));
            cr_assert_eq(udp.checksum, sequence);
            cr_assert_eq(udp.payload.length, bytes, "whatever size was asked");
            look(udp.payload, lease.sequence, build_proof(&config, &target.address, &lease));
        }
        build_destroy(&builder);
    }
}

static void look_at_dns(struct sonde_bytes payload, uint16_t sequence, uint64_t proof)
{
    static const uint8_t query[] = {1, 0, 0,  1, 0,    0, 0, 0, 0, 1, 0, 0, 2,  0, 1,
                                    0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 6, 0, 12, 0, 2};
    struct packet_reader reader = packet_reader_over(payload);
    (void)proof;
    cr_assert_eq(packet_read_u16(&reader), sequence);
    cr_assert_arr_eq(payload.data + 2, query, sizeof query);
}

static void look_at_ntp(struct sonde_bytes payload, uint16_t sequence, uint64_t proof)
{
    struct packet_reader reader = packet_reader_over(payload);
    cr_assert_eq(packet_read_u8(&reader), 0x23, "version 4, client");
    packet_skip(&reader, 39);
    cr_assert_eq(packet_read_u64(&reader), build_mark(sequence, proof));
}

static void look_at_quic(struct sonde_bytes payload, uint16_t sequence, uint64_t proof)
{
    struct packet_reader reader = packet_reader_over(payload);
    cr_assert_eq(packet_read_u8(&reader) & 0xc0, 0xc0);
    cr_assert_eq(packet_read_u32(&reader) & 0x0f0f0f0f, 0x0a0a0a0a, "RFC 9000 section 15");
    cr_assert_geq(packet_read_u8(&reader), 8, "RFC 9000 section 7.2");
    packet_skip(&reader, 9);
    cr_assert_eq(packet_read_u8(&reader), 8);
    cr_assert_eq(packet_read_u64(&reader), build_mark(sequence, proof));
}

Test(engine_build_payload, what_servers_understand)
{
    each(SONDE_PAYLOAD_DNS, 34, look_at_dns);
    each(SONDE_PAYLOAD_NTP, 48, look_at_ntp);
    each(SONDE_PAYLOAD_QUIC, 1200, look_at_quic);
}

Test(engine_build_payload, only_udp_has_another_payload)
{
    struct sonde_engine_config config = build_plain;
    config.payload = SONDE_PAYLOAD_QUIC;
    cr_assert_eq(build_payload_of(&config, SONDE_PROBE_ECHO, 56, false).bytes, 56);
    cr_assert_eq(build_payload_of(&config, SONDE_PROBE_UDP, 56, true).bytes, 1200);
}

Test(engine_build_payload, what_fits_where)
{
    static const struct {
        size_t bytes, proof, balance;
    } all[] = {{0, 0, BUILD_NO_BALANCE},
               {1, 0, BUILD_NO_BALANCE},
               {2, 0, 0},
               {9, 0, 0},
               {10, 8, 8},
               {17, 8, 8},
               {18, 16, 16}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct build_payload got =
            build_payload_of(&build_plain, SONDE_PROBE_ECHO, all[i].bytes, true);
        cr_assert_eq(got.proof_bytes, all[i].proof);
        cr_assert_eq(got.balance_at, all[i].balance);
    }
    cr_assert_eq(build_payload_of(&build_plain, SONDE_PROBE_ECHO, 16, false).proof_bytes, 16);
    cr_assert_eq(build_payload_of(&build_plain, SONDE_PROBE_ECHO, 15, false).proof_bytes, 8);
    cr_assert_eq(build_payload_of(&build_plain, SONDE_PROBE_ECHO, 16, false).balance_at,
                 BUILD_NO_BALANCE);
}
