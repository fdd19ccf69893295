#include "bench.h"
#include "report/state.h"

/* Ten probes: six answered, one late, one lost, one refused by the host, one unfinished; one
 * duplicate; one error. */
static struct bench *mixed(bool plain)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = plain;
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 5; i++)
        bench_echo(bench, 0, i, 1000000);
    bench_send(bench, 0, 5);
    bench_tell(bench, bench_error(bench, 5, SONDE_UNREACHABLE, 3, 1));
    bench_send(bench, 0, 6);
    bench_tell(bench, bench_nothing(bench, 0, 6, SONDE_TIMED_OUT));
    struct sonde_outcome outcome = bench_reply(bench, 0, 6, 3000000);
    outcome.kind = SONDE_LATE;
    bench_tell(bench, outcome);
    bench_send(bench, 0, 7);
    bench_tell(bench, bench_nothing(bench, 0, 7, SONDE_TIMED_OUT));
    outcome = bench_nothing(bench, 0, 8, SONDE_SEND_FAILED);
    outcome.error = 1;
    bench_tell(bench, outcome);
    bench_send(bench, 0, 9);
    bench_tell(bench, bench_nothing(bench, 0, 9, SONDE_UNFINISHED));
    outcome = bench_reply(bench, 0, 0, 5000000);
    outcome.kind = SONDE_DUPLICATE;
    bench_tell(bench, outcome);
    return bench;
}

Test(report_numbers, as_ping_counts)
{
    struct bench *bench = mixed(true);
    bench_summary(bench);
    /* RTTs: five of 1 ms, one late of 3 ms, one duplicate of 5 ms */
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "10 packets transmitted, 6 received, +1 duplicates, +2 errors, 40% packet "
                        "loss, time 9000ms\n"
                        "rtt min/avg/max/mdev = 1.000/1.857/5.000/1.457 ms, pipe 10\n");
    bench_close(bench);
}

Test(report_numbers, by_verdict)
{
    struct bench *bench = mixed(false);
    bench_summary(bench);
    /* judged: five received, one error, two lost */
    const char *out = bench_out(bench);
    cr_assert(strstr(out, "9 packets transmitted, 5 received, +1 duplicates, +1 errors, 37.5% "
                          "packet loss, time 9000ms\n"
                          "rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms, pipe 10\n"),
              "%s", out);
    cr_assert(strstr(out, "\nlost 2 of 8, true rate between 7.15% and 59.1% (95% confidence), in 1 "
                          "period, longest 2 in a row\n"
                          "1 late (answered after the timeout), 1 unfinished (still waiting when "
                          "the run ended), 1 not sent (refused by this host)\n"),
              "%s", out);
    bench_close(bench);
}

Test(report_numbers, progress)
{
    struct bench *bench = mixed(true);
    bench->report.ops->progress(bench->report.self);
    cr_assert_str_eq(bench_err(bench), "\r6/10 packets, 40% loss, min/avg/ewma/max = "
                                       "1.000/1.857/1.000/5.000 ms\n");
    bench_close(bench);
}

Test(report_numbers, progress_of_several_before_any_answer)
{
    struct bench *bench = bench_create_idle();
    bench->run.target_count = 2;
    bench_open(bench, report_text_create);
    bench_send(bench, 1, 0);
    bench->report.ops->progress(bench->report.self);
    cr_assert_str_eq(bench_err(bench), "\r192.0.2.1: 0/0 packets, 0% loss\n"
                                       "\rtwo.example: 0/1 packets, 100% loss\n");
    bench_close(bench);
}

Test(report_numbers, gaps_of_a_flood)
{
    struct bench *bench = bench_create_idle();
    bench->run.flood = true;
    bench->run.quiet = true;
    bench->run.interval.ns = 0;
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 3; i++)
        bench_echo(bench, 0, i, 20000);
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "3 packets transmitted, 3 received, 0% packet loss, time 2000ms\n"
                        "rtt min/avg/max/mdev = 0.020/0.020/0.020/0.000 ms, ipg/ewma "
                        "1000.000/0.020 ms\n");
    bench_close(bench);
}

/* Negative differences of the clock are no RTT and spoil nothing. */
Test(report_numbers, impossible_round_trips)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, -5);
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n\n");
    bench_close(bench);
}

Test(report_numbers, quantiles_below_the_range)
{
    struct bench *bench = bench_create_idle();
    struct sonde_histogram *histogram = &bench->histograms[0];
    struct sonde_span value;
    for (int64_t ns = 100; ns <= 300; ns += 100)
        sonde_histogram_record(histogram, (struct sonde_span){ns});
    cr_assert_eq(report_quantile(histogram, SONDE_PPM(50), &value), SONDE_QUANTILE_EXACT);
    cr_assert_eq(value.ns, 300);
    sonde_histogram_record(histogram, (struct sonde_span){1000000});
    cr_assert_eq(report_quantile(histogram, SONDE_PPM(50), &value), SONDE_QUANTILE_UNDER);
    cr_assert_eq(value.ns, 512);
    bench_close(bench);
}
