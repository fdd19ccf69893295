/* What the text report says of probes to ports. */
#include "bench.h"

Test(report_text_ports, first_line_of_ports)
{
    struct bench *bench = bench_create_idle();
    bench->run.kind = SONDE_PROBE_TCP;
    bench->run.port = 443;
    bench->run.payload_bytes = 0;
    bench_start_text(bench);
    bench_expect(bench, "PING 192.0.2.1 (192.0.2.1): TCP port 443\n");
    bench_close(bench);
    bench = bench_create_idle();
    bench->run.kind = SONDE_PROBE_UDP;
    bench->run.port = 53;
    bench->run.payload = "dns";
    bench->targets[0].source = bench_address("192.0.2.77");
    bench->targets[0].device = "eth0";
    bench_start_text(bench);
    bench_expect(bench,
                 "PING 192.0.2.1 (192.0.2.1) from 192.0.2.77 eth0: UDP port 53, dns query\n");
    bench_close(bench);
    bench = bench_create_idle();
    bench->run.kind = SONDE_PROBE_UDP;
    bench->run.port = 9;
    bench_start_text(bench);
    bench_expect(bench, "PING 192.0.2.1 (192.0.2.1): UDP port 9, 56 data bytes\n");
    bench_close(bench);
}

Test(report_text_ports, replies_say_what_they_were)
{
    static const struct {
        enum sonde_said said;
        const char *words;
    } all[] = {
        {SONDE_SAID_UDP, "udp reply"},
        {SONDE_SAID_PORT_CLOSED, "port closed"},
        {SONDE_SAID_PROTOCOL_CLOSED, "protocol not served"},
        {SONDE_SAID_SYN_ACK, "syn/ack"},
        {SONDE_SAID_RST, "rst (port closed)"},
        {SONDE_SAID_INIT_ACK, "init-ack"},
        {SONDE_SAID_ABORT, "abort (port closed)"},
    };
    struct bench *bench = bench_create_idle();
    bench->run.kind = SONDE_PROBE_TCP;
    bench_open(bench, report_text_create);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000000);
        char expected[128];
        outcome.said = all[i].said;
        outcome.kind = i % 2 ? SONDE_DUPLICATE : SONDE_REPLY;
        outcome.icmp_type = 3; /* which does not make an error of it */
        bench_tell(bench, outcome);
        snprintf(expected, sizeof expected, "%s from 192.0.2.1: seq=1 ttl=61 time=1.00 ms%s\n",
                 all[i].words, i % 2 ? " (DUP!)" : "");
        bench_expect(bench, expected);
    }
    bench_tell(bench, bench_error(bench, 1, SONDE_UNREACHABLE, 3, 13));
    bench_expect(bench, "From 10.9.9.9 seq=2 Packet filtered\n");
    bench_close(bench);
}
