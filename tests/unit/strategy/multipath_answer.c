#include "multipath_help.h"

#include "packet/extension.h"

static const struct sonde_multipath_vertex *at_node(const struct net *net, int node)
{
    for (uint32_t v = 1; v < net->graph->vertex_count; v++)
        if (net_node_of(net, v) == node)
            return &net->graph->vertices[v];
    cr_assert_fail("no node %d", node);
    return NULL;
}

static unsigned stars(const struct net *net)
{
    unsigned count = 0;
    for (uint32_t v = 0; v < net->graph->vertex_count; v++)
        count += net->graph->vertices[v].star;
    return count;
}

static void bundle(struct net *net)
{
    net_join(net, 0, 1);
    for (unsigned i = 0; i < 4; i++)
        NET_ROW(net, 1, 10 + i, 30);
    NET_ROW(net, 30, 31);
}

Test(multipath_answer, silence_is_a_vertex)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3, 4, 5);
    net->nodes[2].silent = net->nodes[3].silent = true;
    net_run(net);
    cr_expect_eq(stars(net), 2u);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_REACHED);
    cr_expect(net->graph->complete);
    cr_expect_eq(net->graph->link_count, 5u);
    cr_expect_eq(sonde_stats_loss_ratio(&net->graph->vertices[2].stats), 1);
    cr_expect_eq(net->graph->lost, 0u, "what is silent loses nothing");
    cr_expect_lt(net->now_ns, 3 * SONDE_NS_PER_S);
    net_free(net);
}

Test(multipath_answer, one_silent_member)
{
    for (unsigned seed = 1; seed <= 10; seed++) {
        struct net *net = net_new();
        bundle(net);
        net->nodes[12].silent = true;
        net->seed = seed;
        net->config.confidence = 0.99;
        net_run(net);
        cr_expect_eq(stars(net), 1u);
        cr_expect_eq(net->graph->vertex_count, 8u);
        cr_expect_eq(net->graph->link_count, 10u);
        cr_expect_not(at_node(net, 10)->rationed);
        cr_expect(net->graph->complete);
        net_free(net);
    }
}

Test(multipath_answer, nobody_behind)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3);
    net->nodes[3].silent = true;
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_SILENT);
    cr_expect_eq(stars(net), 5u);
    cr_expect_eq(net->graph->hops, 7);
    cr_expect(net->graph->complete);
    net_free(net);
}

/* A third of all packets is lost, and nobody is called silent or rationing for that. */
Test(multipath_answer, loss_makes_no_stars)
{
    unsigned rationed = 0;
    for (unsigned seed = 1; seed <= 30; seed++) {
        struct net *net = net_new();
        bundle(net);
        net->nodes[30].lost_percent = 20;
        net->nodes[11].lost_percent = 10;
        net->seed = seed;
        net->config.confidence = 0.99;
        net_run(net);
        cr_expect_eq(stars(net), 0u, "seed %u", seed);
        cr_expect_eq(net_differences(net), 0u, "seed %u", seed);
        cr_expect_gt(net->graph->lost, 0u);
        rationed += at_node(net, 30)->rationed;
        net_free(net);
    }
    cr_expect_leq(rationed, 3u);
}

Test(multipath_answer, rationed_errors)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3, 4, 5);
    net->nodes[3].ration_ns = 3 * SONDE_NS_PER_S;
    net_run(net);
    cr_expect_eq(net_differences(net), 0u);
    cr_expect(at_node(net, 3)->rationed);
    cr_expect_not(at_node(net, 4)->rationed);
    cr_expect(net->graph->complete);
    cr_expect_lt(net->graph->probes, 130u);

    net->config.patience = sonde_span_s(2);
    net->nodes[3].told_ns = 0;
    net_run(net);
    cr_expect_eq(net_differences(net), 0u);
    cr_expect_not(net->graph->complete);
    cr_expect_eq(at_node(net, 2)->search, SONDE_MULTIPATH_UNANSWERED);
    cr_expect_eq(at_node(net, 3)->search, SONDE_MULTIPATH_COMPLETE);
    net_free(net);
}

/* Waited for shortly, heard all the same. */
Test(multipath_answer, late_answers_count)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3, 4);
    net->hop_ns = 400 * SONDE_NS_PER_MS; /* from the third hop on later than the timeout */
    net_run(net);
    cr_expect_eq(net_differences(net), 0u);
    cr_expect_eq(stars(net), 0u);
    cr_expect(at_node(net, 4)->target);
    cr_expect_eq(at_node(net, 4)->kind, SONDE_REPLY);
    cr_expect_eq(at_node(net, 3)->kind, SONDE_TIME_EXCEEDED);
    net_free(net);
}

Test(multipath_answer, packets_that_go_round)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3, 2);
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_LOOPED);
    cr_expect_eq(net->graph->hops, 5);
    cr_expect(net->graph->vertices[5].loop);
    cr_expect_eq(net_differences(net), 0u);
    net_free(net);
}

Test(multipath_answer, somebody_refuses)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2, 3, 4);
    net->nodes[3].refuses = true;
    net_run(net);
    const struct sonde_multipath_graph *graph = net->graph;
    cr_expect_eq(graph->end, SONDE_MULTIPATH_REFUSED);
    cr_assert_eq(graph->vertex_count, 5u);
    cr_expect_eq(net_node_of(net, 4), 3);
    cr_expect_eq(graph->vertices[3].kind, SONDE_TIME_EXCEEDED);
    cr_expect_eq(graph->vertices[4].kind, SONDE_UNREACHABLE);
    cr_expect_eq(graph->vertices[4].icmp_code, 13);
    cr_expect_eq(graph->vertices[4].search, SONDE_MULTIPATH_LAST);
    net_free(net);
}

Test(multipath_answer, labels)
{
    struct net *net = net_new();
    NET_ROW(net, 0, 1, 2);
    struct packet_mpls stack[] = {{.label = 300112, .traffic_class = 5, .ttl = 1},
                                  {.label = 17, .bottom = true, .ttl = 254}};
    struct packet_writer writer = packet_writer_over(net->extensions, sizeof net->extensions);
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_mpls(&writer, stack, 2), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    net->extension_bytes = packet_written(&writer);
    net_run(net);
    const struct sonde_multipath_vertex *vertex = at_node(net, 1);
    cr_assert_eq(vertex->label_count, 2);
    cr_expect_eq(vertex->labels[0].label, 300112u);
    cr_expect_eq(vertex->labels[0].traffic_class, 5);
    cr_expect_eq(vertex->labels[1].label, 17u);
    cr_expect_eq(vertex->labels[1].ttl, 254);
    cr_expect_eq(at_node(net, 2)->label_count, 0);
    /* broken ones are left */
    net->extensions[5] = 0xff;
    net_run(net);
    cr_expect_eq(at_node(net, 1)->label_count, 0);
    net_free(net);
}

/* Outcomes of nobody's probes, and notices that mean nothing here. */
Test(multipath_answer, what_does_not_matter)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config config = {.probe.timeout = sonde_span_ms(1000)};
    cr_assert_eq(sonde_multipath_create(&mp, &config), 0);
    struct sonde_strategy strategy = sonde_multipath_strategy(mp);
    struct sonde_probe probe;
    struct sonde_mono wake;
    strategy.ops->outcome(strategy.self, &(struct sonde_outcome){.kind = SONDE_REPLY});
    strategy.ops->outcome(strategy.self,
                          &(struct sonde_outcome){.kind = SONDE_REPLY, .number = UINT64_MAX});
    cr_assert_eq(strategy.ops->next(strategy.self, (struct sonde_mono){0}, &probe, &wake),
                 SONDE_NEXT_PROBE);
    for (int kind = SONDE_DUPLICATE; kind < SONDE_OUTCOME_KINDS; kind++)
        strategy.ops->outcome(
            strategy.self,
            &(struct sonde_outcome){.kind = (enum sonde_outcome_kind)kind, .from = net_address(7)});
    cr_expect_eq(sonde_multipath_read(mp)->vertex_count, 1u);
    sonde_multipath_destroy(mp);
}
