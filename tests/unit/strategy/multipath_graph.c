#include "multipath_help.h"

static void two_ways(struct net *net)
{
    NET_ROW(net, 0, 1, 2, 4, 5);
    NET_ROW(net, 1, 3, 4);
    net->seed = 2;
    net->config.confidence = 0.999;
}

/* Every link can be taken by the flow that is told for it. */
Test(multipath_graph, flows_of_vertices_and_links)
{
    struct net *net = net_new();
    two_ways(net);
    net_run(net);
    const struct sonde_multipath_graph *graph = net->graph;
    cr_assert_eq(net_differences(net), 0u);
    for (uint32_t i = 0; i < graph->link_count; i++) {
        const struct sonde_multipath_link *link = &graph->links[i];
        uint32_t way[16];
        size_t hops = sonde_multipath_way(net->multipath, link->flow, way, 16);
        uint8_t hop = graph->vertices[link->to].hop;
        cr_assert_gt(hops, hop);
        cr_expect_eq(way[hop], link->to);
        cr_expect(way[hop - 1] == link->from || way[hop - 1] == SONDE_MULTIPATH_NONE || hop == 1);
        cr_expect_gt(link->flows, 0u);
    }
    for (uint32_t v = 1; v < graph->vertex_count; v++) {
        uint32_t way[16];
        cr_assert_gt(sonde_multipath_way(net->multipath, graph->vertices[v].flow, way, 16),
                     graph->vertices[v].hop);
        cr_expect_eq(way[graph->vertices[v].hop], v);
    }
    cr_expect_eq(sonde_multipath_way(net->multipath, 0, NULL, 0), 0u);
    cr_expect_eq(sonde_multipath_way(net->multipath, 65535, NULL, 0), 0u);
    cr_expect_eq(sonde_multipath_way(net->multipath, 1, NULL, 0), 5u);
    net_free(net);
}

Test(multipath_graph, order_and_sums)
{
    struct net *net = net_new();
    two_ways(net);
    net->nodes[3].lost_percent = 25;
    net_run(net);
    const struct sonde_multipath_graph *graph = net->graph;
    uint64_t flows = 0, sent = 0;
    for (uint32_t v = 1; v < graph->vertex_count; v++) {
        cr_expect_geq(graph->vertices[v].hop, graph->vertices[v - 1].hop);
        flows += graph->vertices[v].flows;
        sent += graph->vertices[v].stats.sent;
        cr_expect_eq(graph->vertices[v].stats.sent,
                     graph->vertices[v].flows + sonde_stats_lost(&graph->vertices[v].stats));
    }
    for (uint32_t i = 1; i < graph->link_count; i++)
        cr_expect(graph->links[i].from > graph->links[i - 1].from ||
                  graph->links[i].to > graph->links[i - 1].to);
    uint64_t linked = 0, lost = 0;
    for (uint32_t i = 0; i < graph->link_count; i++) {
        linked += graph->links[i].flows;
        lost += sonde_stats_lost(&graph->links[i].stats);
    }
    cr_expect_eq(linked, flows, "every flow came to every hop by a link");
    cr_expect_eq(lost, graph->lost);
    cr_expect_gt(lost, 0u);
    /* what is not in there: answers to the look ahead, and repeats */
    cr_expect_leq(sent, graph->probes);
    cr_expect_geq(sent + graph->repeats + graph->retries + 2, graph->probes);
    net_free(net);
}

/* Lost on the way to one of two: the link says so, and its neighbour does not. */
Test(multipath_graph, loss_by_link)
{
    struct net *net = net_new();
    two_ways(net);
    net->nodes[3].lost_percent = 30;
    net_run(net);
    for (uint32_t i = 0; i < net->graph->link_count; i++) {
        const struct sonde_multipath_link *link = &net->graph->links[i];
        int from = net_node_of(net, link->from), to = net_node_of(net, link->to);
        if (to == 3 || from == 3)
            cr_expect_gt(sonde_stats_loss_ratio(&link->stats), 0.05);
        if (to == 2 || from == 2 || to == 1)
            cr_expect_eq(sonde_stats_loss_ratio(&link->stats), 0);
    }
    net_free(net);
}
