#include "helper.h"

#include <math.h>
#include <stdio.h>

static struct answer answer;

Test(sim_network, echo_of_both_families)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 2001:db8::9 delay 20ms\n", 1);
    world_send(&world, 5, &(struct request){.to = "198.18.0.9", .sequence = 3, .payload = 56});
    world_send(&world, 5, &(struct request){.to = "2001:db8::9", .sequence = 4, .payload = 56});
    for (int i = 0; i < 2; i++) {
        cr_assert(world_take(&world, &answer));
        cr_assert_eq(answer.out, 5 + 20 * SONDE_NS_PER_MS);
        cr_assert_eq(answer.hop_limit, 64);
        cr_assert(answer.checksum_ok);
        cr_assert_eq(answer.icmp.type, i ? PACKET_ICMPV6_ECHO_REPLY : PACKET_ICMPV4_ECHO_REPLY);
        cr_assert_eq(answer.icmp.echo.identifier, 7);
        cr_assert_eq(answer.icmp.echo.sequence, 3 + i);
        cr_assert_eq(answer.icmp.payload.length, 56);
        cr_assert_eq(answer.icmp.payload.data[55], 55);
    }
    cr_assert(!world_take(&world, &answer));
    cr_assert_eq(world.fates[SONDE_SIM_REPLY], 2);
    world_close(&world);
}

Test(sim_network, answers_of_one_instant_keep_their_order)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 delay 1ms\n", 1);
    for (uint16_t round = 0; round < 3; round++) {
        for (uint16_t i = 0; i < 500; i++)
            world_send(&world, round * SONDE_NS_PER_S,
                       &(struct request){.to = "198.18.0.9", .sequence = i});
        for (uint16_t i = 0; i < 500; i++) {
            cr_assert(world_take(&world, &answer));
            cr_assert_eq(answer.icmp.echo.sequence, i);
        }
    }
    world_close(&world);
}

/* |observed - expected| within five standard deviations of a binomial. */
static void assert_share(uint64_t hits, uint64_t of, double share, const char *what)
{
    double sigma = sqrt((double)of * share * (1 - share));
    cr_assert_lt(fabs((double)hits - (double)of * share), 5 * sigma + 1e-9, "%s: %llu of %llu",
                 what, (unsigned long long)hits, (unsigned long long)of);
}

static void flood(struct world *world, const char *to, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        world_send(world, (int64_t)i * SONDE_NS_PER_MS,
                   &(struct request){.to = to, .sequence = (uint16_t)i, .payload = 24});
        world_drain(world);
    }
}

Test(sim_network, loss_has_its_rate)
{
    static const double rates[] = {0.01, 0.3, 0.999};
    for (size_t i = 0; i < 3; i++) {
        struct world world;
        char text[80];
        snprintf(text, sizeof(text), "host far 198.18.0.9 loss %g%%\n", rates[i] * 100);
        world_open(&world, text, 11);
        flood(&world, "198.18.0.9", 20000);
        assert_share(world.fates[SONDE_SIM_LOST], 20000, rates[i], text);
        cr_assert_eq(world.fates[SONDE_SIM_LOST] + world.fates[SONDE_SIM_REPLY], 20000);
        world_close(&world);
    }
}

Test(sim_network, no_and_full_loss_are_exact)
{
    struct world world;
    world_open(&world, "host a 198.18.0.1 loss 0%\nhost b 198.18.0.2 loss 100%\n", 11);
    flood(&world, "198.18.0.1", 5000);
    cr_assert_eq(world.fates[SONDE_SIM_REPLY], 5000);
    flood(&world, "198.18.0.2", 5000);
    cr_assert_eq(world.fates[SONDE_SIM_LOST], 5000);
    world_close(&world);
}

Test(sim_network, gilbert_elliott_bursts)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 burst 2% 25%\n", 3);
    uint64_t bursts = 0;
    bool before = false;
    for (int64_t i = 0; i < 60000; i++) {
        world_send(&world, i, &(struct request){.to = "198.18.0.9"});
        bool now = world_drain(&world) == 0;
        bursts += now && !before;
        before = now;
    }
    double lost = (double)world.fates[SONDE_SIM_LOST_IN_BURST];
    cr_assert_float_eq(lost / 60000, 0.02 / 0.27, 0.006, "loss %f", lost / 60000);
    cr_assert_float_eq(lost / (double)bursts, 4, 0.25, "length %f", lost / (double)bursts);
    world_close(&world);
}

Test(sim_network, gilbert_elliott_loss_in_both_states)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 burst 10% 10% inside 50% outside 10%\n", 3);
    flood(&world, "198.18.0.9", 40000);
    cr_assert_float_eq((double)world.fates[SONDE_SIM_LOST_IN_BURST] / 40000, 0.3, 0.02);
    world_close(&world);
}

Test(sim_network, decisions_do_not_depend_on_each_other)
{
    struct world alone, company;
    world_open(&alone, "host far 198.18.0.9 loss 20%\n", 5);
    world_open(&company,
               "host near 198.18.0.8 loss 50%\n"
               "host far 198.18.0.9 loss 20% duplicate 30% corrupt 10% jitter normal 1ms\n",
               5);
    for (int64_t i = 0; i < 2000; i++) {
        world_send(&alone, i, &(struct request){.to = "198.18.0.9"});
        world_send(&company, i, &(struct request){.to = "198.18.0.8"});
        world_send(&company, i, &(struct request){.to = "198.18.0.9"});
        cr_assert_eq(alone.last.fate == SONDE_SIM_LOST, company.last.fate == SONDE_SIM_LOST);
    }
    world_close(&alone);
    world_close(&company);
}

static const char path[] = "router r1 198.18.1.1 2001:db8:1::1\n"
                           "router r2 198.18.1.2 2001:db8:1::2 delay 7ms\n"
                           "router r3 198.18.1.3 2001:db8:1::3 quote 8\n"
                           "host far 198.18.0.9 2001:db8::9 delay 40ms via r1 r2 r3\n";

Test(sim_network, routers_count_the_hop_limit_down)
{
    static const struct {
        const char *to;
        const char *from[4];
    } families[] = {
        {"198.18.0.9", {"198.18.1.1", "198.18.1.2", "198.18.1.3", "198.18.0.9"}},
        {"2001:db8::9", {"2001:db8:1::1", "2001:db8:1::2", "2001:db8:1::3", "2001:db8::9"}}};
    static const int64_t rtt_ms[] = {10, 7, 30, 40};
    for (int f = 0; f < 2; f++) {
        struct world world;
        world_open(&world, path, 1);
        for (uint8_t hops = 1; hops <= 4; hops++) {
            world_send(
                &world, 0,
                &(struct request){
                    .to = families[f].to, .hop_limit = hops, .sequence = hops, .payload = 32});
            cr_assert(world_take(&world, &answer));
            cr_assert_eq(answer.out, rtt_ms[hops - 1] * SONDE_NS_PER_MS);
            struct sonde_address from = address_of(families[f].from[hops - 1]);
            cr_assert(sonde_address_equal(&answer.from, &from));
            cr_assert(answer.checksum_ok);
            cr_assert_eq(answer.hop_limit, hops == 4 ? 61 : 255 - (hops - 1));
            if (hops == 4)
                break;
            cr_assert_eq(answer.icmp.type, f ? PACKET_ICMPV6_TIME_EXCEEDED : 11);
            size_t header = f ? 40 : 20;
            cr_assert_eq(answer.icmp.error.quote.length, header + (hops == 3 ? 8 : 40));
            cr_assert_eq(answer.icmp.error.quote.data[f ? 7 : 8], 1, "hop limit as it arrived");
            cr_assert_eq(answer.icmp.error.quote.data[header + 7], hops, "sequence");
        }
        world_close(&world);
    }
}

Test(sim_network, errors_by_routers)
{
    static const struct {
        const char *property;
        uint8_t type4, code4, type6, code6;
        uint32_t mtu;
    } cases[] = {{"unreachable host", 3, 1, 1, 3, 0},    {"unreachable 13", 3, 13, 1, 13, 0},
                 {"unreachable port", 3, 3, 1, 4, 0},    {"time-exceeded code 1", 11, 1, 3, 1, 0},
                 {"too-big 1400", 3, 4, 2, 0, 1400},     {"parameter-problem 8", 12, 0, 4, 0, 0},
                 {"redirect 198.18.1.7", 5, 1, 0, 0, 0}, {"source-quench", 4, 0, 0, 0, 0}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int f = 0; f < 2; f++) {
            struct world world;
            char text[300];
            snprintf(text, sizeof(text),
                     "%shost x 198.18.0.8 2001:db8::8 via r1 error %s from r1\n", path,
                     cases[i].property);
            world_open(&world, text, 1);
            world_send(&world, 0,
                       &(struct request){.to = f ? "2001:db8::8" : "198.18.0.8", .payload = 16});
            bool forwarded = i >= 6;
            cr_assert_eq(world.fates[SONDE_SIM_ERROR], !(forwarded && f));
            cr_assert_eq(world.fates[SONDE_SIM_REPLY], forwarded);
            cr_assert(world_take(&world, &answer));
            if (!(forwarded && f)) {
                cr_assert_eq(answer.icmp.type, f ? cases[i].type6 : cases[i].type4);
                cr_assert_eq(answer.icmp.code, f ? cases[i].code6 : cases[i].code4);
                cr_assert_eq(answer.icmp.error.mtu, cases[i].mtu);
                cr_assert_eq(answer.icmp.error.quote.data[f ? 7 : 8], 64);
                cr_assert(answer.checksum_ok);
            }
            if (i == 5)
                cr_assert_eq(answer.icmp.error.pointer, 8);
            if (i == 6 && !f)
                cr_assert_eq(answer.icmp.error.gateway.bytes[3], 7);
            world_close(&world);
        }
    }
}

Test(sim_network, silent_routers_and_lost_errors)
{
    struct world world;
    world_open(&world,
               "router mute 198.18.1.1 silent\nrouter lossy 198.18.1.2 loss 50%\n"
               "router six 2001:db8:1::1\n"
               "host far 198.18.0.9 via mute lossy six\n",
               1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 1});
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 3});
    cr_assert_eq(world.fates[SONDE_SIM_MUTE], 2);
    for (int i = 0; i < 4000; i++)
        world_send(&world, 0, &(struct request){.to = "198.18.0.9", .hop_limit = 2});
    assert_share(world.fates[SONDE_SIM_ERROR], 4000, 0.5, "lossy router");
    cr_assert_str_eq(world.last.node, "lossy");
    world_close(&world);
}

Test(sim_network, quoted_options)
{
    struct world world;
    world_open(&world,
               "router r 198.18.1.1 quote-options "
               "0727280000000000000000000000000000000000"
               "0000000000000000000000000000000000000000\n"
               "host far 198.18.0.9 error unreachable net from r\n",
               1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 8, .sequence = 9});
    cr_assert(world_take(&world, &answer));
    struct packet_ipv4 quoted;
    cr_assert_eq(packet_ipv4_parse(answer.icmp.error.quote, &quoted), 0);
    cr_assert_eq(quoted.options.length, 40);
    cr_assert_eq(quoted.options.data[1], 0x27);
    cr_assert(quoted.checksum_ok);
    cr_assert_eq(quoted.payload.length, 16);
    cr_assert_eq(quoted.payload.data[7], 9);
    world_close(&world);
}

Test(sim_network, mtu_on_the_way)
{
    struct world world;
    world_open(&world,
               "router r 198.18.1.1 2001:db8:1::1\n"
               "host tunnel 198.18.0.9 2001:db8::9 via r\n"
               "host hole 198.18.0.8\n"
               "link r tunnel mtu 1280\n"
               "link observer hole mtu 1280 black-hole\n",
               1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 1252});
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    world_drain(&world);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .payload = 1253});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.error.mtu, 1280);
    cr_assert_eq(answer.length, 576, "RFC 1812: up to 576 bytes");
    world_send(&world, 0,
               &(struct request){.to = "198.18.0.9", .payload = 1253, .may_fragment = true});
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    world_drain(&world);
    world_send(&world, 0, &(struct request){.to = "2001:db8::9", .payload = 1400});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.type, PACKET_ICMPV6_TOO_BIG);
    cr_assert_eq(answer.length, 1280, "RFC 4443: up to 1280 bytes");
    world_send(&world, 0, &(struct request){.to = "198.18.0.8", .payload = 1400});
    cr_assert_eq(world.last.fate, SONDE_SIM_BLACK_HOLE);
    world_close(&world);
}

Test(sim_network, changes_at_a_time_and_back)
{
    struct world world;
    world_open(&world,
               "host far 198.18.0.9 delay 10ms\n"
               "at 1s host far delay 20ms\n"
               "at 2s..4s host far delay 30ms\n"
               "at 3s..5s host far silent\n"
               "at 6s host far delay none\n",
               1);
    static const int64_t delay_ms[] = {10, 20, 30, -1, -1, 20, 0};
    for (int second = 0; second < 7; second++) {
        world_send(&world, second * SONDE_NS_PER_S, &(struct request){.to = "198.18.0.9"});
        bool answered = world_take(&world, &answer);
        cr_assert_eq(answered, delay_ms[second] >= 0, "second %d", second);
        if (answered)
            cr_assert_eq(answer.out, second * SONDE_NS_PER_S + delay_ms[second] * SONDE_NS_PER_MS);
        else
            cr_assert_eq(world.last.fate, SONDE_SIM_DEAD);
    }
    world_close(&world);
}

Test(sim_network, groups_answer_by_their_members)
{
    struct world world;
    world_open(&world,
               "host a 198.18.0.2 delay 1ms\nhost b 198.18.0.3 delay 2ms\nhost c 2001:db8::5\n"
               "group all 198.18.0.255 224.0.0.1 ff02::1 members a b c\n",
               1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.255"});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[3], 2);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[3], 3);
    cr_assert(!world_take(&world, &answer));
    world_send(&world, 0, &(struct request){.to = "ff02::1"});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[15], 5);
    cr_assert(answer.checksum_ok);
    world_close(&world);
}

Test(sim_network, nobody_there)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9\n", 1);
    world_send(&world, 0, &(struct request){.to = "198.18.0.10"});
    cr_assert_eq(world.last.fate, SONDE_SIM_NO_HOST);
    cr_assert_null(world.last.node);
    static uint8_t bytes[40] = {0x45};
    sim_network_send(world.network, (struct sonde_mono){0}, (struct sonde_bytes){bytes, 40});
    cr_assert_eq(world.last.fate, SONDE_SIM_MALFORMED);
    sim_network_send(world.network, (struct sonde_mono){0}, (struct sonde_bytes){NULL, 0});
    cr_assert_eq(world.fates[SONDE_SIM_MALFORMED], 2);
    cr_assert_eq(world.last.number, 3);
    world_close(&world);
}
