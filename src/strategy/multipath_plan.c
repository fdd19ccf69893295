/*
 * What must be asked next. For each hop in turn: do enough flows tell what lies behind it?
 *
 * By hop: every flow that goes on passes the same vertex, or it does not matter which (lite; flows
 * that do not hold). Then the vertices of the next hop are counted, whoever leads to them.
 *
 * By vertex: each vertex needs its own n_k flows. Flows that are known to pass it are asked at the
 * next hop; where there are too few, more flows are asked at this hop (node control), a quarter of
 * those that are expected to be needed at a time.
 */
#include "strategy/multipath_inside.h"

enum {
    MESH_FLOWS = 4, /* of each vertex, to see whether links cross … */
    MESH_FLOWS_FEW = 5,
    MESH_FEW = 4,     /* … where no more than these stand side by side */
    ROUNDS_MAX = 16,  /* of a plan that changes its own grounds */
    SEEK_SLACK = 200, /* flows that may miss a vertex before it is called out of reach … */
    SEEK_FACTOR = 20, /* … besides so many times the expected number */
};

static void ask(struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    multipath_set(mp, flow, hop, MULTIPATH_ASKED);
    multipath_enqueue(mp, flow, hop);
    if (flow > mp->used)
        mp->used = flow;
}

static bool unasked(const struct sonde_multipath *mp, uint32_t flow, uint8_t hop)
{
    return multipath_cell(mp, flow, hop)->state == MULTIPATH_UNASKED && mp->end[flow] >= hop;
}

/* --- by hop ----------------------------------------------------------------------------------- */

static void ask_by_hop(struct sonde_multipath *mp, uint8_t hop, uint32_t wanted)
{
    struct multipath_hop *at = &mp->hops[hop];
    while (at->asked + at->given_up < wanted && !at->closed) {
        while (at->fresh <= mp->flows && !unasked(mp, at->fresh, hop))
            at->fresh++;
        if (at->fresh > mp->flows) {
            mp->no_flows = true;
            return;
        }
        ask(mp, at->fresh, hop);
    }
}

/* The first flow finds out how far the way goes; silence makes it go farther. */
static void scout(struct sonde_multipath *mp)
{
    unsigned to = mp->far + MULTIPATH_AHEAD;
    unsigned next = mp->far + 1u;
    if (next <= mp->last && multipath_cell(mp, 1, (uint8_t)next)->lost > 0)
        to = mp->far + (unsigned)mp->config.silent_hops;
    for (unsigned hop = mp->base + 1u; hop <= to && hop <= mp->last; hop++)
        if (unasked(mp, 1, (uint8_t)hop) && !mp->hops[hop].closed)
            ask(mp, 1, (uint8_t)hop);
}

/* --- by vertex -------------------------------------------------------------------------------- */

/* Flows that pass the vertex are asked at `other`, a neighbour of its hop: `wanted` at most. */
static uint32_t ask_its_flows(struct sonde_multipath *mp, uint16_t vertex, uint8_t other,
                              uint32_t *scan, uint32_t wanted)
{
    uint8_t hop = mp->vertices[vertex].hop;
    uint32_t flow = *scan;
    for (; flow <= mp->used && wanted > 0; flow++) {
        if (multipath_known(mp, flow, hop) != vertex || !unasked(mp, flow, other))
            continue;
        ask(mp, flow, other);
        wanted--;
    }
    *scan = flow;
    return wanted;
}

/* What must leave by this vertex; what no known flow can bring is its `need`. */
static void want_behind(struct sonde_multipath *mp, uint16_t vertex, uint32_t wanted)
{
    struct multipath_vertex *at = &mp->vertices[vertex];
    at->need = 0;
    if (at->live == 0 || at->out_of_reach || mp->hops[at->hop + 1].closed || at->behind >= wanted)
        return;
    at->need = ask_its_flows(mp, vertex, (uint8_t)(at->hop + 1), &at->scan, wanted - at->behind);
    const struct multipath_hop *hop = &mp->hops[at->hop];
    uint32_t rate = at->hit_at / at->flows; /* one flow of so many passes it */
    rate = rate < hop->count ? hop->count : rate;
    if (at->need > 0 && hop->settled - at->hit_at > SEEK_SLACK + SEEK_FACTOR * rate) {
        at->out_of_reach = true;
        at->need = 0;
    }
}

static void want_before(struct sonde_multipath *mp, uint16_t vertex, uint32_t wanted)
{
    struct multipath_vertex *at = &mp->vertices[vertex];
    if (at->traced < wanted && !mp->hops[at->hop - 1].closed)
        ask_its_flows(mp, vertex, (uint8_t)(at->hop - 1), &at->scan_back, wanted - at->traced);
}

/* A vertex in front that leads to one that lacks flows, or may for all that is known. */
static bool may_lead(const struct sonde_multipath *mp, uint16_t before, uint8_t hop)
{
    for (uint16_t v = mp->hops[hop].vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next)
        if (mp->vertices[v].need > 0 && multipath_linked(mp, before, v))
            return true;
    return false;
}

/* How many flows may be under way to this hop to find those that its vertices lack. */
static uint32_t seek_width(const struct sonde_multipath *mp, uint8_t hop)
{
    uint32_t width = 0;
    for (uint16_t v = mp->hops[hop].vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next) {
        const struct multipath_vertex *at = &mp->vertices[v];
        if (at->need == 0 || at->flows == 0)
            continue;
        /* one that few have passed so far is more likely unlucky than rare */
        uint32_t rate = mp->hops[hop].settled / at->flows;
        rate = rate > mp->hops[hop].count ? mp->hops[hop].count : rate;
        uint64_t one = ((uint64_t)at->need * rate + 3) / 4;
        if (at->star && one > at->need)
            one = at->need; /* those that nobody has answered for long are likely its */
        uint32_t held = one < 1 ? 1 : one > mp->flows ? mp->flows : (uint32_t)one;
        if (held > width)
            width = held;
    }
    return width;
}

/* More flows to this hop: first those known to come by a vertex that leads where they are lacked.
 */
static void seek(struct sonde_multipath *mp, uint8_t hop)
{
    struct multipath_hop *at = &mp->hops[hop];
    uint32_t width = seek_width(mp, hop);
    if (width <= at->pending || at->closed)
        return;
    uint32_t allowed = width - at->pending;
    uint8_t before = (uint8_t)(hop - 1);
    for (uint32_t flow = 1; flow <= mp->used && allowed > 0 && before > mp->base; flow++) {
        uint16_t by = multipath_known(mp, flow, before);
        if (by != MULTIPATH_NOBODY && unasked(mp, flow, hop) &&
            (multipath_sole(mp, before) || may_lead(mp, by, hop))) {
            ask(mp, flow, hop);
            allowed--;
        }
    }
    while (at->fresh <= mp->flows && !unasked(mp, at->fresh, hop))
        at->fresh++;
    for (uint32_t flow = at->fresh; allowed > 0; flow++) {
        if (flow > mp->flows) {
            mp->no_flows = true;
            return;
        }
        if (!unasked(mp, flow, hop) || (before > mp->base && !multipath_sole(mp, before) &&
                                        multipath_known(mp, flow, before) != MULTIPATH_NOBODY))
            continue;
        ask(mp, flow, hop);
        allowed--;
    }
}

bool multipath_by_vertex(const struct sonde_multipath *mp, uint8_t hop)
{
    const struct multipath_hop *at = &mp->hops[hop];
    return !multipath_sole(mp, hop) && !at->unsteady && at->count > 0 &&
           (mp->config.mode == SONDE_MULTIPATH_MDA || at->escalated || at->count == 1);
}

static void plan_vertices(struct sonde_multipath *mp, uint8_t hop)
{
    struct multipath_hop *at = &mp->hops[hop];
    for (uint16_t v = at->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next) {
        uint32_t k = mp->vertices[v].next_count;
        want_behind(mp, v, multipath_stop_at(&mp->stop, k ? k : 1));
    }
    seek(mp, hop);
}

/* --- lite ------------------------------------------------------------------------------------- */

/* Both hops have several vertices: do links cross, or some vertices have more of them? */
static bool crooked(const struct sonde_multipath *mp, uint8_t hop)
{
    const struct multipath_hop *at = &mp->hops[hop], *behind = &mp->hops[hop + 1];
    bool settled = at->pending == 0 && behind->pending == 0;
    uint32_t low = UINT32_MAX, high = 0, ended = 0;
    for (uint16_t v = at->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next) {
        const struct multipath_vertex *one = &mp->vertices[v];
        if (one->flows == 0)
            continue;
        ended += one->live == 0;
        low = one->next_count < low ? one->next_count : low;
        high = one->next_count > high ? one->next_count : high;
    }
    if (ended > 0)
        return ended < at->count;
    if (behind->count < 2)
        return false;
    if ((at->count >= behind->count && high > 1) || (settled && low != high))
        return true;
    low = UINT32_MAX, high = 0;
    for (uint16_t v = behind->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next) {
        uint32_t before = mp->vertices[v].flows ? mp->vertices[v].before_count : 0;
        low = before && before < low ? before : low;
        high = before > high ? before : high;
    }
    return (at->count < behind->count && high > 1) || (settled && high && low != high);
}

/*
 * Every vertex gets a link on both sides, and enough of them to see whether they cross; which tells
 * nothing where flows do not hold.
 */
static void plan_lite(struct sonde_multipath *mp, uint8_t hop)
{
    struct multipath_hop *at = &mp->hops[hop], *behind = &mp->hops[hop + 1];
    bool wide = behind->count > 1 && !at->unsteady;
    uint32_t most = at->count > behind->count ? at->count : behind->count;
    uint32_t mesh = most > MESH_FEW ? MESH_FLOWS : MESH_FLOWS_FEW;
    for (uint16_t v = at->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next)
        want_behind(mp, v, wide && at->count >= behind->count ? mesh : 1);
    seek(mp, hop);
    for (uint16_t v = behind->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next)
        if (wide && mp->vertices[v].flows > 0)
            want_before(mp, v, at->count < behind->count ? mesh : 1);
    if (!at->unsteady && crooked(mp, hop)) {
        at->escalated = true;
        mp->fell_back = true;
        mp->replan = true;
    }
}

/* A diamond is searched by one method: from where the ways part to where they meet. */
static void spread_escalation(struct sonde_multipath *mp)
{
    for (unsigned hop = mp->base + 2u; hop <= mp->last; hop++)
        mp->hops[hop].escalated |= mp->hops[hop - 1].escalated && mp->hops[hop].count > 1;
    for (unsigned hop = mp->last; hop > mp->base + 1u; hop--)
        mp->hops[hop - 1].escalated |= mp->hops[hop].escalated && mp->hops[hop - 1].count > 1;
}

/* --- does the flow hold? ---------------------------------------------------------------------- */

/* One flow through a balancer is asked again and again: another answer, and it goes by packet. */
static void check_flow(struct sonde_multipath *mp, uint16_t vertex)
{
    struct multipath_vertex *at = &mp->vertices[vertex];
    uint8_t behind = (uint8_t)(at->hop + 1);
    if (at->checked || multipath_next_hops(mp, vertex) < 2 || mp->hops[behind].rationed)
        return;
    for (uint32_t flow = 1; flow <= mp->used; flow++) {
        uint16_t next = multipath_known(mp, flow, behind);
        uint16_t here = multipath_known(mp, flow, at->hop);
        if (next == MULTIPATH_NOBODY || mp->vertices[next].star ||
            (here != vertex && !(here == MULTIPATH_NOBODY && multipath_sole(mp, at->hop))))
            continue;
        uint32_t times = multipath_stop_at(&mp->stop, 1) - 1;
        multipath_cell(mp, flow, behind)->repeats += (uint8_t)times;
        mp->checking += times;
        at->checked = true;
        multipath_enqueue(mp, flow, behind);
        return;
    }
}

static void check_flows(struct sonde_multipath *mp, uint8_t hop)
{
    const struct multipath_hop *at = &mp->hops[hop];
    bool one_suffices = !multipath_by_vertex(mp, hop);
    if (at->unsteady)
        return;
    if (hop == mp->base) {
        check_flow(mp, 0);
        return;
    }
    for (uint16_t v = at->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next) {
        if (mp->vertices[v].flows > 0)
            check_flow(mp, v);
        if (mp->vertices[v].checked && one_suffices)
            return;
    }
}

/* --- the plan --------------------------------------------------------------------------------- */

static bool has_packet_balancer(const struct sonde_multipath *mp, uint8_t hop)
{
    if (hop == mp->base)
        return mp->vertices[0].per_packet;
    for (uint16_t v = mp->hops[hop].vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next)
        if (mp->vertices[v].per_packet && mp->vertices[v].flows > 0)
            return true;
    return false;
}

/* The share of the allowed failure: one more for whatever hides what is not known yet. */
static void count_balancers(struct sonde_multipath *mp)
{
    uint32_t balancers = mp->hops[mp->base + 1].count > 1;
    for (uint32_t v = 1; v < mp->vertex_count; v++)
        balancers += mp->vertices[v].flows > 0 && multipath_next_hops(mp, (uint16_t)v) > 1;
    if (balancers <= mp->balancers)
        return;
    mp->balancers = balancers;
    multipath_stop_init(&mp->stop, (1 - mp->config.confidence) / (balancers + 2));
}

static bool goes_on(const struct sonde_multipath *mp, uint8_t hop)
{
    if (hop == mp->base)
        return true;
    for (uint16_t v = mp->hops[hop].vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next)
        if (mp->vertices[v].live > 0)
            return true;
    return false;
}

/* Answers that end ways are believed where what lies before them is known: that is found out. */
static void settle_loose(struct sonde_multipath *mp, uint8_t hop)
{
    uint8_t before = (uint8_t)(hop - 1);
    bool sole = multipath_sole(mp, before);
    bool ended = mp->hops[hop].ends > 0;
    for (uint32_t flow = 1; flow <= mp->used && mp->hops[hop].loose > 0; flow++) {
        const struct multipath_cell *cell = multipath_cell(mp, flow, hop);
        if (cell->state != MULTIPATH_LOOSE || before == mp->base)
            continue;
        if (multipath_cell(mp, flow, before)->state != MULTIPATH_UNASKED)
            continue;
        if (sole) {
            multipath_place(mp, flow, hop, cell->vertex, true);
            mp->replan = true;
        } else if (!ended && mp->hops[before].pending == 0 && mp->hops[before].count > 0) {
            ask(mp, flow, before);
            return;
        }
    }
}

/* The first flow hears nothing from here on: the others need not wait until that is certain. */
static bool seems_silent(const struct sonde_multipath *mp, uint8_t hop)
{
    return mp->end[1] > hop && hop < mp->far + mp->config.silent_hops &&
           mp->hops[hop].settled == 0 && mp->hops[hop + 1].settled == 0 &&
           multipath_cell(mp, 1, hop)->lost > 1;
}

static void plan_hop(struct sonde_multipath *mp, uint8_t hop)
{
    struct multipath_hop *at = &mp->hops[hop], *behind = &mp->hops[hop + 1];
    bool sole = multipath_sole(mp, hop);
    if (at->was_sole && !sole) {
        multipath_doubt_ends(mp, hop);
        mp->replan = true;
    }
    at->was_sole = sole;
    behind->unsteady =
        (at->unsteady || has_packet_balancer(mp, hop)) && !multipath_sole(mp, (uint8_t)(hop + 1));
    if (hop > mp->base && at->count == 0) {
        if (hop < mp->far || seems_silent(mp, hop))
            ask_by_hop(mp, (uint8_t)(hop + 1), multipath_stop_at(&mp->stop, 1));
        return;
    }
    if (behind->loose > 0)
        settle_loose(mp, (uint8_t)(hop + 1));
    if (!goes_on(mp, hop))
        return;
    check_flows(mp, hop);
    if (multipath_by_vertex(mp, hop)) {
        plan_vertices(mp, hop);
    } else {
        uint32_t k = behind->count;
        ask_by_hop(mp, (uint8_t)(hop + 1), multipath_stop_at(&mp->stop, k ? k : 1));
        if (!sole)
            plan_lite(mp, hop);
    }
    if (!sole)
        for (uint16_t v = behind->vertices; v != MULTIPATH_NOBODY; v = mp->vertices[v].next)
            if (mp->vertices[v].flows > 0 && mp->vertices[v].before_count == 0)
                want_before(mp, v, 1);
}

static void plan_once(struct sonde_multipath *mp)
{
    mp->no_flows = false;
    mp->replan = false;
    count_balancers(mp);
    scout(mp);
    if (mp->config.mode == SONDE_MULTIPATH_LITE)
        spread_escalation(mp);
    for (unsigned hop = mp->base; hop < mp->last; hop++)
        plan_hop(mp, (uint8_t)hop);
}

void multipath_plan(struct sonde_multipath *mp)
{
    unsigned rounds = 0;
    do
        plan_once(mp);
    while (mp->replan && ++rounds < ROUNDS_MAX);
    mp->changes = 0;
}
