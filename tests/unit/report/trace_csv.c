#include "trace_help.h"

static struct sonde_outcome silent_middle(unsigned hop, unsigned nth)
{
    if (hop == 2 || (hop == 1 && nth == 2))
        return trace_bench_silence();
    return hop < 3 ? trace_bench_router(hop, 1) : trace_bench_host(3);
}

Test(report_trace_csv, a_row_for_each_hop)
{
    struct trace_bench bench = {.name = "a,\"b\"\n"};
    expect_told(
        &bench, REPORT_TRACE_CSV, silent_middle,
        "hop,address,name,sent,asked,missed,last_ns,avg_ns,min_ns,max_ns,dev_ns,jitter_ns,"
        "verdict\r\n"
        "1,10.0.1.1,\"a,\"\"b\"\"\\x0a\",3,3,1,1000000,1000000,1000000,1000000,0,0,unclear\r\n"
        "2,,,3,0,0,,,,,,,silent\r\n"
        "3,10.0.3.9,\"a,\"\"b\"\"\\x0a\",3,3,0,3000000,3000000,3000000,3000000,0,0,fine\r\n");
}
