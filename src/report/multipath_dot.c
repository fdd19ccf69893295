/* A multipath graph in the language of Graphviz. */
#include <inttypes.h>

#include "multipath_inside.h"

/* Between double quotes: quotes and backslashes are escaped (graphviz.org/doc/info/lang.html). */
static void quoted(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_vertex(const struct report_state *state, const struct sonde_multipath_graph *graph,
                       uint32_t index)
{
    const struct sonde_multipath_vertex *vertex = &graph->vertices[index];
    FILE *out = state->run.out;
    char label[REPORT_LABEL], ms[REPORT_MS];
    struct sonde_rtt_summary rtt;
    fprintf(out, "  v%" PRIu32 " [label=\"", index);
    quoted(out, report_vertex_label(state, vertex, label));
    if (sonde_stats_rtt(&vertex->stats, &rtt))
        fprintf(out, "\\n%s ms", report_ms_short(rtt.mean, ms));
    fputs("\"", out);
    if (vertex->star)
        fputs(", style=dashed", out);
    if (vertex->target)
        fputs(", peripheries=2", out);
    fputs("];\n", out);
}

/* Vertices of one hop stand side by side. */
static void put_ranks(FILE *out, const struct sonde_multipath_graph *graph)
{
    for (uint32_t i = 0; i < graph->vertex_count;) {
        const uint8_t hop = graph->vertices[i].hop;
        fputs("  { rank=same;", out);
        for (; i < graph->vertex_count && graph->vertices[i].hop == hop; i++)
            fprintf(out, " v%" PRIu32 ";", i);
        fputs(" }\n", out);
    }
}

int report_multipath_dot(struct report_state *state, const struct report_multipath *what)
{
    const struct sonde_multipath_graph *graph = what->graph;
    FILE *out = state->run.out;
    fputs("digraph sonde {\n  node [shape=box];\n", out);
    for (uint32_t i = 0; i < graph->vertex_count; i++)
        put_vertex(state, graph, i);
    put_ranks(out, graph);
    for (uint32_t i = 0; i < graph->link_count; i++)
        fprintf(out, "  v%" PRIu32 " -> v%" PRIu32 " [label=\"%" PRIu32 "\"%s];\n",
                graph->links[i].from, graph->links[i].to, graph->links[i].flows,
                graph->links[i].uncertain ? ", style=dashed" : "");
    fputs("}\n", out);
    return 0;
}
