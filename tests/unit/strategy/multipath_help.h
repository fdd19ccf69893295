/*
 * A small network of balancers for the multipath strategy, without engine and transport: what is
 * asked is answered by the graph after its time. Nodes are numbers; 0 is the observer; node n has
 * the address 192.0.2.n, above 255 198.51.100.x.
 */
#ifndef TESTS_MULTIPATH_HELP_H
#define TESTS_MULTIPATH_HELP_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "sonde/multipath.h"

enum { NET_NODES = 320, NET_NEXT = 128, NET_PROBES = 70000, NET_LINKS = 4096 };

struct net_node {
    uint16_t next[NET_NEXT];
    unsigned next_count; /* 0: the target */
    bool by_packet, silent, refuses;
    unsigned lost_percent;      /* of all packets that come to it */
    int64_t ration_ns, told_ns; /* an error every so often at most; 0: no limit */
};

struct net {
    struct net_node nodes[NET_NODES];
    int64_t hop_ns; /* there and back, for each hop */
    uint64_t seed;
    struct sonde_multipath_config config;

    struct sonde_multipath *multipath;
    const struct sonde_multipath_graph *graph;
    int64_t now_ns;
    unsigned flight_most;
    uint64_t packets;
    struct {
        int64_t at_ns;
        struct sonde_outcome outcome;
        bool final;
    } * events;
    size_t event_count;
    uint8_t extensions[32]; /* of every error */
    size_t extension_bytes;
};

static inline struct sonde_address net_address(unsigned node)
{
    uint8_t bytes[4] = {192, 0, 2, (uint8_t)node};
    if (node > 255)
        memcpy(bytes, (uint8_t[]){198, 51, 100, (uint8_t)node}, 4);
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

static inline void net_join(struct net *net, unsigned from, unsigned to)
{
    struct net_node *node = &net->nodes[from];
    cr_assert_lt(node->next_count, (unsigned)NET_NEXT);
    node->next[node->next_count++] = (uint16_t)to;
}

/* Joins nodes in a row, up to a 0. */
static inline void net_row(struct net *net, const unsigned *nodes)
{
    for (; nodes[1]; nodes++)
        net_join(net, nodes[0], nodes[1]);
}
#define NET_ROW(net, ...) net_row(net, (const unsigned[]){__VA_ARGS__, 0})

static inline uint64_t net_chance(const struct net *net, uint64_t what, uint64_t node,
                                  uint64_t which)
{
    uint64_t words[] = {net->seed, what, node, which};
    return base_siphash((const uint8_t[16]){7}, words, sizeof words);
}

static inline void net_event(struct net *net, int64_t at_ns, const struct sonde_outcome *outcome,
                             bool final)
{
    cr_assert_lt(net->event_count, (size_t)NET_PROBES);
    net->events[net->event_count].at_ns = at_ns;
    net->events[net->event_count].final = final;
    net->events[net->event_count++].outcome = *outcome;
}

/* Where the probe's hop limit is used up, or where it goes no further; 0: it is lost. */
static inline unsigned net_walk(struct net *net, const struct sonde_probe *probe, unsigned *hops)
{
    unsigned at = 0;
    uint64_t packet = ++net->packets;
    uint64_t flow = (uint64_t)probe->flow << 16 | probe->port;
    for (*hops = 0; *hops < probe->hop_limit; ++*hops) {
        const struct net_node *node = &net->nodes[at];
        if (node->next_count == 0 || (node->refuses && *hops > 0))
            break;
        uint64_t dice = net_chance(net, 1, at, node->by_packet ? packet : flow);
        at = node->next[dice % node->next_count];
        if (net_chance(net, 2, at, packet) % 100 < net->nodes[at].lost_percent)
            return 0;
    }
    return at;
}

static inline void net_send(struct net *net, const struct sonde_probe *probe)
{
    unsigned hops;
    unsigned at = net_walk(net, probe, &hops);
    struct net_node *node = &net->nodes[at];
    bool end = node->next_count == 0;
    int64_t rtt_ns = net->hop_ns * hops;
    struct sonde_outcome outcome = {
        .kind = SONDE_TIMED_OUT, .number = probe->number, .hop_limit = -1, .traffic_class = -1};
    int64_t over_ns = net->now_ns + probe->timeout.ns;
    cr_assert_eq(probe->target, 0u);
    cr_assert_gt(probe->timeout.ns, 0);
    if (at == 0 || node->silent) {
        net_event(net, over_ns, &outcome, true);
        return;
    }
    if (node->ration_ns && !end) {
        bool told = net->now_ns < node->told_ns;
        if (!told)
            node->told_ns = net->now_ns + node->ration_ns;
        if (told) {
            net_event(net, over_ns, &outcome, true);
            return;
        }
    }
    if (rtt_ns > probe->timeout.ns)
        net_event(net, over_ns, &outcome, true);
    outcome.kind = end                        ? SONDE_REPLY
                   : hops == probe->hop_limit ? SONDE_TIME_EXCEEDED
                                              : SONDE_UNREACHABLE;
    outcome.said = end ? SONDE_SAID_ICMP_REPLY : SONDE_SAID_NOTHING;
    outcome.icmp_type = end ? 0 : outcome.kind == SONDE_TIME_EXCEEDED ? 11 : 3;
    outcome.icmp_code = outcome.kind == SONDE_UNREACHABLE ? 13 : 0;
    outcome.from = net_address(at);
    outcome.rtt_known = true;
    outcome.rtt.ns = rtt_ns;
    outcome.extensions = (struct sonde_bytes){net->extensions, end ? 0 : net->extension_bytes};
    bool late = rtt_ns > probe->timeout.ns;
    if (late)
        outcome.kind = SONDE_LATE;
    net_event(net, net->now_ns + rtt_ns, &outcome, !late);
}

static inline struct net *net_new(void)
{
    struct net *net = calloc(1, sizeof *net);
    cr_assert_not_null(net);
    net->events = calloc(NET_PROBES, sizeof *net->events);
    cr_assert_not_null(net->events);
    net->hop_ns = 10 * SONDE_NS_PER_MS;
    net->config.probe.timeout = sonde_span_ms(1000);
    return net;
}

static inline void net_free(struct net *net)
{
    sonde_multipath_destroy(net->multipath);
    free(net->events);
    free(net);
}

/* Runs until the strategy is done, and reads the graph. */
static inline void net_run(struct net *net)
{
    sonde_multipath_destroy(net->multipath);
    cr_assert_eq(sonde_multipath_create(&net->multipath, &net->config), 0);
    struct sonde_strategy strategy = sonde_multipath_strategy(net->multipath);
    net->now_ns = 0;
    net->event_count = 0;
    unsigned flying = 0;
    net->flight_most = 0;
    for (;;) {
        struct sonde_probe probe;
        struct sonde_mono wake, now = {net->now_ns};
        enum sonde_next next = strategy.ops->next(strategy.self, now, &probe, &wake);
        if (next == SONDE_NEXT_PROBE) {
            net_send(net, &probe);
            if (++flying > net->flight_most)
                net->flight_most = flying;
            continue;
        }
        if (next == SONDE_NEXT_DONE)
            break;
        wake = sonde_mono_earlier(wake, strategy.ops->end(strategy.self));
        size_t first = net->event_count;
        for (size_t i = 0; i < net->event_count; i++)
            if (first == net->event_count || net->events[i].at_ns < net->events[first].at_ns)
                first = i;
        bool event = first < net->event_count && net->events[first].at_ns <= wake.ns;
        cr_assert(event || wake.ns != INT64_MAX, "it waits for nothing");
        net->now_ns = event ? net->events[first].at_ns : wake.ns;
        if (!event)
            continue;
        struct sonde_outcome outcome = net->events[first].outcome;
        flying -= net->events[first].final;
        net->events[first] = net->events[--net->event_count];
        strategy.ops->outcome(strategy.self, &outcome);
    }
    net->graph = sonde_multipath_read(net->multipath);
    cr_assert_not_null(net->graph);
}

/* The node of a vertex; 0 for the observer; -1 for a star. */
static inline int net_node_of(const struct net *net, uint32_t vertex)
{
    const struct sonde_multipath_vertex *at = &net->graph->vertices[vertex];
    if (at->star)
        return -1;
    return at->address.bytes[3] + (at->address.bytes[0] == 198 ? 256 : 0);
}

/*
 * Compares the links found with all that there are, by nodes: how many are missing, and how many
 * are not true.
 */
static inline unsigned net_differences(const struct net *net)
{
    static bool reached[NET_NODES], seen[NET_NODES][NET_NODES];
    unsigned wrong = 0;
    memset(reached, 0, sizeof reached);
    memset(seen, 0, sizeof seen);
    for (uint32_t i = 0; i < net->graph->link_count; i++) {
        int from = net_node_of(net, net->graph->links[i].from);
        int to = net_node_of(net, net->graph->links[i].to);
        if (from < 0 || to < 0) {
            wrong++;
            continue;
        }
        seen[from][to] = true;
        bool is = false;
        for (unsigned k = 0; k < net->nodes[from].next_count; k++)
            is |= net->nodes[from].next[k] == to;
        wrong += !is;
    }
    reached[0] = true;
    for (unsigned round = 0; round < 40; round++)
        for (unsigned from = 0; from < NET_NODES; from++)
            for (unsigned k = 0; reached[from] && k < net->nodes[from].next_count; k++)
                reached[net->nodes[from].next[k]] = true;
    for (unsigned from = 0; from < NET_NODES; from++)
        for (unsigned k = 0; reached[from] && k < net->nodes[from].next_count; k++)
            wrong += !seen[from][net->nodes[from].next[k]];
    return wrong;
}

#endif
