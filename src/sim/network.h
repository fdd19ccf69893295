/*
 * The scripted network: packets go in at a time, packets come out at later times.
 *
 * It has no clock and does no I/O: whoever drives it (the simulated transport, a network device)
 * says what time it is. What is decided about a packet is decided when it enters; the answers then
 * wait for their time. All packets are complete IP datagrams.
 */
#ifndef SIM_NETWORK_H
#define SIM_NETWORK_H

#include <stdint.h>

#include "sim/agenda.h"
#include "sim/scenario.h"
#include "sonde/probe.h"
#include "sonde/sim.h"
#include "sonde/time.h"

struct sim_network;

/*
 * The scenario must outlive the network. `epoch` is the civil time of the scenario's time 0.
 * Returns 0 or -ENOMEM.
 */
int sim_network_create(struct sim_network **network, const struct sim_scenario *scenario,
                       uint64_t seed, struct sonde_wall epoch);
void sim_network_destroy(struct sim_network *network);

/* Who is told of every decision; NULL for nobody. */
void sim_network_listen(struct sim_network *network, sonde_sim_hear *hear, void *self);

/*
 * A packet enters at `at`, which must not be before that of the packet before. Returns 0, or
 * -ENOMEM when an answer could not be kept.
 */
int sim_network_send(struct sim_network *network, struct sonde_mono at, struct sonde_bytes packet);

/* When the next packet comes out; SONDE_NEVER when none is under way. */
struct sonde_mono sim_network_next(const struct sim_network *network);

/*
 * The next packet that comes out at `now` or before; NULL when there is none. It must be given back
 * with sim_network_release before the network is destroyed.
 */
struct sim_delivery *sim_network_take(struct sim_network *network, struct sonde_mono now);
void sim_network_release(struct sim_network *network, struct sim_delivery *delivery);

#endif
