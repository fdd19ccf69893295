/*
 * Diamonds. The graph has its vertices by hop and its links from hop to hop, so that it has no
 * circles; what a vertex leads to is found in one pass. A router that stands at several hops is one
 * when ways are looked at that meet again.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "strategy/multipath_inside.h"

/* Chi square with so many degrees of freedom is exceeded by chance once in a hundred: Wilson and
 * Hilferty's approximation (1931). */
static double chi_square_99(double freedom)
{
    double z = 2.326348, c = 2 / (9 * freedom);
    double root = 1 - c + z * sqrt(c);
    return freedom * root * root * root;
}

static bool same_place(const struct sonde_multipath_graph *graph, uint32_t a, uint32_t b)
{
    const struct sonde_multipath_vertex *one = &graph->vertices[a], *other = &graph->vertices[b];
    return a == b || (!one->star && !other->star && a != 0 && b != 0 &&
                      sonde_address_equal(&one->address, &other->address));
}

/* What lies behind a vertex up to where `stop` stands (NONE: up to the ends). */
struct behind {
    bool *reached;             /* [vertex], with the vertex itself and the places of `stop` */
    bool escapes;              /* a way ends without having come to stop */
    uint8_t nearest, farthest; /* hops of stop */
    uint32_t last;             /* stop at its farthest hop */
};

/* The first link that leaves a vertex, or one behind it; links are sorted by that. */
static uint32_t first_link(const struct sonde_multipath_graph *graph, uint32_t vertex)
{
    uint32_t low = 0, high = graph->link_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (graph->links[middle].from < vertex)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void look_behind(const struct sonde_multipath_graph *graph, uint32_t vertex, uint32_t stop,
                        struct behind *behind)
{
    behind->escapes = false;
    behind->nearest = UINT8_MAX;
    behind->farthest = 0;
    behind->last = SONDE_MULTIPATH_NONE;
    for (uint32_t v = 0; v < graph->vertex_count; v++)
        behind->reached[v] = v == vertex;
    for (uint32_t v = vertex; v < graph->vertex_count; v++) {
        if (!behind->reached[v])
            continue;
        uint8_t hop = graph->vertices[v].hop;
        if (v != vertex && stop != SONDE_MULTIPATH_NONE && same_place(graph, v, stop)) {
            behind->nearest = hop < behind->nearest ? hop : behind->nearest;
            behind->farthest = hop;
            behind->last = v;
            continue;
        }
        uint32_t link = first_link(graph, v);
        behind->escapes |= link == graph->link_count || graph->links[link].from != v;
        for (; link < graph->link_count && graph->links[link].from == v; link++)
            behind->reached[graph->links[link].to] = true;
    }
}

/* Where all ways from a vertex meet first. It stands on each way: so on the first one. */
static uint32_t meeting(const struct sonde_multipath_graph *graph, uint32_t vertex,
                        struct behind *behind)
{
    uint32_t at = vertex;
    for (;;) {
        uint32_t link = first_link(graph, at);
        if (link == graph->link_count || graph->links[link].from != at)
            return SONDE_MULTIPATH_NONE;
        at = graph->links[link].to;
        look_behind(graph, vertex, at, behind);
        if (!behind->escapes)
            return at;
    }
}

/* How many vertices of a hop lie between. */
static uint32_t side_by_side(const struct sonde_multipath_graph *graph, const struct behind *behind,
                             const struct sonde_multipath_diamond *diamond, uint8_t hop)
{
    uint32_t count = 0;
    for (uint32_t v = diamond->divergence + 1; v < graph->vertex_count; v++)
        count += behind->reached[v] && graph->vertices[v].hop == hop &&
                 (diamond->convergence == SONDE_MULTIPATH_NONE ||
                  !same_place(graph, v, diamond->convergence));
    return count;
}

/* Within the diamond: do links cross, and does every vertex deal out its flows evenly? */
static void judge_vertex(const struct sonde_multipath_graph *graph, const struct behind *behind,
                         uint32_t vertex, struct sonde_multipath_diamond *diamond)
{
    const struct sonde_multipath_vertex *from = &graph->vertices[vertex];
    uint32_t flows = 0, links = 0;
    double squares = 0;
    uint32_t here = side_by_side(graph, behind, diamond, from->hop);
    uint32_t there = side_by_side(graph, behind, diamond, (uint8_t)(from->hop + 1));
    for (uint32_t i = first_link(graph, vertex);
         i < graph->link_count && graph->links[i].from == vertex; i++) {
        const struct sonde_multipath_link *link = &graph->links[i];
        links++;
        flows += link->flows;
        squares += (double)link->flows * link->flows;
        if (here > 1 && there > 1 && here < there && graph->vertices[link->to].before > 1)
            diamond->meshed = true;
    }
    if (vertex != diamond->divergence && here > 1 && there > 1 && here >= there && links > 1)
        diamond->meshed = true;
    if (links > 1 && flows > 0 &&
        squares * links / flows - flows > chi_square_99((double)links - 1))
        diamond->uniform = false;
    diamond->per_packet |= from->per_packet;
}

/* By the ways alone: all vertices of a hop get the same share of the flows. */
static bool shares_even(const struct sonde_multipath_graph *graph, const struct behind *behind,
                        const double *share, const struct sonde_multipath_diamond *diamond)
{
    uint32_t before = SONDE_MULTIPATH_NONE;
    for (uint32_t v = diamond->divergence + 1; v < graph->vertex_count; v++) {
        if (!behind->reached[v])
            continue;
        bool met = diamond->convergence != SONDE_MULTIPATH_NONE &&
                   same_place(graph, v, diamond->convergence);
        if (met && v != diamond->convergence)
            return false; /* branches of different length */
        if (before != SONDE_MULTIPATH_NONE &&
            graph->vertices[before].hop == graph->vertices[v].hop &&
            fabs(share[v] - share[before]) > 1e-9)
            return false;
        before = v;
    }
    return true;
}

static void measure(const struct sonde_multipath_graph *graph, const struct behind *behind,
                    const double *share, struct sonde_multipath_diamond *diamond)
{
    uint8_t from = graph->vertices[diamond->divergence].hop;
    uint8_t deepest = from;
    diamond->uniform = shares_even(graph, behind, share, diamond);
    for (uint32_t v = diamond->divergence; v < graph->vertex_count; v++) {
        if (!behind->reached[v])
            continue;
        deepest = graph->vertices[v].hop;
        if (v != diamond->divergence && diamond->convergence != SONDE_MULTIPATH_NONE &&
            same_place(graph, v, diamond->convergence))
            continue;
        judge_vertex(graph, behind, v, diamond);
        uint32_t width = side_by_side(graph, behind, diamond, graph->vertices[v].hop);
        if (v != diamond->divergence && width > diamond->width)
            diamond->width = width;
    }
    bool meet = diamond->convergence != SONDE_MULTIPATH_NONE;
    diamond->length = (uint32_t)(meet ? behind->farthest : deepest) - from;
    diamond->length_min = meet ? (uint32_t)behind->nearest - from : diamond->length;
}

/* Ways that part within a diamond and meet only where it ends are part of it. */
static bool is_part(const struct sonde_multipath_graph *graph,
                    const struct sonde_multipath_diamond *outer, uint32_t convergence)
{
    if (outer->convergence == SONDE_MULTIPATH_NONE || convergence == SONDE_MULTIPATH_NONE)
        return outer->convergence == convergence;
    return same_place(graph, outer->convergence, convergence);
}

struct search {
    struct sonde_multipath_graph *graph;
    struct sonde_multipath_diamond *found;
    struct behind behind;
    double *share;
    uint32_t *inside; /* [vertex]: the innermost diamond found so far that it lies in */
};

static void find_from(struct search *search, uint32_t vertex)
{
    struct sonde_multipath_graph *graph = search->graph;
    uint32_t convergence = meeting(graph, vertex, &search->behind);
    uint32_t outer = search->inside[vertex];
    if (outer != SONDE_MULTIPATH_NONE && is_part(graph, &search->found[outer], convergence))
        return;
    for (uint32_t i = 0; i < graph->diamond_count; i++)
        if (same_place(graph, search->found[i].divergence, vertex) &&
            is_part(graph, &search->found[i], convergence))
            return;
    look_behind(graph, vertex, convergence, &search->behind);
    uint32_t at = graph->diamond_count++;
    struct sonde_multipath_diamond *diamond = &search->found[at];
    *diamond = (struct sonde_multipath_diamond){
        .divergence = vertex, .convergence = search->behind.last, .inside = outer};
    measure(graph, &search->behind, search->share, diamond);
    for (uint32_t v = vertex + 1; v < graph->vertex_count; v++)
        if (search->behind.reached[v] && (diamond->convergence == SONDE_MULTIPATH_NONE ||
                                          !same_place(graph, v, diamond->convergence)))
            search->inside[v] = at;
}

int multipath_find_diamonds(struct sonde_multipath *mp)
{
    struct sonde_multipath_graph *graph = &mp->graph;
    size_t count = graph->vertex_count, balancers = graph->balancers;
    struct sonde_multipath_diamond *room = realloc(mp->diamonds, (balancers + 1) * sizeof *room);
    if (room)
        mp->diamonds = room;
    struct search search = {.graph = graph,
                            .found = mp->diamonds,
                            .behind.reached = calloc(count, sizeof(bool)),
                            .share = calloc(count, sizeof(double)),
                            .inside = calloc(count, sizeof(uint32_t))};
    int error = room && search.behind.reached && search.share && search.inside ? 0 : -ENOMEM;
    if (!error) {
        multipath_shares(graph, search.share);
        for (uint32_t v = 0; v < graph->vertex_count; v++)
            search.inside[v] = SONDE_MULTIPATH_NONE;
        for (uint32_t v = 0; v < graph->vertex_count; v++)
            if (graph->vertices[v].balances)
                find_from(&search, v);
    }
    free(search.behind.reached);
    free(search.share);
    free(search.inside);
    return error;
}
