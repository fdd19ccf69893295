#include "strategy/multipath_inside.h"

struct multipath_cell *multipath_cell(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    return &mp->cells[(size_t)(hop - mp->base - 1) * (mp->flows + 1) + flow];
}

uint16_t multipath_known(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    if (hop == mp->base)
        return 0;
    const struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    return cell->state == MULTIPATH_KNOWN ? cell->vertex : MULTIPATH_NOBODY;
}

bool multipath_sole(const struct sonde_multipath *mp, uint8_t hop)
{
    return hop == mp->base || (mp->hops[hop].count == 1 && mp->first_end > hop);
}

uint16_t multipath_vertex_at(struct sonde_multipath *mp, uint8_t hop,
                             const struct sonde_address *address)
{
    struct multipath_hop *at = &mp->hops[hop];
    uint16_t found = address ? at->vertices : at->star;
    while (
        address && found != MULTIPATH_NOBODY &&
        (mp->vertices[found].star || !sonde_address_equal(&mp->vertices[found].address, address)))
        found = mp->vertices[found].next;
    if (found != MULTIPATH_NOBODY || mp->vertex_count == MULTIPATH_VERTICES)
        return found;
    found = (uint16_t)mp->vertex_count++;
    mp->vertices[found] = (struct multipath_vertex){
        .hop = hop,
        .star = !address,
        .next = at->vertices,
        .link = MULTIPATH_NOBODY,
        .scan = UINT32_MAX,
        .scan_back = UINT32_MAX,
        .kind = SONDE_TIMED_OUT,
        .hop_limit = -1,
        .quoted_hop_limit = -1,
        .traffic_class = -1,
    };
    if (address)
        mp->vertices[found].address = *address;
    else
        at->star = found;
    at->vertices = found;
    return found;
}

/* --- links ------------------------------------------------------------------------------------ */

static struct multipath_link *find_link(const struct sonde_multipath *mp, uint16_t from,
                                        uint16_t to)
{
    uint16_t at = mp->vertices[from].link;
    while (at != MULTIPATH_NOBODY && mp->links[at].to != to)
        at = mp->links[at].next;
    return at == MULTIPATH_NOBODY ? NULL : &mp->links[at];
}

bool multipath_linked(const struct sonde_multipath *mp, uint16_t from, uint16_t to)
{
    const struct multipath_link *link = find_link(mp, from, to);
    return link && link->count > 0;
}

static void join(struct sonde_multipath *mp, uint16_t from, uint16_t to)
{
    struct multipath_link *link = find_link(mp, from, to);
    if (!link) {
        if (mp->link_count == MULTIPATH_LINKS)
            return;
        link = &mp->links[mp->link_count];
        *link = (struct multipath_link){.from = from, .to = to, .next = mp->vertices[from].link};
        mp->vertices[from].link = (uint16_t)mp->link_count++;
    }
    if (link->count++ == 0) {
        mp->vertices[from].next_count++;
        mp->vertices[to].before_count++;
    }
}

static void part(struct sonde_multipath *mp, uint16_t from, uint16_t to)
{
    struct multipath_link *link = find_link(mp, from, to);
    if (link && link->count > 0 && --link->count == 0) {
        mp->vertices[from].next_count--;
        mp->vertices[to].before_count--;
    }
}

uint32_t multipath_next_hops(const struct sonde_multipath *mp, uint16_t vertex)
{
    const struct multipath_vertex *at = &mp->vertices[vertex];
    if (multipath_sole(mp, at->hop))
        return at->hop < mp->last ? mp->hops[at->hop + 1].count : 0;
    return at->next_count;
}

/* --- cells ------------------------------------------------------------------------------------ */

static bool counts(unsigned state)
{
    return state == MULTIPATH_ASKED || state == MULTIPATH_KNOWN || state == MULTIPATH_LOOSE;
}

static bool counts_at(const struct sonde_multipath *mp, uint32_t flow, unsigned hop)
{
    return hop > mp->base && hop <= mp->last &&
           counts(multipath_cell(mp, flow, (uint8_t)hop)->state);
}

/* The neighbours' counters, when the cell begins (1) or ceases (-1) to count. */
static void tell_neighbours(struct sonde_multipath *mp, uint32_t flow, uint8_t hop, int by)
{
    uint16_t before = multipath_known(mp, flow, (uint8_t)(hop - 1));
    if (before != MULTIPATH_NOBODY)
        mp->vertices[before].behind += (uint32_t)by;
    uint16_t after =
        hop < mp->last ? multipath_known(mp, flow, (uint8_t)(hop + 1)) : MULTIPATH_NOBODY;
    if (after != MULTIPATH_NOBODY)
        mp->vertices[after].traced += (uint32_t)by;
}

static void attach(struct sonde_multipath *mp, uint32_t flow, uint8_t hop, uint16_t vertex)
{
    struct multipath_vertex *at = &mp->vertices[vertex];
    struct multipath_hop *here = &mp->hops[hop];
    if (at->flows++ == 0) {
        here->count++;
        here->answering += !at->star;
    }
    at->live += mp->end[flow] > hop;
    at->behind += counts_at(mp, flow, hop + 1u);
    at->traced += counts_at(mp, flow, hop - 1u);
    at->hit_at = here->settled;
    if (flow < at->scan)
        at->scan = flow;
    if (flow < at->scan_back)
        at->scan_back = flow;
    uint16_t before =
        hop - 1 > mp->base ? multipath_known(mp, flow, (uint8_t)(hop - 1)) : MULTIPATH_NOBODY;
    uint16_t after =
        hop < mp->last ? multipath_known(mp, flow, (uint8_t)(hop + 1)) : MULTIPATH_NOBODY;
    if (before != MULTIPATH_NOBODY)
        join(mp, before, vertex);
    if (after != MULTIPATH_NOBODY)
        join(mp, vertex, after);
}

static void detach(struct sonde_multipath *mp, uint32_t flow, uint8_t hop, uint16_t vertex)
{
    struct multipath_vertex *at = &mp->vertices[vertex];
    struct multipath_hop *here = &mp->hops[hop];
    if (--at->flows == 0) {
        here->count--;
        here->answering -= !at->star;
    }
    at->live -= mp->end[flow] > hop;
    at->behind -= counts_at(mp, flow, hop + 1u);
    at->traced -= counts_at(mp, flow, hop - 1u);
    uint16_t before =
        hop - 1 > mp->base ? multipath_known(mp, flow, (uint8_t)(hop - 1)) : MULTIPATH_NOBODY;
    uint16_t after =
        hop < mp->last ? multipath_known(mp, flow, (uint8_t)(hop + 1)) : MULTIPATH_NOBODY;
    if (before != MULTIPATH_NOBODY)
        part(mp, before, vertex);
    if (after != MULTIPATH_NOBODY)
        part(mp, vertex, after);
}

/* The one place where a cell's state changes. */
static void change(struct sonde_multipath *mp, uint32_t flow, uint8_t hop,
                   enum multipath_state state, uint16_t vertex)
{
    struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    struct multipath_hop *here = &mp->hops[hop];
    uint8_t was = cell->state;
    if (was == MULTIPATH_KNOWN)
        detach(mp, flow, hop, cell->vertex);
    int by = counts(state) - counts(was);
    here->asked += (uint32_t)by;
    here->pending += (uint32_t)((state == MULTIPATH_ASKED) - (was == MULTIPATH_ASKED));
    here->loose += (uint32_t)((state == MULTIPATH_LOOSE) - (was == MULTIPATH_LOOSE));
    here->given_up += (uint32_t)((state == MULTIPATH_GIVEN_UP) - (was == MULTIPATH_GIVEN_UP));
    mp->open += (uint32_t)((state == MULTIPATH_ASKED) - (was == MULTIPATH_ASKED));
    cell->state = (uint8_t)state;
    cell->vertex = vertex;
    if (by != 0)
        tell_neighbours(mp, flow, hop, by);
    if (state == MULTIPATH_KNOWN)
        attach(mp, flow, hop, vertex);
    mp->changes++;
}

void multipath_set(struct sonde_multipath *mp, uint32_t flow, uint8_t hop,
                   enum multipath_state state)
{
    change(mp, flow, hop, state, MULTIPATH_NOBODY);
}

static void move_end(struct sonde_multipath *mp, uint32_t flow, uint8_t to)
{
    uint8_t from = mp->end[flow];
    uint16_t there = from != MULTIPATH_NO_END ? multipath_known(mp, flow, from) : MULTIPATH_NOBODY;
    if (from != MULTIPATH_NO_END)
        mp->hops[from].ends--;
    if (there != MULTIPATH_NOBODY)
        mp->vertices[there].live++;
    mp->end[flow] = to;
    there = to != MULTIPATH_NO_END ? multipath_known(mp, flow, to) : MULTIPATH_NOBODY;
    if (to != MULTIPATH_NO_END)
        mp->hops[to].ends++;
    if (there != MULTIPATH_NOBODY)
        mp->vertices[there].live--;
    mp->first_end = MULTIPATH_NO_END;
    for (unsigned hop = mp->last; hop > mp->base; hop--)
        if (mp->hops[hop].ends > 0)
            mp->first_end = (uint8_t)hop;
}

void multipath_set_end(struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    if (hop >= mp->end[flow])
        return;
    for (unsigned behind = hop + 1u; behind <= mp->last; behind++)
        if (multipath_cell(mp, flow, (uint8_t)behind)->state != MULTIPATH_UNASKED)
            multipath_set(mp, flow, (uint8_t)behind, MULTIPATH_BEYOND);
    move_end(mp, flow, hop);
}

void multipath_place(struct sonde_multipath *mp, uint32_t flow, uint8_t hop, uint16_t vertex,
                     bool ends)
{
    bool sure = multipath_known(mp, flow, (uint8_t)(hop - 1)) != MULTIPATH_NOBODY ||
                multipath_sole(mp, (uint8_t)(hop - 1));
    if (ends && !sure) {
        change(mp, flow, hop, MULTIPATH_LOOSE, vertex);
        return;
    }
    change(mp, flow, hop, MULTIPATH_KNOWN, vertex);
    if (ends) {
        multipath_set_end(mp, flow, hop);
        return;
    }
    if (!mp->vertices[vertex].star && hop > mp->far)
        mp->far = hop;
    if (hop == mp->last)
        return;
    const struct multipath_cell *after = multipath_cell(mp, flow, (uint8_t)(hop + 1));
    if (after->state == MULTIPATH_LOOSE)
        multipath_place(mp, flow, (uint8_t)(hop + 1), after->vertex, true);
}

void multipath_doubt_ends(struct sonde_multipath *mp, uint8_t hop)
{
    uint8_t behind = (uint8_t)(hop + 1);
    if (hop == mp->last)
        return;
    for (uint32_t flow = 1; flow <= mp->used; flow++) {
        uint16_t vertex = multipath_known(mp, flow, behind);
        if (mp->end[flow] != behind || vertex == MULTIPATH_NOBODY ||
            mp->vertices[vertex].kind == SONDE_TIME_EXCEEDED || mp->vertices[vertex].star ||
            multipath_known(mp, flow, hop) != MULTIPATH_NOBODY)
            continue;
        move_end(mp, flow, MULTIPATH_NO_END);
        change(mp, flow, behind, MULTIPATH_LOOSE, vertex);
    }
}

void multipath_enqueue(struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    struct multipath_cell *cell = multipath_cell(mp, flow, hop);
    struct multipath_hop *at = &mp->hops[hop];
    if (cell->queued)
        return;
    cell->queued = true;
    cell->queue = 0;
    if (at->last)
        multipath_cell(mp, at->last, hop)->queue = (uint16_t)flow;
    else
        at->first = (uint16_t)flow;
    at->last = (uint16_t)flow;
}
