#include "sim/router.h"

#include "packet/icmp_types.h"
#include "sim/nat.h"
#include "sim/path.h"

static enum sim_traffic traffic_of(const struct sim_packet *packet)
{
    switch (packet->protocol) {
    case PACKET_UDP:
        return SIM_TRAFFIC_UDP;
    case PACKET_TCP:
        return SIM_TRAFFIC_TCP;
    case PACKET_SCTP:
        return SIM_TRAFFIC_SCTP;
    default:
        return packet->protocol == (packet->family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6)
                   ? SIM_TRAFFIC_ICMP
                   : SIM_TRAFFIC_OTHER;
    }
}

/* True when the hop limit is used up. A router that forwards it all the same sends it with 0, and
 * whoever gets that has no choice. */
static bool expired(const struct sim_visit *visit, const struct sim_setting *const *p)
{
    const struct sim_walk *walk = visit->walk;
    if (walk->hop_limit > 1 || (walk->hop_limit == 1 && p[SIM_TTL_ZERO]))
        return false;
    sim_router_error(visit, walk->node,
                     &(struct sim_answer_fault){.fault = SIM_FAULT_TIME_EXCEEDED});
    return true;
}

static bool prohibited(const struct sim_visit *visit, const struct sim_setting *const *p)
{
    const struct sim_setting *prohibits = p[SIM_PROHIBITS];
    if (!prohibits || !(prohibits->number[0] & traffic_of(visit->packet)))
        return false;
    if (prohibits->number[1])
        sim_network_nothing(visit, SONDE_SIM_FILTERED, visit->walk->node);
    else
        sim_router_error(visit, visit->walk->node,
                         &(struct sim_answer_fault){.fault = SIM_FAULT_UNREACHABLE,
                                                    .code4 = PACKET_ICMPV4_PROHIBITED,
                                                    .code6 = PACKET_ICMPV6_PROHIBITED});
    return true;
}

bool sim_router_fault(const struct sim_visit *visit)
{
    const struct sim_setting *error = visit->p[SIM_FAULT];
    if (!sim_dice_chance(visit->dice, SIM_THROW_FAULT, error))
        return false;
    enum sim_fault fault = (enum sim_fault)error->number[0];
    sim_router_error(visit, error->node,
                     &(struct sim_answer_fault){.fault = fault,
                                                .code4 = error->code4,
                                                .code6 = error->code6,
                                                .further = (uint32_t)error->number[1],
                                                .gateway = error->address});
    return fault != SIM_FAULT_REDIRECT && fault != SIM_FAULT_SOURCE_QUENCH;
}

bool sim_router_forwards(const struct sim_visit *visit, struct sim_walk *walk)
{
    const struct sim_setting *const *p = sim_network_state(visit->network, walk->node)->in_force;
    if (expired(visit, p))
        return false;
    if (walk->looping)
        return true;
    if (prohibited(visit, p))
        return false;
    if (p[SIM_LOOP]) {
        walk->looping = true;
        return true;
    }
    const struct sim_setting *error = visit->p[SIM_FAULT];
    return !error || error->node != walk->node || !sim_router_fault(visit);
}

static uint8_t marked(const struct sim_setting *const *p, uint8_t traffic_class)
{
    if (p[SIM_DSCP])
        traffic_class = (uint8_t)(p[SIM_DSCP]->number[0] << 2 | (traffic_class & 3));
    if (p[SIM_ECN])
        traffic_class = (uint8_t)((traffic_class & ~3) | p[SIM_ECN]->number[0]);
    return traffic_class;
}

void sim_router_depart(const struct sim_visit *visit, struct sim_walk *walk)
{
    const struct sim_node_state *router = sim_network_state(visit->network, walk->node);
    if (walk->hop_limit > 0)
        walk->hop_limit--;
    walk->traffic_class = marked(router->in_force, walk->traffic_class);
    if (!walk->looping)
        walk->id = sim_nat_id(visit->network, router, walk->id);
}

uint8_t sim_router_mark_back(const struct sim_visit *visit, uint32_t place, uint8_t traffic_class)
{
    for (uint32_t i = place; i-- > 1;)
        traffic_class = marked(sim_network_state(visit->network, visit->way->nodes[i])->in_force,
                               traffic_class);
    return traffic_class;
}
