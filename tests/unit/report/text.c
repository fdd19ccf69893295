#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "bench.h"

static struct bench *opened(void)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    return bench;
}

Test(report_text, first_line)
{
    struct bench *bench = bench_create_idle();
    bench_start_text(bench);
    bench_expect(bench, "PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.\n");
    bench_close(bench);
}

Test(report_text, first_line_with_everything)
{
    struct bench *bench = bench_create_idle();
    static const uint8_t pattern[] = {0xff, 0x0a};
    bench->run.pattern = pattern;
    bench->run.pattern_bytes = 2;
    bench->run.ip_option_bytes = 40;
    bench->targets[0].name = "a\x1b[2Jb";
    bench->targets[0].source = bench_address("192.0.2.77");
    bench->targets[0].device = "eth0";
    bench_start_text(bench);
    bench_expect(bench,
                 "PATTERN: 0xff0a\n"
                 "PING a\\x1b[2Jb (192.0.2.1) from 192.0.2.77 eth0: 56(124) bytes of data.\n");
    bench_close(bench);
}

Test(report_text, first_line_source_without_device)
{
    struct bench *bench = bench_create_idle();
    bench->targets[0].source = bench_address("192.0.2.77");
    bench_start_text(bench);
    bench_expect(bench, "PING 192.0.2.1 (192.0.2.1) from 192.0.2.77 : 56(84) bytes of data.\n");
    bench_close(bench);
}

Test(report_text, first_line_ipv6)
{
    struct bench *bench = bench_create_idle();
    bench->targets[0].name = "::1";
    bench->targets[0].address = bench_address("::1");
    bench->run.flow_label_set = true;
    bench->run.flow_label = 0x12345;
    bench_start_text(bench);
    bench_expect(bench, "PING ::1 (::1) , flow 0x12345, 56 data bytes\n");
    bench_close(bench);
}

Test(report_text, pattern_is_quiet)
{
    struct bench *bench = bench_create_idle();
    static const uint8_t pattern[] = {1};
    bench->run.pattern = pattern;
    bench->run.pattern_bytes = 1;
    bench->run.quiet = true;
    bench_start_text(bench);
    bench_expect(bench, "PING 192.0.2.1 (192.0.2.1) 56(84) bytes of data.\n");
    bench_close(bench);
}

Test(report_text, reply)
{
    struct bench *bench = opened();
    bench_echo(bench, 0, 0, 334000);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.334 ms\n");
    bench->name = "one.example";
    bench_echo(bench, 0, 1, 150888000);
    bench_expect(bench, "64 bytes from one.example (192.0.2.1): icmp_seq=2 ttl=61 time=151 ms\n");
    bench_close(bench);
}

Test(report_text, reply_with_every_remark)
{
    struct bench *bench = bench_create_idle();
    bench->run.timestamps = true;
    bench->run.full_precision = true;
    bench->run.verbose = true;
    bench->run.identifier_known = true;
    bench->run.audible = true;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 1, 150888400);
    outcome.foreign_source = true;
    outcome.from = bench_address("192.0.2.99");
    outcome.kind = SONDE_DUPLICATE;
    bench_tell(bench, outcome);
    bench_expect(bench,
                 "[1600000001.150888] 64 bytes from 192.0.2.99: icmp_seq=2 ident=4711 ttl=61 "
                 "time=150.888 ms (DUP!) (DIFFERENT ADDRESS!)\a\n");
    bench_close(bench);
}

Test(report_text, sequence_has_sixteen_bits)
{
    struct bench *bench = opened();
    bench_tell(bench, bench_reply(bench, 0, 65534, 1000000));
    bench_tell(bench, bench_reply(bench, 0, 65535, 1000000));
    bench_tell(bench, bench_reply(bench, 0, 65536, 1000000));
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=65535 ttl=61 time=1.00 ms\n"
                        "64 bytes from 192.0.2.1: icmp_seq=0 ttl=61 time=1.00 ms\n"
                        "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=1.00 ms\n");
    bench_close(bench);
}

Test(report_text, times_of_every_size)
{
    struct bench *bench = opened();
    bench_tell(bench, bench_reply(bench, 0, 0, 0));
    bench_tell(bench, bench_reply(bench, 0, 0, INT64_C(4294967296) * SONDE_NS_PER_MS));
    bench_tell(bench, bench_reply(bench, 0, 0, -1));
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=0.000 ms\n"
                        "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=4294967296 ms\n"
                        "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61\n");
    bench_close(bench);
}

Test(report_text, no_room_for_a_stamp_no_time)
{
    struct bench *bench = bench_create_idle();
    bench->run.payload_bytes = 15;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000000);
    outcome.icmp.length = 23;
    outcome.hop_limit = -1;
    bench_tell(bench, outcome);
    bench_expect(bench, "23 bytes from 192.0.2.1: icmp_seq=1\n");
    bench_close(bench);
}

Test(report_text, truncated)
{
    struct bench *bench = bench_create_idle();
    bench->run.audible = true;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000000);
    outcome.icmp.length = 28;
    outcome.truncated = true;
    bench_tell(bench, outcome);
    bench_expect(bench, "28 bytes from 192.0.2.1: icmp_seq=1 ttl=61 (truncated)\n");
    bench_close(bench);
}

Test(report_text, corrupt_reply_and_error)
{
    struct bench *bench = opened();
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1500000);
    outcome.kind = SONDE_CORRUPT;
    outcome.rtt_known = false;
    bench_tell(bench, outcome);
    bench_expect(bench,
                 "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=1.50 ms (BAD CHECKSUM!)\n");
    bench_tell(bench, bench_error(bench, 0, SONDE_CORRUPT, 11, 0));
    bench_expect(bench, "From 10.9.9.9 icmp_seq=1 (BAD CHECKSUM)Time to live exceeded\n");
    bench_close(bench);
}

Test(report_text, broadcast_expects_many_answers)
{
    struct bench *bench = bench_create_idle();
    bench->targets[0].many_answer = true;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000000);
    outcome.kind = SONDE_DUPLICATE;
    outcome.foreign_source = true;
    bench_tell(bench, outcome);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=1.00 ms\n");
    bench_close(bench);
}

Test(report_text, anycast_expects_strangers)
{
    struct bench *bench = bench_create_idle();
    bench->targets[0].anycast = true;
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000000);
    outcome.foreign_source = true;
    bench_tell(bench, outcome);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=1.00 ms\n");
    bench_close(bench);
}

Test(report_text, late)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 3000000000);
    outcome.kind = SONDE_LATE;
    bench_tell(bench, outcome);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=3000 ms\n");
    bench_close(bench);

    bench = bench_create_idle();
    bench->run.plain = false;
    bench_open(bench, report_text_create);
    bench_tell(bench, outcome);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 time=3000 ms (LATE!)\n");
    outcome = bench_error(bench, 0, SONDE_LATE, 3, 1);
    bench_tell(bench, outcome);
    bench_expect(bench, "From 10.9.9.9 icmp_seq=1 Destination Host Unreachable (LATE!)\n");
    bench_close(bench);
}

Test(report_text, an_error_after_the_answer)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_error(bench, 0, SONDE_LATER_ERROR, 3, 1);
    bench_tell(bench, outcome);
    bench_expect(bench, "From 10.9.9.9 icmp_seq=1 Destination Host Unreachable\n");
    bench_close(bench);

    bench = bench_create_idle();
    bench->run.plain = false;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_tell(bench, outcome);
    bench_summary(bench);
    const char *out = bench_out(bench);
    cr_assert(strstr(out, "From 10.9.9.9 icmp_seq=1 Destination Host Unreachable (answered "
                          "before)\n"),
              "%s", out);
    cr_assert_not(strstr(out, "duplicates"), "%s", out);
    cr_assert(strstr(out, "\n1 ICMP errors about probes that were answered before\n"), "%s", out);
    bench_close(bench);
}

Test(report_text, errors)
{
    struct bench *bench = bench_create_idle();
    bench->run.timestamps = true;
    bench_open(bench, report_text_create);
    bench_tell(bench, bench_error(bench, 4, SONDE_TIME_EXCEEDED, 11, 0));
    bench_expect(bench, "[1600000004.001000] From 10.9.9.9 icmp_seq=5 Time to live exceeded\n");
    struct sonde_outcome outcome = bench_error(bench, 4, SONDE_TOO_BIG, 3, 4);
    outcome.mtu = 1400;
    bench->name = "router.example";
    bench_tell(bench, outcome);
    bench_expect(bench, "[1600000004.001000] From router.example (10.9.9.9) icmp_seq=5 Frag needed "
                        "and DF set (mtu = 1400)\n");
    bench_close(bench);
}

Test(report_text, redirect_has_a_colon)
{
    struct bench *bench = opened();
    struct sonde_outcome outcome = bench_error(bench, 0, SONDE_REDIRECT, 5, 1);
    outcome.gateway = bench_address("10.7.7.7");
    bench_tell(bench, outcome);
    bench_expect(bench, "From 10.9.9.9: icmp_seq=1 Redirect Host(New nexthop: 10.7.7.7)\n");
    bench_tell(bench, bench_error(bench, 0, SONDE_SOURCE_QUENCH, 4, 0));
    bench_expect(bench, "From 10.9.9.9: icmp_seq=1 Source Quench\n");
    bench_close(bench);
}

Test(report_text, nothing_for_silence)
{
    struct bench *bench = opened();
    bench_tell(bench, bench_nothing(bench, 0, 0, SONDE_TIMED_OUT));
    bench_tell(bench, bench_nothing(bench, 0, 1, SONDE_UNFINISHED));
    bench_expect(bench, "");
    bench_close(bench);
}

Test(report_text, failed_sends)
{
    struct bench *bench = opened();
    struct sonde_outcome outcome = bench_nothing(bench, 0, 0, SONDE_SEND_FAILED);
    outcome.error = EPERM;
    bench_tell(bench, outcome);
    outcome.error = EMSGSIZE;
    bench_tell(bench, outcome);
    outcome.mtu = 1500;
    bench_tell(bench, outcome);
    bench->targets[0].address = bench_address("2001:db8::1");
    bench_tell(bench, outcome);
    cr_assert_str_eq(bench_err(bench), "ping: sendmsg: Operation not permitted\n"
                                       "ping: sendmsg: Message too long\n"
                                       "ping: local error: message too long, mtu=1500\n"
                                       "ping: local error: message too long, mtu: 1500\n");
    bench_expect(bench, "");
    bench_close(bench);
}

Test(report_text, failed_sends_are_explained_once)
{
    struct bench *bench = bench_create_idle();
    bench->run.plain = false;
    bench->run.program = "sonde ping";
    bench_open(bench, report_text_create);
    struct sonde_outcome outcome = bench_nothing(bench, 0, 0, SONDE_SEND_FAILED);
    outcome.error = ENETDOWN;
    bench_tell(bench, outcome);
    outcome.number = 1;
    bench_tell(bench, outcome);
    cr_assert_str_eq(bench_err(bench),
                     "sonde ping: 192.0.2.1 icmp_seq=1 not sent: Network is down (the interface is "
                     "down: see `ip link`)\n"
                     "sonde ping: 192.0.2.1 icmp_seq=2 not sent: Network is down\n");
    bench_close(bench);
}

Test(report_text, quiet)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_tell(bench, bench_error(bench, 0, SONDE_UNREACHABLE, 3, 1));
    struct sonde_outcome outcome = bench_nothing(bench, 0, 0, SONDE_SEND_FAILED);
    outcome.error = EPERM;
    bench_tell(bench, outcome);
    bench->report.ops->unanswered(bench->report.self, 0, 1);
    bench_expect(bench, "no answer yet for icmp_seq=2\n");
    cr_assert_str_eq(bench_err(bench), "");
    bench_close(bench);
}

Test(report_text, no_answer_yet)
{
    struct bench *bench = bench_create_idle();
    bench->run.timestamps = true;
    bench->run.target_count = 2;
    bench_open(bench, report_text_create);
    bench->now.ns = 250000;
    bench->report.ops->unanswered(bench->report.self, 1, 65535);
    bench_expect(bench, "[1600000000.000250] no answer yet from two.example for icmp_seq=0\n");
    bench_close(bench);
}

Test(report_text, flood)
{
    struct bench *bench = bench_create_idle();
    bench->run.flood = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_expect(bench, ".\b \b");
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000000);
    outcome.kind = SONDE_DUPLICATE;
    bench_tell(bench, outcome);
    outcome.kind = SONDE_CORRUPT;
    bench_tell(bench, outcome);
    bench_tell(bench, bench_error(bench, 0, SONDE_UNREACHABLE, 3, 1));
    bench_tell(bench, bench_error(bench, 0, SONDE_REDIRECT, 5, 1));
    outcome = bench_nothing(bench, 0, 0, SONDE_SEND_FAILED);
    outcome.error = ENOBUFS;
    bench_tell(bench, outcome);
    bench_expect(bench, "\b \b\bC\bEE");
    cr_assert_str_eq(bench_err(bench), "");
    bench_close(bench);
}

Test(report_text, flood_bell_and_quiet_flood)
{
    struct bench *bench = bench_create_idle();
    bench->run.flood = true;
    bench->run.audible = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_expect(bench, ".\b \b\a");
    bench_close(bench);

    bench = bench_create_idle();
    bench->run.flood = true;
    bench->run.quiet = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_expect(bench, "");
    bench_close(bench);
}

Test(report_text, dots_stay_on_their_line)
{
    struct bench *bench = bench_create_idle();
    bench->run.flood = true;
    bench->run.screen_columns = 4;
    bench_open(bench, report_text_create);
    for (uint64_t i = 0; i < 6; i++)
        bench_send(bench, 0, i);
    bench_expect(bench, "......"); /* as ping: until an answer tells how long the pipe is */
    bench_tell(bench, bench_reply(bench, 0, 0, 1000000));
    bench_send(bench, 0, 6);
    bench_expect(bench, "\b \b");
    bench_tell(bench, bench_reply(bench, 0, 6, 1000000));
    bench_send(bench, 0, 7);
    bench_expect(bench, "\b \b.");
    bench_close(bench);
}

Test(report_text, colours)
{
    struct bench *bench = bench_create_idle();
    bench->run.colour = true;
    bench_open(bench, report_text_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_echo(bench, 0, 1, 150000000);
    bench_echo(bench, 0, 2, 400000000);
    bench_expect(bench, "64 bytes from 192.0.2.1: icmp_seq=1 ttl=61 \033[32mtime=1.00 ms\033[0m\n"
                        "64 bytes from 192.0.2.1: icmp_seq=2 ttl=61 \033[33mtime=150 ms\033[0m\n"
                        "64 bytes from 192.0.2.1: icmp_seq=3 ttl=61 \033[31mtime=400 ms\033[0m\n");
    bench_tell(bench, bench_error(bench, 0, SONDE_UNREACHABLE, 3, 1));
    bench_expect(bench, "From 10.9.9.9 icmp_seq=1 \033[31mDestination Host Unreachable\033[0m\n");
    bench_close(bench);
}

/* A full disk is told once, with its cause, and nothing is written behind it. */
Test(report_text, full_disk)
{
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        cr_skip_test("there is no /dev/full");
    struct bench *bench = bench_create_idle();
    bench->run.out = full;
    bench->run.plain = false;
    bench->run.program = "sonde ping";
    bench_open(bench, report_text_create);
    bench->report.ops->start(bench->report.self, 0);
    cr_assert_eq(bench->report.ops->flush(bench->report.self), -ENOSPC);
    bench_echo(bench, 0, 0, 1000000);
    bench_summary(bench);
    cr_assert_eq(report_finish(&bench->report, &bench->run), -ENOSPC);
    cr_assert_str_eq(bench_err(bench),
                     "sonde ping: the report could not be written: No space left on device (the "
                     "disk is full: make room, or write elsewhere)\n");
    bench->run.plain = true;
    bench->run.program = "ping";
    cr_assert_eq(report_finish(&bench->report, &bench->run), -ENOSPC);
    cr_assert_str_eq(bench_err(bench), "ping: write error\n");
    bench_close(bench);
    fclose(full);
}

Test(report_text, closed_output)
{
    int fd = open("/dev/null", O_WRONLY);
    FILE *closed = fdopen(fd, "w");
    close(fd);
    struct bench *bench = bench_create_idle();
    bench->run.out = closed;
    bench_open(bench, report_text_create);
    bench->report.ops->start(bench->report.self, 0);
    cr_assert_eq(report_finish(&bench->report, &bench->run), -EBADF);
    bench_close(bench);
}

Test(report_text, all_is_well)
{
    struct bench *bench = opened();
    cr_assert_eq(report_finish(&bench->report, &bench->run), 0);
    cr_assert_str_eq(bench_err(bench), "");
    bench_close(bench);
}
