#include "sim/router.h"

#include <stdio.h>

#include "packet/extension.h"
#include "traffic.h"

#define MS SONDE_NS_PER_MS

static struct answer answer;

#define PATH                                                                                       \
    "router a 198.18.1.1 2001:db8:1::1\nrouter b 198.18.1.2 2001:db8:1::2\n"                       \
    "router c 198.18.1.3 2001:db8:1::3\nhost far 198.18.0.9 2001:db8::9 via a b c\n"

static const char *const far[2] = {"198.18.0.9", "2001:db8::9"};

static void probe(struct world *world, const char *to, uint8_t hop_limit)
{
    world_send(world, 0, &(struct request){.to = to, .hop_limit = hop_limit, .payload = 100});
}

Test(sim_router, ttl_zero_is_forwarded_and_quoted_by_the_next)
{
    for (int family = 0; family < 2; family++) {
        struct world world;
        world_open(&world, PATH "router b ttl-zero\n", 1);
        static const uint8_t from[] = {1, 3, 3}, quoted[] = {1, 0, 1};
        for (uint8_t hops = 1; hops <= 3; hops++) {
            probe(&world, far[family], hops);
            cr_assert(world_take(&world, &answer));
            cr_assert_eq(answer.from.bytes[family ? 15 : 3], from[hops - 1]);
            cr_assert_eq(read_quote(&answer).hop_limit, quoted[hops - 1]);
        }
        world_close(&world);
    }
}

Test(sim_router, the_host_behind_ttl_zero_is_reached_too_early)
{
    struct world world;
    world_open(&world, PATH "router c ttl-zero\n", 1);
    probe(&world, far[0], 3);
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    world_close(&world);
}

Test(sim_router, marking)
{
    for (int family = 0; family < 2; family++) {
        struct world world;
        world_open(&world, PATH "router a dscp 10\nrouter b ecn 3\n", 1);
        static const uint8_t quoted[] = {0xb9, 10 << 2 | 1, 10 << 2 | 3};
        for (uint8_t hops = 1; hops <= 3; hops++) {
            world_traffic(
                &world, 0,
                &(struct traffic){.to = far[family], .hop_limit = hops, .traffic_class = 0xb9});
            cr_assert(world_take(&world, &answer));
            cr_assert_eq(read_quote(&answer).traffic_class, quoted[hops - 1]);
            static const uint8_t errors[] = {0xc0, 10 << 2, 10 << 2 | 3};
            if (family == 0)
                cr_assert_eq(answer.bytes[1], errors[hops - 1], "marked on the way back");
        }
        world_traffic(&world, 0, &(struct traffic){.to = far[family], .traffic_class = 0xb9});
        cr_assert(world_take(&world, &answer));
        unsigned traffic_class =
            family ? (answer.bytes[0] & 15u) << 4 | answer.bytes[1] >> 4 : answer.bytes[1];
        cr_assert_eq(traffic_class, 10 << 2 | 3, "in the reply too");
        world_close(&world);
    }
}

Test(sim_router, prohibits)
{
    struct world world;
    world_open(&world, PATH "router b prohibits udp sctp\nrouter c prohibits tcp silently\n", 1);
    for (int family = 0; family < 2; family++) {
        probe(&world, far[family], 64);
        cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
        world_drain(&world);
        static const uint8_t refused[] = {PACKET_UDP, PACKET_SCTP};
        for (int i = 0; i < 2; i++) {
            world_traffic(&world, 0, &(struct traffic){.to = far[family], .protocol = refused[i]});
            cr_assert(world_take(&world, &answer));
            cr_assert_eq(answer.icmp.type, family ? 1 : 3);
            cr_assert_eq(answer.icmp.code, family ? 1 : 13);
            cr_assert_eq(answer.from.bytes[family ? 15 : 3], 2);
        }
        world_traffic(&world, 0, &(struct traffic){.to = far[family], .protocol = PACKET_TCP});
        cr_assert_eq(world.last.fate, SONDE_SIM_FILTERED);
        cr_assert_str_eq(world.last.node, "c");
        world_traffic(&world, 0,
                      &(struct traffic){.to = far[family], .protocol = PACKET_TCP, .hop_limit = 3});
        cr_assert_eq(world.last.fate, SONDE_SIM_ERROR, "the hop limit comes first");
        world_drain(&world);
    }
    world_close(&world);
}

Test(sim_router, a_loop_ends_with_the_hop_limit)
{
    struct world world;
    world_open(&world,
               PATH "link a b delay 1ms\nlink observer a delay 2ms\nat 1s router b loop a\n", 1);
    probe(&world, far[0], 64);
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    world_drain(&world);
    for (uint8_t hops = 1; hops < 255; hops++) {
        world_send(&world, SONDE_NS_PER_S,
                   &(struct request){.to = far[hops % 2], .hop_limit = hops, .payload = 8});
        cr_assert_eq(world.last.fate, SONDE_SIM_ERROR);
        cr_assert_str_eq(world.last.node, hops % 2 ? "a" : "b");
        cr_assert_eq(world.last.way_count, hops);
        cr_assert(world_take(&world, &answer));
        cr_assert_eq(read_quote(&answer).hop_limit, 1);
        int64_t back = hops % 2 ? 2 : 3;
        cr_assert_eq(answer.out, SONDE_NS_PER_S + (2 + hops - 1 + back) * MS, "%u", hops);
        cr_assert_eq(answer.hop_limit, hops % 2 ? 255 : 254);
    }
    world_close(&world);
}

Test(sim_router, a_loop_with_a_router_beside_the_way)
{
    struct world world;
    world_open(&world,
               PATH "router side 198.18.1.9\nrouter a loop side ttl-zero\nlink a side delay 1ms\n",
               1);
    probe(&world, far[0], 2);
    cr_assert_str_eq(world.last.node, "side");
    cr_assert_eq(world.last.out.ns, 2 * MS);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.hop_limit, 254, "a lies between");
    probe(&world, far[0], 3);
    cr_assert_str_eq(world.last.node, "side", "a forwards with 0");
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(read_quote(&answer).hop_limit, 0);
    world_close(&world);
}

Test(sim_router, return_paths_of_another_length)
{
    struct world world;
    world_open(&world, PATH "router b return-hops 12 hop-limit 64\nhost far return-hops 20\n", 1);
    probe(&world, far[0], 2);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.hop_limit, 52);
    probe(&world, far[0], 64);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.hop_limit, 44);
    world_close(&world);
}

Test(sim_router, may_be_asked_itself)
{
    struct world world;
    world_open(&world, PATH "router b delay 6ms via a\nlink observer a delay 1ms\n", 1);
    probe(&world, "198.18.1.2", 64);
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    cr_assert_eq(world.last.out.ns, 8 * MS);
    cr_assert_str_eq(world.way[0].node, "a");
    probe(&world, "198.18.1.2", 1);
    cr_assert_eq(world.last.fate, SONDE_SIM_ERROR);
    cr_assert_str_eq(world.last.node, "a");
    world_close(&world);
}

Test(sim_router, errors_of_the_host_by_a_router_on_the_way)
{
    struct world world;
    world_open(&world,
               PATH "host far error unreachable host from b\nlink b c loss 100%\n"
                    "link observer a delay 1ms\n",
               1);
    probe(&world, far[0], 64);
    cr_assert_eq(world.last.fate, SONDE_SIM_ERROR);
    cr_assert_str_eq(world.last.node, "b");
    cr_assert_eq(world.last.way_count, 2);
    cr_assert_eq(world.last.out.ns, 2 * MS);
    probe(&world, far[0], 1);
    cr_assert_str_eq(world.last.node, "a");
    world_close(&world);
}
