#include "multipath_help.h"

#include <errno.h>

static void chain(struct net *net)
{
    NET_ROW(net, 0, 1, 2, 3, 4, 5, 6);
}

static void two_ways(struct net *net)
{
    NET_ROW(net, 0, 1, 2, 4, 5);
    NET_ROW(net, 1, 3, 4);
}

Test(multipath, refuses_what_cannot_be)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config good = {.probe.timeout = sonde_span_ms(1000)}, bad = good;
    cr_assert_eq(sonde_multipath_create(&mp, &good), 0);
    sonde_multipath_destroy(mp);
    sonde_multipath_destroy(NULL);
    bad.confidence = 1;
    cr_expect_eq(sonde_multipath_create(&mp, &bad), -EINVAL);
    bad = good, bad.first_hop = 31;
    cr_expect_eq(sonde_multipath_create(&mp, &bad), -EINVAL);
    bad = good, bad.max_hop = 255;
    cr_expect_eq(sonde_multipath_create(&mp, &bad), -EINVAL);
    bad = good, bad.max_flows = 65536;
    cr_expect_eq(sonde_multipath_create(&mp, &bad), -EINVAL);
    bad = good, bad.probe.timeout.ns = 0;
    cr_expect_eq(sonde_multipath_create(&mp, &bad), -EINVAL);
}

Test(multipath, one_way)
{
    struct net *net = net_new();
    chain(net);
    net_run(net);
    const struct sonde_multipath_graph *graph = net->graph;
    cr_expect_eq(net_differences(net), 0u);
    cr_expect_eq(graph->end, SONDE_MULTIPATH_REACHED);
    cr_expect(graph->complete);
    cr_expect_eq(graph->hops, 6);
    cr_expect_eq(graph->balancers, 0u);
    cr_expect_eq(graph->diamond_count, 0u);
    /* nothing balances: two may hide; n_1 of half the failure for each hop, and the look ahead */
    cr_expect_eq(graph->probes, 6 * sonde_multipath_stopping_point(1, 0.025) + 2);
    cr_expect_eq(graph->probes, graph->bound);
    cr_expect(graph->vertices[6].target);
    /* hop by hop it would take 10 + 20 + … ms, one by one seven times as long */
    cr_expect_lt(net->now_ns, 200 * SONDE_NS_PER_MS);
    net_free(net);
}

Test(multipath, before_and_while_it_runs)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config config = {.probe.timeout = sonde_span_ms(1000)};
    cr_assert_eq(sonde_multipath_create(&mp, &config), 0);
    const struct sonde_multipath_graph *graph = sonde_multipath_read(mp);
    cr_expect_eq(graph->vertex_count, 1u);
    cr_expect_eq(graph->link_count, 0u);
    cr_expect_eq(graph->end, SONDE_MULTIPATH_RUNNING);
    cr_expect_not(graph->complete);
    struct sonde_strategy strategy = sonde_multipath_strategy(mp);
    struct sonde_probe probe;
    struct sonde_mono wake;
    cr_expect_eq(strategy.ops->next(strategy.self, (struct sonde_mono){5}, &probe, &wake),
                 SONDE_NEXT_PROBE);
    cr_expect_eq(probe.number, 0u);
    cr_expect_eq(probe.flow, 1);
    cr_expect_eq(probe.hop_limit, 1);
    cr_expect_eq(probe.due.ns, 5);
    cr_expect_eq(strategy.ops->end(strategy.self).ns, SONDE_NEVER.ns);
    cr_expect_eq(strategy.ops->patience(strategy.self).ns, sonde_span_ms(1000).ns);
    sonde_multipath_destroy(mp);
}

/* Late by less than a gap: the pace is kept. By more: it is not made up for. */
Test(multipath, the_pace)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config config = {.probe.timeout = sonde_span_ms(1000),
                                            .gap = sonde_span_ms(10)};
    cr_assert_eq(sonde_multipath_create(&mp, &config), 0);
    struct sonde_strategy strategy = sonde_multipath_strategy(mp);
    const struct {
        int64_t at_ms, wake_ms; /* wake 0: a probe */
    } calls[] = {{0, 0},  {0, 10},  {9, 10},  {14, 0},    {14, 20},
                 {20, 0}, {20, 30}, {100, 0}, {100, 110}, {110, 0}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct sonde_probe probe;
        struct sonde_mono wake, now = {calls[i].at_ms * SONDE_NS_PER_MS};
        enum sonde_next next = strategy.ops->next(strategy.self, now, &probe, &wake);
        cr_expect_eq(next, calls[i].wake_ms ? SONDE_NEXT_WAIT : SONDE_NEXT_PROBE, "%zu", i);
        if (calls[i].wake_ms)
            cr_expect_eq(wake.ns, calls[i].wake_ms * SONDE_NS_PER_MS, "%zu", i);
    }
    sonde_multipath_destroy(mp);
}

Test(multipath, the_window)
{
    struct net *net = net_new();
    two_ways(net);
    net->config.window = 5;
    net_run(net);
    cr_expect_eq(net->flight_most, 5u);
    cr_expect_eq(net_differences(net), 0u);
    net_free(net);
}

Test(multipath, ends_of_runs)
{
    struct net *net = net_new();
    two_ways(net);
    net->config.max_probes = 20;
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_OUT_OF_PROBES);
    cr_expect_eq(net->graph->probes, 20u);
    cr_expect_not(net->graph->complete);

    net->config.max_probes = 0;
    net->config.max_flows = 8;
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_OUT_OF_FLOWS);
    cr_expect_not(net->graph->complete);

    net->config.max_flows = 0;
    net->config.deadline = sonde_span_ms(25);
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_DEADLINE);
    cr_expect_eq(net->now_ns, sonde_span_ms(25).ns);

    net->config.deadline.ns = 0;
    net->config.max_hop = 3;
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_MAX_HOP);
    cr_expect_eq(net->graph->hops, 3);
    net_free(net);
}

Test(multipath, from_a_later_hop_on)
{
    struct net *net = net_new();
    chain(net);
    net->config.first_hop = 3;
    net_run(net);
    cr_expect_eq(net->graph->end, SONDE_MULTIPATH_REACHED);
    cr_assert_eq(net->graph->vertex_count, 5u);
    cr_expect_eq(net->graph->vertices[0].hop, 0);
    cr_expect_eq(net->graph->vertices[1].hop, 3);
    cr_expect_eq(net->graph->link_count, 4u);
    uint32_t way[8];
    cr_expect_eq(sonde_multipath_way(net->multipath, 1, way, 8), 7u);
    cr_expect_eq(way[0], 0u);
    cr_expect_eq(way[2], SONDE_MULTIPATH_NONE);
    cr_expect_eq(way[3], 1u);
    cr_expect_eq(way[6], 4u);
    net_free(net);
}

Test(multipath, refused_sends)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config config = {.probe.timeout = sonde_span_ms(1000)};
    cr_assert_eq(sonde_multipath_create(&mp, &config), 0);
    struct sonde_strategy strategy = sonde_multipath_strategy(mp);
    struct sonde_probe probe;
    struct sonde_mono wake, now = {0};
    unsigned probes = 0;
    enum sonde_next next;
    while ((next = strategy.ops->next(strategy.self, now, &probe, &wake)) != SONDE_NEXT_DONE) {
        cr_assert_lt(probes, 100u);
        if (next == SONDE_NEXT_WAIT) {
            now = wake;
            continue;
        }
        probes++;
        struct sonde_outcome outcome = {
            .kind = SONDE_SEND_FAILED, .number = probe.number, .error = ENETUNREACH};
        strategy.ops->outcome(strategy.self, &outcome);
    }
    cr_expect_eq(probes, 20u);
    cr_expect_gt(now.ns, 100 * SONDE_NS_PER_MS, "it does not insist");
    const struct sonde_multipath_graph *graph = sonde_multipath_read(mp);
    cr_expect_eq(graph->end, SONDE_MULTIPATH_SEND_FAILED);
    cr_expect_eq(graph->error, ENETUNREACH);
    sonde_multipath_destroy(mp);
}

Test(multipath, flows_beyond_the_source_ports)
{
    struct sonde_multipath *mp;
    struct sonde_multipath_config config = {
        .probe.timeout = sonde_span_ms(1000), .probe.port = 33434, .source_ports = 16};
    cr_assert_eq(sonde_multipath_create(&mp, &config), 0);
    bool seen[17][64] = {{false}};
    for (uint16_t flow = 1; flow <= 1000; flow++) {
        struct sonde_probe probe = {0};
        sonde_multipath_flow(mp, flow, &probe);
        cr_assert(probe.flow >= 1 && probe.flow <= 16);
        cr_assert(probe.port >= 33434 && probe.port < 33434 + 64);
        cr_expect_not(seen[probe.flow][probe.port - 33434]);
        seen[probe.flow][probe.port - 33434] = true;
    }
    sonde_multipath_destroy(mp);
}

Test(multipath, words)
{
    cr_expect_str_eq(sonde_multipath_search_name(SONDE_MULTIPATH_COMPLETE), "complete");
    cr_expect_str_eq(sonde_multipath_search_name(SONDE_MULTIPATH_OUT_OF_REACH), "out-of-reach");
    cr_expect_str_eq(sonde_multipath_search_name((enum sonde_multipath_search)99), "?");
    cr_expect_str_eq(sonde_multipath_end_name(SONDE_MULTIPATH_REACHED), "reached");
    cr_expect_str_eq(sonde_multipath_end_name(SONDE_MULTIPATH_SEND_FAILED), "send-failed");
    cr_expect_str_eq(sonde_multipath_end_name((enum sonde_multipath_end)99), "?");
}
