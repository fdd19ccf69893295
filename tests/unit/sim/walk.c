#include "sim/walk.h"

#include <stdio.h>

#include "traffic.h"

#define MS SONDE_NS_PER_MS

static struct answer answer;

static struct sim_visit visit_with(struct sim_way *way, const struct sim_setting **p,
                                   const struct sim_setting *delay)
{
    p[SIM_DELAY] = delay;
    return (struct sim_visit){.way = way, .p = p};
}

Test(sim_walk, shares_of_the_delay_add_up)
{
    static const int64_t delays[] = {0, 1, 999999937, INT64_C(315360000) * SONDE_NS_PER_S};
    static const struct sim_setting *p[SIM_PROPERTIES];
    static struct sim_way way;
    for (int i = 0; i < 4; i++) {
        struct sim_setting delay = {.number = {delays[i]}};
        for (way.hops = 0; way.hops <= SIM_VIA_MAX; way.hops++) {
            struct sim_visit visit = visit_with(&way, p, &delay);
            int64_t there = 0, both = 0;
            for (uint32_t place = 0; place <= way.hops + 1; place++) {
                int64_t now = sim_walk_share_there(&visit, place);
                cr_assert_geq(now, there);
                there = now;
                both = now + sim_walk_share_back(&visit, place);
            }
            cr_assert_eq(both, delays[i], "%u routers", way.hops);
        }
    }
}

Test(sim_walk, the_longest_way)
{
    struct world world;
    char text[4000];
    int length = snprintf(text, sizeof(text),
                          "bank a 127 10.1.0.1\nbank b 127 10.2.0.1\nhost far "
                          "198.18.0.9 delay 510ms via");
    for (int i = 1; i <= 254; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, " %c-%d",
                           i <= 127 ? 'a' : 'b', i <= 127 ? i : i - 127);
    snprintf(text + length, sizeof(text) - (size_t)length, "\n");
    world_open(&world, text, 1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 255});
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    cr_assert_eq(world.last.way_count, 255);
    cr_assert_eq(world.way[253].at.ns, 254 * MS);
    cr_assert_eq(world.last.out.ns, 510 * MS);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.hop_limit, 1, "never below");
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 254});
    cr_assert_eq(world.last.fate, SONDE_SIM_ERROR);
    cr_assert_str_eq(world.last.node, "b-127");
    world_close(&world);
}

Test(sim_walk, members_of_a_group_have_ways_of_their_own)
{
    struct world world;
    world_open(&world,
               "router r 198.18.1.1\nhost a 198.18.0.2 via r delay 2ms\nhost b 198.18.0.3\n"
               "link observer b delay 5ms\nlink r a loss 100%\n"
               "group all 198.18.0.255 members a b\n",
               1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.255"});
    cr_assert_eq(world.told_count, 2);
    cr_assert_eq(world.told[0].fate, SONDE_SIM_LOST);
    cr_assert_str_eq(world.told[0].node, "r>a");
    cr_assert_eq(world.told[1].fate, SONDE_SIM_REPLY);
    cr_assert_eq(world.told[1].out.ns, 10 * MS);
    world_close(&world);
}

Test(sim_walk, the_same_seed_tells_the_same)
{
    static const char text[] =
        "bank c 8 10.1.0.1\nrouter r 198.18.1.1 balance packet error-limit 100 per 1s\n"
        "host far 198.18.0.9 via r c delay 3ms jitter normal 1ms duplicate 10% hostile 20%\n"
        "link observer r rate 1Mbit queue 20ms load 60% burst 2% 20%\n"
        "link r c duplicate 5% corrupt 5% reorder 5% by 2ms jitter pareto 1ms\n";
    uint64_t hashes[3] = {0};
    for (int run = 0; run < 3; run++) {
        struct world world;
        world_open(&world, text, run < 2 ? 1 : 2);
        for (int i = 0; i < 3000; i++) {
            world_send(&world, i * MS,
                       &(struct request){.to = "198.18.0.9", .hop_limit = (uint8_t)(1 + i % 4)});
            for (size_t k = 0; k < world.told_count; k++)
                hashes[run] = hashes[run] * 31 + world.told[k].fate * 7 +
                              (uint64_t)world.told[k].out.ns + world.told[k].harm;
            world_drain(&world);
        }
        world_close(&world);
    }
    cr_assert_eq(hashes[0], hashes[1]);
    cr_assert_neq(hashes[0], hashes[2]);
}
