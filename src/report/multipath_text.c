/* A multipath graph for people: the drawing, what stands at each vertex, and what is to be said. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "multipath_fold.h"
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

/* --- many side by side ------------------------------------------------------------------------ */

/* What is drawn, and where. */
struct drawn {
    const struct report_state *state;
    const struct report_multipath *what;
    const struct report_fold *fold;
    const struct report_drawing *drawing;
    size_t row;
};

/* A line below the row, as far as to where its text begins. */
static void put_margin(const struct drawn *drawn)
{
    FILE *out = drawn->state->run.out;
    fputs(NO_HOP, out);
    report_drawing_lanes(drawn->drawing, drawn->row, drawn->state->run.utf8, out);
    fputs("  ", out);
}

/* How many, and their mean round-trip times. */
static void tell_many(const struct drawn *drawn, uint32_t place)
{
    const struct report_fold *fold = drawn->fold;
    FILE *out = drawn->state->run.out;
    struct sonde_span least = {INT64_MAX}, most = {0};
    char from[REPORT_MS], to[REPORT_MS];
    for (uint32_t i = 0; i < fold->whole->vertex_count; i++) {
        struct sonde_rtt_summary rtt;
        if (fold->shown[i] != fold->whose[place] ||
            !sonde_stats_rtt(&fold->whole->vertices[i].stats, &rtt))
            continue;
        least = rtt.mean.ns < least.ns ? rtt.mean : least;
        most = rtt.mean.ns > most.ns ? rtt.mean : most;
    }
    fprintf(out, "  %" PRIu32 " routers side by side", fold->count[place]);
    if (least.ns > most.ns)
        return;
    report_ms_short(least, from);
    report_ms_short(most, to);
    if (strcmp(from, to) == 0)
        fprintf(out, "  %s ms", to);
    else
        fprintf(out, "  %s to %s ms", from, to);
}

static void list_lines(const struct drawn *drawn, uint32_t place)
{
    const struct report_fold *fold = drawn->fold;
    for (uint32_t i = 0; i < fold->whole->vertex_count; i++) {
        if (fold->shown[i] != fold->whose[place])
            continue;
        fputc('\n', drawn->state->run.out);
        put_margin(drawn);
        tell_vertex(drawn->state, drawn->what, &fold->whole->vertices[i]);
    }
}

static int by_bytes(const void *a, const void *b)
{
    const struct sonde_address *one = a, *other = b;
    return memcmp(one->bytes, other->bytes, sizeof one->bytes);
}

/* Their addresses, as many in a line as there is room for. */
static int list_columns(const struct drawn *drawn, uint32_t place)
{
    const struct report_fold *fold = drawn->fold;
    FILE *out = drawn->state->run.out;
    const size_t screen = drawn->state->run.screen_columns ? drawn->state->run.screen_columns : 80;
    char number[SONDE_ADDRESS_TEXT];
    size_t width = 0, count = 0, column = screen;
    struct sonde_address *addresses = calloc(fold->count[place], sizeof *addresses);
    if (!addresses)
        return -ENOMEM;
    for (uint32_t i = 0; i < fold->whole->vertex_count; i++) {
        if (fold->shown[i] != fold->whose[place])
            continue;
        addresses[count] = fold->whole->vertices[i].address;
        const size_t length = strlen(sonde_address_format(&addresses[count++], number));
        width = length > width ? length : width;
    }
    qsort(addresses, count, sizeof *addresses, by_bytes);
    const size_t margin = strlen(NO_HOP) + report_drawing_columns(drawn->drawing) + 2;
    for (size_t i = 0; i < count; i++) {
        if (column + 2 + width > screen) {
            fputc('\n', out);
            put_margin(drawn);
            column = margin;
        }
        sonde_address_format(&addresses[i], number);
        column += 2 + width;
        const bool last = i + 1 == count || column + 2 + width > screen;
        fprintf(out, "  %-*s", last ? 0 : (int)width, number);
    }
    free(addresses);
    return 0;
}

static int tell_row(const struct drawn *drawn, uint32_t place)
{
    if (drawn->fold->count[place] == 1) {
        tell_vertex(drawn->state, drawn->what, &drawn->fold->graph.vertices[place]);
        return 0;
    }
    tell_many(drawn, place);
    if (!drawn->state->run.verbose)
        return list_columns(drawn, place);
    list_lines(drawn, place);
    return 0;
}

static int draw_folded(const struct report_state *state, const struct report_multipath *what,
                       const struct report_fold *fold)
{
    struct report_drawing *drawing;
    int error = report_drawing_make(&drawing, &fold->graph);
    if (error)
        return error;
    FILE *out = state->run.out;
    struct drawn drawn = {state, what, fold, drawing, 0};
    for (; drawn.row < report_drawing_rows(drawing) && !error; drawn.row++) {
        const uint32_t vertex = report_drawing_vertex(drawing, drawn.row);
        if (vertex == SONDE_MULTIPATH_NONE)
            fputs(NO_HOP, out);
        else
            fprintf(out, HOP_COLUMN, fold->graph.vertices[vertex].hop);
        report_drawing_row(drawing, drawn.row, state->run.utf8, out);
        if (vertex != SONDE_MULTIPATH_NONE)
            error = tell_row(&drawn, vertex);
        fputc('\n', out);
    }
    report_drawing_free(drawing);
    return error;
}

static int draw(const struct report_state *state, const struct report_multipath *what)
{
    struct report_fold fold;
    int error = report_fold_make(&fold, what->graph);
    if (error)
        return error;
    error = draw_folded(state, what, &fold);
    report_fold_free(&fold);
    return error;
}

/* --- what is to be said ----------------------------------------------------------------------- */

static void tell_diamond(const struct report_state *state,
                         const struct sonde_multipath_graph *graph,
                         const struct sonde_multipath_diamond *diamond)
{
    FILE *out = state->run.out;
    const struct sonde_multipath_vertex *from = &graph->vertices[diamond->divergence];
    if (from->hop == 0)
        fputs("Behind this host", out);
    else
        fprintf(out, "Behind hop %u", from->hop);
    fprintf(out, " the ways part, %" PRIu32 " side by side", diamond->width);
    if (diamond->convergence == SONDE_MULTIPATH_NONE)
        fputs(", and do not meet again", out);
    else
        fprintf(out, ", and meet at hop %u", graph->vertices[diamond->convergence].hop);
    if (diamond->length_min != diamond->length)
        fprintf(out, "; the shortest way takes %" PRIu32 " %s, the longest %" PRIu32,
                diamond->length_min, diamond->length_min == 1 ? "hop" : "hops", diamond->length);
    if (diamond->per_packet)
        fputs("; each packet goes its own way", out);
    else if (!diamond->uniform)
        fputs("; they are not used evenly", out);
    if (diamond->meshed)
        fputs("; links cross", out);
    fputs(".\n", out);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* By the shortest way and by the longest. */
static void tell_distance(FILE *out, const struct sonde_multipath_graph *graph)
{
    uint8_t nearest = UINT8_MAX, farthest = 0;
    for (uint32_t i = 0; i < graph->vertex_count; i++) {
        if (!graph->vertices[i].target)
            continue;
        const uint8_t hop = graph->vertices[i].hop;
        nearest = hop < nearest ? hop : nearest;
        farthest = hop > farthest ? hop : farthest;
    }
    if (nearest < farthest)
        fprintf(out, "Reached after %u to %u hops", nearest, farthest);
    else
        fprintf(out, "Reached after %u hop%s", graph->hops, plural(graph->hops));
}

/* Who stands behind ways of different length is a vertex at several hops, and counts once. */
static uint32_t count_addresses(const struct sonde_multipath_graph *graph)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < graph->vertex_count; i++) {
        const struct sonde_multipath_vertex *vertex = &graph->vertices[i];
        bool fresh = vertex->address.family != SONDE_FAMILY_NONE;
        for (uint32_t k = 0; k < i && fresh; k++)
            fresh = !sonde_address_equal(&graph->vertices[k].address, &vertex->address);
        count += fresh;
    }
    return count;
}

static void tell_end(const struct report_state *state, const struct sonde_multipath_graph *graph)
{
    FILE *out = state->run.out;
    switch (graph->end) {
    case SONDE_MULTIPATH_REACHED:
        tell_distance(out, graph);
        break;
    case SONDE_MULTIPATH_SILENT:
        if (count_addresses(graph) == 0)
            fputs("Nobody answers", out);
        else
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
    const uint32_t addresses = count_addresses(graph);
    fprintf(out, ": %" PRIu32 " address%s, %" PRIu32 " link%s, %" PRIu64 " probe%s in %s ms",
            addresses, addresses == 1 ? "" : "es", graph->link_count, plural(graph->link_count),
            graph->probes, plural(graph->probes), report_ms_short(what->spent, ms));
    if (graph->complete && what->lite)
        fputs("; no more are likely (MDA-Lite).\n", out);
    else if (graph->complete)
        fprintf(out, "; %.0f %% sure that no way was missed.\n", 100 * what->confidence);
    else
        fputs("; there may be more ways than were found.\n", out);
    for (uint32_t i = 0; i < graph->diamond_count; i++)
        tell_diamond(state, graph, &graph->diamonds[i]);
    if (graph->per_packet)
        fputs("Where each packet goes its own way, which links exist is a guess.\n", out);
    return 0;
}
