#include "multipath_help.h"

Test(report_multipath_dot, quotes_and_stars)
{
    struct graph_bench bench = {.name = "a\"];\\\n"};
    graph_bench_diamond(&bench, 2);
    bench.vertices[1].star = true;
    bench.vertices[1].address = (struct sonde_address){0};
    bench.links[0].uncertain = true;
    expect_graph(&bench, REPORT_MULTIPATH_DOT,
                 "digraph sonde {\n"
                 "  node [shape=box];\n"
                 "  v0 [label=\"this host\"];\n"
                 "  v1 [label=\"*\", style=dashed];\n"
                 "  v2 [label=\"a\\\"];\\\\\\\\x0a (10.0.1.1)\"];\n"
                 "  v3 [label=\"a\\\"];\\\\\\\\x0a (10.0.2.9)\", peripheries=2];\n"
                 "  { rank=same; v0; }\n"
                 "  { rank=same; v1; v2; }\n"
                 "  { rank=same; v3; }\n"
                 "  v0 -> v1 [label=\"6\", style=dashed];\n"
                 "  v0 -> v2 [label=\"6\"];\n"
                 "  v1 -> v3 [label=\"6\"];\n"
                 "  v2 -> v3 [label=\"6\"];\n"
                 "}\n");
}
