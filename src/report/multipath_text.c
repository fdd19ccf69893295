/* A multipath graph for people: the drawing, what stands at each vertex, and what is to be said. */
#include <inttypes.h>

#include "multipath_inside.h"
#include "words.h"

#define HOP_COLUMN "%3u  "
#define NO_HOP     "     "

static void tell_rtt(FILE *out, const struct sonde_stats *stats)
{
    struct sonde_rtt_summary rtt;
    char ms[REPORT_MS];
    if (sonde_stats_rtt(stats, &rtt))
        fprintf(out, "  %s ms", report_ms_short(rtt.mean, ms));
}

static void tell_labels(FILE *out, const struct sonde_multipath_vertex *vertex)
{
    for (uint8_t i = 0; i < vertex->label_count; i++)
        fprintf(out, "%s%" PRIu32, i == 0 ? "  MPLS " : "/", vertex->labels[i].label);
}

/* An error that is more than "I am a router on the way". */
static void tell_refusal(const struct report_state *state,
                         const struct sonde_multipath_vertex *vertex)
{
    char words[REPORT_ICMP_WORDS];
    if (vertex->star || vertex->target || vertex->kind == SONDE_TIME_EXCEEDED ||
        vertex->kind == SONDE_REPLY || vertex->hop == 0)
        return;
    fprintf(state->run.out, "  %s",
            report_icmp_words((enum sonde_family)vertex->address.family, vertex->icmp_type,
                              vertex->icmp_code, 0, 0, words));
}

static void tell_search(FILE *out, const struct sonde_multipath_vertex *vertex)
{
    if (vertex->per_packet)
        fputs("  balances packet by packet", out);
    if (vertex->rationed)
        fputs("  rations its answers", out);
    if (vertex->loop)
        fputs("  routing loop", out);
    if (vertex->search == SONDE_MULTIPATH_UNANSWERED)
        fputs("  too few answers to be sure", out);
    if (vertex->search == SONDE_MULTIPATH_OUT_OF_REACH)
        fputs("  too few flows pass it to be sure", out);
}

static void tell_origin(const struct report_state *state, const struct report_multipath *what,
                        const struct sonde_multipath_vertex *vertex)
{
    char printable[REPORT_LABEL];
    const char *origin = what->origin && !vertex->star && vertex->hop > 0
                             ? what->origin(state->run.name_self, &vertex->address)
                             : NULL;
    if (!origin)
        return;
    report_printable(origin, printable, sizeof printable);
    fprintf(state->run.out, " [%s]", printable);
}

static void tell_vertex(const struct report_state *state, const struct report_multipath *what,
                        const struct sonde_multipath_vertex *vertex)
{
    char label[REPORT_LABEL];
    FILE *out = state->run.out;
    fprintf(out, "  %s", report_vertex_label(state, vertex, label));
    tell_origin(state, what, vertex);
    tell_rtt(out, &vertex->stats);
    if (vertex->next_hops > 1)
        fprintf(out, "  %" PRIu32 " ways on", vertex->next_hops);
    tell_labels(out, vertex);
    tell_refusal(state, vertex);
    tell_search(out, vertex);
}

static int draw(const struct report_state *state, const struct report_multipath *what)
{
    const struct sonde_multipath_graph *graph = what->graph;
    struct report_drawing *drawing;
    const int error = report_drawing_make(&drawing, graph);
    if (error)
        return error;
    FILE *out = state->run.out;
    for (size_t row = 0; row < report_drawing_rows(drawing); row++) {
        const uint32_t vertex = report_drawing_vertex(drawing, row);
        if (vertex == SONDE_MULTIPATH_NONE)
            fputs(NO_HOP, out);
        else
            fprintf(out, HOP_COLUMN, graph->vertices[vertex].hop);
        report_drawing_row(drawing, row, state->run.utf8, out);
        if (vertex != SONDE_MULTIPATH_NONE)
            tell_vertex(state, what, &graph->vertices[vertex]);
        fputc('\n', out);
    }
    report_drawing_free(drawing);
    return 0;
}

static void tell_diamond(const struct report_state *state,
                         const struct sonde_multipath_graph *graph,
                         const struct sonde_multipath_diamond *diamond)
{
    FILE *out = state->run.out;
    const struct sonde_multipath_vertex *from = &graph->vertices[diamond->divergence];
    fprintf(out, "Behind hop %u the ways part, %" PRIu32 " side by side", from->hop,
            diamond->width);
    if (diamond->convergence == SONDE_MULTIPATH_NONE)
        fputs(", and do not meet again", out);
    else
        fprintf(out, ", and meet at hop %u", graph->vertices[diamond->convergence].hop);
    if (diamond->length_min != diamond->length)
        fprintf(out, "; the shortest takes %" PRIu32 " hops, the longest %" PRIu32,
                diamond->length_min, diamond->length);
    if (diamond->per_packet)
        fputs("; each packet goes its own way", out);
    else if (!diamond->uniform)
        fputs("; they are not used evenly", out);
    if (diamond->meshed)
        fputs("; links cross", out);
    fputs(".\n", out);
}

static void tell_end(const struct report_state *state, const struct sonde_multipath_graph *graph)
{
    FILE *out = state->run.out;
    switch (graph->end) {
    case SONDE_MULTIPATH_REACHED:
        fprintf(out, "Reached after %u hops", graph->hops);
        break;
    case SONDE_MULTIPATH_SILENT:
        fprintf(out, "Nothing answers behind hop %u", graph->hops);
        break;
    case SONDE_MULTIPATH_REFUSED:
        fprintf(out, "Hop %u says that it goes no further", graph->hops);
        break;
    case SONDE_MULTIPATH_LOOPED:
        fputs("The packets go round in a routing loop", out);
        break;
    case SONDE_MULTIPATH_MAX_HOP:
        fprintf(out, "Not reached within %u hops (--max-hops)", graph->hops);
        break;
    case SONDE_MULTIPATH_SEND_FAILED:
        fputs("This machine could not send", out);
        break;
    default:
        fprintf(out, "Ended early (%s)", sonde_multipath_end_name(graph->end));
        break;
    }
}

static uint32_t addresses(const struct sonde_multipath_graph *graph)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->vertex_count; i++)
        count += graph->vertices[i].hop > 0 && !graph->vertices[i].star;
    return count;
}

int report_multipath_text(struct report_state *state, const struct report_multipath *what)
{
    const struct sonde_multipath_graph *graph = what->graph;
    const struct report_target *target = &state->run.targets[0];
    FILE *out = state->run.out;
    char number[SONDE_ADDRESS_TEXT], ms[REPORT_MS];
    fprintf(out, "All ways to %s (%s)\n", state->names[0],
            sonde_address_format(&target->address, number));
    const int error = draw(state, what);
    if (error)
        return error;
    tell_end(state, graph);
    fprintf(out, ": %" PRIu32 " routers and hosts, %" PRIu32 " links, %" PRIu64 " probes in %s ms",
            addresses(graph), graph->link_count, graph->probes, report_ms(what->spent, ms));
    if (graph->complete)
        fprintf(out, "; %.0f %% sure that no way was missed.\n", 100 * what->confidence);
    else
        fputs("; there may be more ways than were found.\n", out);
    for (uint32_t i = 0; i < graph->diamond_count; i++)
        tell_diamond(state, graph, &graph->diamonds[i]);
    if (graph->per_packet)
        fputs("Where each packet goes its own way, which links exist is a guess.\n", out);
    return 0;
}
