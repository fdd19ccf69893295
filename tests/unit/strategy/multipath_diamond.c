#include "multipath_help.h"

static struct net *certain(void (*build)(struct net *))
{
    struct net *net = net_new();
    build(net);
    net->seed = 3;
    net->config.confidence = 0.999;
    net_run(net);
    cr_assert_eq(net_differences(net), 0u);
    return net;
}

static void expect(const struct net *net, unsigned index, struct sonde_multipath_diamond wanted)
{
    const struct sonde_multipath_diamond *is = &net->graph->diamonds[index];
    int convergence = wanted.convergence ? (int)wanted.convergence : -1;
    cr_assert_lt(index, net->graph->diamond_count);
    cr_expect_eq(net_node_of(net, is->divergence), (int)wanted.divergence);
    cr_expect_eq(is->convergence == SONDE_MULTIPATH_NONE ? -1 : net_node_of(net, is->convergence),
                 convergence);
    cr_expect_eq(is->inside, wanted.inside, "%u: inside %u", index, is->inside);
    cr_expect_eq(is->width, wanted.width, "%u: width %u", index, is->width);
    cr_expect_eq(is->length, wanted.length, "%u: length %u", index, is->length);
    cr_expect_eq(is->length_min, wanted.length_min, "%u: at least %u", index, is->length_min);
    cr_expect_eq(is->meshed, wanted.meshed, "%u: meshed", index);
    cr_expect_eq(is->uniform, wanted.uniform, "%u: uniform", index);
    cr_expect_eq(is->per_packet, wanted.per_packet, "%u: per packet", index);
}

#define NONE SONDE_MULTIPATH_NONE

static void core(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 8; i++)
        NET_ROW(net, 1, 10 + i, 2);
    NET_ROW(net, 2, 20, 21, 23, 3, 4);
    NET_ROW(net, 20, 22, 23);
    NET_ROW(net, 2, 24, 25, 26, 3);
}

Test(multipath_diamond, one_after_the_other_and_one_inside)
{
    struct net *net = certain(core);
    cr_assert_eq(net->graph->diamond_count, 3u);
    expect(net, 0, (struct sonde_multipath_diamond){1, 2, NONE, 8, 2, 2, false, true, false});
    expect(net, 1, (struct sonde_multipath_diamond){2, 3, NONE, 3, 4, 4, false, false, false});
    expect(net, 2, (struct sonde_multipath_diamond){20, 23, 1, 2, 2, 2, false, true, false});
    net_free(net);
}

static void unequal(struct net *net)
{
    NET_ROW(net, 0, 1, 2, 3, 6, 7);
    NET_ROW(net, 2, 10, 11, 12, 6);
}

/* Node 6 stands at two hops, and is where the ways meet. */
Test(multipath_diamond, branches_of_different_length)
{
    struct net *net = certain(unequal);
    cr_assert_eq(net->graph->diamond_count, 1u);
    expect(net, 0, (struct sonde_multipath_diamond){2, 6, NONE, 2, 4, 2, false, false, false});
    cr_expect_eq(net->graph->vertices[net->graph->diamonds[0].convergence].hop, 6);
    net_free(net);
}

static void meshed(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 3; i++) {
        net_join(net, 1, 10 + i);
        for (unsigned k = 0; k < 3; k++)
            net_join(net, 10 + i, 20 + k);
        net_join(net, 20 + i, 30);
    }
    net_join(net, 30, 31);
}

Test(multipath_diamond, links_that_cross)
{
    struct net *net = certain(meshed);
    cr_assert_eq(net->graph->diamond_count, 1u);
    expect(net, 0, (struct sonde_multipath_diamond){1, 30, NONE, 3, 3, 3, true, true, false});
    net_free(net);
}

static void tree(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 2; i++) {
        net_join(net, 1, 10 + i);
        for (unsigned k = 0; k < 2; k++)
            NET_ROW(net, 10 + i, 20 + 2 * i + k, 30);
    }
    net_join(net, 30, 31);
}

Test(multipath_diamond, a_tree_is_not_meshed)
{
    struct net *net = certain(tree);
    cr_assert_eq(net->graph->diamond_count, 1u);
    expect(net, 0, (struct sonde_multipath_diamond){1, 30, NONE, 4, 3, 3, false, true, false});
    net_free(net);
}

static void lopsided(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 8; i++)
        net_join(net, 1, i ? 10 : 11);
    NET_ROW(net, 10, 30, 31);
    NET_ROW(net, 11, 30);
}

Test(multipath_diamond, shares_that_are_not_even)
{
    struct net *net = certain(lopsided);
    cr_assert_eq(net->graph->diamond_count, 1u);
    expect(net, 0, (struct sonde_multipath_diamond){1, 30, NONE, 2, 2, 2, false, false, false});
    net_free(net);
}

static void by_packet(struct net *net)
{
    net_join(net, 0, 1);
    net->nodes[1].by_packet = true;
    for (unsigned i = 0; i < 3; i++)
        NET_ROW(net, 1, 10 + i, 30);
    net_join(net, 30, 31);
}

Test(multipath_diamond, of_packets)
{
    struct net *net = certain(by_packet);
    cr_assert_eq(net->graph->diamond_count, 1u);
    expect(net, 0, (struct sonde_multipath_diamond){1, 30, NONE, 3, 2, 2, false, true, true});
    net_free(net);
}

/* Two ways, one of which ends in silence: they do not meet. */
Test(multipath_diamond, ways_that_do_not_meet)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3, 4);
    NET_ROW(net, 1, 12, 13);
    net->nodes[13].silent = true;
    net->config.confidence = 0.999;
    net_run(net);
    cr_assert_eq(net->graph->diamond_count, 1u);
    cr_expect_eq(net->graph->diamonds[0].convergence, NONE);
    cr_expect_eq(net->graph->diamonds[0].width, 2u);
    net_free(net);
}

/* The observer itself may be where ways part. */
static void at_home(struct net *net)
{
    NET_ROW(net, 0, 1, 3, 4);
    NET_ROW(net, 0, 2, 3);
}

Test(multipath_diamond, from_the_observer_on)
{
    struct net *net = certain(at_home);
    cr_assert_eq(net->graph->diamond_count, 1u);
    cr_expect(net->graph->vertices[0].balances);
    expect(net, 0, (struct sonde_multipath_diamond){0, 3, NONE, 2, 2, 2, false, true, false});
    net_free(net);
}
