#include "trace_help.h"

static struct sonde_outcome rationed(unsigned hop, unsigned nth)
{
    if (hop == 2 && nth % 4 != 0)
        return trace_bench_silence();
    if (hop == 3)
        return trace_bench_silence();
    return hop < 4 ? trace_bench_router(hop, 1 + nth % 2) : trace_bench_host(4);
}

Test(report_trace_table, columns_are_aligned_where_nothing_is_known)
{
    static const uint32_t percentiles[] = {SONDE_PPM(50)};
    struct trace_bench bench = {.config = {.rounds = 8, .queries = 1},
                                .run = {.percentiles = percentiles, .percentile_count = 1}};
    expect_told(
        &bench, REPORT_TRACE_TABLE, rationed,
        "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
        "Hop  Address                Loss   Sent     Last      Avg     Best    Worst    StDev   "
        "Jitter      p50  Verdict\n"
        "  1  10.0.1.2               0.0%      8     1.00     1.00     1.00     1.00    0.000    "
        "0.000     1.00\n"
        "     10.0.1.1\n"
        "  2  10.0.2.1              75.0%      8     2.00     2.00     2.00     2.00    0.000    "
        "0.000     2.00  no loss, it rations its answers\n"
        "  3  *                         -      8        -        -        -        -        -      "
        "  -        -  does not answer, but forwards\n"
        "  4  10.0.4.9               0.0%      8     4.00     4.00     4.00     4.00    0.000    "
        "0.000     4.00\n"
        "far.example is 4 hops away.\n"
        "Hop 1: 2 addresses take turns; `sonde trace --multipath` finds all ways.\n"
        "Hop 2: 6 of 8 probes unanswered, 0 of 8 behind it: no loss, it rations its answers.\n");
}

Test(report_trace_table, names_are_as_wide_as_their_characters)
{
    struct trace_bench bench = {.name = "z\xc3\xbcrich.example", .config = {.queries = 1}};
    expect_told(&bench, REPORT_TRACE_TABLE, rationed,
                "trace to far.example (10.0.0.9), ICMP echo, 60 bytes, 30 hops at most\n"
                "Hop  Address                     Loss   Sent     Last      Avg     Best    Worst  "
                "  StDev   Jitter  Verdict\n"
                "  1  z\303\274rich.example (10.0.1.1)   0.0%      1     1.00     1.00     1.00    "
                " 1.00    0.000    0.000\n"
                "  2  z\303\274rich.example (10.0.2.1)   0.0%      1     2.00     2.00     2.00    "
                " 2.00    0.000    0.000\n"
                "  3  *                              -      1        -        -        -        -  "
                "      -        -  does not answer, but forwards\n"
                "  4  z\303\274rich.example (10.0.4.9)   0.0%      1     4.00     4.00     4.00    "
                " 4.00    0.000    0.000\n"
                "far.example is 4 hops away.\n");
}

static struct sonde_outcome many(unsigned hop, unsigned nth)
{
    return hop == 1 ? trace_bench_router(1, nth) : trace_bench_host(2);
}

/* As many as a hop keeps, then the end. */
Test(report_trace_table, sixteen_addresses_and_more)
{
    struct trace_bench bench = {.config = {.queries = 20}};
    const char *told = trace_bench_told(&bench, REPORT_TRACE_TABLE, many);
    unsigned lines = 0;
    for (const char *at = told; (at = strstr(at, "\n     10.0.1.")) != NULL; at++)
        lines++;
    cr_expect_eq(lines, SONDE_PATH_ADDRESSES - 1, "%s", told);
    trace_bench_close(&bench);
}
