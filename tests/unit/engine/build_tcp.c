#include "build_ports.h"

#include "packet/tcp.h"

Test(engine_build_tcp, a_syn_that_proves_its_answer)
{
    for (int family = 0; family < 2; family++) {
        struct builder builder;
        build_init(&builder, &build_plain);
        struct sonde_engine_target target = build_target(family);
        for (uint32_t sequence = 1; sequence < 65536; sequence = sequence * 5 + 2) {
            struct sonde_probe probe = {
                .kind = SONDE_PROBE_TCP, .port = 443, .hop_limit = (uint8_t)sequence};
            struct build_lease lease = {sequence, 40000, (uint16_t)sequence};
            struct sonde_bytes upper = build_upper(&builder, &probe, &target, &lease, 6);
            struct packet_tcp tcp;
            cr_assert_eq(packet_tcp_parse(upper, &tcp), 0);
            cr_assert(packet_tcp_checksum_ok(upper, &target.source, &target.address));
            cr_assert_eq(tcp.flags, PACKET_TCP_SYN);
            cr_assert_eq(tcp.source_port, 40000);
            cr_assert_eq(tcp.destination_port, 443);
            cr_assert_eq(tcp.acknowledgment, 0);
            cr_assert_eq(tcp.sequence >> 16, sequence);
            uint64_t proof = build_proof(&build_plain, &target.address, &lease);
            cr_assert_eq((uint16_t)tcp.sequence, (uint16_t)proof);
            struct packet_tcp_options options = packet_tcp_options(tcp.options);
            struct packet_tcp_option option;
            cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
            cr_assert_eq(option.kind, PACKET_TCP_MSS);
            cr_assert_eq(option.mss, family ? 1440 : 1460);
            int more;
            while ((more = packet_tcp_options_next(&options, &option)) == 1)
                ;
            cr_assert_eq(more, 0);
        }
        build_destroy(&builder);
    }
}
