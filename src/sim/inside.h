/* What the files of the network share: its state, and one packet's visit to one node. */
#ifndef SIM_INSIDE_H
#define SIM_INSIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/ipv4.h"
#include "packet/protocol.h"
#include "sim/agenda.h"
#include "sim/dice.h"
#include "sim/scenario.h"
#include "sim/wire.h"
#include "sonde/sim.h"

struct sim_node_state {
    const struct sim_setting *in_force[SIM_PROPERTIES];
    int64_t until;  /* ns: so long in_force holds */
    uint64_t key;   /* of the node's dice */
    uint64_t count; /* packets that the node has seen */
    bool in_burst;
};

struct sim_network {
    const struct sim_scenario *scenario;
    uint64_t seed;
    struct sonde_wall epoch;
    struct sim_node_state *states;
    struct sim_wire *wire;
    struct sim_agenda agenda;
    uint64_t number; /* of packets that entered */
    int result;      /* of the packet at hand */
    sonde_sim_hear *hear;
    void *hear_self;
    uint8_t options[PACKET_IPV4_OPTIONS_MAX];
    uint8_t payload[PACKET_DATAGRAM_MAX];
    uint8_t scratch[2 * PACKET_DATAGRAM_MAX]; /* room for any answer that is being written */
};

/* A packet at a node. */
struct sim_visit {
    struct sim_network *network;
    const struct sim_packet *packet;
    uint32_t node;
    uint32_t hops;                /* routers in front of the node … */
    const uint32_t *via;          /* … in order */
    struct sonde_address address; /* of the node, by which it was reached or answers a group */
    const struct sim_setting *const *p; /* the node's properties in force */
    uint64_t key;
    struct sim_dice dice;
};

/* Tells the listener; what is the packet's is filled in here. */
void sim_network_tell(const struct sim_visit *visit, const struct sonde_sim_truth *answer);

/* Tells that nothing comes back, and who decided. */
void sim_network_nothing(const struct sim_visit *visit, enum sonde_sim_fate fate, uint32_t node);

/* Lets an answer of `node` come out `delay` after the packet entered, and tells so: fate and harm
 * are those of `kind`. */
void sim_network_deliver(const struct sim_visit *visit, struct sonde_bytes answer, int64_t delay,
                         const struct sonde_sim_truth *kind, uint32_t node);

/* host.c: the node answers as its properties say. */
void sim_host_answer(const struct sim_visit *visit);

/* record.c: the IPv4 options of a reply whose round trip takes `delay`: those of the request, in
 * which routers and host have recorded themselves (RFC 791). Valid until the next such call. */
struct sonde_bytes sim_host_options(const struct sim_visit *visit, int64_t delay);

/* record.c: true time at ns of the scenario's, as milliseconds since midnight UT (RFC 792). */
uint32_t sim_network_time_of_day(const struct sim_network *network, int64_t at);

#endif
