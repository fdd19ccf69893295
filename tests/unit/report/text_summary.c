#include "bench.h"

Test(report_text_summary, nothing_sent)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "0 packets transmitted, 0 received\n\n");
    bench_close(bench);
}

Test(report_text_summary, no_replies)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 3; i++) {
        bench_send(bench, 0, i);
        bench_tell(bench, bench_nothing(bench, 0, i, SONDE_TIMED_OUT));
    }
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "3 packets transmitted, 0 received, 100% packet loss, time 2000ms\n\n");
    bench_close(bench);
}

Test(report_text_summary, digits_of_the_loss)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 3; i++)
        bench_send(bench, 0, i);
    bench_tell(bench, bench_reply(bench, 0, 1, 150888000));
    bench_tell(bench, bench_reply(bench, 0, 2, 334000));
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "3 packets transmitted, 2 received, 33.3333% packet loss, time 2000ms\n"
                        "rtt min/avg/max/mdev = 0.334/75.611/150.888/75.277 ms, pipe 2\n");
    bench_close(bench);
}

Test(report_text_summary, pipe_alone)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench->run.payload_bytes = 8;
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 3; i++)
        bench_send(bench, 0, i);
    bench_tell(bench, bench_reply(bench, 0, 0, 1000));
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "3 packets transmitted, 1 received, 66.6667% packet loss, time 2000ms\n"
                        "pipe 3\n");
    bench_close(bench);
}

Test(report_text_summary, corrupted)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    bench_send(bench, 0, 0);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000);
    outcome.kind = SONDE_CORRUPT;
    bench_tell(bench, outcome);
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "1 packets transmitted, 0 received, +1 corrupted, 100% packet loss, time "
                        "0ms\n\n");
    bench_close(bench);
}

Test(report_text_summary, huge_round_trips)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, INT64_C(5000000000) * SONDE_NS_PER_MS);
    bench_echo(bench, 0, 1, 0);
    bench_summary(bench);
    bench_expect(bench, "\n--- 192.0.2.1 ping statistics ---\n"
                        "2 packets transmitted, 2 received, 0% packet loss, time 1000ms\n"
                        "rtt min/avg/max/mdev = 0.000/2500000000.000/5000000000.000/2500000000.000 "
                        "ms\n");
    bench_close(bench);
}

Test(report_text_summary, several_targets)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench->run.target_count = 2;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_send(bench, 1, 0);
    bench_tell(bench, bench_nothing(bench, 1, 0, SONDE_TIMED_OUT));
    bench_summary(bench);
    bench_expect(bench,
                 "\n--- 192.0.2.1 ping statistics ---\n"
                 "1 packets transmitted, 1 received, 0% packet loss, time 0ms\n"
                 "rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms\n"
                 "\n--- two.example ping statistics ---\n"
                 "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n"
                 "\n"
                 "lost 1 of 1, true rate between 20.7% and 100% (95% confidence), in 1 "
                 "period, longest 1 in a row\n"
                 "\n--- 2 targets, 1 answering ---\n"
                 "2 packets transmitted, 1 received, 50% packet loss\n"
                 "measurement: send stamps kernel; receive stamps kernel; send lag p50/p99 = "
                 "0.000/0.000 ms; 0 dropped in our receive queue\n");
    bench_close(bench);
}

Test(report_text_summary, with_histogram)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.quiet = true;
    bench->run.histogram = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_summary(bench);
    cr_assert_not_null(strstr(bench_out(bench), "\nrtt histogram, ms\n"));
    bench_close(bench);
}
