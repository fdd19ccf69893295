#include "helper.h"

#include "packet/fragment.h"
#include "sim/wire.h"

static uint8_t datagram[70000];

#define PIECES 8

struct pieces {
    uint8_t bytes[PIECES][2000];
    size_t length[PIECES];
    size_t count;
};

static struct pieces pieces;

static size_t build(const char *to, uint16_t sequence, size_t payload)
{
    return build_request(
        &(struct request){.to = to, .sequence = sequence, .payload = payload, .may_fragment = true},
        datagram, sizeof(datagram));
}

static void divide(size_t length, size_t mtu)
{
    struct packet_fragmenter fragmenter;
    struct sonde_bytes bytes = {datagram, length};
    cr_assert_eq(packet_fragmenter_init(&fragmenter, bytes, mtu, 77), 0);
    for (pieces.count = 0; pieces.count < PIECES; pieces.count++) {
        struct packet_writer writer =
            packet_writer_over(pieces.bytes[pieces.count], sizeof(pieces.bytes[0]));
        if (packet_fragmenter_next(&fragmenter, &writer) != 1)
            return;
        pieces.length[pieces.count] = packet_written(&writer);
    }
}

static enum sim_wire_result take(struct sim_wire *wire, size_t piece, int64_t at,
                                 struct sim_packet *packet)
{
    return sim_wire_take(wire, (struct sonde_bytes){pieces.bytes[piece], pieces.length[piece]}, at,
                         packet);
}

Test(sim_wire, fragments_in_any_order)
{
    static const size_t orders[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}};
    static const char *const to[] = {"198.18.0.9", "2001:db8::9"};
    struct sim_wire *wire = sim_wire_create();
    for (int family = 0; family < 2; family++) {
        size_t length = build(to[family], 5, 4001);
        divide(length, 1300);
        cr_assert_eq(pieces.count, 4);
        for (size_t order = 0; order < 3; order++) {
            struct sim_packet packet;
            for (size_t i = 0; i < 3; i++) {
                cr_assert_eq(take(wire, orders[order][i], 0, &packet), SIM_WIRE_HELD);
                cr_assert_eq(take(wire, orders[order][i], 0, &packet), SIM_WIRE_HELD, "twice");
            }
            cr_assert_eq(take(wire, orders[order][3], 0, &packet), SIM_WIRE_PACKET);
            cr_assert_eq(packet.whole.length, length);
            cr_assert_arr_eq(packet.whole.data, datagram, length);
            cr_assert_leq(packet.largest, 1300);
            cr_assert_gt(packet.largest, 1280);
            cr_assert_eq(packet.first.length, pieces.length[0]);
            cr_assert_arr_eq(packet.first.data, pieces.bytes[0], packet.first.length);
        }
    }
    sim_wire_destroy(wire);
}

Test(sim_wire, incomplete_datagrams_are_forgotten)
{
    struct sim_wire *wire = sim_wire_create();
    struct sim_packet packet;
    divide(build("198.18.0.9", 5, 1500), 1000);
    cr_assert_eq(take(wire, 0, 0, &packet), SIM_WIRE_HELD);
    cr_assert_eq(take(wire, 1, 31 * SONDE_NS_PER_S, &packet), SIM_WIRE_HELD, "30 s are over");
    for (uint16_t id = 100; id < 116; id++) {
        divide(build("198.18.0.9", id, 1500), 1000);
        cr_assert_eq(take(wire, 0, (id - 68) * SONDE_NS_PER_S, &packet), SIM_WIRE_HELD);
    }
    divide(build("198.18.0.9", 5, 1500), 1000);
    cr_assert_eq(take(wire, 0, 48 * SONDE_NS_PER_S, &packet), SIM_WIRE_HELD, "pushed out");
    divide(build("198.18.0.9", 115, 1500), 1000);
    cr_assert_eq(take(wire, 1, 48 * SONDE_NS_PER_S, &packet), SIM_WIRE_PACKET);
    sim_wire_destroy(wire);
}

Test(sim_wire, malformed)
{
    struct sim_wire *wire = sim_wire_create();
    struct sim_packet packet;
    size_t length = build("198.18.0.9", 5, 32);
    for (size_t cut = 0; cut < length; cut++)
        cr_assert_eq(sim_wire_take(wire, (struct sonde_bytes){datagram, cut}, 0, &packet),
                     SIM_WIRE_MALFORMED, "%zu", cut);
    cr_assert_eq(sim_wire_take(wire, (struct sonde_bytes){datagram, length + 1}, 0, &packet),
                 SIM_WIRE_MALFORMED);
    datagram[8] ^= 1;
    cr_assert_eq(sim_wire_take(wire, (struct sonde_bytes){datagram, length}, 0, &packet),
                 SIM_WIRE_MALFORMED, "header checksum");
    length = build("2001:db8::9", 5, 32);
    for (size_t cut = 0; cut < length; cut++)
        cr_assert_eq(sim_wire_take(wire, (struct sonde_bytes){datagram, cut}, 0, &packet),
                     SIM_WIRE_MALFORMED, "%zu", cut);
    datagram[7] = 0;
    cr_assert_eq(sim_wire_take(wire, (struct sonde_bytes){datagram, length}, 0, &packet),
                 SIM_WIRE_MALFORMED, "hop limit 0");
    sim_wire_destroy(wire);
}

/* Fragments whose ends lie beyond the largest datagram there can be. */
Test(sim_wire, fragments_beyond_the_end)
{
    struct sim_wire *wire = sim_wire_create();
    struct sim_packet packet;
    uint8_t payload[1000] = {0};
    for (int more = 0; more < 2; more++) {
        struct packet_writer writer = packet_writer_over(datagram, sizeof(datagram));
        struct packet_ipv4 header = {.total_bytes = 1020,
                                     .id = 1,
                                     .more_fragments = more,
                                     .fragment_offset = 65528,
                                     .ttl = 64,
                                     .protocol = PACKET_ICMPV4,
                                     .source = address_of("198.18.0.1"),
                                     .destination = address_of("198.18.0.9")};
        cr_assert_eq(packet_ipv4_write(&writer, &header), 0);
        packet_write_bytes(&writer, payload, sizeof(payload));
        cr_assert_eq(sim_wire_take(wire, packet_written_from(&writer, 0), 0, &packet),
                     SIM_WIRE_MALFORMED);
    }
    sim_wire_destroy(wire);
}
