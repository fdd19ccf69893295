#include "sim/link.h"

#include <math.h>
#include <stdio.h>

#include "traffic.h"

#define MS SONDE_NS_PER_MS
#define US SONDE_NS_PER_US

static struct answer answer;

#define NEAR "router gw 198.18.1.1 2001:db8:1::1\nhost far 198.18.0.9 2001:db8::9 via gw\n"

static void ping(struct world *world, int64_t at, size_t payload)
{
    world_send(world, at, &(struct request){.to = "198.18.0.9", .payload = payload});
}

Test(sim_link, delays_add_up_in_both_directions)
{
    struct world world;
    world_open(&world,
               NEAR "link observer gw delay 3ms\nlink gw far delay 10ms\n"
                    "link far > gw delay 20ms jitter fixed 1ms\nhost far delay 4ms\n",
               1);
    ping(&world, 7, 8);
    cr_assert_eq(world.last.out.ns, 7 + (3 + 10 + 21 + 3 + 4) * MS);
    cr_assert_eq(world.last.way_count, 2);
    cr_assert_str_eq(world.way[0].node, "gw");
    cr_assert_eq(world.way[0].at.ns, 7 + 4 * MS, "3 ms, and a quarter of 4 ms");
    cr_assert_str_eq(world.way[1].node, "far");
    cr_assert_eq(world.way[1].at.ns, 7 + 15 * MS);
    world_send(&world, 7, &(struct request){.to = "198.18.0.9", .hop_limit = 1});
    cr_assert_eq(world.last.out.ns, 7 + 8 * MS, "3 ms there and back, and half of 4 ms");
    world_close(&world);
}

Test(sim_link, packets_queue_behind_each_other)
{
    struct world world;
    world_open(&world, NEAR "link observer > gw rate 8Mbit queue 1ms\n", 1);
    /* 100 bytes take 100 us; of twelve the last would wait 1.1 ms */
    for (int i = 0; i < 11; i++) {
        ping(&world, 0, 72);
        cr_assert_eq(world.last.out.ns, (i + 1) * 100 * US, "%d", i);
    }
    ping(&world, 0, 72);
    cr_assert_eq(world.last.fate, SONDE_SIM_QUEUE_FULL);
    cr_assert_str_eq(world.last.node, "observer>gw");
    cr_assert(!world.last.returning);
    cr_assert_eq(world.last.way_count, 0);
    ping(&world, 200 * US, 72);
    cr_assert_eq(world.last.out.ns, 1200 * US, "two have left meanwhile");
    ping(&world, 10 * MS, 72);
    cr_assert_eq(world.last.out.ns, 10100 * US);
    world_close(&world);
}

Test(sim_link, answers_from_near_do_not_wait_for_those_from_far)
{
    struct world world;
    world_open(&world,
               "router gw 198.18.1.1\nhost far 198.18.0.9 via gw\nhost near 198.18.0.8 via gw\n"
               "link observer gw rate 1Mbit queue 5ms\nlink gw far delay 300ms\n",
               1);
    for (int64_t i = 0; i < 100; i++) {
        world_send(&world, i * 4 * MS, &(struct request){.to = "198.18.0.9"});
        cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
        world_send(&world, i * 4 * MS + MS, &(struct request){.to = "198.18.0.8"});
        cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
        cr_assert_leq(world.last.out.ns, (i * 4 + 2) * MS);
    }
    world_close(&world);
}

Test(sim_link, load_makes_packets_wait_and_overload_drops)
{
    struct world world;
    world_open(&world,
               NEAR "link observer > gw rate 10Mbit queue 50ms load 50%\n"
                    "at 1000s link observer > gw load 200%\n",
               1);
    double sum = 0;
    for (int64_t i = 0; i < 5000; i++) {
        ping(&world, i * 100 * MS, 0);
        sum += (double)(world.last.out.ns - world.last.at.ns) - 22400;
        world_drain(&world);
    }
    cr_assert_float_eq(sum / 5000, 600000, 40000, "M/D/1: half of 1.2 ms; %g", sum / 5000);
    ping(&world, 1000 * SONDE_NS_PER_S + 20 * MS, 0);
    cr_assert_eq(world.last.out.ns - world.last.at.ns, 20 * MS + 22400, "the queue fills");
    world_drain(&world);
    for (int64_t i = 0; i < 4000; i++) {
        ping(&world, 1001 * SONDE_NS_PER_S + i * 100 * MS, 0);
        if (world.last.fate == SONDE_SIM_REPLY)
            cr_assert_eq(world.last.out.ns - world.last.at.ns, 50 * MS + 22400);
        world_drain(&world);
    }
    cr_assert_float_eq((double)world.fates[SONDE_SIM_QUEUE_FULL], 2000, 200);
    world_close(&world);
}

Test(sim_link, losses_in_both_directions)
{
    struct world world;
    world_open(&world, NEAR "link gw > far loss 10%\nlink far > gw loss 20%\n", 1);
    double there = 0, back = 0;
    for (int i = 0; i < 20000; i++) {
        ping(&world, i, 0);
        if (world.last.fate == SONDE_SIM_LOST) {
            cr_assert_str_eq(world.last.node, world.last.returning ? "far>gw" : "gw>far");
            cr_assert_eq(world.last.way_count, world.last.returning ? 2 : 1);
            there += !world.last.returning;
            back += world.last.returning;
        }
        world_drain(&world);
    }
    cr_assert_float_eq(there, 2000, 220);
    cr_assert_float_eq(back, 3600, 300);
    world_close(&world);
}

Test(sim_link, bursts_have_their_means)
{
    struct world world;
    world_open(&world, NEAR "link far > gw burst 2% 25%\n", 3);
    uint64_t bursts = 0;
    bool before = false;
    for (int64_t i = 0; i < 60000; i++) {
        ping(&world, i, 0);
        bool lost = world_drain(&world) == 0;
        cr_assert(!lost || world.last.returning);
        bursts += lost && !before;
        before = lost;
    }
    double lost = (double)world.fates[SONDE_SIM_LOST_IN_BURST];
    cr_assert_float_eq(lost / 60000, 0.02 / 0.27, 0.006);
    cr_assert_float_eq(lost / (double)bursts, 4, 0.25);
    world_close(&world);
}

Test(sim_link, routers_in_front_are_not_behind_a_lossy_link)
{
    struct world world;
    world_open(&world, NEAR "link gw far loss 100%\n", 3);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 1});
    cr_assert_eq(world.last.fate, SONDE_SIM_ERROR);
    world_close(&world);
}

Test(sim_link, down_and_up_again)
{
    struct world world;
    world_open(&world,
               NEAR "link gw far delay 5ms\nat 1s..2s link gw > far down\n"
                    "at 3s..4s link far > gw down\n",
               1);
    static const char *const down[] = {NULL, "gw>far", NULL, "far>gw", NULL};
    for (int second = 0; second < 5; second++) {
        ping(&world, second * SONDE_NS_PER_S, 0);
        cr_assert_eq(world.last.fate, down[second] ? SONDE_SIM_LINK_DOWN : SONDE_SIM_REPLY);
        if (down[second])
            cr_assert_str_eq(world.last.node, down[second]);
        cr_assert_eq(world.last.returning, second == 3);
    }
    world_close(&world);
}

Test(sim_link, copies_on_the_way_there_are_packets_of_their_own)
{
    struct world world;
    world_open(&world,
               NEAR "host far delay 10ms\nlink gw > far duplicate 100% after 1ms copies 2\n", 1);
    ping(&world, 0, 8);
    cr_assert_eq(world.fates[SONDE_SIM_REPLY], 1);
    cr_assert_eq(world.fates[SONDE_SIM_DUPLICATE], 2);
    for (int i = 0; i < 3; i++) {
        cr_assert(world_take(&world, &answer));
        cr_assert_eq(answer.out, (10 + i) * MS);
        cr_assert_eq(world.told[i].way_count, 2);
    }
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 1});
    cr_assert_eq(world.told_count, 1, "the copies are made behind the router");
    world_close(&world);
}

Test(sim_link, copies_on_the_way_back)
{
    struct world world;
    world_open(&world, NEAR "link far > gw duplicate 100% after 2ms\nlink gw > far delay 1ms\n", 1);
    ping(&world, 0, 8);
    cr_assert_eq(world.told_count, 2);
    cr_assert_eq(world.told[0].fate, SONDE_SIM_REPLY);
    cr_assert_eq(world.told[1].fate, SONDE_SIM_DUPLICATE);
    cr_assert_eq(world.told[1].out.ns, 3 * MS);
    world_close(&world);
}

Test(sim_link, copies_are_bounded)
{
    struct world world;
    char text[4000];
    int length = snprintf(text, sizeof(text), "bank b 20 10.0.0.1\nhost far 198.18.0.9 via");
    for (int i = 1; i <= 20; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length, " b-%d", i);
    for (int i = 1; i < 20; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length,
                           "\nlink b-%d b-%d duplicate 100%% copies 16 loss 1%%", i, i + 1);
    snprintf(text + length, sizeof(text) - (size_t)length, "\n");
    world_open(&world, text, 1);
    for (int i = 0; i < 100; i++) {
        ping(&world, i, 8);
        cr_assert_leq(world.told_count, SIM_WALKS_MAX);
        cr_assert_gt(world.told_count, 30);
        world_drain(&world);
    }
    world_close(&world);
}

Test(sim_link, corrupt_there_and_back)
{
    struct world world;
    world_open(&world,
               NEAR "router b 198.18.1.2 2001:db8:1::2\nhost back 198.18.0.8 2001:db8::8\n"
                    "host far via gw b\n"
                    "link gw > b corrupt 100%\nlink back > observer corrupt 100%\n",
               1);
    for (int i = 0; i < 500; i++) {
        world_send(&world, 0,
                   &(struct request){.to = i % 2 ? "198.18.0.9" : "2001:db8::9", .payload = 8});
        cr_assert_eq(world.last.fate, SONDE_SIM_MALFORMED);
        cr_assert_str_eq(world.last.node, "far");
        world_send(&world, 0,
                   &(struct request){.to = i % 2 ? "198.18.0.8" : "2001:db8::8", .payload = 8});
        cr_assert_eq(world.last.harm, SONDE_SIM_CORRUPT);
        cr_assert(world_take(&world, &answer));
        cr_assert(!answer.checksum_ok);
        /* the router behind quotes what it got: one bit differs */
        struct request request = {.to = "198.18.0.9", .payload = 8, .hop_limit = 2};
        uint8_t bytes[100];
        size_t length = build_request(&request, bytes, sizeof(bytes));
        world_send(&world, 0, &request);
        cr_assert(world_take(&world, &answer));
        cr_assert(answer.checksum_ok);
        int bits = 0;
        for (size_t k = 20; k < length; k++)
            bits += __builtin_popcount((unsigned)(answer.icmp.error.quote.data[k] ^ bytes[k]));
        cr_assert_eq(bits, 1);
    }
    world_close(&world);
}

Test(sim_link, reordering)
{
    struct world world;
    world_open(&world, NEAR "link gw > far reorder 50% by 5ms\nlink far > gw reorder 50% by 7ms\n",
               1);
    int seen[13] = {0};
    for (int i = 0; i < 400; i++) {
        ping(&world, i, 8);
        int64_t ms = (world.last.out.ns - i) / MS;
        seen[ms]++;
        cr_assert_eq(world.last.harm, ms >= 7 ? SONDE_SIM_REORDERED : 0);
    }
    cr_assert(seen[0] > 60 && seen[5] > 60 && seen[7] > 60 && seen[12] > 60);
    world_close(&world);
}

Test(sim_link, mtu_of_a_link_is_told_by_the_router_in_front)
{
    struct world world;
    world_open(&world,
               NEAR "router b 198.18.1.2 2001:db8:1::2\nhost far via gw b\n"
                    "link gw > b mtu 1300\nlink observer gw mtu 1400\n",
               1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 1273, .hop_limit = 5});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[3], 1);
    cr_assert_eq(answer.icmp.error.mtu, 1300);
    cr_assert_eq(read_quote(&answer).hop_limit, 5, "as it arrived");
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 1273, .hop_limit = 1});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.type, PACKET_ICMPV4_TIME_EXCEEDED, "comes before the link");
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 1373});
    cr_assert_eq(world.last.fate, SONDE_SIM_BLACK_HOLE);
    cr_assert_str_eq(world.last.node, "observer>gw");
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 1272});
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    world_close(&world);
}

Test(sim_link, the_luck_of_a_link_is_its_own)
{
    struct world alone, company;
    world_open(&alone, NEAR "link gw > far loss 20%\n", 5);
    world_open(&company,
               "host other 198.18.0.7 loss 50%\n" NEAR
               "link observer gw jitter normal 1ms rate 1Gbit\nlink far > gw loss 5%\n"
               "link gw > far loss 20% duplicate 10% jitter uniform 5ms reorder 3% by 1ms\n"
               "link observer other loss 50%\n",
               5);
    for (int i = 0; i < 2000; i++) {
        ping(&alone, i, 0);
        world_send(&company, i, &(struct request){.to = "198.18.0.7"});
        ping(&company, i, 0);
        bool lost = company.told[0].fate == SONDE_SIM_LOST && !company.told[0].returning;
        cr_assert_eq(alone.last.fate == SONDE_SIM_LOST, lost, "%d", i);
        world_drain(&alone);
        world_drain(&company);
    }
    world_close(&alone);
    world_close(&company);
}
