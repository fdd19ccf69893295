/* From a way as it is written, with forks, to the routers that one packet meets. */
#ifndef SIM_PATH_H
#define SIM_PATH_H

#include <stdint.h>

#include "sim/inside.h"

/*
 * Fills the way of a packet to a node. At each fork the router in front of it (the observer where
 * there is none) chooses, all branches being equally likely, by its `balance`. Routers choose
 * independently of each other, and so does one router at different forks.
 */
void sim_path_resolve(struct sim_network *network, const struct sim_packet *packet, uint32_t node,
                      const struct sim_setting *via, struct sim_way *way);

/* At which place of the way a node stands; SIM_NOBODY when it does not. */
uint32_t sim_path_place(const struct sim_way *way, uint32_t node);

#endif
