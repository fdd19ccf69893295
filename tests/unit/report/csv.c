#include <errno.h>

#include "bench.h"

#define HEADER                                                                                     \
    "time,target,name,address,seq,outcome,final,rtt_ns,from,from_name,bytes,ttl,tclass,icmp_type," \
    "icmp_code,icmp_text,mtu,errno,sent_stamp,received_stamp,truncated,wrong_payload,foreign,"     \
    "said\r\n"

static size_t fields(const char *row)
{
    size_t count = 1;
    bool quoted = false;
    for (; *row && *row != '\r'; row++) {
        if (*row == '"')
            quoted = !quoted;
        count += *row == ',' && !quoted;
    }
    return count;
}

Test(report_csv, header)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_csv_create);
    bench->report.ops->begin(bench->report.self);
    bench->report.ops->start(bench->report.self, 0);
    bench_expect(bench, HEADER);
    bench_close(bench);
}

Test(report_csv, reply)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_csv_create);
    bench_echo(bench, 0, 0, 334123);
    bench_expect(bench, "2020-09-13T12:26:40.000334123Z,0,192.0.2.1,192.0.2.1,1,reply,true,334123,"
                        "192.0.2.1,,64,61,0,0,0,Echo Reply,,,kernel,kernel,false,,false,\r\n");
    bench_close(bench);
}

Test(report_csv, quoting)
{
    struct bench *bench = bench_create_idle();
    bench->targets[0].name = "a,\"b\"\n";
    bench->name = "na\"me";
    bench_open(bench, report_csv_create);
    struct sonde_outcome outcome = bench_error(bench, 0, SONDE_UNREACHABLE, 3, 16);
    outcome.rtt_known = false;
    outcome.hop_limit = -1;
    outcome.traffic_class = -1;
    outcome.icmp = (struct sonde_bytes){NULL, 0};
    bench_tell(bench, outcome);
    bench_expect(bench,
                 "2020-09-13T12:26:40.001000000Z,0,\"a,\"\"b\"\"\\x0a\",192.0.2.1,1,unreachable,"
                 "true,,10.9.9.9,\"na\"\"me\",,,,3,16,\"Dest Unreachable, Bad Code: 16\",,,kernel,"
                 "kernel,false,,false,\r\n");
    bench_close(bench);
}

Test(report_csv, silence_and_failure)
{
    struct bench *bench = bench_create_idle();
    bench_open(bench, report_csv_create);
    bench_tell(bench, bench_nothing(bench, 0, 0, SONDE_TIMED_OUT));
    bench_expect(bench, "2020-09-13T12:26:40.000000000Z,0,192.0.2.1,192.0.2.1,1,timed_out,true,,,,,"
                        ",,,,,,,kernel,none,false,,false,\r\n");
    struct sonde_outcome outcome = bench_nothing(bench, 0, 1, SONDE_SEND_FAILED);
    outcome.error = EPERM;
    outcome.mtu = 1500;
    bench_tell(bench, outcome);
    bench_expect(bench, "2020-09-13T12:26:40.000000000Z,0,192.0.2.1,192.0.2.1,2,send_failed,true,,,"
                        ",,,,,,,1500,1,kernel,none,false,,false,\r\n");
    bench_close(bench);
}

Test(report_csv, every_row_has_every_column)
{
    struct bench *bench = bench_create_idle();
    size_t columns = fields(HEADER);
    bench_open(bench, report_csv_create);
    for (int kind = 0; kind < SONDE_OUTCOME_KINDS; kind++) {
        struct sonde_outcome outcome = bench_reply(bench, 0, (uint64_t)kind, 1000);
        outcome.kind = (enum sonde_outcome_kind)kind;
        bench_tell(bench, outcome);
        cr_assert_eq(fields(bench_out(bench)), columns);
        bench_tell(bench, bench_nothing(bench, 0, (uint64_t)kind, (enum sonde_outcome_kind)kind));
        cr_assert_eq(fields(bench_out(bench)), columns);
    }
    bench->report.ops->unanswered(bench->report.self, 0, 3);
    const char *row = bench_out(bench);
    cr_assert_eq(fields(row), columns);
    cr_assert_not_null(strstr(row, ",4,unanswered,false,"));
    bench_close(bench);
}

Test(report_csv, quiet_and_summary)
{
    struct bench *bench = bench_create_idle();
    bench->run.quiet = true;
    bench_open(bench, report_csv_create);
    bench_echo(bench, 0, 0, 1000000);
    bench_summary(bench);
    bench_expect(bench, "");
    bench->report.ops->progress(bench->report.self);
    cr_assert_str_eq(bench_err(bench), "\r1/1 packets, 0% loss, min/avg/ewma/max = "
                                       "1.000/1.000/1.000/1.000 ms\n");
    bench_close(bench);
}

Test(report_csv, what_a_reply_was)
{
    struct bench *bench = bench_create_idle();
    bench->run.kind = SONDE_PROBE_TCP;
    bench_open(bench, report_csv_create);
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1000);
    outcome.said = SONDE_SAID_SYN_ACK;
    outcome.icmp = (struct sonde_bytes){NULL, 0};
    bench_tell(bench, outcome);
    bench_expect(bench, "2020-09-13T12:26:40.000001000Z,0,192.0.2.1,192.0.2.1,1,reply,true,1000,"
                        "192.0.2.1,,,61,0,,,,,,kernel,kernel,false,,false,syn_ack\r\n");
    outcome = bench_error(bench, 1, SONDE_REPLY, 3, 3);
    outcome.said = SONDE_SAID_PORT_CLOSED;
    bench_tell(bench, outcome);
    cr_assert_not_null(strstr(bench_out(bench), ",3,3,Destination Port Unreachable,"));
    bench_close(bench);
}
