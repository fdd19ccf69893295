#include "sim/noise.h"

#include "traffic.h"

static struct answer answer;
static const char *const far[2] = {"198.18.0.9", "2001:db8::9"};

Test(sim_noise, foreign_replies_come_first_and_are_for_others)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 2001:db8::9 delay 10ms foreign 100%\n", 1);
    static const uint8_t types[2][3] = {{8, 13, 42}, {128, 160, 128}};
    for (int i = 0; i < 600; i++) {
        world_send(
            &world, 0,
            &(struct request){.to = far[i % 2], .type = types[i % 2][i / 2 % 3], .payload = 24});
        cr_assert_eq(world.told_count, 2);
        cr_assert_eq(world.told[0].fate, SONDE_SIM_FOREIGN);
        cr_assert_eq(world.told[1].fate, SONDE_SIM_REPLY);
        uint16_t identifier, sequence;
        cr_assert(world_take(&world, &answer));
        cr_assert(answer.checksum_ok);
        cr_assert(packet_icmp_lease(&answer.icmp, &identifier, &sequence));
        cr_assert_geq(identifier, 0x8000);
        cr_assert_eq(answer.out, 5 * SONDE_NS_PER_MS);
        cr_assert(world_take(&world, &answer));
        cr_assert(packet_icmp_lease(&answer.icmp, &identifier, &sequence));
        cr_assert_eq(identifier, 7);
    }
    world_close(&world);
}

/* A valid datagram under a right checksum, and whether it speaks of our packet: identifier 7 or
 * port 7. */
static bool speaks_of_us(const struct sim_delivery *delivery)
{
    struct sonde_bytes whole = {delivery->bytes, delivery->length}, upper;
    struct packet_icmp icmp;
    struct sonde_quote quote;
    struct packet_transport transport;
    struct sonde_address from, to;
    enum sonde_family family = (enum sonde_family)delivery->family;
    if (family == SONDE_IPV4) {
        struct packet_ipv4 header;
        cr_assert_eq(packet_ipv4_parse(whole, &header), 0);
        cr_assert(header.checksum_ok && !header.truncated);
        cr_assert_eq(header.total_bytes, delivery->length);
        from = header.source, to = header.destination, upper = header.payload;
    } else {
        struct packet_ipv6 header;
        cr_assert_eq(packet_ipv6_parse(whole, &header), 0);
        cr_assert_eq(header.payload_bytes + 40u, delivery->length);
        from = header.source, to = header.destination, upper = header.payload;
    }
    cr_assert(packet_icmp_checksum_ok(family, upper, &from, &to));
    uint16_t identifier, sequence;
    if (packet_icmp_parse(family, upper, &icmp))
        return false;
    if (icmp.form != PACKET_ICMP_ERROR)
        return packet_icmp_lease(&icmp, &identifier, &sequence) && identifier == 7;
    if (packet_quote_parse(family, icmp.error.quote, &quote, &transport))
        return false;
    return (transport.has_lease && transport.identifier == 7) ||
           (transport.has_ports && transport.source_port == 7);
}

Test(sim_noise, hostile_datagrams_are_valid_and_say_nothing_about_us)
{
    struct world world;
    world_open(&world, "host far 198.18.0.9 2001:db8::9 hostile 100% udp open tcp open\n", 1);
    uint64_t lengths = 0;
    for (int i = 0; i < 4000; i++) {
        static const uint8_t protocols[] = {0, PACKET_UDP, PACKET_TCP, PACKET_SCTP};
        world_traffic(&world, i,
                      &(struct traffic){.to = far[i % 2],
                                        .protocol = protocols[i / 2 % 4],
                                        .source_port = 7,
                                        .sequence = (uint16_t)i,
                                        .payload = (size_t)(i % 97)});
        cr_assert_eq(world.told[0].fate, SONDE_SIM_HOSTILE, "%d", i);
        struct sim_delivery *delivery = sim_network_take(world.network, SONDE_NEVER);
        cr_assert(!speaks_of_us(delivery), "%d", i);
        lengths |= UINT64_C(1) << delivery->length % 64;
        sim_network_release(world.network, delivery);
        world_drain(&world);
    }
    cr_assert_gt(__builtin_popcountll(lengths), 12, "of many shapes");
    world_close(&world);
}

Test(sim_noise, checksum)
{
    uint8_t message[8] = {8, 0, 1, 2, 0, 7, 0, 1};
    struct sim_answer_from from = {.source = address_of("198.18.0.9"),
                                   .destination = address_of("198.18.0.1")};
    sim_noise_checksum(&from, message, sizeof(message));
    cr_assert(packet_checksum_ok(message, sizeof(message)));
    uint8_t before[3] = {1, 2, 3};
    sim_noise_checksum(&from, before, 3);
    cr_assert_eq(before[2], 3, "no room for one");
}
