#include "build_ports.h"

#include "packet/sctp.h"

Test(engine_build_sctp, an_init_that_proves_its_answer)
{
    for (int family = 0; family < 2; family++) {
        struct builder builder;
        build_init(&builder, &build_plain);
        struct sonde_engine_target target = build_target(family);
        for (uint32_t sequence = 1; sequence < 65536; sequence = sequence * 5 + 2) {
            struct sonde_probe probe = {
                .kind = SONDE_PROBE_SCTP, .port = 9, .hop_limit = (uint8_t)sequence};
            struct build_lease lease = {sequence, 40000, (uint16_t)sequence};
            struct sonde_bytes upper = build_upper(&builder, &probe, &target, &lease, 132);
            struct packet_sctp sctp;
            struct packet_sctp_chunk chunk;
            struct packet_sctp_init init;
            cr_assert(packet_sctp_checksum_ok(upper));
            cr_assert_eq(packet_sctp_parse(upper, &sctp), 0);
            cr_assert_eq(sctp.source_port, 40000);
            cr_assert_eq(sctp.destination_port, 9);
            cr_assert_eq(sctp.verification_tag, 0);
            struct packet_sctp_items chunks = packet_sctp_chunks(sctp.chunks);
            cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
            cr_assert_eq(packet_sctp_init_parse(&chunk, &init), 0);
            cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 0, "an INIT stands alone");
            uint64_t proof = build_proof(&build_plain, &target.address, &lease);
            cr_assert_eq(init.tag, build_word((uint16_t)sequence, proof));
            cr_assert_geq(init.window, 1500, "RFC 9260 section 3.3.2");
            cr_assert(init.outbound_streams > 0 && init.inbound_streams > 0);
        }
        build_destroy(&builder);
    }
}
