#include "sim/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/inside.h"
#include "sim/link.h"
#include "sim/path.h"
#include "sim/router.h"
#include "sim/walk.h"

struct sim_node_state *sim_network_state(struct sim_network *network, uint32_t node)
{
    struct sim_node_state *state = &network->states[node];
    if (network->at >= state->until)
        state->until = sim_scenario_in_force(network->scenario, node, network->at, state->in_force);
    return state;
}

/* Links that have a rate at any time get a queue. False when there is no memory. */
static bool create_queues(struct sim_network *network)
{
    const struct sim_scenario *scenario = network->scenario;
    for (uint32_t i = 0; i < scenario->setting_count; i++) {
        const struct sim_setting *setting = &scenario->settings[i];
        struct sim_node_state *state = &network->states[setting->owner];
        if (setting->property != SIM_RATE || state->queue)
            continue;
        state->queue = calloc(1, sizeof(*state->queue));
        if (!state->queue)
            return false;
    }
    return true;
}

int sim_network_create(struct sim_network **network, const struct sim_scenario *scenario,
                       uint64_t seed, struct sonde_wall epoch)
{
    struct sim_network *created = calloc(1, sizeof(*created));
    if (!created)
        return -ENOMEM;
    created->scenario = scenario;
    created->seed = seed;
    created->epoch = epoch;
    created->wire = sim_wire_create();
    created->states = calloc(scenario->node_count, sizeof(*created->states));
    if (!created->wire || !created->states || !create_queues(created)) {
        sim_network_destroy(created);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < scenario->node_count; i++) {
        created->states[i].until = INT64_MIN;
        created->states[i].refilled = INT64_MIN;
        created->states[i].key = sim_dice_key(scenario->nodes[i].name);
        created->linked |= scenario->nodes[i].kind == SIM_LINK;
    }
    *network = created;
    return 0;
}

void sim_network_destroy(struct sim_network *network)
{
    if (!network)
        return;
    sim_agenda_destroy(&network->agenda);
    sim_wire_destroy(network->wire);
    for (uint32_t i = 0; network->states && i < network->scenario->node_count; i++)
        free(network->states[i].queue);
    free(network->states);
    free(network);
}

void sim_network_listen(struct sim_network *network, sonde_sim_hear *hear, void *self)
{
    network->hear = hear;
    network->hear_self = self;
}

struct sonde_mono sim_network_next(const struct sim_network *network)
{
    return (struct sonde_mono){sim_agenda_next(&network->agenda)};
}

struct sim_delivery *sim_network_take(struct sim_network *network, struct sonde_mono now)
{
    return sim_agenda_next(&network->agenda) <= now.ns ? sim_agenda_take(&network->agenda) : NULL;
}

void sim_network_release(struct sim_network *network, struct sim_delivery *delivery)
{
    sim_agenda_release(&network->agenda, delivery);
}

void sim_network_tell(const struct sim_visit *visit, const struct sonde_sim_truth *answer)
{
    struct sim_network *network = visit->network;
    if (!network->hear)
        return;
    struct sonde_sim_truth truth = *answer;
    truth.number = visit->packet->number;
    truth.at.ns = visit->packet->at;
    truth.to = visit->packet->destination;
    truth.packet = visit->packet->whole;
    if (visit->walk) {
        truth.way = network->steps;
        truth.way_count = visit->walk->step_count;
    }
    network->hear(network->hear_self, &truth);
}

void sim_network_nothing(const struct sim_visit *visit, enum sonde_sim_fate fate, uint32_t node)
{
    sim_network_tell(
        visit, &(struct sonde_sim_truth){
                   .fate = fate,
                   .out = SONDE_NEVER,
                   .node = node == SIM_NOBODY ? NULL : visit->network->scenario->nodes[node].name});
}

/* --- the end of the way ----------------------------------------------------------------------- */

static bool alive(const struct sim_visit *visit)
{
    const struct sim_setting *share = visit->p[SIM_ALIVE];
    return !share || sim_dice_address(visit->network->seed ^ visit->key, SIM_ALIVE,
                                      &visit->address) < share->chance[0];
}

/* The packet as the host sees it, when links have flipped bits of it. */
static void flip(struct sim_network *network, const struct sim_walk *walk,
                 struct sim_packet *packet)
{
    memcpy(network->flipped, packet->upper.data, packet->upper.length);
    sim_flips_apply(&walk->flips, network->flipped, packet->upper.length);
    packet->upper.data = network->flipped;
}

void sim_walk_arrived(struct sim_visit *visit)
{
    struct sim_network *network = visit->network;
    const struct sim_setting *error = visit->p[SIM_FAULT];
    enum sonde_sim_fate fate;
    if (error && sim_path_place(visit->way, error->node) == SIM_NOBODY && sim_router_fault(visit))
        return;
    if (sim_link_loses(&network->states[visit->node], visit->dice, &fate)) {
        sim_network_nothing(visit, fate, visit->node);
        return;
    }
    if (!alive(visit)) {
        sim_network_nothing(visit, SONDE_SIM_DEAD, visit->node);
        return;
    }
    struct sim_packet flipped = *visit->packet;
    struct sim_visit here = *visit;
    if (visit->walk->flips.count) {
        flip(network, visit->walk, &flipped);
        here.packet = &flipped;
    }
    sim_host_answer(&here);
}

/* --- the beginning ---------------------------------------------------------------------------- */

/* The packet goes to one host or router, which has that address. */
static void visit_node(struct sim_network *network, const struct sim_packet *packet, uint32_t node,
                       const struct sonde_address *address)
{
    struct sim_node_state *state = sim_network_state(network, node);
    struct sim_visit visit = {
        .network = network,
        .packet = packet,
        .node = node,
        .way = &network->way,
        .address = *address,
        .p = state->in_force,
        .key = state->key,
        .dice = sim_dice_take(network->seed, state->key, state->count++),
    };
    network->walks = 1;
    sim_path_resolve(network, packet, node, state->in_force[SIM_VIA], &network->way);
    sim_walk(&visit);
}

static void visit_group(struct sim_network *network, const struct sim_packet *packet,
                        uint32_t group)
{
    const struct sim_setting *members = sim_network_state(network, group)->in_force[SIM_MEMBERS];
    for (uint32_t i = 0; members && i < members->list_count; i++) {
        uint32_t host = network->scenario->list[members->list_first + i];
        const struct sim_prefix *own =
            sim_scenario_address(network->scenario, host, (enum sonde_family)packet->family);
        if (own)
            visit_node(network, packet, host, &own->address);
    }
}

int sim_network_send(struct sim_network *network, struct sonde_mono at, struct sonde_bytes bytes)
{
    struct sim_packet packet = {0};
    enum sim_wire_result result = sim_wire_take(network->wire, bytes, at.ns, &packet);
    packet.number = ++network->number;
    packet.at = network->at = at.ns;
    network->result = 0;
    struct sim_visit nowhere = {.network = network, .packet = &packet};
    if (result != SIM_WIRE_PACKET) {
        packet.whole = bytes;
        sim_network_nothing(
            &nowhere, result == SIM_WIRE_HELD ? SONDE_SIM_HELD : SONDE_SIM_MALFORMED, SIM_NOBODY);
        return 0;
    }
    const struct sim_prefix *prefix = sim_scenario_prefix(network->scenario, &packet.destination);
    if (!prefix || prefix->node == 0)
        sim_network_nothing(&nowhere, SONDE_SIM_NO_HOST, SIM_NOBODY);
    else if (network->scenario->nodes[prefix->node].kind == SIM_GROUP)
        visit_group(network, &packet, prefix->node);
    else
        visit_node(network, &packet, prefix->node, &packet.destination);
    return network->result;
}
