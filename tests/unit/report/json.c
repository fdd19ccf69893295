#include <errno.h>

#include "json_help.h"

static struct bench *sonde(void)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    return bench;
}

/* The one line that an outcome gives. Owned by the caller. */
static json_t *told(struct bench *bench, struct sonde_outcome outcome)
{
    bench_tell(bench, outcome);
    json_t *lines = json_lines(bench_out(bench));
    cr_assert_eq(json_array_size(lines), 1);
    json_t *object = json_incref(json_array_get(lines, 0));
    json_decref(lines);
    return object;
}

Test(report_json, start_and_target)
{
    struct bench *bench = sonde();
    bench->run.count = 5;
    bench->targets[0].name = "h\xc3\xb6st \"x\"\x1b";
    bench->targets[0].device = "eth0";
    bench->targets[0].source = bench_address("192.0.2.77");
    bench_open(bench, report_json_create);
    bench->report.ops->begin(bench->report.self);
    bench->report.ops->start(bench->report.self, 0);
    bench_expect(bench,
                 "{\"type\":\"start\",\"time\":\"2020-09-13T12:26:40.000000000Z\",\"version\":"
                 "\"" SONDE_VERSION "\",\"targets\":1,\"transport\":\"raw\",\"stamps\":\"kernel\","
                 "\"probe\":\"echo\",\"payload_bytes\":56,\"interval_ns\":1000000000,"
                 "\"timeout_ns\":2000000000,\"count\":5}\n"
                 "{\"type\":\"target\",\"time\":\"2020-09-13T12:26:40.000000000Z\",\"target\":0,"
                 "\"name\":\"h\xc3\xb6st \\\"x\\\"\\\\x1b\",\"address\":\"192.0.2.1\",\"source\":"
                 "\"192.0.2.77\",\"device\":\"eth0\"}\n");
    bench_close(bench);
}

Test(report_json, reply)
{
    struct bench *bench = sonde();
    bench->name = "evil\x1b[0m";
    bench_open(bench, report_json_create);
    bench_send(bench, 0, 0);
    json_t *object = told(bench, bench_reply(bench, 0, 0, 334123));
    expect_text(object, "type", "outcome");
    expect_text(object, "time", "2020-09-13T12:26:40.000334123Z");
    expect_integer(object, "target", 0);
    expect_text(object, "address", "192.0.2.1");
    expect_integer(object, "seq", 1);
    expect_text(object, "outcome", "reply");
    cr_assert(json_is_true(member(object, "final")));
    expect_integer(object, "rtt_ns", 334123);
    expect_text(object, "from", "192.0.2.1");
    expect_text(object, "from_name", "evil\\x1b[0m");
    expect_integer(object, "bytes", 64);
    expect_integer(object, "ttl", 61);
    expect_integer(object, "traffic_class", 0);
    expect_integer(object, "icmp.type", 0);
    expect_integer(object, "icmp.code", 0);
    expect_text(object, "icmp.text", "Echo Reply");
    expect_text(object, "sent.time", "2020-09-13T12:26:40.000000000Z");
    expect_text(object, "sent.stamp", "kernel");
    expect_text(object, "received.stamp", "kernel");
    expect_integer(object, "wire.identifier", 4711);
    expect_integer(object, "wire.sequence", 1);
    expect_absent(object, "error");
    expect_absent(object, "truncated");
    expect_absent(object, "mtu");
    json_decref(object);
    bench_close(bench);
}

Test(report_json, sequence_does_not_wrap)
{
    struct bench *bench = sonde();
    bench_open(bench, report_json_create);
    json_t *object = told(bench, bench_reply(bench, 0, 65535, 1));
    expect_integer(object, "seq", 65536);
    expect_integer(object, "wire.sequence", 0);
    json_decref(object);
    bench_close(bench);
}

Test(report_json, remarks)
{
    struct bench *bench = sonde();
    bench_open(bench, report_json_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, INT64_C(5000000000000000000));
    outcome.foreign_source = outcome.truncated = outcome.payload_differs = true;
    outcome.from_error_queue = true;
    outcome.payload_differs_at = 20;
    outcome.received.source = SONDE_STAMP_HARDWARE;
    json_t *object = told(bench, outcome);
    cr_assert(json_is_true(member(object, "foreign_source")));
    cr_assert(json_is_true(member(object, "truncated")));
    cr_assert(json_is_true(member(object, "from_error_queue")));
    expect_integer(object, "payload_differs_at", 20);
    expect_integer(object, "rtt_ns", INT64_C(5000000000000000000));
    expect_text(object, "received.stamp", "hardware");
    expect_absent(object, "received.time");
    json_decref(object);
    bench_close(bench);
}

Test(report_json, errors)
{
    struct bench *bench = sonde();
    bench_open(bench, report_json_create);
    struct sonde_outcome outcome = bench_error(bench, 0, SONDE_TOO_BIG, 3, 4);
    outcome.mtu = 1400;
    outcome.quote = (struct sonde_quote){.present = true,
                                         .hop_limit = 3,
                                         .total_bytes = 1500,
                                         .from = bench_address("192.0.2.77"),
                                         .to = bench_address("192.0.2.1")};
    json_t *object = told(bench, outcome);
    expect_text(object, "outcome", "too_big");
    expect_text(object, "icmp.text", "Frag needed and DF set (mtu = 1400)");
    expect_integer(object, "mtu", 1400);
    expect_integer(object, "quote.ttl", 3);
    expect_integer(object, "quote.total_bytes", 1500);
    expect_text(object, "quote.to", "192.0.2.1");
    expect_absent(object, "extensions");
    json_decref(object);

    static const uint8_t labels[] = {0x20, 0, 0, 0, 0, 8, 1, 1, 0, 1, 0x11, 1};
    outcome = bench_error(bench, 0, SONDE_TIME_EXCEEDED, 11, 0);
    outcome.extensions = (struct sonde_bytes){labels, sizeof labels};
    object = told(bench, outcome);
    cr_assert_eq(json_array_size(member(object, "extensions")), 1);
    json_decref(object);

    outcome = bench_error(bench, 0, SONDE_PARAMETER_PROBLEM, 12, 0);
    outcome.pointer = 20;
    object = told(bench, outcome);
    expect_integer(object, "pointer", 20);
    json_decref(object);

    outcome = bench_error(bench, 0, SONDE_REDIRECT, 5, 1);
    outcome.gateway = bench_address("10.7.7.7");
    object = told(bench, outcome);
    expect_text(object, "gateway", "10.7.7.7");
    cr_assert(json_is_false(member(object, "final")));
    json_decref(object);
    bench_close(bench);
}

Test(report_json, silence_and_failure)
{
    struct bench *bench = sonde();
    bench_open(bench, report_json_create);
    json_t *object = told(bench, bench_nothing(bench, 0, 0, SONDE_TIMED_OUT));
    expect_text(object, "outcome", "timed_out");
    expect_absent(object, "rtt_ns");
    expect_absent(object, "from");
    expect_absent(object, "icmp");
    expect_absent(object, "received");
    json_decref(object);

    struct sonde_outcome outcome = bench_nothing(bench, 0, 1, SONDE_SEND_FAILED);
    outcome.error = EPERM;
    object = told(bench, outcome);
    expect_integer(object, "error.errno", EPERM);
    expect_text(object, "error.text", "Operation not permitted");
    cr_assert(json_is_string(member(object, "error.advice")));
    expect_absent(object, "wire");
    expect_absent(object, "sent");
    json_decref(object);
    bench_close(bench);
}

Test(report_json, every_kind_of_outcome)
{
    struct bench *bench = sonde();
    bench_open(bench, report_json_create);
    for (int kind = 0; kind < SONDE_OUTCOME_KINDS; kind++) {
        struct sonde_outcome outcome = bench_reply(bench, 0, (uint64_t)kind, 1000);
        outcome.kind = (enum sonde_outcome_kind)kind;
        json_t *object = told(bench, outcome);
        cr_assert_str_neq(json_string_value(member(object, "outcome")), "unknown");
        json_decref(object);
    }
    bench_close(bench);
}

Test(report_json, unanswered)
{
    struct bench *bench = sonde();
    bench_open(bench, report_json_create);
    bench->report.ops->unanswered(bench->report.self, 0, 6);
    bench_expect(bench, "{\"type\":\"unanswered\",\"time\":\"2020-09-13T12:26:40.000000000Z\","
                        "\"target\":0,\"address\":\"192.0.2.1\",\"seq\":7}\n");
    bench_close(bench);
}

Test(report_json, quiet_leaves_the_summaries)
{
    struct bench *bench = sonde();
    bench->run.quiet = true;
    bench->run.target_count = 2;
    bench_open(bench, report_json_create);
    bench_echo(bench, 0, 0, 1000);
    bench_expect(bench, "");
    bench->report.ops->progress(bench->report.self);
    json_t *lines = json_lines(bench_out(bench));
    cr_assert_eq(json_array_size(lines), 2);
    expect_text(json_array_get(lines, 0), "type", "status");
    expect_integer(json_array_get(lines, 1), "target", 1);
    json_decref(lines);
    bench_summary(bench);
    lines = json_lines(bench_out(bench));
    cr_assert_eq(json_array_size(lines), 3);
    expect_text(json_array_get(lines, 0), "type", "summary");
    expect_text(json_array_get(lines, 2), "type", "end");
    json_decref(lines);
    bench_close(bench);
}

Test(report_json, what_a_reply_was)
{
    struct bench *bench = sonde();
    bench->run.kind = SONDE_PROBE_UDP;
    bench->run.port = 53;
    bench->run.payload = "dns";
    bench_open(bench, report_json_create);
    bench->report.ops->begin(bench->report.self);
    json_t *lines = json_lines(bench_out(bench));
    json_t *object = json_array_get(lines, 0);
    expect_text(object, "probe", "udp");
    expect_integer(object, "port", 53);
    expect_text(object, "payload", "dns");
    cr_assert_null(json_object_get(object, "payload_bytes"));
    json_decref(lines);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000);
    outcome.said = SONDE_SAID_UDP;
    object = told(bench, outcome);
    expect_text(object, "said", "udp");
    cr_assert_null(json_object_get(object, "icmp"));
    json_decref(object);
    outcome = bench_error(bench, 1, SONDE_REPLY, 3, 3);
    outcome.said = SONDE_SAID_PORT_CLOSED;
    object = told(bench, outcome);
    expect_text(object, "said", "port_closed");
    expect_integer(object, "icmp.code", 3);
    json_decref(object);
    object = told(bench, bench_error(bench, 2, SONDE_UNREACHABLE, 3, 13));
    cr_assert_null(json_object_get(object, "said"));
    expect_integer(object, "icmp.code", 13);
    json_decref(object);
    bench_close(bench);
}
