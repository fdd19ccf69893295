#include "sim/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ipv4.h"
#include "sim/answer.h"
#include "sim/inside.h"

static struct sim_node_state *state_of(struct sim_network *network, uint32_t node, int64_t at)
{
    struct sim_node_state *state = &network->states[node];
    if (at >= state->until)
        state->until = sim_scenario_in_force(network->scenario, node, at, state->in_force);
    return state;
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
    if (!created->wire || !created->states) {
        sim_network_destroy(created);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < scenario->node_count; i++) {
        created->states[i].until = INT64_MIN;
        created->states[i].key = sim_dice_key(scenario->nodes[i].name);
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

void sim_network_deliver(const struct sim_visit *visit, struct sonde_bytes answer, int64_t delay,
                         const struct sonde_sim_truth *kind, uint32_t node)
{
    struct sim_network *network = visit->network;
    struct sim_delivery *delivery = sim_agenda_buffer(&network->agenda, answer.length);
    if (!delivery) {
        network->result = -ENOMEM;
        return;
    }
    if (answer.length)
        memcpy(delivery->bytes, answer.data, answer.length);
    delivery->out = sonde_saturating_add(visit->packet->at, delay < 0 ? 0 : delay);
    delivery->number = visit->packet->number;
    delivery->at = visit->packet->at;
    delivery->node = network->scenario->nodes[node].name;
    delivery->to = visit->packet->destination;
    delivery->harm = kind->harm;
    delivery->family = visit->packet->family;
    if (sim_agenda_put(&network->agenda, delivery)) {
        sim_agenda_release(&network->agenda, delivery);
        network->result = -ENOMEM;
        return;
    }
    struct sonde_sim_truth truth = *kind;
    truth.out.ns = delivery->out;
    truth.node = delivery->node;
    truth.answer = answer;
    sim_network_tell(visit, &truth);
}

/* --- the way to the host ---------------------------------------------------------------------- */

/* Which router of the way it is, from 1; one behind them all when it is none of them. */
static uint32_t position_of(const struct sim_visit *visit, uint32_t router)
{
    for (uint32_t i = 0; i < visit->hops; i++)
        if (visit->via[i] == router)
            return i + 1;
    return visit->hops + 1;
}

static int64_t number_or(const struct sim_setting *setting, int64_t otherwise)
{
    return setting ? setting->number[0] : otherwise;
}

/* The router at that position of the way says something about the packet, or keeps silent. */
static void send_fault(const struct sim_visit *visit, uint32_t router, uint32_t position,
                       struct sim_answer_fault fault)
{
    struct sim_network *network = visit->network;
    const struct sim_packet *packet = visit->packet;
    struct sim_node_state *state = state_of(network, router, packet->at);
    const struct sim_setting *const *p = state->in_force;
    struct sim_dice dice = sim_dice_take(network->seed, state->key, state->count++);
    const struct sim_prefix *own =
        sim_scenario_address(network->scenario, router, (enum sonde_family)packet->family);
    if (!own || p[SIM_ALIVE] || sim_dice_chance(dice, SIM_THROW_LOSS, p[SIM_LOSS])) {
        sim_network_nothing(visit, SONDE_SIM_MUTE, router);
        return;
    }
    int64_t hop_limit = number_or(p[SIM_HOP_LIMIT], 255) - (position - 1);
    struct sim_answer_from from = {
        .source = own->address,
        .destination = packet->source,
        .hop_limit = (uint8_t)(hop_limit < 1 ? 1 : hop_limit),
        .traffic_class = packet->family == SONDE_IPV4 ? 0xc0 : 0, /* RFC 1812 section 4.3.2.5 */
        .id = (uint16_t)sim_dice_throw(dice, SIM_THROW_ID),
    };
    fault.hop_limit = (uint8_t)(packet->hop_limit - (position - 1));
    fault.quote_bytes = (size_t)number_or(p[SIM_QUOTE], 65535);
    if (p[SIM_QUOTE_OPTIONS])
        fault.quote_options = (struct sonde_bytes){(const uint8_t *)network->scenario->text +
                                                       p[SIM_QUOTE_OPTIONS]->list_first,
                                                   p[SIM_QUOTE_OPTIONS]->list_count};
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write_fault(&writer, &from, packet, &fault)) {
        sim_network_nothing(visit, SONDE_SIM_MUTE, router);
        return;
    }
    int64_t share = number_or(visit->p[SIM_DELAY], 0) / (visit->hops + 1) * position;
    int64_t delay = sonde_saturating_add(number_or(p[SIM_DELAY], share),
                                         sim_dice_jitter(dice, 0, p[SIM_JITTER]));
    sim_network_deliver(visit, packet_written_from(&writer, 0), delay,
                        &(struct sonde_sim_truth){.fate = SONDE_SIM_ERROR}, router);
}

/* True when the packet gets no further than a router in front of `position`, or that one itself. */
static bool expires(const struct sim_visit *visit, uint32_t position)
{
    uint32_t last = position < visit->hops ? position : visit->hops;
    uint32_t hop = visit->packet->hop_limit;
    if (hop == 0 || hop > last)
        return false;
    send_fault(visit, visit->via[hop - 1], hop,
               (struct sim_answer_fault){.fault = SIM_FAULT_TIME_EXCEEDED});
    return true;
}

/* True when the packet does not fit and may not be divided. */
static bool too_big(const struct sim_visit *visit)
{
    const struct sim_setting *mtu = visit->p[SIM_MTU];
    if (!mtu || visit->packet->largest <= mtu->number[0] || visit->packet->may_fragment)
        return false;
    uint32_t position = position_of(visit, mtu->node);
    if (expires(visit, position))
        return true;
    if (mtu->node == SIM_NOBODY)
        sim_network_nothing(visit, SONDE_SIM_BLACK_HOLE, visit->node);
    else
        send_fault(visit, mtu->node, position,
                   (struct sim_answer_fault){.fault = SIM_FAULT_TOO_BIG,
                                             .further = (uint32_t)mtu->number[0]});
    return true;
}

/* True when a router answers in place of the host. Redirects and quenches do not stop the packet.
 */
static bool refused(const struct sim_visit *visit)
{
    const struct sim_setting *error = visit->p[SIM_FAULT];
    if (!sim_dice_chance(visit->dice, SIM_THROW_FAULT, error))
        return false;
    uint32_t position = position_of(visit, error->node);
    if (expires(visit, position))
        return true;
    enum sim_fault fault = (enum sim_fault)error->number[0];
    send_fault(visit, error->node, position,
               (struct sim_answer_fault){.fault = fault,
                                         .code4 = error->code4,
                                         .code6 = error->code6,
                                         .further = (uint32_t)error->number[1],
                                         .gateway = error->address});
    return fault != SIM_FAULT_REDIRECT && fault != SIM_FAULT_SOURCE_QUENCH;
}

/* Gilbert and Elliott's channel: two states, each with a loss of its own. */
static bool lost(const struct sim_visit *visit, struct sim_node_state *state)
{
    if (sim_dice_chance(visit->dice, SIM_THROW_LOSS, visit->p[SIM_LOSS])) {
        sim_network_nothing(visit, SONDE_SIM_LOST, visit->node);
        return true;
    }
    const struct sim_setting *burst = visit->p[SIM_BURST];
    if (!burst)
        return false;
    if (sim_dice_unit(visit->dice, SIM_THROW_BURST_CHANGE) < burst->chance[state->in_burst])
        state->in_burst = !state->in_burst;
    if (sim_dice_unit(visit->dice, SIM_THROW_BURST_LOSS) >= burst->chance[state->in_burst ? 2 : 3])
        return false;
    sim_network_nothing(visit, SONDE_SIM_LOST_IN_BURST, visit->node);
    return true;
}

static bool alive(const struct sim_visit *visit)
{
    const struct sim_setting *share = visit->p[SIM_ALIVE];
    return !share || sim_dice_address(visit->network->seed ^ visit->key, SIM_ALIVE,
                                      &visit->address) < share->chance[0];
}

/* The packet goes to one host or router, which has that address. */
static void visit_node(struct sim_network *network, const struct sim_packet *packet, uint32_t node,
                       const struct sonde_address *address)
{
    struct sim_node_state *state = state_of(network, node, packet->at);
    struct sim_visit visit = {
        .network = network,
        .packet = packet,
        .node = node,
        .address = *address,
        .p = state->in_force,
        .key = state->key,
        .dice = sim_dice_take(network->seed, state->key, state->count++),
    };
    const struct sim_setting *via = state->in_force[SIM_VIA];
    if (via) {
        visit.via = network->scenario->list + via->list_first;
        visit.hops = via->list_count;
    }
    if (too_big(&visit) || refused(&visit) || expires(&visit, visit.hops))
        return;
    if (lost(&visit, state))
        return;
    if (!alive(&visit))
        sim_network_nothing(&visit, SONDE_SIM_DEAD, node);
    else
        sim_host_answer(&visit);
}

static void visit_group(struct sim_network *network, const struct sim_packet *packet,
                        uint32_t group)
{
    const struct sim_setting *members = state_of(network, group, packet->at)->in_force[SIM_MEMBERS];
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
    packet.at = at.ns;
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
