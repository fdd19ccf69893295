#include "sim/back.h"

#include <errno.h>
#include <string.h>

#include "packet/ipv6.h"
#include "sim/link.h"
#include "sim/walk.h"

/* An answer that all its copies share. */
struct answer {
    const struct sim_visit *visit;
    struct sonde_bytes bytes;
    const struct sim_departure *departure;
    const struct sonde_sim_truth *kind;
    size_t header;    /* bytes of the IP header */
    uint32_t waiting; /* copies, in network.returning */
};

void sim_back_lost(const struct sim_visit *visit, enum sonde_sim_fate fate, uint32_t node)
{
    sim_network_tell(visit,
                     &(struct sonde_sim_truth){.fate = fate,
                                               .returning = true,
                                               .out = SONDE_NEVER,
                                               .node = visit->network->scenario->nodes[node].name});
}

/* When an answer is where it is: the host's share of delay comes on top of what links took. */
static int64_t now(const struct answer *answer, const struct sim_return *walk)
{
    const struct sim_visit *visit = answer->visit;
    if (!answer->departure->shared)
        return walk->time;
    return sonde_saturating_add(walk->time, sim_walk_share_back(visit, answer->departure->place) -
                                                sim_walk_share_back(visit, walk->place));
}

static void put_copies(struct answer *answer, const struct sim_return *arrived,
                       const struct sim_crossing *crossing)
{
    struct sim_network *network = answer->visit->network;
    uint32_t room = SIM_WALKS_MAX - network->walks;
    uint32_t copies = crossing->copies < room ? crossing->copies : room;
    network->walks += copies;
    for (uint32_t copy = copies; copy > 0; copy--) {
        struct sim_return *walk = &network->returning[answer->waiting++];
        *walk = *arrived;
        walk->copy = true;
        walk->harm &= ~(unsigned)SONDE_SIM_REORDERED;
        walk->time =
            sonde_saturating_add(arrived->time, sim_link_copy(crossing, copy) - crossing->out);
    }
}

/* Over the link to the place before. False when the answer does not come there. */
static bool go_back(struct answer *answer, struct sim_return *walk)
{
    struct sim_network *network = answer->visit->network;
    uint32_t next = answer->visit->way->nodes[walk->place - 1];
    uint32_t link = sim_link_between(network, walk->node, next);
    struct sim_crossing crossing = {.at = now(answer, walk),
                                    .bytes = (uint32_t)answer->bytes.length};
    if (link != SIM_NOBODY) {
        if (sim_network_state(network, link)->in_force[SIM_DOWN]) {
            sim_back_lost(answer->visit, SONDE_SIM_LINK_DOWN, link);
            return false;
        }
        if (!sim_link_cross(network, link, &crossing)) {
            sim_back_lost(answer->visit, crossing.fate, link);
            return false;
        }
        walk->time = sonde_saturating_add(walk->time, crossing.out - crossing.at);
        if (crossing.flipped && answer->bytes.length > answer->header) {
            sim_flips_add(&walk->flips, crossing.where, answer->bytes.length - answer->header);
            walk->harm |= SONDE_SIM_CORRUPT;
        }
        if (crossing.reordered)
            walk->harm |= SONDE_SIM_REORDERED;
    }
    walk->node = next;
    walk->place--;
    if (crossing.copies)
        put_copies(answer, walk, &crossing);
    return true;
}

/* The answer comes out. */
static void come_out(const struct answer *answer, const struct sim_return *walk)
{
    const struct sim_visit *visit = answer->visit;
    struct sim_network *network = visit->network;
    struct sim_delivery *delivery = sim_agenda_buffer(&network->agenda, answer->bytes.length);
    if (!delivery) {
        network->result = -ENOMEM;
        return;
    }
    size_t length = answer->bytes.length;
    if (length)
        memcpy(delivery->bytes, answer->bytes.data, length);
    if (length > answer->header)
        sim_flips_apply(&walk->flips, delivery->bytes + answer->header, length - answer->header);
    int64_t out = now(answer, walk);
    delivery->out = out > visit->packet->at ? out : visit->packet->at;
    delivery->number = visit->packet->number;
    delivery->at = visit->packet->at;
    delivery->node = network->scenario->nodes[answer->departure->node].name;
    delivery->to = visit->packet->destination;
    delivery->harm = walk->harm;
    delivery->family = visit->packet->family;
    if (sim_agenda_put(&network->agenda, delivery)) {
        sim_agenda_release(&network->agenda, delivery);
        network->result = -ENOMEM;
        return;
    }
    struct sonde_sim_truth truth = *answer->kind;
    if (truth.fate == SONDE_SIM_REPLY && (walk->copy || visit->walk->copy))
        truth.fate = SONDE_SIM_DUPLICATE;
    truth.harm = walk->harm;
    truth.out.ns = delivery->out;
    truth.node = delivery->node;
    truth.answer = (struct sonde_bytes){delivery->bytes, length};
    sim_network_tell(visit, &truth);
}

static void walk_back(struct answer *answer, struct sim_return walk)
{
    while (walk.place > 0)
        if (!go_back(answer, &walk))
            return;
    come_out(answer, &walk);
}

static size_t header_bytes(struct sonde_bytes datagram)
{
    if (!datagram.length || datagram.data[0] >> 4 == 6)
        return PACKET_IPV6_HEADER;
    return (datagram.data[0] & 15) * (size_t)4;
}

void sim_back_send(const struct sim_visit *visit, struct sonde_bytes bytes,
                   const struct sim_departure *departure, const struct sonde_sim_truth *kind)
{
    struct answer answer = {.visit = visit,
                            .bytes = bytes,
                            .departure = departure,
                            .kind = kind,
                            .header = header_bytes(bytes)};
    walk_back(&answer, (struct sim_return){.time = departure->time,
                                           .node = departure->node,
                                           .place = departure->place,
                                           .harm = kind->harm});
    while (answer.waiting > 0)
        walk_back(&answer, visit->network->returning[--answer.waiting]);
}

void sim_network_deliver(const struct sim_visit *visit, struct sonde_bytes answer, int64_t dwell,
                         const struct sonde_sim_truth *kind, uint32_t node)
{
    struct sim_departure departure = {.node = node,
                                      .place = visit->walk->place,
                                      .time = sonde_saturating_add(sim_walk_now(visit), dwell),
                                      .shared = true};
    sim_back_send(visit, answer, &departure, kind);
}
