/* Routers: what becomes of a packet that has come to one, and the errors that they send. */
#ifndef SIM_ROUTER_H
#define SIM_ROUTER_H

#include <stdbool.h>

#include "sim/inside.h"

/*
 * A packet is at a router of its way. True when the router forwards it (or sends it into a loop:
 * walk->looping); else what became of it has been told, and sent.
 */
bool sim_router_forwards(const struct sim_visit *visit, struct sim_walk *walk);

/* The packet leaves the router: hop limit, marking and identification change. */
void sim_router_depart(const struct sim_visit *visit, struct sim_walk *walk);

/* The traffic class of an answer that comes from `place` of the way and out at the observer. */
uint8_t sim_router_mark_back(const struct sim_visit *visit, uint32_t place, uint8_t traffic_class);

/*
 * `node` sends an error about the packet from where the packet is, or does not: because it says
 * nothing, because of its error limit, or because its error gets lost. Of the fault, kind, codes,
 * further and gateway are the caller's to fill.
 */
void sim_router_error(const struct sim_visit *visit, uint32_t node,
                      const struct sim_answer_fault *fault);

/* The `error` of the packet's host, by the router that it names. True when the packet is stopped.
 */
bool sim_router_fault(const struct sim_visit *visit);

#endif
