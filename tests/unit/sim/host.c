#include "helper.h"

#include <stdio.h>

static struct answer answer;

static void ask(struct world *world, const char *to, uint8_t type, size_t payload)
{
    world_send(world, 0, &(struct request){.to = to, .type = type, .payload = payload});
}

Test(sim_host, timestamps)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 delay 20ms clock-offset -3s\n", 1);
    world_send(&world, 5 * SONDE_NS_PER_S,
               &(struct request){.to = "198.18.0.9", .type = PACKET_ICMPV4_TIMESTAMP});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.type, PACKET_ICMPV4_TIMESTAMP_REPLY);
    cr_assert_eq(answer.icmp.timestamp.receive, 2010);
    cr_assert_eq(answer.icmp.timestamp.transmit, 2010);
    world_send(&world, 0, &(struct request){.to = "198.18.0.9", .type = PACKET_ICMPV4_TIMESTAMP});
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.timestamp.receive, 86400000 - 2990, "before midnight");
    world_close(&world);
}

Test(sim_host, extended_echo)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 2001:db8::9\nhost odd 198.18.0.8 extended-code 2\n", 1);
    ask(&world, "198.18.0.9", PACKET_ICMPV4_EXTENDED_ECHO, 16);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.type, PACKET_ICMPV4_EXTENDED_ECHO_REPLY);
    cr_assert_eq(answer.icmp.extended.identifier, 7);
    cr_assert(answer.icmp.extended.active && answer.icmp.extended.ipv6);
    cr_assert_eq(answer.length, 28);
    ask(&world, "2001:db8::9", PACKET_ICMPV6_EXTENDED_ECHO, 16);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.type, PACKET_ICMPV6_EXTENDED_ECHO_REPLY);
    cr_assert(answer.checksum_ok);
    ask(&world, "198.18.0.8", PACKET_ICMPV4_EXTENDED_ECHO, 16);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.code, 2);
    cr_assert(!answer.icmp.extended.active);
    world_close(&world);
}

Test(sim_host, answers_what_it_is_told_to)
{
    struct world world;
    world_open(&world, "host t 198.18.0.8 answers timestamp\nhost n 198.18.0.9 answers nothing\n",
               1);
    ask(&world, "198.18.0.8", 0, 8);
    cr_assert_eq(world.last.fate, SONDE_SIM_UNANSWERED);
    ask(&world, "198.18.0.8", PACKET_ICMPV4_TIMESTAMP, 0);
    cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
    ask(&world, "198.18.0.9", PACKET_ICMPV4_TIMESTAMP, 0);
    cr_assert_eq(world.last.fate, SONDE_SIM_UNANSWERED);
    ask(&world, "198.18.0.8", PACKET_ICMPV4_ADDRESS_MASK, 8);
    cr_assert_eq(world.last.fate, SONDE_SIM_UNANSWERED);
    world_close(&world);
}

Test(sim_host, a_wrong_checksum_is_not_answered)
{
    struct world world;
    uint8_t bytes[200];
    world_open(&world, "host far 198.18.0.9 2001:db8::9\n", 1);
    for (int v6 = 0; v6 < 2; v6++) {
        size_t length = build_request(
            &(struct request){.to = v6 ? "2001:db8::9" : "198.18.0.9", .payload = 16}, bytes, 200);
        bytes[length - 1] ^= 1;
        sim_network_send(world.network, (struct sonde_mono){0},
                         (struct sonde_bytes){bytes, length});
        cr_assert_eq(world.last.fate, SONDE_SIM_MALFORMED);
        cr_assert_str_eq(world.last.node, "far");
    }
    world_close(&world);
}

Test(sim_host, corrupt_replies_have_a_wrong_checksum)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 2001:db8::9 corrupt 100%\n", 1);
    for (int i = 0; i < 2000; i++) {
        ask(&world, i % 2 ? "2001:db8::9" : "198.18.0.9", 0, 16);
        cr_assert_eq(world.last.harm, SONDE_SIM_CORRUPT);
        cr_assert(world_take(&world, &answer));
        cr_assert(!answer.checksum_ok);
    }
    world_close(&world);
}

Test(sim_host, truncated_cut_mangled_forged)
{
    struct world world;
    world_open(&world,
               "host t 198.18.0.2 truncate 100% to 5\nhost c 198.18.0.3 cut 100% to 24\n"
               "host m 198.18.0.4 mangle 100% at 3\nhost a 198.18.0.5 mangle 100%\n"
               "host f 198.18.0.6 forge 100%\nhost z 198.18.0.7 cut 100% to 0\n",
               1);
    ask(&world, "198.18.0.2", 0, 32);
    cr_assert_eq(world.last.harm, SONDE_SIM_TRUNCATED);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.length, 33);
    cr_assert(answer.checksum_ok);
    ask(&world, "198.18.0.2", 0, 5);
    cr_assert_eq(world.last.harm, 0, "was not longer");
    world_drain(&world);

    ask(&world, "198.18.0.3", 0, 32);
    cr_assert_eq(world.last.harm, SONDE_SIM_CUT);
    struct sim_delivery *delivery = sim_network_take(world.network, SONDE_NEVER);
    cr_assert_eq(delivery->length, 24);
    cr_assert_eq(delivery->bytes[3], 60, "the header still claims all");
    sim_network_release(world.network, delivery);

    ask(&world, "198.18.0.4", 0, 32);
    cr_assert_eq(world.last.harm, SONDE_SIM_MANGLED);
    cr_assert(world_take(&world, &answer));
    cr_assert(answer.checksum_ok);
    for (uint8_t i = 0; i < 32; i++)
        cr_assert_eq(answer.icmp.payload.data[i] != i, i == 3);
    ask(&world, "198.18.0.4", 0, 3);
    cr_assert_eq(world.last.harm, 0, "no such offset");
    world_drain(&world);
    ask(&world, "198.18.0.5", 0, 32);
    cr_assert_eq(world.last.harm, SONDE_SIM_MANGLED);
    ask(&world, "198.18.0.5", 0, 0);
    cr_assert_eq(world.last.harm, 0);
    world_drain(&world);

    ask(&world, "198.18.0.6", 0, 32);
    cr_assert_eq(world.last.harm, SONDE_SIM_FORGED);
    cr_assert(world_take(&world, &answer));
    cr_assert(answer.checksum_ok);
    cr_assert_eq(answer.icmp.payload.data[16], 16, "only the time");
    ask(&world, "198.18.0.7", 0, 32);
    delivery = sim_network_take(world.network, SONDE_NEVER);
    cr_assert_eq(delivery->length, 1);
    sim_network_release(world.network, delivery);
    world_close(&world);
}

Test(sim_host, duplicates_and_reordering)
{
    struct world world;
    world_open(&world,
               "host d 198.18.0.2 delay 10ms duplicate 100% after 1s copies 2\n"
               "host r 198.18.0.3 delay 10ms reorder 100% by 5ms\n",
               1);
    ask(&world, "198.18.0.2", 0, 8);
    cr_assert_eq(world.fates[SONDE_SIM_REPLY], 1);
    cr_assert_eq(world.fates[SONDE_SIM_DUPLICATE], 2);
    for (int copy = 0; copy < 3; copy++) {
        cr_assert(world_take(&world, &answer));
        cr_assert_eq(answer.out, 10 * SONDE_NS_PER_MS + copy * SONDE_NS_PER_S);
        cr_assert(answer.checksum_ok);
    }
    ask(&world, "198.18.0.3", 0, 8);
    cr_assert_eq(world.last.harm, SONDE_SIM_REORDERED);
    cr_assert_eq(world.last.out.ns, 15 * SONDE_NS_PER_MS);
    world_close(&world);
}

Test(sim_host, garbage_and_strays)
{
    struct world world;
    world_open(
        &world,
        "host g 198.18.0.2 2001:db8::2 garbage 100%\nhost s 198.18.0.3 delay 10ms stray 100%\n"
        "host e 198.18.0.4 garbage 100% bytes 0\n",
        1);
    unsigned right = 0;
    for (int i = 0; i < 400; i++) {
        ask(&world, i % 2 ? "198.18.0.2" : "2001:db8::2", 0, 8);
        struct sim_delivery *delivery = sim_network_take(world.network, SONDE_NEVER);
        struct sonde_bytes upper = {delivery->bytes + (i % 2 ? 20 : 40),
                                    delivery->length - (i % 2 ? 20u : 40u)};
        struct sonde_address from = address_of("2001:db8::2"), to = address_of("2001:db8::1");
        right += packet_icmp_checksum_ok(i % 2 ? SONDE_IPV4 : SONDE_IPV6, upper, &from, &to);
        sim_network_release(world.network, delivery);
        world_drain(&world);
    }
    cr_assert_eq(world.fates[SONDE_SIM_GARBAGE], 400);
    cr_assert(right > 120 && right < 280, "%u", right);
    ask(&world, "198.18.0.4", 0, 8);
    struct sim_delivery *delivery = sim_network_take(world.network, SONDE_NEVER);
    cr_assert_eq(delivery->length, 20);
    sim_network_release(world.network, delivery);
    world_drain(&world);

    ask(&world, "198.18.0.3", 0, 32);
    cr_assert_eq(world.fates[SONDE_SIM_STRAY], 1);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.out, 5 * SONDE_NS_PER_MS);
    cr_assert(answer.checksum_ok);
    cr_assert_eq(answer.icmp.echo.identifier, 7);
    cr_assert_neq(answer.icmp.payload.data[0] << 8 | answer.icmp.payload.data[1], 1);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.icmp.payload.data[1], 1);
    world_close(&world);
}

Test(sim_host, other_source_and_hop_limit)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 2001:db8::9 reply-from 198.18.0.77 hop-limit 128\n", 1);
    ask(&world, "198.18.0.9", 0, 8);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[3], 77);
    cr_assert_eq(answer.hop_limit, 128);
    ask(&world, "2001:db8::9", 0, 8);
    cr_assert(world_take(&world, &answer));
    cr_assert_eq(answer.from.bytes[15], 9);
    world_close(&world);
}

Test(sim_host, a_prefix_of_hosts)
{
    struct world world;
    world_open(&world, "host crowd 10.0.0.0/8 2001:db8:5::/64 alive 60% delay 5ms spread 100ms\n",
               7);
    double sum = 0;
    unsigned alive = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        char to[40];
        snprintf(to, sizeof(to), i % 2 ? "10.%u.%u.9" : "2001:db8:5::%x:%x", i / 200, i % 200);
        bool answered[2];
        int64_t out[2] = {0};
        for (int round = 0; round < 2; round++) {
            ask(&world, to, 0, 8);
            answered[round] = world_take(&world, &answer);
            out[round] = answer.out;
            cr_assert_eq(world.last.fate, answered[round] ? SONDE_SIM_REPLY : SONDE_SIM_DEAD);
        }
        cr_assert_eq(answered[0], answered[1], "an address is alive for good");
        if (!answered[0])
            continue;
        struct sonde_address from = address_of(to);
        cr_assert(sonde_address_equal(&answer.from, &from));
        cr_assert_eq(out[0], out[1], "and has its own delay");
        alive++;
        sum += (double)(out[0] - 5 * SONDE_NS_PER_MS) / 1e8;
    }
    cr_assert_float_eq(alive / 4000.0, 0.6, 0.04);
    cr_assert_float_eq(sum / alive, 0.5, 0.03);
    world_close(&world);
}

Test(sim_host, ipv4_options_come_back)
{
    static const uint8_t options[4] = {148, 4, 0, 0};
    struct world world;
    world_open(&world, "host far 198.18.0.9 corrupt 50%\n", 1);
    for (int i = 0; i < 20; i++) {
        world_send(&world, 0,
                   &(struct request){.to = "198.18.0.9", .payload = 8, .options = {options, 4}});
        cr_assert(world_take(&world, &answer));
        cr_assert_eq(answer.length, 40);
        cr_assert_arr_eq(answer.bytes + 20, options, 4, "never the header");
    }
    world_close(&world);
}
