#include "trace_help.h"

static struct sonde_outcome translated(unsigned hop, unsigned nth)
{
    struct sonde_outcome outcome = hop < 2 ? trace_bench_router(hop, 1) : trace_bench_host(2);
    if (hop > 1 && nth > 0)
        return trace_bench_silence();
    outcome.quote = (struct sonde_quote){.present = true,
                                         .from = trace_bench_address(99, 1),
                                         .hop_limit = 1,
                                         .traffic_class = 8,
                                         .total_bytes = 60,
                                         .port_differs = true};
    return outcome;
}

Test(report_trace_json, probes_hops_and_the_end)
{
    struct trace_bench bench = {
        .name = "\"r\"\x1b", .origin = "DE", .config = {.queries = 1, .last_hop = 2}};
    expect_told(
        &bench, REPORT_TRACE_JSON, translated,
        "{\"type\":\"trace_start\",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"version\":\"0.1."
        "0\",\"target\":\"far.example\",\"address\":\"10.0.0.9\",\"probe\":\"echo\",\"flow\":0,"
        "\"datagram_bytes\":60,\"first_hop\":1,\"last_hop\":2,\"queries\":1,\"rounds\":1,"
        "\"transport\":\"sim\"}\n"
        "{\"type\":\"trace_probe\",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"round\":1,\"hop\":"
        "1,\"query\":1,\"outcome\":\"time_exceeded\",\"final\":true,\"rtt_ns\":1000000,\"from\":"
        "\"10.0.1.1\",\"from_name\":\"\\\"r\\\"\\\\x1b\",\"ttl\":255,\"icmp_text\":\"Time to live "
        "exceeded\",\"quote\":{\"ttl\":1,\"tclass\":8,\"bytes\":60,\"from\":\"10.0.99.1\",\"port_"
        "differs\":true,\"checksum_differs\":false}}\n"
        "{\"type\":\"trace_probe\",\"time\":\"1970-01-01T00:00:00.001000000Z\",\"round\":1,\"hop\":"
        "2,\"query\":1,\"outcome\":\"reply\",\"final\":true,\"said\":\"icmp_reply\",\"rtt_ns\":"
        "2000000,\"from\":\"10.0.2.9\",\"from_name\":\"\\\"r\\\"\\\\x1b\",\"ttl\":63,\"quote\":{"
        "\"ttl\":1,\"tclass\":8,\"bytes\":60,\"from\":\"10.0.99.1\",\"port_"
        "differs\":true,\"checksum_differs\":false}}\n"
        "{\"type\":\"trace_hop\",\"time\":\"1970-01-01T00:00:00.001000000Z\",\"hop\":1,"
        "\"addresses\":[{\"address\":\"10.0.1.1\",\"name\":\"\\\"r\\\"\\\\x1b\",\"origin\":\"DE\","
        "\"answers\":1,\"first_round\":1,\"last_round\":1}],\"verdict\":\"fine\",\"sent\":1,"
        "\"missed\":0,\"asked\":1,\"missed_behind\":0,\"asked_behind\":1,\"rtt\":{\"count\":1,"
        "\"min_ns\":1000000,\"mean_ns\":1000000,\"max_ns\":1000000,\"deviation_ns\":0,\"last_ns\":"
        "1000000,\"ewma_ns\":1000000,\"jitter_ns\":0},\"tclass_before\":0,\"tclass\":8,\"rewritten_"
        "after_hop\":0,\"nat_after_hop\":0,\"quoted_ttl\":1,\"return_hops\":0}\n"
        "{\"type\":\"trace_hop\",\"time\":\"1970-01-01T00:00:00.001000000Z\",\"hop\":2,"
        "\"addresses\":[{\"address\":\"10.0.2.9\",\"name\":\"\\\"r\\\"\\\\x1b\",\"origin\":\"DE\","
        "\"answers\":1,\"first_round\":1,\"last_round\":1}],\"verdict\":\"fine\",\"sent\":1,"
        "\"missed\":0,\"asked\":1,\"rtt\":{\"count\":1,\"min_ns\":2000000,\"mean_ns\":2000000,"
        "\"max_ns\":2000000,\"deviation_ns\":0,\"last_ns\":2000000,\"ewma_ns\":2000000,\"jitter_"
        "ns\":0},\"quoted_ttl\":1,\"return_hops\":1}\n"
        "{\"type\":\"trace_end\",\"time\":\"1970-01-01T00:00:00.001000000Z\",\"reason\":"
        "\"reached\",\"hop\":2,\"asked\":2,\"from\":\"10.0.2.9\",\"said\":\"icmp_reply\",\"receive_"
        "drops\":0,\"clock_steps\":0,\"stamps_missing\":0,\"skipped\":0,\"foreign\":0,"
        "\"malformed\":0,\"lease_waits\":0}\n");
}
