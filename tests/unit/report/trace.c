#include "trace_help.h"

#define HOSTILE "\x1b[31mr\xc3\xb6uter\"\n"

static struct sonde_outcome three_hops(unsigned hop, unsigned nth)
{
    if (hop == 2)
        return nth == 1 ? trace_bench_silence() : trace_bench_router(2, nth + 1);
    return hop < 3 ? trace_bench_router(hop, 1) : trace_bench_host(3);
}

Test(report_trace, a_line_for_each_hop_and_for_each_address)
{
    struct trace_bench bench = {0};
    expect_told(&bench, REPORT_TRACE_LINES, three_hops,
                "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
                "  1  10.0.1.1  1.00 ms  1.00 ms  1.00 ms\n"
                "  2  10.0.2.1  2.00 ms  *\n"
                "     10.0.2.3  2.00 ms\n"
                "  3  10.0.3.9  3.00 ms  3.00 ms  3.00 ms\n"
                "far.example is 3 hops away.\n"
                "Hop 2: 1 of 3 probes unanswered, 0 of 3 behind it: too few probes to tell loss "
                "from rationed answers.\n"
                "Hop 2: 2 addresses take turns; `sonde trace --multipath` finds all ways.\n");
}

Test(report_trace, names_and_origins_are_made_printable)
{
    struct trace_bench bench = {.name = HOSTILE, .origin = "AS64500\x07"};
    expect_told(
        &bench, REPORT_TRACE_LINES, three_hops,
        "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
        "  1  \\x1b[31mr\303\266uter\"\\x0a (10.0.1.1) [AS64500\\x07]  1.00 ms  1.00 ms  1.00 ms\n"
        "  2  \\x1b[31mr\303\266uter\"\\x0a (10.0.2.1) [AS64500\\x07]  2.00 ms  *\n"
        "     \\x1b[31mr\303\266uter\"\\x0a (10.0.2.3) [AS64500\\x07]  2.00 ms\n"
        "  3  \\x1b[31mr\303\266uter\"\\x0a (10.0.3.9) [AS64500\\x07]  3.00 ms  3.00 ms  3.00 ms\n"
        "far.example is 3 hops away.\n"
        "Hop 2: 1 of 3 probes unanswered, 0 of 3 behind it: too few probes to tell loss from "
        "rationed answers.\n"
        "Hop 2: 2 addresses take turns; `sonde trace --multipath` finds all ways.\n");
}

static struct sonde_outcome nobody(unsigned hop, unsigned nth)
{
    (void)hop;
    (void)nth;
    return trace_bench_silence();
}

Test(report_trace, no_answer_at_all)
{
    struct trace_bench bench = {0};
    expect_told(&bench, REPORT_TRACE_LINES, nobody,
                "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
                "  1  *  *  *\n"
                "far.example is not reached: nobody answers, not even the first hop.\n");
}

static struct sonde_outcome refused(unsigned hop, unsigned nth)
{
    struct sonde_outcome outcome = trace_bench_router(hop, 1);
    (void)nth;
    if (hop < 2)
        return outcome;
    outcome.kind = SONDE_UNREACHABLE;
    outcome.icmp_type = 3;
    outcome.icmp_code = 1;
    return outcome;
}

Test(report_trace, who_says_that_there_is_no_way)
{
    struct trace_bench bench = {0};
    expect_told(
        &bench, REPORT_TRACE_LINES, refused,
        "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
        "  1  10.0.1.1  1.00 ms  1.00 ms  1.00 ms\n"
        "  2  10.0.2.1  2.00 ms  2.00 ms  2.00 ms  Destination Host Unreachable\n"
        "far.example is not reached: Destination Host Unreachable, says 10.0.2.1 at hop 2.\n");
}

static struct sonde_outcome unsent(unsigned hop, unsigned nth)
{
    struct sonde_outcome outcome = trace_bench_silence();
    (void)hop;
    (void)nth;
    outcome.kind = SONDE_SEND_FAILED;
    outcome.error = 101;
    return outcome;
}

Test(report_trace, what_this_machine_does_not_send)
{
    struct trace_bench bench = {.config = {.queries = 1}};
    expect_told(&bench, REPORT_TRACE_LINES, unsent,
                "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
                "far.example is not reached: cannot send: Network is unreachable.\n");
}

static struct sonde_outcome one_of_a_million(unsigned hop, unsigned nth)
{
    (void)nth;
    return trace_bench_router(hop, 1);
}

Test(report_trace, two_hundred_and_fifty_five_hops)
{
    struct trace_bench bench = {.config = {.last_hop = 255}};
    const char *told = trace_bench_told(&bench, REPORT_TRACE_LINES, one_of_a_million);
    static const char end[] = "\n255  10.0.255.1  255 ms  255 ms  255 ms\n"
                              "far.example is not reached within 255 hops.\n";
    const size_t length = strlen(told);
    cr_assert_gt(length, strlen(end));
    cr_expect_str_eq(told + length - strlen(end), end);
    trace_bench_close(&bench);
}
