#include "multipath_help.h"

#include "strategy/multipath_inside.h"

Test(multipath_bound, one_way_is_exact)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3);
    net_run(net);
    cr_expect_eq(net->graph->bound, 3 * sonde_multipath_stopping_point(1, 0.025) + 2);
    net_free(net);
}

/* The chance that one of two gets fewer than `wanted` of N flows, by counting. */
static double chance_of_fewer(unsigned flows, unsigned wanted)
{
    double ways = 1, sum = 0, all = 1;
    for (unsigned i = 0; i < flows; i++)
        all *= 2;
    for (unsigned i = 0; i < wanted; i++) {
        sum += ways;
        ways = ways * (flows - i) / (i + 1);
    }
    return sum / all;
}

/* Two side by side: enough flows for each of them must be found, and then followed. */
Test(multipath_bound, two_ways)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 4);
    NET_ROW(net, 1, 3, 4);
    net->seed = 1;
    net_run(net);
    cr_assert_eq(net_differences(net), 0u);
    unsigned n_1 = sonde_multipath_stopping_point(1, 0.05 / 3), found = n_1;
    while (chance_of_fewer(found, n_1) > 0.001 / net->graph->vertex_count)
        found++;
    cr_expect_eq(net->graph->bound, n_1 /* hop 1 */ + found /* hop 2 */ + 2 * n_1 /* hop 3 */ +
                                        n_1 - 1 /* repeats */ + 2 /* ahead */);
    cr_expect_leq(net->graph->probes, net->graph->bound);
    net_free(net);
}

Test(multipath_bound, shares)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 4);
    NET_ROW(net, 1, 3, 5, 4);
    NET_ROW(net, 3, 6, 4);
    net->seed = 1;
    net->config.confidence = 0.999;
    net_run(net);
    double share[16];
    multipath_shares(net->graph, share);
    cr_assert_leq(net->graph->vertex_count, 16u);
    for (uint32_t v = 0; v < net->graph->vertex_count; v++) {
        int node = net_node_of(net, v);
        double wanted = node <= 1 ? 1 : node <= 3 ? 0.5 : 0.25;
        if (node != 4)
            cr_expect_float_eq(share[v], wanted, 1e-9, "node %d: %f", node, share[v]);
    }
    net_free(net);
}
