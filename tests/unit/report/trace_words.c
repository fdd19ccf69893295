#include "trace_help.h"

Test(report_trace_words, one_for_everything)
{
    for (int i = SONDE_PATH_NOT_ASKED; i <= SONDE_PATH_BLACK_HOLE; i++)
        cr_expect_not_null(trace_verdict_word((enum sonde_path_verdict)i), "%d", i);
    for (int i = SONDE_TRACE_OPEN; i <= SONDE_TRACE_SEND_FAILED; i++)
        cr_expect_not_null(trace_reason_word((enum sonde_trace_reason)i), "%d", i);
}

Test(report_trace_words, a_verdict_claims_no_more_than_is_known)
{
    char text[TRACE_WORDS];
    struct sonde_path_hop hop = {.verdict = SONDE_PATH_BLACK_HOLE};
    cr_expect_str_eq(trace_verdict(&hop, text), "nothing is heard from here on");
    hop.verdict = SONDE_PATH_FINE;
    cr_expect_str_eq(trace_verdict(&hop, text), "");
    hop = (struct sonde_path_hop){.verdict = SONDE_PATH_UNCLEAR, .missed = 15, .asked = 30};
    cr_expect_str_eq(trace_verdict(&hop, text),
                     "loss or rationed answers, and no hop behind it tells which");
    hop = (struct sonde_path_hop){.verdict = SONDE_PATH_TOO_BIG, .mtu = 1400};
    cr_expect_str_eq(trace_verdict(&hop, text), "no larger packets than 1400 bytes get further");
}

/* Two routers pass packets to each other. */
static struct sonde_outcome circle(unsigned hop, unsigned nth)
{
    struct sonde_outcome outcome = trace_bench_router(hop, 1);
    (void)nth;
    if (hop > 1)
        outcome.from = trace_bench_address(2 + hop % 2, 1);
    return outcome;
}

Test(report_trace_words, a_loop)
{
    struct trace_bench bench = {.config = {.queries = 1}};
    expect_told(&bench, REPORT_TRACE_LINES, circle,
                "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
                "  1  10.0.1.1  1.00 ms\n"
                "  2  10.0.2.1  2.00 ms\n"
                "  3  10.0.3.1  3.00 ms\n"
                "  4  10.0.2.1  4.00 ms\n"
                "  5  10.0.3.1  5.00 ms\n"
                "far.example is not reached: the packets go round between hops 2 and 3.\n");
}

static struct sonde_outcome open_port(unsigned hop, unsigned nth)
{
    struct sonde_outcome outcome = trace_bench_host(1);
    (void)hop;
    (void)nth;
    outcome.said = SONDE_SAID_SYN_ACK;
    return outcome;
}

Test(report_trace_words, one_hop_and_what_the_port_said)
{
    struct trace_bench bench = {
        .config = {.queries = 1, .probe = {.kind = SONDE_PROBE_TCP, .port = 443}}};
    expect_told(&bench, REPORT_TRACE_LINES, open_port,
                "trace to far.example (10.0.0.9), TCP port 443, 60 bytes, 30 hops at most\n"
                "  1  10.0.1.9  1.00 ms\n"
                "far.example is 1 hop away; the port is open.\n");
}

/* From round 7 on another router stands at hop 1; hop 2 answers every other time, then silence. */
static struct sonde_outcome changing(unsigned hop, unsigned nth)
{
    if (hop > 2)
        return trace_bench_silence();
    return hop == 1  ? trace_bench_router(1, nth < 6 ? 1 : 2)
           : nth % 2 ? trace_bench_silence()
                     : trace_bench_router(2, 1);
}

Test(report_trace_words, a_change_a_ration_and_silence_behind)
{
    struct trace_bench bench = {.config = {.queries = 1, .rounds = 12}};
    expect_told(&bench, REPORT_TRACE_TABLE, changing,
                "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
                "Hop  Address                Loss   Sent     Last      Avg     Best    Worst    "
                "StDev   Jitter  Verdict\n"
                "  1  10.0.1.2               0.0%     12     1.00     1.00     1.00     1.00    "
                "0.000    0.000\n"
                "     10.0.1.1\n"
                "  2  10.0.2.1              50.0%     12     2.00     2.00     2.00     2.00    "
                "0.000    0.000  no loss, it rations its answers\n"
                "  3  *                         -     12        -        -        -        -       "
                " -        -  nothing is heard from here on\n"
                "far.example is not reached: nothing is heard from behind hop 2 (asked up to hop "
                "8). Dropped packets and mute hosts look the same.\n"
                "Hop 1: 10.0.1.2 took the place of 10.0.1.1 in round 7.\n"
                "Hop 2: 6 of 12 probes unanswered: no loss, it rations its answers.\n");
}
