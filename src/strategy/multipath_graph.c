/* The graph for readers, made anew from what is known of each flow at each hop. */
#include <stdlib.h>

#include "strategy/multipath_inside.h"

#define ANSWERS                                                                                    \
    ((uint16_t)(SONDE_KIND_BIT(SONDE_REPLY) | SONDE_KIND_BIT(SONDE_TIME_EXCEEDED) |                \
                SONDE_KIND_BIT(SONDE_UNREACHABLE) | SONDE_KIND_BIT(SONDE_TOO_BIG) |                \
                SONDE_KIND_BIT(SONDE_PARAMETER_PROBLEM)))

/* --- vertices --------------------------------------------------------------------------------- */

static enum sonde_multipath_search search_of(struct sonde_multipath *mp, uint16_t index)
{
    const struct multipath_vertex *vertex = &mp->vertices[index];
    uint8_t hop = vertex->hop;
    if (hop > mp->base && (vertex->live == 0 || hop == mp->last))
        return SONDE_MULTIPATH_LAST;
    if (vertex->out_of_reach)
        return SONDE_MULTIPATH_OUT_OF_REACH;
    const struct multipath_hop *at = &mp->hops[hop], *behind = &mp->hops[hop + 1];
    uint32_t k = multipath_next_hops(mp, index);
    if (multipath_by_vertex(mp, hop)) {
        if (vertex->behind >= multipath_stop_at(&mp->stop, k ? k : 1) && behind->pending == 0)
            return SONDE_MULTIPATH_COMPLETE;
        return behind->closed ? SONDE_MULTIPATH_UNANSWERED : SONDE_MULTIPATH_OPEN;
    }
    k = behind->count;
    if (behind->asked < multipath_stop_at(&mp->stop, k ? k : 1))
        return behind->closed ? SONDE_MULTIPATH_UNANSWERED : SONDE_MULTIPATH_OPEN;
    if (behind->pending > 0)
        return SONDE_MULTIPATH_OPEN;
    return at->unsteady              ? SONDE_MULTIPATH_BY_PACKET
           : multipath_sole(mp, hop) ? SONDE_MULTIPATH_COMPLETE
                                     : SONDE_MULTIPATH_BY_HOP;
}

static void show_vertex(struct sonde_multipath *mp, uint16_t index)
{
    const struct multipath_vertex *from = &mp->vertices[index];
    uint32_t at = mp->graph.vertex_count++;
    struct sonde_multipath_vertex *to = &mp->shown[at];
    mp->shown_as[index] = at;
    *to = (struct sonde_multipath_vertex){
        .hop = index == 0 ? 0 : from->hop,
        .star = from->star,
        .target = from->kind == SONDE_REPLY,
        .address = from->address,
        .kind = from->kind,
        .said = from->said,
        .icmp_type = from->icmp_type,
        .icmp_code = from->icmp_code,
        .hop_limit = from->hop_limit,
        .quoted_hop_limit = from->quoted_hop_limit,
        .traffic_class = from->traffic_class,
        .flows = index == 0 ? mp->used : from->flows,
        .flow = 1,
        .per_packet = from->per_packet && !mp->hops[from->hop].unsteady,
        .rationed = index != 0 && mp->hops[from->hop].rationed,
        .loop = from->loop,
        .search = search_of(mp, index),
        .label_count = from->label_count,
    };
    for (unsigned i = 0; i < from->label_count; i++)
        to->labels[i] = from->labels[i];
    sonde_stats_init(&to->stats, ANSWERS);
}

static int show_vertices(struct sonde_multipath *mp)
{
    uint32_t count = 1; /* the observer */
    for (uint32_t v = 1; v < mp->vertex_count; v++)
        count += mp->vertices[v].flows > 0;
    struct sonde_multipath_vertex *room = realloc(mp->shown, count * sizeof *room);
    if (!room)
        return -1;
    mp->shown = room;
    for (uint32_t v = 0; v < mp->vertex_count; v++)
        mp->shown_as[v] = SONDE_MULTIPATH_NONE;
    show_vertex(mp, 0);
    for (unsigned hop = mp->base + 1u; hop <= mp->last; hop++)
        for (uint32_t v = 1; v < mp->vertex_count; v++)
            if (mp->vertices[v].hop == hop && mp->vertices[v].flows > 0)
                show_vertex(mp, (uint16_t)v);
    return 0;
}

/* --- links ------------------------------------------------------------------------------------ */

/* Links of a vertex while they are gathered: a chain in the order of discovery. */
struct gathering {
    uint32_t *first; /* [shown vertex] */
    uint32_t *next;  /* [link] */
    uint32_t room;
};

static int make_room(struct sonde_multipath *mp, struct gathering *links)
{
    if (links->next && mp->graph.link_count < links->room)
        return 0;
    uint32_t room = links->room ? links->room * 2 : 64;
    uint32_t *next = realloc(links->next, room * sizeof *next);
    if (next)
        links->next = next;
    struct sonde_multipath_link *shown = realloc(mp->shown_links, room * sizeof *shown);
    if (shown)
        mp->shown_links = shown;
    if (!next || !shown)
        return -1;
    links->room = room;
    return 0;
}

static struct sonde_multipath_link *link_of(struct sonde_multipath *mp, struct gathering *links,
                                            uint32_t from, uint32_t to)
{
    for (uint32_t at = links->first[from]; at != SONDE_MULTIPATH_NONE; at = links->next[at])
        if (mp->shown_links[at].to == to)
            return &mp->shown_links[at];
    if (make_room(mp, links))
        return NULL;
    uint32_t at = mp->graph.link_count++;
    struct sonde_multipath_link *link = &mp->shown_links[at];
    *link = (struct sonde_multipath_link){.from = from, .to = to};
    sonde_stats_init(&link->stats, ANSWERS);
    links->next[at] = links->first[from];
    links->first[from] = at;
    mp->shown[from].next_hops++;
    mp->shown[to].before++;
    return link;
}

/* What a cell's probes say: one answer, if it is not silent, and those without. */
static void count_probes(struct sonde_stats *stats, const struct multipath_cell *cell,
                         const struct sonde_multipath_vertex *vertex)
{
    struct sonde_outcome silence = {.kind = SONDE_TIMED_OUT};
    struct sonde_outcome answer = {
        .kind = vertex->kind, .rtt_known = cell->rtt_ns >= 0, .rtt = {cell->rtt_ns}};
    for (unsigned i = 0; i < cell->lost; i++) {
        sonde_stats_sent(stats);
        sonde_stats_outcome(stats, &silence);
    }
    if (vertex->star)
        return;
    sonde_stats_sent(stats);
    sonde_stats_outcome(stats, &answer);
}

/* The vertex in front: known, or the only one there is. */
static uint16_t vertex_before(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    uint16_t known = multipath_known(mp, flow, hop);
    if (known != MULTIPATH_NOBODY || !multipath_sole(mp, hop))
        return known;
    for (known = mp->hops[hop].vertices; mp->vertices[known].flows == 0;)
        known = mp->vertices[known].next;
    return known;
}

static int show_flow_at(struct sonde_multipath *mp, struct gathering *links, uint32_t flow,
                        uint8_t hop)
{
    uint16_t to = multipath_known(mp, flow, hop);
    if (to == MULTIPATH_NOBODY)
        return 0;
    const struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    struct sonde_multipath_vertex *vertex = &mp->shown[mp->shown_as[to]];
    count_probes(&vertex->stats, cell, vertex);
    vertex->flow = (uint16_t)flow;
    mp->graph.lost += vertex->star ? 0 : cell->lost;
    uint16_t from = vertex_before(mp, flow, (uint8_t)(hop - 1));
    if (from == MULTIPATH_NOBODY)
        return 0;
    struct sonde_multipath_link *link = link_of(mp, links, mp->shown_as[from], mp->shown_as[to]);
    if (!link)
        return -1;
    link->flows++;
    link->flow = (uint16_t)flow;
    link->uncertain = mp->hops[hop - 1].unsteady && !multipath_sole(mp, hop);
    count_probes(&link->stats, cell, vertex);
    return 0;
}

static int by_ends(const void *a, const void *b)
{
    const struct sonde_multipath_link *one = a, *other = b;
    if (one->from != other->from)
        return one->from < other->from ? -1 : 1;
    return one->to < other->to ? -1 : one->to > other->to;
}

static int show_links(struct sonde_multipath *mp)
{
    struct gathering links = {.first = malloc(mp->graph.vertex_count * sizeof *links.first)};
    int error = links.first ? make_room(mp, &links) : -1;
    for (uint32_t v = 0; !error && v < mp->graph.vertex_count; v++)
        links.first[v] = SONDE_MULTIPATH_NONE;
    for (uint32_t flow = mp->used; !error && flow > 0; flow--)
        for (unsigned hop = mp->base + 1u; !error && hop <= mp->last; hop++)
            error = show_flow_at(mp, &links, flow, (uint8_t)hop);
    free(links.first);
    free(links.next);
    if (!error && mp->graph.link_count > 1)
        qsort(mp->shown_links, mp->graph.link_count, sizeof *mp->shown_links, by_ends);
    return error;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void sum_up(struct sonde_multipath *mp)
{
    struct sonde_multipath_graph *graph = &mp->graph;
    graph->complete = true;
    for (uint32_t v = 0; v < graph->vertex_count; v++) {
        struct sonde_multipath_vertex *vertex = &mp->shown[v];
        vertex->balances = vertex->next_hops > 1;
        graph->balancers += vertex->balances;
        graph->per_packet |= vertex->per_packet;
        graph->complete &= vertex->search != SONDE_MULTIPATH_OPEN &&
                           vertex->search != SONDE_MULTIPATH_UNANSWERED &&
                           vertex->search != SONDE_MULTIPATH_OUT_OF_REACH;
        graph->hops = vertex->hop;
    }
    graph->end = mp->ended;
    graph->error = mp->ended == SONDE_MULTIPATH_SEND_FAILED ? mp->error : 0;
    graph->flows = mp->used;
    graph->probes = mp->probes;
    graph->retries = mp->retries;
    graph->repeats = mp->repeats;
    graph->vertex_failure = mp->stop.failure;
    graph->fell_back = mp->fell_back;
}

const struct sonde_multipath_graph *sonde_multipath_read(struct sonde_multipath *mp)
{
    mp->graph = (struct sonde_multipath_graph){0};
    if (show_vertices(mp) || show_links(mp))
        return NULL;
    sum_up(mp);
    mp->graph.vertices = mp->shown;
    mp->graph.links = mp->shown_links;
    if (multipath_find_diamonds(mp) || multipath_bound(mp, &mp->graph.bound))
        return NULL;
    mp->graph.diamonds = mp->diamonds;
    return &mp->graph;
}

size_t sonde_multipath_way(const struct sonde_multipath *mp, uint16_t flow, uint32_t *way,
                           size_t capacity)
{
    if (flow < 1 || flow > mp->flows)
        return 0;
    size_t known = 1;
    for (unsigned hop = 0; hop <= mp->last; hop++) {
        uint16_t at = hop > mp->base ? multipath_known(mp, flow, (uint8_t)hop) : MULTIPATH_NOBODY;
        uint32_t shown = at == MULTIPATH_NOBODY ? SONDE_MULTIPATH_NONE : mp->shown_as[at];
        if (hop < capacity)
            way[hop] = hop == 0 ? 0 : shown;
        if (shown != SONDE_MULTIPATH_NONE)
            known = hop + 1;
    }
    return known;
}
