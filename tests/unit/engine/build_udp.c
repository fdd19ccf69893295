#include "build_ports.h"

#include "packet/udp.h"

static struct packet_udp built(struct builder *builder, const struct sonde_probe *probe, bool ipv6,
                               const struct build_lease *lease)
{
    struct sonde_engine_target target = build_target(ipv6);
    struct packet_udp udp;
    struct sonde_bytes upper = build_upper(builder, probe, &target, lease, 17);
    cr_assert_eq(packet_udp_parse(upper, &udp), 0);
    cr_assert(packet_udp_checksum_ok(upper, &target.source, &target.address),
              "%u bytes, sequence %u", probe->payload_bytes, lease->sequence);
    cr_assert_eq(udp.source_port, lease->identifier);
    return udp;
}

Test(engine_build_udp, the_checksum_is_the_sequence)
{
    static const uint16_t sequences[] = {1, 2, 255, 256, 4711, 32768, 65534, 65535};
    for (int family = 0; family < 2; family++) {
        struct builder builder;
        build_init(&builder, &build_plain);
        for (unsigned size = 2; size < 80; size++) {
            for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++) {
                struct sonde_probe probe = {.kind = SONDE_PROBE_UDP,
                                            .port = (uint16_t)(53 + i),
                                            .hop_limit = (uint8_t)(1 + i),
                                            .payload_bytes = (uint16_t)size};
                struct build_lease lease = {0xabcdef0123456789 + i, 40000, sequences[i]};
                struct packet_udp udp = built(&builder, &probe, family, &lease);
                cr_assert_eq(udp.checksum, lease.sequence);
                cr_assert_eq(udp.destination_port, 53 + i);
                cr_assert_eq(udp.payload.length, size);
                struct build_payload parts =
                    build_payload_of(&build_plain, SONDE_PROBE_UDP, size, true);
                cr_assert_eq(parts.proof_bytes, size >= 18 ? 16 : size >= 10 ? 8 : 0);
                for (size_t at = parts.proof_bytes + 2; at < size; at++)
                    cr_assert_eq(udp.payload.data[at], (uint8_t)at);
            }
        }
        build_destroy(&builder);
    }
}

Test(engine_build_udp, too_little_for_a_checksum_of_choice)
{
    struct builder builder;
    build_init(&builder, &build_plain);
    for (uint16_t size = 0; size < 2; size++) {
        struct sonde_probe probe = {
            .kind = SONDE_PROBE_UDP, .port = 53, .hop_limit = 64, .payload_bytes = size};
        struct build_lease one = {1, 40000, 1}, two = {2, 40000, 2};
        uint16_t checksum = built(&builder, &probe, false, &one).checksum;
        cr_assert_eq(built(&builder, &probe, false, &two).checksum, checksum, "a flow's own");
        struct sonde_engine_target target = build_target(true);
        struct sonde_bytes datagram;
        cr_assert_eq(build_datagram(&builder, &probe, &target, &one, &datagram), -EINVAL);
    }
    build_destroy(&builder);
}

Test(engine_build_udp, sizes_that_no_datagram_holds)
{
    struct builder builder;
    build_init(&builder, &build_plain);
    struct build_lease lease = {1, 40000, 1};
    struct sonde_bytes datagram;
    for (int family = 0; family < 2; family++) {
        struct sonde_engine_target target = build_target(family);
        struct sonde_probe probe = {.kind = SONDE_PROBE_UDP,
                                    .payload_bytes = family ? 65527 : 65507};
        cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), 0);
        probe.payload_bytes++;
        cr_assert_eq(build_datagram(&builder, &probe, &target, &lease, &datagram), -EMSGSIZE);
    }
    build_destroy(&builder);
}

Test(engine_build_udp, ports_that_hold_the_sequence)
{
    struct sonde_engine_config config = build_plain;
    config.sequence_in_port = true;
    struct builder builder;
    build_init(&builder, &config);
    static const struct {
        uint16_t port, sequence, expected;
    } all[] = {{33434, 1, 33435},
               {33434, 32102, 33434},
               {1000, 32767, 33767},
               {1000, 32768, 1000},
               {64512, 1024, 64512}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct sonde_probe probe = {
            .kind = SONDE_PROBE_UDP, .port = all[i].port, .payload_bytes = 32};
        struct build_lease lease = {1, 40000, all[i].sequence};
        cr_assert_eq(built(&builder, &probe, false, &lease).destination_port, all[i].expected,
                     "case %zu", i);
    }
    struct sonde_probe probe = {.kind = SONDE_PROBE_UDP, .port = 64513, .payload_bytes = 32};
    struct sonde_engine_target target = build_target(false);
    struct sonde_bytes datagram;
    cr_assert_eq(
        build_datagram(&builder, &probe, &target, &(struct build_lease){1, 1, 1}, &datagram),
        -EINVAL);
    build_destroy(&builder);
}
