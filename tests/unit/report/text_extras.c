#include "bench.h"

static struct bench *quiet_sonde(void)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    return bench;
}

/* What follows ping's three lines. */
static const char *extras(struct bench *bench)
{
    bench_summary(bench);
    const char *out = bench_out(bench);
    for (int i = 0; i < 4; i++)
        out = strchr(out, '\n') + 1;
    return out;
}

Test(report_text_extras, percentiles_and_jitter)
{
    static const uint32_t wanted[] = {SONDE_PPM(50), SONDE_PPM(99.9), SONDE_PPM(100)};
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench->run.percentiles = wanted;
    bench->run.percentile_count = 3;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_echo(bench, 0, 1, 1000000);
    bench_echo(bench, 0, 2, 4000000);
    bench_echo(bench, 0, 3, 2000000);
    const char *text = extras(bench);
    cr_assert_str_eq(text,
                     "rtt p50/p99.9/p100 = 1.004/4.000/4.000 ms\n"
                     "jitter 0.301 ms, delay variation min/mean|abs|/max = "
                     "-2.000/1.667/3.000 ms\n"
                     "measurement: send stamps kernel; receive stamps kernel; send lag "
                     "p50/p99 = 0.000/0.000 ms; 0 dropped in our receive queue\n",
                     "%s", text);
    bench_close(bench);
}

Test(report_text_extras, beyond_the_histogram)
{
    static const uint32_t wanted[] = {SONDE_PPM(50)};
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench->run.percentiles = wanted;
    bench->run.percentile_count = 1;
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 5; i++)
        bench_echo(bench, 0, i, INT64_C(100) * SONDE_NS_PER_S);
    const char *text = extras(bench);
    cr_assert_eq(strncmp(text, "rtt p50 = >68719.477 ms\n", 24), 0, "%s", text);
    bench_close(bench);
}

Test(report_text_extras, no_answers_no_numbers)
{
    struct bench *bench = quiet_sonde();
    bench_send(bench, 0, 0);
    bench_tell(bench, bench_nothing(bench, 0, 0, SONDE_UNFINISHED));
    const char *text = extras(bench);
    cr_assert_str_eq(text,
                     "1 unfinished (still waiting when the run ended)\n"
                     "measurement: send stamps kernel; receive stamps none; send lag p50/p99 "
                     "= 0.000/0.000 ms; 0 dropped in our receive queue\n",
                     "%s", text);
    bench_close(bench);
}

Test(report_text_extras, reordered)
{
    struct bench *bench = quiet_sonde();
    for (uint64_t i = 0; i < 3; i++)
        bench_send(bench, 0, i);
    bench_tell(bench, bench_reply(bench, 0, 1, 1000000));
    bench_tell(bench, bench_reply(bench, 0, 2, 1000000));
    bench_tell(bench, bench_reply(bench, 0, 0, 9000000));
    const char *text = extras(bench);
    cr_assert_not_null(strstr(text, "\n1 reordered (by 2 at most)\n"), "%s", text);
    bench_close(bench);
}

Test(report_text_extras, mixed_stamps_and_own_faults)
{
    struct bench *bench = quiet_sonde();
    bench_echo(bench, 0, 0, 1000000);
    bench_send(bench, 0, 1);
    struct sonde_outcome outcome = bench_reply(bench, 0, 1, 1000000);
    outcome.sent.source = SONDE_STAMP_USER;
    outcome.due.ns -= 100000;
    bench_tell(bench, outcome);
    struct report_measurement measurement = {
        .self = &bench->self,
        .transport = {.receive_drops = 3, .clock_steps = 1},
        .leases_out = 2,
        .skipped = 7,
    };
    bench->report.ops->summary(bench->report.self, &measurement);
    const char *text = strstr(bench_out(bench), "measurement: ");
    cr_assert_str_eq(
        text,
        "measurement: send stamps kernel 1, user 1; receive stamps kernel; send lag "
        "p50/p99 = 0.000/0.100 ms; 3 dropped in our receive queue (answers may be "
        "among them: some loss is our own); 7 due times skipped (this machine slept or "
        "was busy); 1 steps of the wall clock (no RTT suffers); 2 waits for a free "
        "sequence number\n",
        "%s", text);
    bench_close(bench);
}

Test(report_text_extras, without_histogram_and_sequence)
{
    static const uint32_t wanted[] = {SONDE_PPM(50)};
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench->run.histogram = true;
    bench->run.percentiles = wanted;
    bench->run.percentile_count = 1;
    bench->stats[0].histogram = NULL;
    bench->stats[0].sequence = NULL;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_echo(bench, 0, 1, 1000000);
    struct report_measurement measurement = {0};
    bench->report.ops->summary(bench->report.self, &measurement);
    const char *text = bench_out(bench);
    cr_assert_str_eq(text, "\n--- 192.0.2.1 ping statistics ---\n"
                           "2 packets transmitted, 2 received, 0% packet loss, time 1000ms\n"
                           "rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms\n"
                           "jitter 0.000 ms\n"
                           "measurement: 0 dropped in our receive queue\n");
    bench_close(bench);
}
