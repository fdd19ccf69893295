#include "multipath_help.h"

Test(report_multipath_text, few_have_a_row_each)
{
    struct graph_bench bench = {.utf8 = true, .name = "r\x1b[2J"};
    graph_bench_diamond(&bench, 2);
    bench.diamond = (struct sonde_multipath_diamond){.divergence = 0,
                                                     .convergence = 3,
                                                     .width = 2,
                                                     .length = 2,
                                                     .length_min = 2,
                                                     .uniform = true};
    bench.graph.diamond_count = 1;
    expect_graph(&bench, REPORT_MULTIPATH_TEXT,
                 "All ways to far (10.0.2.9)\n"
                 "  0  \342\227\217    this host  2 ways on\n"
                 "     \342\224\234\342\224\200\342\225\256\n"
                 "  1  \342\227\217 \342\224\202  r\\x1b[2J (10.0.1.2)\n"
                 "  1  \342\224\202 \342\227\217  r\\x1b[2J (10.0.1.1)\n"
                 "     \342\224\234\342\224\200\342\225\257\n"
                 "  2  \342\227\216    r\\x1b[2J (10.0.2.9)\n"
                 "Reached after 2 hops: 3 addresses, 4 links, 100 probes in 1.50 ms; 95 % sure "
                 "that no way was missed.\n"
                 "Behind this host the ways part, 2 side by side, and meet at hop 2.\n");
}

Test(report_multipath_text, many_have_one_row_together)
{
    struct graph_bench bench = {.lite = true};
    graph_bench_diamond(&bench, 13);
    expect_graph(&bench, REPORT_MULTIPATH_TEXT,
                 "All ways to far (10.0.2.9)\n"
                 "  0  *  this host  13 ways on\n"
                 "  1  *  13 routers side by side\n"
                 "     |    10.0.1.1   10.0.1.2\n"
                 "     |    10.0.1.3   10.0.1.4\n"
                 "     |    10.0.1.5   10.0.1.6\n"
                 "     |    10.0.1.7   10.0.1.8\n"
                 "     |    10.0.1.9   10.0.1.10\n"
                 "     |    10.0.1.11  10.0.1.12\n"
                 "     |    10.0.1.13\n"
                 "  2  @  10.0.2.9\n"
                 "Reached after 2 hops: 14 addresses, 26 links, 100 probes in 1.50 ms; no more are "
                 "likely (MDA-Lite).\n");
}

Test(report_multipath_text, many_with_all_that_is_known_of_each)
{
    struct graph_bench bench = {.verbose = true};
    graph_bench_diamond(&bench, 13);
    bench.vertices[2].rationed = true;
    bench.graph.complete = false;
    expect_graph(&bench, REPORT_MULTIPATH_TEXT,
                 "All ways to far (10.0.2.9)\n"
                 "  0  *  this host  13 ways on\n"
                 "  1  *  13 routers side by side\n"
                 "     |    10.0.1.13\n"
                 "     |    10.0.1.12  rations its answers\n"
                 "     |    10.0.1.11\n"
                 "     |    10.0.1.10\n"
                 "     |    10.0.1.9\n"
                 "     |    10.0.1.8\n"
                 "     |    10.0.1.7\n"
                 "     |    10.0.1.6\n"
                 "     |    10.0.1.5\n"
                 "     |    10.0.1.4\n"
                 "     |    10.0.1.3\n"
                 "     |    10.0.1.2\n"
                 "     |    10.0.1.1\n"
                 "  2  @  10.0.2.9\n"
                 "Reached after 2 hops: 14 addresses, 26 links, 100 probes in 1.50 ms; there may "
                 "be more ways than were found.\n");
}

/* One of thirteen leads elsewhere: the twelve others do not suffice. */
Test(report_multipath_text, only_what_is_alike_is_joined)
{
    struct graph_bench bench = {0};
    graph_bench_diamond(&bench, 13);
    graph_bench_link(&bench, 1, graph_bench_vertex(&bench, 2, 10));
    const char *told = graph_bench_told(&bench, REPORT_MULTIPATH_TEXT);
    cr_expect_null(strstr(told, "side by side"), "%s", told);
    free(bench.text);
}
