#include "multipath_help.h"

Test(report_multipath_json, the_whole_graph)
{
    struct graph_bench bench = {.name = "\"\x1b"};
    graph_bench_diamond(&bench, 1);
    expect_graph(
        &bench, REPORT_MULTIPATH_JSON,
        "{\"type\":\"multipath\",\"time\":\"1970-01-01T00:00:00.000000000Z\",\"target\":\"far\","
        "\"address\":\"10.0.2.9\",\"algorithm\":\"mda\",\"confidence\":0.95,\"end\":\"reached\","
        "\"complete\":true,\"fell_back\":false,\"hops\":2,\"flows\":0,\"probes\":100,\"bound\":0,"
        "\"lost\":0,\"spent_ns\":1500000,\"vertices\":[{\"hop\":0,\"silent\":false,\"target\":"
        "false,\"flows\":0,\"next_hops\":1,\"per_packet\":false,\"rationed\":false,\"loop\":false,"
        "\"search\":\"complete\",\"sent\":0,\"received\":0},{\"hop\":1,\"address\":\"10.0.1.1\","
        "\"name\":\"\\\"\\\\x1b\",\"silent\":false,\"target\":false,\"answer\":\"time_exceeded\","
        "\"flows\":0,\"next_hops\":1,\"per_packet\":false,\"rationed\":false,\"loop\":false,"
        "\"search\":\"complete\",\"sent\":0,\"received\":0},{\"hop\":2,\"address\":\"10.0.2.9\","
        "\"name\":\"\\\"\\\\x1b\",\"silent\":false,\"target\":true,\"answer\":\"reply\",\"flows\":"
        "0,\"next_hops\":0,\"per_packet\":false,\"rationed\":false,\"loop\":false,\"search\":"
        "\"complete\",\"sent\":0,\"received\":0}],\"links\":[{\"from\":0,\"to\":1,\"flows\":6,"
        "\"uncertain\":false,\"sent\":0,\"received\":0},{\"from\":1,\"to\":2,\"flows\":6,"
        "\"uncertain\":false,\"sent\":0,\"received\":0}],\"diamonds\":[]}\n");
}

/* What is one row of a drawing is complete here. */
Test(report_multipath_json, nothing_is_joined)
{
    struct graph_bench bench = {0};
    graph_bench_diamond(&bench, 20);
    const char *told = graph_bench_told(&bench, REPORT_MULTIPATH_JSON);
    for (int i = 1; i <= 20; i++) {
        char address[32];
        snprintf(address, sizeof address, "\"10.0.1.%d\"", i);
        cr_expect_not_null(strstr(told, address), "%s", address);
    }
    free(bench.text);
}
