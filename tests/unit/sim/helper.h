/* Echo requests, and a network or a transport that is fed with them. */
#ifndef TESTS_UNIT_SIM_HELPER_H
#define TESTS_UNIT_SIM_HELPER_H

#include <criterion/criterion.h>
#include <string.h>

#include "packet/cursor.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "sim/network.h"
#include "sim/scenario.h"
#include "sonde/sim.h"
#include "sonde/transport.h"

struct request {
    const char *to;
    uint8_t hop_limit; /* 0: 64 */
    uint8_t type;      /* 0: echo request of the family */
    uint16_t sequence;
    size_t payload; /* bytes */
    bool may_fragment;
    struct sonde_bytes options;
};

static inline struct sonde_address address_of(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address), "%s", text);
    return address;
}

/* Builds a request from 198.18.0.1 or 2001:db8::1 with identifier 7. Returns its length. */
static inline size_t build_request(const struct request *request, uint8_t *bytes, size_t room)
{
    static uint8_t payload[65536];
    struct packet_writer writer = packet_writer_over(bytes, room);
    struct sonde_address to = address_of(request->to);
    bool v4 = to.family == SONDE_IPV4;
    struct sonde_address from = address_of(v4 ? "198.18.0.1" : "2001:db8::1");
    struct packet_icmp message = {.family = to.family, .type = request->type};
    if (!message.type)
        message.type = v4 ? PACKET_ICMPV4_ECHO : PACKET_ICMPV6_ECHO;
    message.form = packet_icmp_form((enum sonde_family)to.family, message.type);
    if (message.form == PACKET_ICMP_EXTENDED_ECHO_REQUEST) {
        message.extended.identifier = 7;
        message.extended.sequence = (uint8_t)request->sequence;
        message.extended.local = true;
    } else {
        message.echo = (struct packet_icmp_echo){7, request->sequence};
    }
    for (size_t i = 0; i < request->payload; i++)
        payload[i] = (uint8_t)i;
    message.payload = (struct sonde_bytes){payload, request->payload};
    size_t fixed = message.form == PACKET_ICMP_TIMES ? 20 : 8;
    size_t upper = fixed + request->payload;
    uint8_t hops = request->hop_limit ? request->hop_limit : 64;
    int error;
    if (v4)
        error = packet_ipv4_write(
            &writer,
            &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + request->options.length + upper),
                                  .id = request->sequence,
                                  .dont_fragment = !request->may_fragment,
                                  .ttl = hops,
                                  .protocol = PACKET_ICMPV4,
                                  .source = from,
                                  .destination = to,
                                  .options = request->options});
    else
        error = packet_ipv6_write(&writer, &(struct packet_ipv6){.payload_bytes = (uint16_t)upper,
                                                                 .next_header = PACKET_ICMPV6,
                                                                 .hop_limit = hops,
                                                                 .source = from,
                                                                 .destination = to});
    cr_assert_eq(error, 0);
    cr_assert_eq(packet_icmp_write(&writer, &message, &from, &to), 0);
    return packet_written(&writer);
}

/* An answer taken apart. */
struct answer {
    int64_t out;
    uint8_t hop_limit;
    struct sonde_address from;
    struct packet_icmp icmp; /* slices of bytes */
    bool checksum_ok;
    size_t length;
    uint8_t bytes[66000];
};

static inline void read_answer(struct sonde_bytes bytes, struct answer *answer)
{
    struct sonde_address to;
    struct sonde_bytes upper;
    memcpy(answer->bytes, bytes.data, bytes.length);
    answer->length = bytes.length;
    struct sonde_bytes own = {answer->bytes, bytes.length};
    enum sonde_family family = answer->bytes[0] >> 4 == 4 ? SONDE_IPV4 : SONDE_IPV6;
    if (family == SONDE_IPV4) {
        struct packet_ipv4 header;
        cr_assert_eq(packet_ipv4_parse(own, &header), 0);
        cr_assert(header.checksum_ok);
        answer->hop_limit = header.ttl;
        answer->from = header.source;
        to = header.destination;
        upper = header.payload;
    } else {
        struct packet_ipv6 header;
        cr_assert_eq(packet_ipv6_parse(own, &header), 0);
        answer->hop_limit = header.hop_limit;
        answer->from = header.source;
        to = header.destination;
        upper = header.payload;
    }
    answer->checksum_ok = packet_icmp_checksum_ok(family, upper, &answer->from, &to);
    int error = packet_icmp_parse(family, upper, &answer->icmp);
    cr_assert(error == 0 || !answer->checksum_ok, "a corrupt type may ask for more bytes");
}

/* A network and the truth it told. */
struct world {
    struct sim_scenario scenario;
    struct sim_network *network;
    uint64_t fates[SONDE_SIM_FATES];
    struct sonde_sim_truth last; /* its slices are stale, but for the way: */
    struct sonde_sim_step way[512];
    struct sonde_sim_truth told[128]; /* of the last packet, in order; ways are stale */
    size_t told_count;
};

static inline void count_fate(void *self, const struct sonde_sim_truth *truth)
{
    struct world *world = self;
    world->fates[truth->fate]++;
    if (truth->number != world->last.number)
        world->told_count = 0;
    if (world->told_count < 128)
        world->told[world->told_count++] = *truth;
    world->last = *truth;
    for (size_t i = 0; i < truth->way_count && i < 512; i++)
        world->way[i] = truth->way[i];
    world->last.way = world->way;
}

static inline void world_open(struct world *world, const char *text, uint64_t seed)
{
    struct sonde_sim_error error;
    *world = (struct world){0};
    cr_assert_eq(sim_scenario_parse(&world->scenario, "test", text, strlen(text), &error), 0,
                 "line %u: %s", error.line, error.message);
    struct sonde_wall epoch = {INT64_C(1704067200) * SONDE_NS_PER_S};
    cr_assert_eq(sim_network_create(&world->network, &world->scenario, seed, epoch), 0);
    sim_network_listen(world->network, count_fate, world);
}

static inline void world_close(struct world *world)
{
    sim_network_destroy(world->network);
    sim_scenario_destroy(&world->scenario);
}

static inline void world_send(struct world *world, int64_t at, const struct request *request)
{
    static uint8_t bytes[70000];
    size_t length = build_request(request, bytes, sizeof(bytes));
    cr_assert_eq(sim_network_send(world->network, (struct sonde_mono){at},
                                  (struct sonde_bytes){bytes, length}),
                 0);
}

/* Takes the next answer, whenever it comes. False when there is none. */
static inline bool world_take(struct world *world, struct answer *answer)
{
    struct sim_delivery *delivery = sim_network_take(world->network, SONDE_NEVER);
    if (!delivery)
        return false;
    answer->out = delivery->out;
    read_answer((struct sonde_bytes){delivery->bytes, delivery->length}, answer);
    sim_network_release(world->network, delivery);
    return true;
}

/* Takes and forgets everything that is under way. Returns how much it was. */
static inline size_t world_drain(struct world *world)
{
    size_t count = 0;
    struct sim_delivery *delivery;
    while ((delivery = sim_network_take(world->network, SONDE_NEVER))) {
        sim_network_release(world->network, delivery);
        count++;
    }
    return count;
}

#endif
