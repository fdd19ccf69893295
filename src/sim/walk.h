/* The way there: from the observer over links and through routers. */
#ifndef SIM_WALK_H
#define SIM_WALK_H

#include <stdint.h>

#include "sim/inside.h"

/*
 * Walks a packet to visit->node, of which node, address, p, key and dice are set, and all copies
 * that links make of it; the host answers those that arrive (sim_walk_arrived).
 */
void sim_walk(struct sim_visit *visit);

/* network.c: a packet has come to the end of its way. */
void sim_walk_arrived(struct sim_visit *visit);

/*
 * The delay that a host has of its own (`delay`, of the round trip) is spread evenly over the way:
 * what has passed at a place on the way there, and from there back to the observer.
 */
int64_t sim_walk_share_there(const struct sim_visit *visit, uint32_t place);
int64_t sim_walk_share_back(const struct sim_visit *visit, uint32_t place);

/* When a walk came to where it is. */
int64_t sim_walk_now(const struct sim_visit *visit);

#endif
