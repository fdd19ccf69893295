#include "sim/nat.h"

#include <stdio.h>

#include "traffic.h"

static struct answer answer;
static const char *const far[2] = {"198.18.0.9", "2001:db8::9"};
static const char *const own[2] = {"198.18.0.1", "2001:db8::1"};

#define PATH                                                                                       \
    "router home 198.18.1.1 2001:db8:1::1\nrouter carrier 198.18.1.2 2001:db8:1::2\n"              \
    "router core 198.18.1.3 2001:db8:1::3\n"                                                       \
    "host far 198.18.0.9 2001:db8::9 via home carrier core\n"

static const uint8_t protocols[] = {0, PACKET_UDP, PACKET_TCP, PACKET_SCTP};

static bool checksum_ok(uint8_t protocol, const struct quoted *quoted)
{
    switch (protocol) {
    case PACKET_UDP:
        return packet_udp_checksum_ok(quoted->upper, &quoted->source, &quoted->destination);
    case PACKET_TCP:
        return packet_tcp_checksum_ok(quoted->upper, &quoted->source, &quoted->destination);
    case PACKET_SCTP:
        return packet_sctp_checksum_ok(quoted->upper);
    default:
        return packet_icmp_checksum_ok((enum sonde_family)quoted->source.family, quoted->upper,
                                       &quoted->source, &quoted->destination);
    }
}

static uint16_t port_of(uint8_t protocol, const struct quoted *quoted)
{
    const uint8_t *at = quoted->upper.data + (protocol ? 0 : 4);
    return (uint16_t)(at[0] << 8 | at[1]);
}

static struct quoted probe(struct world *world, int family, uint8_t protocol, uint8_t hops)
{
    world_traffic(world, 0,
                  &(struct traffic){.to = far[family],
                                    .protocol = protocol,
                                    .hop_limit = hops,
                                    .source_port = 33000,
                                    .destination_port = 33434,
                                    .id = 4711,
                                    .payload = 40});
    cr_assert(world_take(world, &answer));
    cr_assert(answer.checksum_ok);
    return read_quote(&answer);
}

Test(sim_nat, quotes_from_behind_are_translated_back)
{
    struct world world;
    world_open(&world, PATH "router home nat ports ip-id\nrouter carrier nat ports\n", 1);
    for (int i = 0; i < 8; i++) {
        for (uint8_t hops = 1; hops <= 3; hops++) {
            struct quoted quoted = probe(&world, i % 2, protocols[i / 2], hops);
            struct sonde_address source = address_of(own[i % 2]);
            cr_assert(sonde_address_equal(&quoted.source, &source));
            cr_assert_eq(port_of(protocols[i / 2], &quoted), 33000);
            cr_assert(checksum_ok(protocols[i / 2], &quoted));
            if (i % 2 == 0) /* nobody can know it */
                cr_assert_eq(quoted.ip4.id == 4711, hops == 1);
        }
    }
    world_close(&world);
}

Test(sim_nat, quotes_that_are_forgotten_show_what_the_translator_made)
{
    struct world world;
    world_open(&world, PATH "router home nat ports forgets-quotes\n", 1);
    for (int i = 0; i < 8; i++) {
        struct quoted quoted = probe(&world, i % 2, protocols[i / 2], 1);
        struct sonde_address source = address_of(own[i % 2]);
        struct sonde_address translated = address_of(i % 2 ? "2001:db8:1::1" : "198.18.1.1");
        cr_assert(sonde_address_equal(&quoted.source, &source), "in front of it");
        quoted = probe(&world, i % 2, protocols[i / 2], 3);
        cr_assert(sonde_address_equal(&quoted.source, &translated));
        cr_assert_neq(port_of(protocols[i / 2], &quoted), 33000);
        cr_assert(checksum_ok(protocols[i / 2], &quoted), "%d", protocols[i / 2]);
        if (i % 2 == 0)
            cr_assert_eq(quoted.ip4.id, 4711);
    }
    world_close(&world);
}

Test(sim_nat, behind_one_that_forgets_nobody_knows_the_quote)
{
    struct world world;
    world_open(&world, PATH "router home nat\nrouter carrier nat forgets-quotes\n", 1);
    struct sonde_address carrier = address_of("198.18.1.2"), source = address_of("198.18.0.1");
    struct quoted quoted = probe(&world, 0, PACKET_UDP, 3);
    cr_assert(sonde_address_equal(&quoted.source, &carrier));
    cr_assert_eq(port_of(PACKET_UDP, &quoted), 33000, "ports are left alone");
    cr_assert(checksum_ok(PACKET_UDP, &quoted));
    quoted = probe(&world, 0, PACKET_UDP, 2);
    cr_assert(sonde_address_equal(&quoted.source, &source), "home translates back");
    world_close(&world);
}

Test(sim_nat, the_far_end_answers_whom_it_should)
{
    struct world world;
    world_open(&world, PATH "router home nat ports ip-id\nhost far udp open 7\n", 1);
    for (int family = 0; family < 2; family++) {
        world_traffic(&world, 0,
                      &(struct traffic){.to = far[family], .source_port = 9, .sequence = 5});
        cr_assert(world_take(&world, &answer));
        cr_assert(answer.checksum_ok);
        cr_assert_eq(answer.icmp.echo.identifier, 9);
        world_traffic(&world, 0,
                      &(struct traffic){.to = far[family],
                                        .protocol = PACKET_UDP,
                                        .source_port = 40000,
                                        .destination_port = 7});
        cr_assert_eq(world.last.fate, SONDE_SIM_REPLY);
        struct sim_delivery *delivery = sim_network_take(world.network, SONDE_NEVER);
        size_t port = family ? 42 : 22;
        cr_assert_eq(delivery->bytes[port] << 8 | delivery->bytes[port + 1], 40000);
        sim_network_release(world.network, delivery);
        /* and port unreachable quotes what was sent */
        struct quoted quoted = probe(&world, family, PACKET_UDP, 64);
        cr_assert_eq(port_of(PACKET_UDP, &quoted), 33000);
        cr_assert(checksum_ok(PACKET_UDP, &quoted));
    }
    world_close(&world);
}

Test(sim_nat, ports_are_translated_one_to_one)
{
    struct world world;
    static bool seen[65536];
    world_open(&world, PATH "router home nat ports forgets-quotes\n", 1);
    for (uint32_t port = 1; port < 65536; port++) {
        world_traffic(&world, 0,
                      &(struct traffic){.to = far[0],
                                        .protocol = PACKET_UDP,
                                        .hop_limit = 2,
                                        .source_port = (uint16_t)port});
        cr_assert(world_take(&world, &answer));
        struct quoted quoted = read_quote(&answer);
        uint16_t made = port_of(PACKET_UDP, &quoted);
        cr_assert(made != 0 && !seen[made], "%u", port);
        cr_assert(checksum_ok(PACKET_UDP, &quoted));
        cr_assert(quoted.upper.data[6] | quoted.upper.data[7], "0 would mean that there is none");
        seen[made] = true;
    }
    world_close(&world);
}

Test(sim_nat, a_wrong_checksum_stays_wrong_and_none_stays_none)
{
    struct world world;
    uint8_t bytes[200];
    world_open(&world, PATH "router home nat ports forgets-quotes\n", 1);
    for (int i = 0; i < 5; i++) {
        uint8_t protocol = i == 4 ? PACKET_UDP : protocols[i];
        static const size_t at[] = {2, 6, 16, 8, 6};
        size_t length = build_traffic(
            &(struct traffic){
                .to = far[0], .protocol = protocol, .hop_limit = 2, .source_port = 5, .payload = 8},
            bytes, sizeof(bytes));
        bytes[20 + at[i]] ^= 0x10;
        if (i == 4)
            bytes[26] = bytes[27] = 0;
        sim_network_send(world.network, (struct sonde_mono){0},
                         (struct sonde_bytes){bytes, length});
        cr_assert(world_take(&world, &answer));
        struct quoted quoted = read_quote(&answer);
        cr_assert_neq(port_of(protocol, &quoted), 5);
        if (i == 4)
            cr_assert_eq(quoted.upper.data[6] | quoted.upper.data[7], 0);
        else
            cr_assert(!checksum_ok(protocol, &quoted));
    }
    world_close(&world);
}

Test(sim_nat, short_upper_layers_are_left_alone)
{
    for (size_t length = 0; length < 20; length++) {
        struct world world;
        uint8_t bytes[40] = {0x45};
        struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
        world_open(&world, PATH "router home nat ports\n", 1);
        packet_ipv4_write(&writer, &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + length),
                                                         .ttl = 2,
                                                         .protocol = protocols[length % 4] ?: 1,
                                                         .source = address_of(own[0]),
                                                         .destination = address_of(far[0])});
        sim_network_send(world.network, (struct sonde_mono){0},
                         (struct sonde_bytes){bytes, 20 + length});
        cr_assert(world.last.fate == SONDE_SIM_ERROR || world.last.fate == SONDE_SIM_MUTE);
        world_close(&world);
    }
}
