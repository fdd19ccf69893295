#include "sim/path.h"

#include <string.h>

#include "base/siphash.h"

/* What routers hash: 16 bytes for each address, then protocol, flow label, and eight bytes. */
struct flow {
    uint8_t bytes[48];
    size_t by_destination; /* bytes that count */
    size_t by_flow;
};

struct resolution {
    struct sim_network *network;
    const struct sim_packet *packet;
    struct sim_way *way;
    struct flow flow;
    bool flow_known;
};

/* The first bytes of the upper layer that tell flows apart. */
static size_t flow_bytes(const struct sim_packet *packet)
{
    switch (packet->protocol) {
    case PACKET_TCP:
    case PACKET_UDP:
    case PACKET_SCTP:
        return 4;
    case PACKET_ICMPV4:
    case PACKET_ICMPV6:
        return 6; /* type, code, checksum, identifier: not the sequence */
    default:
        return 0;
    }
}

static void fill_flow(struct resolution *resolution)
{
    const struct sim_packet *packet = resolution->packet;
    struct flow *flow = &resolution->flow;
    struct packet_writer writer = packet_writer_over(flow->bytes, sizeof(flow->bytes));
    packet_write_bytes(&writer, packet->source.bytes, sizeof(packet->source.bytes));
    packet_write_bytes(&writer, packet->destination.bytes, sizeof(packet->destination.bytes));
    flow->by_destination = packet_written(&writer);
    packet_write_u8(&writer, packet->protocol);
    packet_write_u32(&writer, packet->flow_label);
    size_t count = flow_bytes(packet);
    packet_write_bytes(&writer, packet->upper.data,
                       count < packet->upper.length ? count : packet->upper.length);
    flow->by_flow = packet_written(&writer);
    resolution->flow_known = true;
}

/* Uniform in [0, count): the high half of the product of 64 random bits and the count. */
static uint32_t scaled(uint64_t random, uint32_t count)
{
    return (uint32_t)(((random >> 32) * count + ((random & UINT32_MAX) * count >> 32)) >> 32);
}

/* `fork` tells the forks of one chooser apart. */
static uint32_t choose(struct resolution *resolution, uint32_t chooser, uint32_t fork,
                       uint32_t branches)
{
    struct sim_network *network = resolution->network;
    struct sim_node_state *state = sim_network_state(network, chooser);
    int64_t balance = sim_number_or(state->in_force[SIM_BALANCE], SIM_BALANCE_FLOW);
    struct sim_dice dice;
    if (balance == SIM_BALANCE_PACKET) {
        dice = sim_dice_take(network->seed, state->key, state->forks++);
        return scaled(sim_dice_throw(dice, SIM_THROW_FORK), branches);
    }
    if (!resolution->flow_known)
        fill_flow(resolution);
    dice = sim_dice_take(network->seed, state->key, fork);
    uint64_t words[2] = {sim_dice_throw(dice, SIM_THROW_FORK), sim_dice_throw(dice, SIM_THROW_ID)};
    uint8_t key[16];
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)(words[i / 8] >> i % 8 * 8);
    const struct flow *flow = &resolution->flow;
    size_t length = balance == SIM_BALANCE_DESTINATION ? flow->by_destination : flow->by_flow;
    return scaled(base_siphash(key, flow->bytes, length), branches);
}

/* Takes the words of a way, one after the other; the recursion is as deep as forks are in forks. */
static void walk_words(struct resolution *resolution, const uint32_t *words, uint32_t count,
                       uint32_t *fork)
{
    struct sim_way *way = resolution->way;
    for (uint32_t i = 0; i < count;) {
        if (words[i] != SIM_FORK) {
            if (way->hops < SIM_VIA_MAX)
                way->nodes[++way->hops] = words[i];
            i++;
            continue;
        }
        uint32_t branches = words[i + 1];
        uint32_t chosen = choose(resolution, way->nodes[way->hops], (*fork)++, branches);
        i += 2;
        for (uint32_t branch = 0; branch < branches; branch++) {
            if (branch == chosen)
                walk_words(resolution, words + i + 1, words[i], fork);
            i += 1 + words[i];
        }
    }
}

void sim_path_resolve(struct sim_network *network, const struct sim_packet *packet, uint32_t node,
                      const struct sim_setting *via, struct sim_way *way)
{
    uint32_t fork = 0;
    struct resolution resolution = {.network = network, .packet = packet, .way = way};
    way->hops = 0;
    way->nodes[0] = 0;
    if (via)
        walk_words(&resolution, network->scenario->list + via->list_first, via->list_count, &fork);
    way->nodes[way->hops + 1] = node;
}

uint32_t sim_path_place(const struct sim_way *way, uint32_t node)
{
    for (uint32_t i = 1; i <= way->hops; i++)
        if (way->nodes[i] == node)
            return i;
    return SIM_NOBODY;
}
