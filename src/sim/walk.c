#include "sim/walk.h"

#include "sim/link.h"
#include "sim/router.h"

/* Part `place` of the hops + 1 equal parts of the host's delay, without an overflow. */
static int64_t share(const struct sim_visit *visit, uint32_t place)
{
    int64_t delay = sim_number_or(visit->p[SIM_DELAY], 0);
    int64_t parts = (int64_t)visit->way->hops + 1;
    return delay / parts * place + delay % parts * place / parts;
}

int64_t sim_walk_share_there(const struct sim_visit *visit, uint32_t place)
{
    return share(visit, place) / 2;
}

int64_t sim_walk_share_back(const struct sim_visit *visit, uint32_t place)
{
    return share(visit, place) - sim_walk_share_there(visit, place);
}

int64_t sim_walk_now(const struct sim_visit *visit)
{
    return sonde_saturating_add(visit->walk->time, sim_walk_share_there(visit, visit->walk->place));
}

/* Where a walk goes next. A router that loops sends to another one, which sends back. */
static uint32_t next_node(const struct sim_visit *visit, const struct sim_walk *walk)
{
    uint32_t here = visit->way->nodes[walk->place];
    if (!walk->looping)
        return visit->way->nodes[walk->place + 1];
    if (walk->node != here)
        return here;
    return sim_network_state(visit->network, here)->in_force[SIM_LOOP]->node;
}

static void record_step(const struct sim_visit *visit, struct sim_walk *walk)
{
    struct sim_network *network = visit->network;
    if (walk->step_count < SIM_STEPS_MAX)
        network->steps[walk->step_count++] = (struct sonde_sim_step){
            .node = network->scenario->nodes[walk->node].name, .at = {sim_walk_now(visit)}};
}

/* A link has made copies: they go on from its far end, after this one, the first copy first. */
static void put_copies(const struct sim_visit *visit, const struct sim_walk *arrived,
                       const struct sim_crossing *crossing, uint32_t *waiting)
{
    struct sim_network *network = visit->network;
    struct sim_node_state *host = &network->states[visit->node];
    uint32_t room = SIM_WALKS_MAX - network->walks;
    uint32_t copies = crossing->copies < room ? crossing->copies : room;
    network->walks += copies;
    for (uint32_t copy = copies; copy > 0; copy--) {
        struct sim_walk *walk = &network->waiting[(*waiting)++];
        *walk = *arrived;
        walk->copy = true;
        walk->time =
            sonde_saturating_add(arrived->time, sim_link_copy(crossing, copy) - crossing->out);
        walk->dice = sim_dice_take(network->seed, visit->key, host->count + copy - 1);
    }
    host->count += copies;
}

/* True when a packet does not fit through a link and may not be divided; the router in front of the
 * link says so. */
static bool too_big(const struct sim_visit *visit, uint32_t link)
{
    const struct sim_setting *mtu = sim_network_state(visit->network, link)->in_force[SIM_MTU];
    if (!mtu || visit->packet->may_fragment || visit->packet->largest <= mtu->number[0])
        return false;
    if (mtu->number[1] || visit->walk->node == 0)
        sim_network_nothing(visit, SONDE_SIM_BLACK_HOLE, link);
    else
        sim_router_error(visit, visit->walk->node,
                         &(struct sim_answer_fault){.fault = SIM_FAULT_TOO_BIG,
                                                    .further = (uint32_t)mtu->number[0]});
    return true;
}

/* Over the link to the next place. False when the packet does not come there. */
static bool go_on(struct sim_visit *visit, struct sim_walk *walk, uint32_t *waiting)
{
    struct sim_network *network = visit->network;
    uint32_t next = next_node(visit, walk);
    uint32_t link = sim_link_between(network, walk->node, next);
    struct sim_crossing crossing = {.at = sim_walk_now(visit),
                                    .bytes = (uint32_t)visit->packet->whole.length};
    if (link != SIM_NOBODY) {
        if (sim_network_state(network, link)->in_force[SIM_DOWN]) {
            sim_network_nothing(visit, SONDE_SIM_LINK_DOWN, link);
            return false;
        }
        if (too_big(visit, link))
            return false;
    }
    if (walk->node != 0)
        sim_router_depart(visit, walk);
    if (link != SIM_NOBODY) {
        if (!sim_link_cross(network, link, &crossing)) {
            sim_network_nothing(visit, crossing.fate, link);
            return false;
        }
        walk->time = sonde_saturating_add(walk->time, crossing.out - crossing.at);
        if (crossing.flipped)
            sim_flips_add(&walk->flips, crossing.where, visit->packet->upper.length);
    }
    walk->node = next;
    walk->place += !walk->looping;
    if (crossing.copies)
        put_copies(visit, walk, &crossing, waiting);
    return true;
}

static void walk_on(struct sim_visit *visit, struct sim_walk walk, uint32_t *waiting)
{
    visit->walk = &walk;
    visit->dice = walk.dice;
    for (;;) {
        if (walk.place > 0)
            record_step(visit, &walk);
        if (walk.place > visit->way->hops) {
            sim_walk_arrived(visit);
            break;
        }
        if (walk.place > 0 && !sim_router_forwards(visit, &walk))
            break;
        if (!go_on(visit, &walk, waiting))
            break;
    }
    visit->walk = NULL;
}

/* Copies are taken up from the last on: so the steps that they have in common with the walk that
 * they come from are still there. */
void sim_walk(struct sim_visit *visit)
{
    struct sim_network *network = visit->network;
    const struct sim_packet *packet = visit->packet;
    uint32_t waiting = 0;
    walk_on(visit,
            (struct sim_walk){.time = packet->at,
                              .hop_limit = packet->hop_limit,
                              .traffic_class = packet->traffic_class,
                              .id = packet->id,
                              .dice = visit->dice},
            &waiting);
    while (waiting > 0)
        walk_on(visit, network->waiting[--waiting], &waiting);
}
