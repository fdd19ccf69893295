#include "sim/path.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "traffic.h"

#define WIDE                                                                                       \
    "router gw 198.18.1.1 2001:db8:1::1\nrouter gw2 198.18.1.2 2001:db8:1::2\n"                    \
    "bank core 96 10.1.0.1 2001:db8:a::1\nbank edge 96 10.2.0.1 2001:db8:b::1\n"

/* Which of its bank the router at a step of the last way is, from 0. */
static int branch(const struct world *world, size_t step)
{
    cr_assert_gt(world->last.way_count, step);
    const char *dash = strchr(world->way[step].node, '-');
    cr_assert_not_null(dash, "%s", world->way[step].node);
    return atoi(dash + 1) - 1;
}

static void assert_uniform(const uint32_t *counts, uint32_t n, uint32_t total)
{
    double expected = (double)total / n, chi2 = 0;
    for (uint32_t i = 0; i < n; i++)
        chi2 += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    /* mean n - 1, variance 2 (n - 1); five standard deviations */
    cr_assert_lt(fabs(chi2 - (n - 1)), 5 * sqrt(2.0 * n), "chi-squared %g of %u", chi2, n);
}

Test(sim_path, flows_spread_evenly_over_96_branches_and_stay)
{
    static const char *const to[] = {"198.18.0.9", "2001:db8::9"};
    for (int family = 0; family < 2; family++) {
        struct world world;
        uint32_t counts[96] = {0}, pairs[96] = {0};
        world_open(&world, WIDE "host far 198.18.0.9 2001:db8::9 via gw core gw2 edge\n", 3);
        for (uint16_t port = 0; port < 40000; port++) {
            struct traffic traffic = {.to = to[family],
                                      .protocol = PACKET_UDP,
                                      .source_port = (uint16_t)(port + 1000),
                                      .destination_port = 33434};
            world_traffic(&world, port, &traffic);
            int first = branch(&world, 1), second = branch(&world, 3);
            counts[first]++;
            pairs[(first + second) % 96]++;
            if (port % 100 == 0) {
                traffic.hop_limit = 3;
                world_traffic(&world, port, &traffic);
                cr_assert_eq(branch(&world, 1), first, "the hop limit is no part of the flow");
            }
            world_drain(&world);
        }
        assert_uniform(counts, 96, 40000);
        assert_uniform(pairs, 96, 40000); /* two diamonds choose independently */
        world_close(&world);
    }
}

Test(sim_path, odd_numbers_of_branches_are_even_too)
{
    static const char *const ways[] = {"( a | b | c )", "( a | b | c | )", "( a b | c )"};
    static const uint32_t branches[] = {3, 4, 2};
    for (int i = 0; i < 3; i++) {
        char text[300];
        uint32_t counts[4] = {0};
        struct world world;
        snprintf(text, sizeof(text),
                 "router gw 10.0.0.1\nrouter a 10.0.0.2\nrouter b 10.0.0.3\nrouter c 10.0.0.4\n"
                 "host far 198.18.0.9 via gw %s\n",
                 ways[i]);
        world_open(&world, text, 5);
        for (uint16_t port = 1; port <= 30000; port++) {
            world_traffic(
                &world, port,
                &(struct traffic){.to = "198.18.0.9", .protocol = PACKET_TCP, .source_port = port});
            const char *name = world.way[1].node;
            counts[strcmp(name, "far") == 0 ? 3 : (i == 2 && *name == 'c') ? 1 : *name - 'a']++;
            cr_assert_eq(world.last.way_count, strcmp(name, "far") == 0 ? 2u
                                               : i == 2 && *name == 'a' ? 4u
                                                                        : 3u);
            world_drain(&world);
        }
        assert_uniform(counts, branches[i], 30000);
        world_close(&world);
    }
}

Test(sim_path, what_makes_a_flow)
{
    static const struct {
        const char *name;
        struct traffic a, b;
        bool same;
    } cases[] = {
        {"ports", {.protocol = PACKET_UDP, .source_port = 1}, {.protocol = PACKET_UDP}, false},
        {"udp payload",
         {.protocol = PACKET_UDP, .payload = 10},
         {.protocol = PACKET_UDP, .payload = 11},
         true},
        {"traffic class", {.traffic_class = 8}, {.traffic_class = 4}, true},
        {"identification", {.id = 8}, {.id = 4}, true},
        {"identifier", {.source_port = 8}, {.source_port = 4}, false},
        /* the checksum follows the sequence, and is part of the flow */
        {"sequence", {.sequence = 8}, {.sequence = 4}, false},
        {"protocol", {.protocol = PACKET_UDP}, {.protocol = PACKET_SCTP}, false},
        {"flow label", {.flow_label = 1}, {.flow_label = 2}, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int equal = 0;
        for (uint64_t seed = 0; seed < 60; seed++) {
            struct world world;
            struct traffic a = cases[i].a, b = cases[i].b;
            a.to = b.to = cases[i].a.flow_label ? "2001:db8::9" : "198.18.0.9";
            world_open(&world, WIDE "host far 198.18.0.9 2001:db8::9 via gw core\n", seed);
            world_traffic(&world, 0, &a);
            int first = branch(&world, 1);
            world_traffic(&world, 0, &b);
            equal += branch(&world, 1) == first;
            world_close(&world);
        }
        cr_assert(cases[i].same ? equal == 60 : equal < 10, "%s: %d of 60", cases[i].name, equal);
    }
}

/* Paris traceroute: the sequence changes, and the payload so that the checksum does not. */
Test(sim_path, icmp_with_a_constant_checksum_is_one_flow)
{
    struct world world;
    world_open(&world, WIDE "host far 198.18.0.9 via gw core\n", 1);
    int first = -1;
    for (uint16_t sequence = 1; sequence < 50; sequence++) {
        uint8_t bytes[100];
        size_t length = build_traffic(
            &(struct traffic){.to = "198.18.0.9", .sequence = sequence, .payload = 2}, bytes, 100);
        uint16_t opposite = (uint16_t)~sequence;
        bytes[28] = (uint8_t)(opposite >> 8);
        bytes[29] = (uint8_t)opposite;
        bytes[22] = bytes[23] = 0;
        uint16_t checksum = packet_checksum(bytes + 20, length - 20);
        bytes[22] = (uint8_t)(checksum >> 8);
        bytes[23] = (uint8_t)checksum;
        sim_network_send(world.network, (struct sonde_mono){0},
                         (struct sonde_bytes){bytes, length});
        cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
        cr_assert(first < 0 || branch(&world, 1) == first);
        first = branch(&world, 1);
    }
    world_close(&world);
}

Test(sim_path, by_destination_and_by_packet)
{
    struct world world;
    uint32_t counts[96] = {0}, hosts[96] = {0};
    world_open(&world,
               WIDE "router gw balance destination\nrouter gw2 balance packet\n"
                    "host net 10.9.0.0/16 via gw core gw2 edge\n",
               1);
    int last = -1;
    for (uint16_t i = 0; i < 20000; i++) {
        struct traffic traffic = {
            .to = "10.9.1.1", .protocol = PACKET_UDP, .source_port = i, .destination_port = i};
        world_traffic(&world, i, &traffic);
        cr_assert(last < 0 || branch(&world, 1) == last);
        last = branch(&world, 1);
        counts[branch(&world, 3)]++;
        char to[20];
        snprintf(to, sizeof(to), "10.9.%d.%d", i >> 8, i & 255);
        traffic = (struct traffic){.to = to};
        world_traffic(&world, i, &traffic);
        hosts[branch(&world, 1)]++;
        world_drain(&world);
    }
    assert_uniform(counts, 96, 20000);
    assert_uniform(hosts, 96, 20000);
    world_close(&world);
}

Test(sim_path, the_observer_balances_and_forks_nest)
{
    struct world world;
    double pairs[2][2] = {{0}};
    world_open(&world,
               "observer balance packet\nrouter a 10.0.0.1\nrouter b 10.0.0.2\nrouter c 10.0.0.3\n"
               "router d 10.0.0.4\nrouter e 10.0.0.5\nhost far 198.18.0.9 via ( ( a | b ) | c ) ( "
               "d | e )\n",
               1);
    double first[3] = {0};
    for (int i = 0; i < 20000; i++) {
        world_traffic(&world, i, &(struct traffic){.to = "198.18.0.9", .source_port = (uint16_t)i});
        cr_assert_eq(world.last.way_count, 3);
        int x = *world.way[0].node - 'a', y = *world.way[1].node - 'd';
        first[x]++;
        if (x < 2)
            pairs[x][y]++;
        world_drain(&world);
    }
    cr_assert_float_eq(first[2], 10000, 400);
    cr_assert_float_eq(first[0], 5000, 350);
    for (int x = 0; x < 2; x++)
        for (int y = 0; y < 2; y++)
            cr_assert_float_eq(pairs[x][y], 2500, 250);
    world_close(&world);
}

Test(sim_path, nested_forks_by_flow_are_independent)
{
    struct world world;
    double first[3] = {0};
    world_open(&world,
               "router a 10.0.0.1\nrouter b 10.0.0.2\nrouter c 10.0.0.3\n"
               "host far 198.18.0.9 via ( ( a | b ) | c )\n",
               1);
    for (uint16_t i = 0; i < 20000; i++) {
        world_traffic(&world, i, &(struct traffic){.to = "198.18.0.9", .source_port = i});
        first[*world.way[0].node - 'a']++;
        world_drain(&world);
    }
    cr_assert_float_eq(first[2], 10000, 400);
    cr_assert_float_eq(first[0], 5000, 350, "the same chooser, another fork");
    world_close(&world);
}
