#include <errno.h>

#include "json_help.h"

Test(report_ping_json, reply)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_ping_json_create);
    bench->report.ops->begin(bench->report.self);
    bench->report.ops->start(bench->report.self, 0);
    bench_echo(bench, 0, 0, 23000);
    bench_expect(bench, "{\"bytes\": 64, \"host\": \"192.0.2.1\", \"seq\": 1, \"ttl\": 61, "
                        "\"time\": \"0.023\"}\n");
    bench_close(bench);
}

Test(report_ping_json, remarks)
{
    struct bench *bench = bench_create_idle();
    bench->run.timestamps = true;
    bench->run.verbose = true;
    bench->run.identifier_known = true;
    bench->run.full_precision = true;
    bench->name = "x\"y\x1b";
    bench_open(bench, report_ping_json_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 123456000);
    outcome.kind = SONDE_DUPLICATE;
    outcome.foreign_source = true;
    outcome.payload_differs = true;
    outcome.payload_differs_at = 20;
    bench_tell(bench, outcome);
    bench_expect(bench, "{\"bytes\": 64, \"host\": \"x\\\"y\\\\x1b (192.0.2.1)\", \"seq\": 1, "
                        "\"ident\": 4711, \"ttl\": 61, \"time\": \"123.456\", \"duplicate\": true, "
                        "\"different_address\": true, \"wrong_data_at\": 20, \"timestamp\": "
                        "\"1600000000.123456\"}\n");
    bench_close(bench);
}

Test(report_ping_json, truncated)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_ping_json_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000);
    outcome.truncated = true;
    outcome.icmp.length = 28;
    bench_tell(bench, outcome);
    bench_expect(bench, "{\"bytes\": 28, \"host\": \"192.0.2.1\", \"seq\": 1, \"ttl\": 61, "
                        "\"info\": \"truncated\"}\n");
    bench_close(bench);
}

/* What iputils prints as bare text among the objects. */
Test(report_ping_json, every_line_is_an_object)
{
    struct bench *bench = bench_create_idle();
    bench->run.timestamps = true;
    bench_open(bench, report_ping_json_create);
    bench->report.ops->unanswered(bench->report.self, 0, 0);
    bench_tell(bench, bench_error(bench, 0, SONDE_TIME_EXCEEDED, 11, 0));
    struct sonde_outcome outcome = bench_error(bench, 0, SONDE_REDIRECT, 5, 1);
    outcome.gateway = bench_address("10.7.7.7");
    bench_tell(bench, outcome);
    outcome = bench_nothing(bench, 0, 0, SONDE_SEND_FAILED);
    outcome.error = EPERM;
    bench_tell(bench, outcome);
    bench_tell(bench, bench_nothing(bench, 0, 0, SONDE_TIMED_OUT));
    outcome = bench_reply(bench, 0, 0, 1000);
    outcome.kind = SONDE_CORRUPT;
    bench_tell(bench, outcome);
    json_t *lines = json_lines(bench_out(bench));
    cr_assert_eq(json_array_size(lines), 5);
    expect_text(json_array_get(lines, 0), "info", "no answer yet");
    expect_integer(json_array_get(lines, 0), "seq", 1);
    expect_text(json_array_get(lines, 0), "timestamp", "1600000000.000000");
    expect_text(json_array_get(lines, 1), "error", "Time to live exceeded");
    expect_text(json_array_get(lines, 1), "host", "10.9.9.9");
    expect_text(json_array_get(lines, 2), "nexthop", "10.7.7.7");
    json_t *error = member(json_array_get(lines, 3), "error");
    cr_assert_str_eq(json_string_value(json_array_get(error, 1)), "Operation not permitted");
    cr_assert(json_is_true(member(json_array_get(lines, 4), "bad_checksum")));
    json_decref(lines);
    bench_close(bench);
}

Test(report_ping_json, summary)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench->targets[0].name = "localhost";
    bench_open(bench, report_ping_json_create);
    bench_echo(bench, 0, 0, 19000);
    bench_echo(bench, 0, 1, 23000);
    bench_send(bench, 0, 2);
    bench_summary(bench);
    bench_expect(bench, "{\"host\": \"localhost\", \"transmitted\": 3, \"received\": 2, "
                        "\"duplicates\": 0, \"corrupted\": 0, \"errors\": 0, \"loss\": 33, "
                        "\"time\": 2000, \"rtt\": {\"min\": \"0.019\", \"avg\": \"0.021\", "
                        "\"max\": \"0.023\", \"mdev\": \"0.002\"}}\n");
    bench_close(bench);
}

Test(report_ping_json, summary_of_silence)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_ping_json_create);
    bench_send(bench, 0, 0);
    bench_summary(bench);
    bench_expect(bench, "{\"host\": \"192.0.2.1\", \"transmitted\": 1, \"received\": 0, "
                        "\"duplicates\": 0, \"corrupted\": 0, \"errors\": 0, \"loss\": 100, "
                        "\"time\": 0}\n");
    bench_close(bench);
}

Test(report_ping_json, summary_of_a_flood)
{
    struct bench *bench = bench_create_idle();
    bench->run.flood = true;
    bench_open(bench, report_ping_json_create);
    bench_send(bench, 0, 0);
    bench_send(bench, 0, 1);
    bench_tell(bench, bench_reply(bench, 0, 0, 1000000));
    bench_summary(bench);
    bench_expect(bench, "{\"host\": \"192.0.2.1\", \"transmitted\": 2, \"received\": 1, "
                        "\"duplicates\": 0, \"corrupted\": 0, \"errors\": 0, \"loss\": 50, "
                        "\"time\": 1000, \"rtt\": {\"min\": \"1.000\", \"avg\": \"1.000\", "
                        "\"max\": \"1.000\", \"mdev\": \"0.000\"}, \"pipe\": 2, \"ipg\": "
                        "\"1000.000\", \"ewma\": \"1.000\"}\n");
    bench_close(bench);
}
