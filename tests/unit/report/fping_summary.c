#include "report/fping_text.h"

#include <stdlib.h>

#include <criterion/criterion.h>

#include "fping_help.h"

/* Three probes, two replies: 1 ms and 3 ms. */
static struct report_fping_host host_of(char *label)
{
    struct report_fping_host host = {.label = label, .all = {.sent = 3}, .split = {.sent = 3}};
    report_fping_count_reply(&host.all, 1000000);
    report_fping_count_reply(&host.all, 3000000);
    report_fping_count_reply(&host.split, 1000000);
    report_fping_count_reply(&host.split, 3000000);
    return host;
}

Test(report_fping_summary, hosts_at_the_end)
{
    struct pages pages = open_pages();
    struct report_fping_host hosts[] = {host_of((char[]){"one"}), {.label = (char[]){"three"}}};
    hosts[1].all.sent = 2;
    pages.form.width = 5;
    pages.form.lines = true;
    report_fping_hosts(&pages.form, hosts, 2);
    expect(&pages, "",
           "\none   : xmt/rcv/%loss = 3/2/33%, min/avg/max = 1.00/2.00/3.00\n"
           "three : xmt/rcv/%loss = 2/0/100%\n");
}

Test(report_fping_summary, nothing_sent_is_nothing_lost)
{
    struct pages pages = open_pages();
    struct report_fping_host host = {.label = (char[]){"h"}};
    report_fping_hosts(&pages.form, &host, 1);
    expect(&pages, "", "h : xmt/rcv/%loss = 0/0/0%\n");
}

Test(report_fping_summary, outage_is_lost_probes_times_the_period)
{
    struct pages pages = open_pages();
    struct report_fping_host host = host_of((char[]){"h"});
    pages.form.outage = true;
    pages.form.period = sonde_span_ms(250);
    report_fping_hosts(&pages.form, &host, 1);
    expect(&pages, "",
           "h : xmt/rcv/%loss = 3/2/33%, outage(ms) = 250, min/avg/max = 1.00/2.00/3.00\n");
}

Test(report_fping_summary, every_round_trip_time)
{
    int64_t rtts[] = {1500000, REPORT_FPING_NO_RTT, 20000};
    struct report_fping_host host = {.label = (char[]){"h"}, .rtts = rtts, .rtt_count = 3};
    struct pages pages = open_pages();
    pages.form.all_rtts = true;
    report_fping_hosts(&pages.form, &host, 1);
    expect(&pages, "", "h : 1.50 - 0.020\n");
    pages = open_pages();
    pages.form.all_rtts = pages.form.json = true;
    report_fping_hosts(&pages.form, &host, 1);
    expect(&pages, "{\"vSum\": {\"host\": \"h\", \"values\": [1.50, null, 0.020]}}\n", "");
}

Test(report_fping_summary, intervals_begin_anew)
{
    setenv("TZ", "UTC", 1);
    struct pages pages = open_pages();
    struct report_fping_host host = host_of((char[]){"h"});
    report_fping_splits(&pages.form, &host, 1, (struct sonde_wall){3661 * SONDE_NS_PER_S});
    report_fping_splits(&pages.form, &host, 1, (struct sonde_wall){3662 * SONDE_NS_PER_S});
    cr_assert_eq(host.all.sent, 3);
    expect(&pages, "",
           "[01:01:01]\nh : xmt/rcv/%loss = 3/2/33%, min/avg/max = 1.00/2.00/3.00\n"
           "[01:01:02]\nh : xmt/rcv/%loss = 0/0/0%\n");
}

Test(report_fping_summary, cumulative_intervals_do_not)
{
    struct pages pages = open_pages();
    struct report_fping_host host = host_of((char[]){"h"});
    pages.form.cumulative = pages.form.json = true;
    for (int i = 0; i < 2; i++)
        report_fping_splits(&pages.form, &host, 1, (struct sonde_wall){7 * SONDE_NS_PER_S});
#define LINE                                                                                       \
    "{\"intSum\": {\"time\": 7,\"host\": \"h\", \"xmt\": 3, \"rcv\": 2, \"loss\": 33, "            \
    "\"rttMin\": "                                                                                 \
    "1.00, \"rttAvg\": 2.00, \"rttMax\": 3.00}}\n"
    expect(&pages, LINE LINE, "");
}

Test(report_fping_summary, netdata_is_told_of_charts_once)
{
    struct pages pages = open_pages();
    struct report_fping_host host = host_of((char[]){"a.b"});
    host.key = (char[]){"a_b"};
    pages.form.interval = sonde_span_s(5);
    report_fping_netdata(&pages.form, &host, 1, true);
    report_fping_netdata(&pages.form, &host, 1, false);
    expect(&pages,
           "CHART fping.a_b_packets '' 'FPing Packets' packets 'a.b' fping.packets line 110020 5\n"
           "DIMENSION xmt sent absolute 1 1\nDIMENSION rcv received absolute 1 1\n"
           "BEGIN fping.a_b_packets\nSET xmt = 3\nSET rcv = 2\nEND\n"
           "CHART fping.a_b_quality '' 'FPing Quality' percentage 'a.b' fping.quality area 110010 "
           "5\n"
           "DIMENSION returned '' absolute 1 1\n"
           "BEGIN fping.a_b_quality\nSET returned = 66\nEND\n"
           "CHART fping.a_b_latency '' 'FPing Latency' ms 'a.b' fping.latency area 110000 5\n"
           "DIMENSION min minimum absolute 1 1000000\nDIMENSION max maximum absolute 1 1000000\n"
           "DIMENSION avg average absolute 1 1000000\n"
           "BEGIN fping.a_b_latency\nSET min = 1000000\nSET avg = 2000000\nSET max = 3000000\nEND\n"
           "BEGIN fping.a_b_packets\nSET xmt = 0\nSET rcv = 0\nEND\n"
           "BEGIN fping.a_b_quality\nSET returned = 0\nEND\n"
           "BEGIN fping.a_b_latency\nEND\n",
           "");
}

Test(report_fping_summary, totals)
{
    struct report_fping_totals totals = {.targets = 3,
                                         .alive = 2,
                                         .unreachable = 1,
                                         .unknown = 4,
                                         .timeouts = 5,
                                         .sent = 6,
                                         .received = 7,
                                         .other = 8,
                                         .elapsed = sonde_span_ms(1234)};
    struct pages pages = open_pages();
    report_fping_count_reply(&totals.replies, 1500000);
    report_fping_totals(&pages.form, &totals);
    expect(&pages, "",
           "\n       3 targets\n       2 alive\n       1 unreachable\n"
           "       4 unknown addresses\n\n"
           "       5 timeouts (waiting for response)\n       6 ICMP Echos sent\n"
           "       7 ICMP Echo Replies received\n       8 other ICMP received\n\n"
           " 1.50 ms (min round trip time)\n 1.50 ms (avg round trip time)\n"
           " 1.50 ms (max round trip time)\n        1.234 sec (elapsed real time)\n\n");
}

Test(report_fping_summary, enough_is_as_many_as_required)
{
    struct pages pages = open_pages();
    cr_assert(report_fping_enough(&pages.form, 2, 2));
    cr_assert_not(report_fping_enough(&pages.form, 2, 1));
    expect(&pages,
           "Enough hosts reachable (required: 2, reachable: 2)\n"
           "Not enough hosts reachable (required: 2, reachable: 1)\n",
           "");
}
