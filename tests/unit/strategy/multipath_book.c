#include "multipath_help.h"

#include "strategy/multipath_inside.h"

static void build(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 5; i++) {
        net_join(net, 1, 10 + i);
        net_join(net, 10 + i, 20 + i);
        net_join(net, 10 + i, 20 + (i + 1) % 5);
        net_join(net, 20 + i, i < 3 ? 30 : 40);
    }
    NET_ROW(net, 30, 50);
    NET_ROW(net, 40, 41, 42, 50);
    net_join(net, 50, 51);
    for (unsigned i = 1; i < 52; i++)
        net->nodes[i].lost_percent = 4;
    net->nodes[22].silent = true;
}

struct counted {
    uint32_t asked, pending, loose, given_up, ends, count, answering;
};

/* Counters are kept as cells change; here they are counted anew. */
static void check_hop(const struct sonde_multipath *mp, uint8_t hop, uint32_t *open)
{
    struct counted now = {0};
    const struct multipath_hop *at = &mp->hops[hop];
    for (uint32_t flow = 1; flow <= mp->flows; flow++) {
        uint8_t state = multipath_cell(mp, flow, hop)->state;
        now.asked +=
            state == MULTIPATH_ASKED || state == MULTIPATH_KNOWN || state == MULTIPATH_LOOSE;
        now.pending += state == MULTIPATH_ASKED;
        now.loose += state == MULTIPATH_LOOSE;
        now.given_up += state == MULTIPATH_GIVEN_UP;
        now.ends += mp->end[flow] == hop;
    }
    *open += now.pending;
    for (uint32_t v = 1; v < mp->vertex_count; v++) {
        now.count += mp->vertices[v].hop == hop && mp->vertices[v].flows > 0;
        now.answering +=
            mp->vertices[v].hop == hop && mp->vertices[v].flows > 0 && !mp->vertices[v].star;
    }
    cr_expect_eq(at->asked, now.asked);
    cr_expect_eq(at->pending, now.pending);
    cr_expect_eq(at->loose, now.loose);
    cr_expect_eq(at->given_up, now.given_up);
    cr_expect_eq(at->ends, now.ends);
    cr_expect_eq(at->count, now.count);
    cr_expect_eq(at->answering, now.answering);
}

static bool counts(const struct sonde_multipath *mp, uint32_t flow, unsigned hop)
{
    if (hop <= mp->base || hop > mp->last)
        return false;
    uint8_t state = multipath_cell(mp, flow, (uint8_t)hop)->state;
    return state == MULTIPATH_ASKED || state == MULTIPATH_KNOWN || state == MULTIPATH_LOOSE;
}

static void check_vertex(const struct sonde_multipath *mp, uint16_t v)
{
    const struct multipath_vertex *at = &mp->vertices[v];
    uint32_t flows = 0, live = 0, behind = 0, traced = 0, next = 0;
    bool seen[MULTIPATH_VERTICES] = {false};
    for (uint32_t flow = 1; flow <= mp->flows; flow++) {
        if (multipath_known(mp, flow, at->hop) != v)
            continue;
        flows++;
        live += mp->end[flow] > at->hop;
        behind += counts(mp, flow, at->hop + 1u);
        traced += counts(mp, flow, at->hop - 1u);
        uint16_t to = at->hop < mp->last ? multipath_known(mp, flow, (uint8_t)(at->hop + 1))
                                         : MULTIPATH_NOBODY;
        if (to != MULTIPATH_NOBODY) {
            next += !seen[to];
            seen[to] = true;
            cr_expect(multipath_linked(mp, v, to));
        }
    }
    cr_expect_eq(at->flows, flows);
    cr_expect_eq(at->live, live);
    cr_expect_eq(at->behind, behind);
    cr_expect_eq(at->traced, traced);
    cr_expect_eq(at->next_count, next);
}

static void check_books(const struct sonde_multipath *mp)
{
    uint32_t open = 0, first_end = MULTIPATH_NO_END;
    for (unsigned hop = mp->base + 1u; hop <= mp->last; hop++)
        check_hop(mp, (uint8_t)hop, &open);
    for (uint32_t v = 1; v < mp->vertex_count; v++)
        check_vertex(mp, (uint16_t)v);
    for (uint32_t flow = 1; flow <= mp->flows; flow++)
        first_end = mp->end[flow] < first_end ? mp->end[flow] : first_end;
    cr_expect_eq(mp->open, open);
    cr_expect_eq(mp->first_end, first_end);
}

Test(multipath_book, counters_stay_true)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct net *net = net_new();
        build(net);
        net->seed = seed;
        net->config.mode = seed % 2 ? SONDE_MULTIPATH_MDA : SONDE_MULTIPATH_LITE;
        net->config.max_flows = 400;
        net->config.max_hop = 12;
        net_run(net);
        check_books(net->multipath);
        cr_expect_eq(net->multipath->open, 0u);
        cr_expect_eq(net->multipath->checking, 0u);
        net_free(net);
    }
}

static struct sonde_multipath *bare(void)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config config = {.probe.timeout = sonde_span_ms(1000), .max_flows = 10};
    cr_assert_eq(sonde_multipath_create(&mp, &config), 0);
    mp->used = 10;
    return mp;
}

static uint16_t there(struct sonde_multipath *mp, uint8_t hop, unsigned node)
{
    struct sonde_address address = net_address(node);
    return multipath_vertex_at(mp, hop, &address);
}

/* An answer that ends a way says nothing of the hop until the one before it is known. */
Test(multipath_book, ends_wait_for_what_lies_before)
{
    struct sonde_multipath *mp = bare();
    uint16_t target = there(mp, 3, 9);
    multipath_place(mp, 1, 3, target, true);
    cr_expect_eq(multipath_cell(mp, 1, 3)->state, MULTIPATH_LOOSE);
    cr_expect_eq(multipath_known(mp, 1, 3), MULTIPATH_NOBODY);
    multipath_place(mp, 1, 2, there(mp, 2, 2), false);
    cr_expect_eq(multipath_known(mp, 1, 3), target);
    cr_expect_eq(mp->end[1], 3);
    check_books(mp);

    multipath_place(mp, 2, 3, target, true);
    cr_expect_eq(mp->end[2], 3, "hop 2 has one vertex");
    /* … until another one shows up there */
    multipath_place(mp, 3, 2, there(mp, 2, 4), false);
    multipath_doubt_ends(mp, 2);
    cr_expect_eq(mp->end[2], MULTIPATH_NO_END);
    cr_expect_eq(multipath_cell(mp, 2, 3)->state, MULTIPATH_LOOSE);
    cr_expect_eq(mp->end[1], 3);
    check_books(mp);

    /* it was nearer all the time */
    multipath_place(mp, 2, 1, there(mp, 1, 1), false);
    multipath_place(mp, 2, 2, there(mp, 2, 9), true);
    cr_expect_eq(mp->end[2], 2);
    cr_expect_eq(multipath_cell(mp, 2, 3)->state, MULTIPATH_BEYOND);
    check_books(mp);
    sonde_multipath_destroy(mp);
}

Test(multipath_book, a_queue_holds_a_cell_once)
{
    struct sonde_multipath *mp = bare();
    multipath_enqueue(mp, 3, 5);
    multipath_enqueue(mp, 7, 5);
    multipath_enqueue(mp, 3, 5);
    cr_expect_eq(mp->hops[5].first, 3);
    cr_expect_eq(mp->hops[5].last, 7);
    cr_expect_eq(multipath_cell(mp, 3, 5)->queue, 7);
    cr_expect_eq(multipath_cell(mp, 7, 5)->queue, 0);
    sonde_multipath_destroy(mp);
}
