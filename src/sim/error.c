/* The ICMP errors of routers, and of hosts: whether they are sent, what they quote and carry. */
#include <string.h>

#include "packet/extension.h"
#include "packet/icmp.h"
#include "sim/back.h"
#include "sim/nat.h"
#include "sim/path.h"
#include "sim/router.h"
#include "sim/walk.h"

#define EXTENSIONS_MAX 1280
#define LABELS_MAX     256

bool sim_error_allowed(struct sim_network *network, uint32_t node)
{
    struct sim_node_state *state = sim_network_state(network, node);
    const struct sim_setting *limit = state->in_force[SIM_ERROR_LIMIT];
    if (!limit)
        return true;
    double most = limit->chance[0];
    double passed = (double)sonde_saturating_sub(network->at, state->refilled);
    double tokens = state->tokens + passed * (double)limit->number[0] / (double)limit->number[1];
    state->tokens = tokens < most ? tokens : most;
    state->refilled = network->at;
    if (state->tokens < 1 - 1e-9) /* what is missing by rounding alone is there */
        return false;
    state->tokens -= 1;
    return true;
}

/* RFC 1122 section 3.2.2, RFC 4443 section 2.4: never an error about an error. */
static bool is_error(const struct sim_packet *packet)
{
    bool v4 = packet->family == SONDE_IPV4;
    if (packet->protocol != (v4 ? PACKET_ICMPV4 : PACKET_ICMPV6) || !packet->upper.length)
        return false;
    return packet_icmp_form((enum sonde_family)packet->family, packet->upper.data[0]) ==
           PACKET_ICMP_ERROR;
}

static void write_mpls(const struct sim_network *network, const struct sim_setting *stack,
                       struct packet_writer *writer)
{
    struct packet_mpls entries[LABELS_MAX];
    uint32_t count = stack->list_count < LABELS_MAX ? stack->list_count : LABELS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = network->scenario->list[stack->list_first + i];
        entries[i] = (struct packet_mpls){.label = word >> 12,
                                          .traffic_class = word >> 9 & 7,
                                          .bottom = word >> 8 & 1,
                                          .ttl = (uint8_t)word};
    }
    packet_extension_write_mpls(writer, entries, count);
}

static void write_interface(const struct sim_network *network, const struct sim_setting *interface,
                            struct packet_writer *writer)
{
    struct packet_interface_info info = {
        .role = PACKET_INTERFACE_INCOMING,
        .has_index = interface->number[0] >= 0,
        .index = (uint32_t)interface->number[0],
        .has_mtu = interface->number[1] >= 0,
        .mtu = (uint32_t)interface->number[1],
        .address = interface->address,
        .name = {(const uint8_t *)network->scenario->text + interface->list_first,
                 interface->list_count},
    };
    packet_extension_write_interface_info(writer, &info);
}

/* What the router's errors carry besides the quote; empty when it is nothing. */
static struct sonde_bytes extensions_of(const struct sim_network *network,
                                        const struct sim_setting *const *p,
                                        enum packet_extension_form form,
                                        uint8_t bytes[EXTENSIONS_MAX])
{
    struct packet_writer writer = packet_writer_over(bytes, EXTENSIONS_MAX);
    if (form == PACKET_EXTENSION_NONE || (!p[SIM_MPLS] && !p[SIM_INTERFACE]))
        return (struct sonde_bytes){NULL, 0};
    size_t start = packet_extension_begin(&writer);
    if (p[SIM_MPLS])
        write_mpls(network, p[SIM_MPLS], &writer);
    if (p[SIM_INTERFACE])
        write_interface(network, p[SIM_INTERFACE], &writer);
    packet_extension_end(&writer, start);
    return packet_written_from(&writer, 0);
}

/* Where the sender stands: at the packet's place, or, in a loop, at its own; one further when it is
 * beside the way. */
static uint32_t place_of(const struct sim_visit *visit, uint32_t node)
{
    const struct sim_walk *walk = visit->walk;
    if (!walk->looping || node == visit->way->nodes[walk->place])
        return walk->place;
    uint32_t place = sim_path_place(visit->way, node);
    return place != SIM_NOBODY ? place : walk->place + 1;
}

static struct sim_answer_from header(const struct sim_visit *visit, uint32_t node, uint32_t place,
                                     struct sim_dice dice, const struct sonde_address *source)
{
    const struct sim_packet *packet = visit->packet;
    const struct sim_setting *const *p = visit->network->states[node].in_force;
    uint8_t network_control = packet->family == SONDE_IPV4 ? 0xc0 : 0; /* RFC 1812, 4.3.2.5 */
    bool host = visit->network->scenario->nodes[node].kind == SIM_HOST;
    int64_t back = sim_number_or(p[SIM_RETURN_HOPS], place - 1);
    int64_t hop_limit = sim_number_or(p[SIM_HOP_LIMIT], host ? 64 : 255) - back;
    return (struct sim_answer_from){
        .source = *source,
        .destination = packet->source,
        .hop_limit = (uint8_t)(hop_limit < 1 ? 1 : hop_limit),
        .traffic_class = sim_router_mark_back(visit, place, network_control),
        .id = (uint16_t)sim_dice_throw(dice, SIM_THROW_ID),
    };
}

/* Writes the error into network.scratch. */
static struct sonde_bytes write(const struct sim_visit *visit, uint32_t node,
                                const struct sim_answer_from *from, struct sim_answer_fault fault)
{
    struct sim_network *network = visit->network;
    const struct sim_setting *const *p = network->states[node].in_force;
    const struct sim_walk *walk = visit->walk;
    uint8_t bytes[EXTENSIONS_MAX];
    struct sim_nat_view view;
    sim_nat_view(network, visit->packet, visit->way,
                 sim_nat_places_left(network, visit->way, walk->place - 1), &view);
    struct sim_answer_quoted quoted = {.packet = visit->packet,
                                       .hop_limit = walk->hop_limit,
                                       .traffic_class = walk->traffic_class,
                                       .id = walk->id,
                                       .source = view.source,
                                       .head = {view.head, view.head_bytes},
                                       .flips = walk->flips};
    fault.quote_bytes = (size_t)sim_number_or(p[SIM_QUOTE], 65535);
    if (p[SIM_QUOTE_OPTIONS])
        fault.quote_options = (struct sonde_bytes){(const uint8_t *)network->scenario->text +
                                                       p[SIM_QUOTE_OPTIONS]->list_first,
                                                   p[SIM_QUOTE_OPTIONS]->list_count};
    fault.form =
        (enum packet_extension_form)sim_number_or(p[SIM_EXTENSIONS], PACKET_EXTENSION_COMPLIANT);
    fault.extensions = extensions_of(network, p, fault.form, bytes);
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (sim_answer_write_fault(&writer, from, &quoted, &fault))
        return (struct sonde_bytes){NULL, 0};
    return packet_written_from(&writer, 0);
}

/* The error has been written: it goes back. A delay of the router's own stands for its share of the
 * host's. */
static void send_back(const struct sim_visit *visit, uint32_t node, uint32_t place,
                      struct sim_dice dice, struct sonde_bytes error)
{
    const struct sim_setting *const *p = visit->network->states[node].in_force;
    struct sim_departure departure = {.node = node, .place = place};
    int64_t dwell =
        node == visit->node ? sim_host_dwell(visit, 0) : sim_dice_jitter(dice, 0, p[SIM_JITTER]);
    departure.shared = node == visit->node || !p[SIM_DELAY];
    if (!departure.shared)
        dwell = sonde_saturating_add(p[SIM_DELAY]->number[0], dwell);
    if (!departure.shared && dwell < 0)
        dwell = 0;
    departure.time =
        sonde_saturating_add(departure.shared ? sim_walk_now(visit) : visit->walk->time, dwell);
    sim_back_send(visit, error, &departure, &(struct sonde_sim_truth){.fate = SONDE_SIM_ERROR});
}

/* `own` is the address to answer from; NULL: it has none. */
static void say(const struct sim_visit *visit, uint32_t node, const struct sonde_address *own,
                const struct sim_answer_fault *fault)
{
    struct sim_network *network = visit->network;
    struct sim_node_state *state = sim_network_state(network, node);
    const struct sim_setting *const *p = state->in_force;
    struct sim_dice dice = sim_dice_take(network->seed, state->key, state->count++);
    if (!own || is_error(visit->packet)) {
        sim_network_nothing(visit, SONDE_SIM_MUTE, node);
        return;
    }
    if (!sim_error_allowed(network, node)) {
        sim_network_nothing(visit, SONDE_SIM_RATIONED, node);
        return;
    }
    const struct sim_setting *elsewhere = p[SIM_REPLY_FROM];
    if (elsewhere && elsewhere->address.family == visit->packet->family)
        own = &elsewhere->address;
    uint32_t place = place_of(visit, node);
    struct sim_answer_from from = header(visit, node, place, dice, own);
    struct sonde_bytes error = write(visit, node, &from, *fault);
    if (!error.length)
        sim_network_nothing(visit, SONDE_SIM_MUTE, node);
    else if (network->scenario->nodes[node].kind == SIM_ROUTER &&
             sim_dice_chance(dice, SIM_THROW_LOSS, p[SIM_LOSS]))
        sim_back_lost(visit, SONDE_SIM_LOST, node);
    else
        send_back(visit, node, place, dice, error);
}

void sim_router_error(const struct sim_visit *visit, uint32_t node,
                      const struct sim_answer_fault *fault)
{
    const struct sim_network *network = visit->network;
    const struct sim_prefix *own =
        sim_scenario_address(network->scenario, node, (enum sonde_family)visit->packet->family);
    bool silent = sim_network_state(visit->network, node)->in_force[SIM_ALIVE] != NULL;
    say(visit, node, own && !silent ? &own->address : NULL, fault);
}

void sim_host_unreachable(const struct sim_visit *visit, uint8_t code4, uint8_t code6)
{
    say(visit, visit->node, &visit->address,
        &(struct sim_answer_fault){.fault = SIM_FAULT_UNREACHABLE, .code4 = code4, .code6 = code6});
}
