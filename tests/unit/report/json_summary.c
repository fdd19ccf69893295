#include "json_help.h"

static const uint32_t wanted[] = {SONDE_PPM(50), SONDE_PPM(99.9)};

static struct bench *counting(void)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench->run.percentiles = wanted;
    bench->run.percentile_count = 2;
    return bench;
}

/* The summary of the one target, or the end. Owned by the caller. */
static json_t *line_of(struct bench *bench, size_t index)
{
    bench_summary(bench);
    json_t *lines = json_lines(bench_out(bench));
    json_t *object = json_incref(json_array_get(lines, index));
    json_decref(lines);
    return object;
}

Test(report_json_summary, nothing_known_nothing_said)
{
    struct bench *bench = counting();
    bench_open(bench, report_json_create);
    json_t *object = line_of(bench, 0);
    expect_integer(object, "sent", 0);
    expect_integer(object, "received", 0);
    expect_integer(object, "loss.judged", 0);
    expect_absent(object, "loss.ratio");
    expect_absent(object, "rtt");
    expect_absent(object, "percentiles");
    expect_absent(object, "histogram");
    expect_absent(object, "ipdv");
    expect_absent(object, "loss_periods");
    cr_assert_eq(json_object_size(member(object, "outcomes")), 0);
    json_decref(object);
    object = line_of(bench, 1);
    expect_absent(object, "send_lag");
    json_decref(object);
    bench_close(bench);
}

Test(report_json_summary, numbers)
{
    struct bench *bench = counting();
    bench->run.histogram = true;
    bench_open(bench, report_json_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_echo(bench, 0, 1, 3000000);
    bench_echo(bench, 0, 2, 2000000);
    bench_send(bench, 0, 3);
    bench_tell(bench, bench_nothing(bench, 0, 3, SONDE_TIMED_OUT));
    json_t *object = line_of(bench, 0);
    expect_integer(object, "sent", 4);
    expect_integer(object, "received", 3);
    expect_integer(object, "outcomes.reply", 3);
    expect_integer(object, "outcomes.timed_out", 1);
    expect_absent(object, "outcomes.late");
    expect_integer(object, "loss.judged", 4);
    expect_integer(object, "loss.lost", 1);
    cr_assert_eq(json_real_value(member(object, "loss.ratio")), 0.25);
    cr_assert_lt(json_real_value(member(object, "loss.low")), 0.25);
    cr_assert_gt(json_real_value(member(object, "loss.high")), 0.25);
    expect_integer(object, "rtt.count", 3);
    expect_integer(object, "rtt.min_ns", 1000000);
    expect_integer(object, "rtt.mean_ns", 2000000);
    expect_integer(object, "rtt.max_ns", 3000000);
    expect_integer(object, "rtt.deviation_ns", 816497);
    expect_integer(object, "rtt.last_ns", 2000000);
    cr_assert(json_is_integer(member(object, "rtt.jitter_ns")));
    cr_assert(json_is_integer(member(object, "percentiles.p50_ns")));
    json_t *percentiles = member(object, "percentiles");
    cr_assert_eq(json_integer_value(json_object_get(percentiles, "p99.9_ns")), 3000000);
    expect_integer(object, "ipdv.count", 2);
    expect_integer(object, "ipdv.min_ns", -1000000);
    expect_integer(object, "ipdv.mean_ns", 500000);
    expect_integer(object, "ipdv.mean_abs_ns", 1500000);
    expect_integer(object, "ipdv.max_ns", 2000000);
    expect_integer(object, "loss_periods.count", 1);
    expect_integer(object, "loss_periods.longest", 1);
    expect_absent(object, "loss_periods.distance_mean");
    expect_integer(object, "reordering.arrivals", 3);
    expect_integer(object, "reordering.reordered", 0);
    expect_integer(object, "histogram.total", 3);
    json_t *buckets = member(object, "histogram.buckets_ns");
    cr_assert_eq(json_array_size(buckets), 3);
    cr_assert_eq(json_integer_value(json_array_get(json_array_get(buckets, 0), 0)), 999424);
    cr_assert_eq(json_integer_value(json_array_get(json_array_get(buckets, 0), 1)), 1007616);
    cr_assert_eq(json_integer_value(json_array_get(json_array_get(buckets, 0), 2)), 1);
    json_decref(object);
    bench_close(bench);
}

Test(report_json_summary, ratios_are_short)
{
    struct bench *bench = counting();
    bench_open(bench, report_json_create);
    for (uint64_t i = 0; i < 5; i++) {
        bench_send(bench, 0, i);
        bench_tell(bench, i == 0 ? bench_nothing(bench, 0, i, SONDE_TIMED_OUT)
                                 : bench_reply(bench, 0, i, 1000));
    }
    bench_summary(bench);
    cr_assert_not_null(strstr(bench_out(bench), "\"ratio\":0.2,"));
    bench_close(bench);
}

Test(report_json_summary, a_bound_is_no_value)
{
    struct bench *bench = counting();
    bench_open(bench, report_json_create);
    for (uint64_t i = 0; i < 5; i++)
        bench_echo(bench, 0, i, INT64_C(100) * SONDE_NS_PER_S);
    json_t *object = line_of(bench, 0);
    cr_assert(json_is_null(member(object, "percentiles.p50_ns")));
    json_decref(object);
    bench_close(bench);
}

Test(report_json_summary, measurement)
{
    struct bench *bench = counting();
    bench_open(bench, report_json_create);
    bench_send(bench, 0, 0);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000);
    outcome.due.ns -= 80000;
    bench_tell(bench, outcome);
    struct report_measurement measurement = {
        .self = &bench->self,
        .transport = {.receive_drops = 1, .clock_steps = 2, .stamps_missing = 3},
        .foreign = 4,
        .malformed = 5,
        .leases_out = 6,
        .skipped = 7,
    };
    bench->report.ops->summary(bench->report.self, &measurement);
    json_t *lines = json_lines(bench_out(bench));
    json_t *object = json_array_get(lines, 1);
    expect_text(object, "type", "end");
    expect_integer(object, "send_stamps.kernel", 1);
    expect_integer(object, "receive_stamps.kernel", 1);
    expect_integer(object, "send_lag.max_ns", 80000);
    expect_integer(object, "receive_drops", 1);
    expect_integer(object, "clock_steps", 2);
    expect_integer(object, "stamps_missing", 3);
    expect_integer(object, "foreign", 4);
    expect_integer(object, "malformed", 5);
    expect_integer(object, "lease_waits", 6);
    expect_integer(object, "skipped", 7);
    json_decref(lines);
    bench_close(bench);
}
