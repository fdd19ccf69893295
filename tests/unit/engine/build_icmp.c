#include "build_ports.h"

#include "packet/icmp.h"

static uint16_t checksum_of(struct builder *builder, bool ipv6, uint16_t flow, uint16_t bytes,
                            uint16_t sequence)
{
    struct sonde_engine_target target = build_target(ipv6);
    struct sonde_probe probe = {
        .hop_limit = (uint8_t)sequence, .flow = flow, .payload_bytes = bytes};
    struct build_lease lease = {sequence * UINT64_C(0x9e3779b97f4a7c15), 777, sequence};
    struct sonde_bytes upper = build_upper(builder, &probe, &target, &lease, ipv6 ? 58 : 1);
    struct packet_icmp message;
    cr_assert(packet_icmp_checksum_ok(ipv6 ? SONDE_IPV6 : SONDE_IPV4, upper, &target.source,
                                      &target.address),
              "flow %u, %u bytes", flow, bytes);
    cr_assert_eq(packet_icmp_parse(ipv6 ? SONDE_IPV6 : SONDE_IPV4, upper, &message), 0);
    cr_assert_eq(message.echo.sequence, sequence);
    cr_assert_eq(message.payload.length, bytes);
    return message.checksum;
}

Test(engine_build_icmp, the_checksum_is_the_flows_whatever_else_changes)
{
    for (int family = 0; family < 2; family++) {
        struct builder builder;
        build_init(&builder, &build_plain);
        for (uint16_t bytes = 2; bytes < 64; bytes++)
            for (uint16_t flow = 1; flow < 5; flow++)
                for (uint16_t sequence = 1; sequence < 10; sequence++)
                    cr_assert_eq(checksum_of(&builder, family, flow, bytes, sequence),
                                 checksum_of(&builder, family, flow, 40, 1));
        cr_assert_neq(checksum_of(&builder, family, 0, 56, 1),
                      checksum_of(&builder, family, 0, 56, 2));
        build_destroy(&builder);
    }
}

Test(engine_build_icmp, every_flow_has_its_own_checksum)
{
    static bool seen[65536];
    struct builder builder;
    build_init(&builder, &build_plain);
    for (uint32_t flow = 1; flow < 65536; flow++) {
        uint16_t checksum = checksum_of(&builder, false, (uint16_t)flow, 32, 7);
        cr_assert_not(seen[checksum], "flow %u", flow);
        cr_assert_neq(checksum, 0xffff, "who computes it gets 0");
        seen[checksum] = true;
    }
    build_destroy(&builder);
}
