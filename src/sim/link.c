#include "sim/link.h"

#define OTHERS_BYTES  1500 /* a packet of other people */
#define QUEUE_DEFAULT (100 * SONDE_NS_PER_MS)

uint32_t sim_link_between(const struct sim_network *network, uint32_t from, uint32_t to)
{
    return network->linked ? sim_scenario_link(network->scenario, from, to) : SIM_NOBODY;
}

/* Gilbert and Elliott's channel: two states, each with a loss of its own. */
static bool lost_in_burst(struct sim_node_state *state, struct sim_dice dice)
{
    const struct sim_setting *burst = state->in_force[SIM_BURST];
    if (!burst)
        return false;
    if (sim_dice_unit(dice, SIM_THROW_BURST_CHANGE) < burst->chance[state->in_burst])
        state->in_burst = !state->in_burst;
    return sim_dice_unit(dice, SIM_THROW_BURST_LOSS) < burst->chance[state->in_burst ? 2 : 3];
}

bool sim_link_loses(struct sim_node_state *state, struct sim_dice dice, enum sonde_sim_fate *fate)
{
    if (sim_dice_chance(dice, SIM_THROW_LOSS, state->in_force[SIM_LOSS])) {
        *fate = SONDE_SIM_LOST;
        return true;
    }
    *fate = SONDE_SIM_LOST_IN_BURST;
    return lost_in_burst(state, dice);
}

static int64_t service_ns(uint32_t bytes, int64_t rate)
{
    return (int64_t)((double)bytes * 8e9 / (double)(rate > 0 ? rate : 1));
}

/*
 * How long others hold the packet up; false when they leave no room for it. Traffic above the rate
 * fills the queue as fast as it exceeds the rate; of what comes to a full queue the excess is lost.
 */
static bool wait_for_others(const struct sim_network *network, const struct sim_node_state *link,
                            struct sim_crossing *crossing, int64_t room, int64_t *wait)
{
    const struct sim_setting *setting = link->in_force[SIM_LOAD];
    *wait = 0;
    if (!setting)
        return true;
    double load = setting->chance[0];
    if (load < 1) {
        int64_t service = service_ns(OTHERS_BYTES, link->in_force[SIM_RATE]->number[0]);
        *wait = sim_queue_others(network->seed, link->key, crossing->at, load, service);
        *wait = *wait < room ? *wait : room;
        return true;
    }
    int64_t since = sonde_saturating_sub(crossing->at, setting->from > 0 ? setting->from : 0);
    double grown = (load - 1) * (double)since;
    *wait = grown < (double)room ? (int64_t)grown : room;
    return *wait < room || sim_dice_unit(crossing->dice, SIM_THROW_OVERLOAD) < 1 / load;
}

/* A packet's turn at a link with a rate. False when the queue is full. */
static bool wait_and_send(struct sim_network *network, struct sim_node_state *link,
                          struct sim_crossing *crossing)
{
    const struct sim_setting *rate = link->in_force[SIM_RATE];
    crossing->sent = crossing->at;
    if (!rate || !link->queue)
        return true;
    int64_t wait;
    if (!wait_for_others(network, link, crossing, rate->number[1], &wait))
        return false;
    int64_t service = service_ns(crossing->bytes, rate->number[0]);
    int64_t begins = sim_queue_pass(link->queue, sonde_saturating_add(crossing->at, wait), service,
                                    sonde_saturating_add(crossing->at, rate->number[1]));
    if (begins == SIM_QUEUE_FULL)
        return false;
    crossing->sent = sonde_saturating_add(begins, service);
    return true;
}

int64_t sim_link_copy(const struct sim_crossing *crossing, uint32_t copy)
{
    const struct sim_setting *const *p = crossing->link->in_force;
    int64_t delay = sonde_saturating_add(sim_number_or(p[SIM_DELAY], 0),
                                         sim_dice_jitter(crossing->dice, copy, p[SIM_JITTER]));
    int64_t out = sonde_saturating_add(crossing->sent, delay > 0 ? delay : 0);
    return sonde_saturating_add(out, sonde_saturating_mul(crossing->after, copy));
}

bool sim_link_cross(struct sim_network *network, uint32_t link, struct sim_crossing *crossing)
{
    struct sim_node_state *state = sim_network_state(network, link);
    const struct sim_setting *const *p = state->in_force;
    crossing->link = state;
    crossing->dice = sim_dice_take(network->seed, state->key, state->count++);
    if (!wait_and_send(network, state, crossing)) {
        crossing->fate = SONDE_SIM_QUEUE_FULL;
        return false;
    }
    if (sim_link_loses(state, crossing->dice, &crossing->fate))
        return false;
    crossing->flipped = sim_dice_chance(crossing->dice, SIM_THROW_CORRUPT, p[SIM_CORRUPT]);
    if (crossing->flipped)
        crossing->where = sim_dice_throw(crossing->dice, SIM_THROW_CORRUPT_WHERE);
    if (sim_dice_chance(crossing->dice, SIM_THROW_DUPLICATE, p[SIM_DUPLICATE])) {
        crossing->after = p[SIM_DUPLICATE]->number[0];
        crossing->copies = (uint32_t)p[SIM_DUPLICATE]->number[1];
    }
    crossing->out = sim_link_copy(crossing, 0);
    crossing->reordered = sim_dice_chance(crossing->dice, SIM_THROW_REORDER, p[SIM_REORDER]);
    if (crossing->reordered)
        crossing->out = sonde_saturating_add(crossing->out, p[SIM_REORDER]->number[0]);
    return true;
}
