#include "multipath_help.h"

/* Eight side by side, then a fork in a fork: as the gallery's ecmp.scn. */
static void core(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 8; i++)
        NET_ROW(net, 1, 10 + i, 2);
    NET_ROW(net, 2, 20, 21, 23, 3, 4);
    NET_ROW(net, 20, 22, 23);
    NET_ROW(net, 2, 24, 25, 26, 3);
}

static void meshed(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 4; i++) {
        net_join(net, 1, 10 + i);
        for (unsigned k = 0; k < 4; k++)
            net_join(net, 10 + i, 20 + k);
        net_join(net, 20 + i, 30);
    }
    net_join(net, 30, 31);
}

static void lanes(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 6; i++)
        NET_ROW(net, 1, 10 + i, 20 + i, 30 + i, 40);
    net_join(net, 40, 41);
}

static void unequal(struct net *net)
{
    NET_ROW(net, 0, 1, 2, 3, 6, 7);
    NET_ROW(net, 2, 10, 11, 12, 6);
}

struct tally {
    unsigned right, fell_back, over;
    double probes;
};

static struct tally tally(void (*build)(struct net *), enum sonde_multipath_mode mode,
                          double confidence, unsigned runs)
{
    struct tally sum = {0};
    for (unsigned seed = 1; seed <= runs; seed++) {
        struct net *net = net_new();
        build(net);
        net->seed = seed;
        net->config.mode = mode;
        net->config.confidence = confidence;
        net->config.gap.ns = SONDE_NS_PER_MS;
        net_run(net);
        cr_expect(net->graph->complete);
        sum.right += net_differences(net) == 0;
        sum.fell_back += net->graph->fell_back;
        sum.over += net->graph->probes > net->graph->bound;
        sum.probes += (double)net->graph->probes / runs;
        net_free(net);
    }
    return sum;
}

Test(multipath_plan, keeps_its_word)
{
    void (*const builds[])(struct net *) = {core, meshed, lanes, unequal};
    for (unsigned i = 0; i < 4; i++) {
        struct tally at_95 = tally(builds[i], SONDE_MULTIPATH_MDA, 0.95, 200);
        struct tally at_99 = tally(builds[i], SONDE_MULTIPATH_MDA, 0.99, 200);
        cr_expect_geq(at_95.right, 190u, "%u: %u", i, at_95.right);
        cr_expect_geq(at_99.right, 198u, "%u: %u", i, at_99.right);
        cr_expect_leq(at_95.over + at_99.over, 1u, "%u: %u", i, at_95.over);
        cr_expect_gt(at_99.probes, at_95.probes);
    }
}

Test(multipath_plan, lite_saves_where_it_may_and_falls_back_where_it_must)
{
    struct tally mda = tally(lanes, SONDE_MULTIPATH_MDA, 0.95, 50);
    struct tally lite = tally(lanes, SONDE_MULTIPATH_LITE, 0.95, 50);
    cr_expect_leq(lite.probes, 0.7 * mda.probes, "%.0f of %.0f", lite.probes, mda.probes);
    cr_expect_geq(lite.right, 46u, "%u", lite.right);
    cr_expect_eq(lite.fell_back, 0u);
    cr_expect_geq(tally(meshed, SONDE_MULTIPATH_LITE, 0.95, 50).fell_back, 49u);
    cr_expect_geq(tally(unequal, SONDE_MULTIPATH_LITE, 0.95, 50).fell_back, 46u);
    cr_expect_geq(tally(core, SONDE_MULTIPATH_LITE, 0.95, 50).fell_back, 44u);
}

/* Of two ways behind a balancer of packets nobody knows which of them a flow takes. */
Test(multipath_plan, flows_that_do_not_hold)
{
    unsigned told = 0;
    for (unsigned seed = 1; seed <= 20; seed++) {
        struct net *net = net_new();
        net_join(net, 0, 1);
        net->nodes[1].by_packet = true;
        for (unsigned i = 0; i < 2; i++)
            NET_ROW(net, 1, 10 + i, 20 + i, 30);
        NET_ROW(net, 30, 31);
        net->seed = seed;
        net->config.confidence = 0.99;
        net_run(net);
        told += net->graph->per_packet;
        for (uint32_t i = 0; net->graph->per_packet && i < net->graph->link_count; i++) {
            const struct sonde_multipath_link *link = &net->graph->links[i];
            uint8_t hop = net->graph->vertices[link->from].hop;
            cr_expect_eq(link->uncertain, hop == 2);
        }
        cr_expect_lt(net->graph->probes, 150u);
        net_free(net);
    }
    cr_expect_geq(told, 19u);
}

/* Two fast lanes and one that a flow in fifty takes: not all flows are worth finding. */
Test(multipath_plan, who_is_out_of_reach)
{
    struct net *net = net_new();
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 100; i++)
        net_join(net, 1, i < 98 ? 10 + i % 2 : 12);
    for (unsigned i = 0; i < 3; i++)
        NET_ROW(net, 10 + i, 20 + i, 30);
    NET_ROW(net, 30, 31);
    for (unsigned seed = 1; seed <= 10; seed++) {
        net->seed = seed;
        net_run(net);
        cr_expect_leq(net->graph->probes, 3000u);
        cr_expect_eq(net->graph->end, SONDE_MULTIPATH_REACHED);
    }
    net_free(net);
}
