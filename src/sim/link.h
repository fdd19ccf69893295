/* Links: what happens to a packet between two places, in either direction. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/inside.h"

/* A packet that crosses a link. */
struct sim_crossing {
    int64_t at;     /* ns: when it comes to the link */
    uint32_t bytes; /* its length */

    int64_t out;              /* ns: when it is across */
    enum sonde_sim_fate fate; /* of one that does not come across */
    bool reordered;
    bool flipped;    /* one bit is wrong … */
    uint64_t where;  /* … somewhere: a random number */
    uint32_t copies; /* that come besides; see sim_link_copy */
    int64_t after;
    int64_t sent; /* ns: when it left the queue */
    const struct sim_node_state *link;
    struct sim_dice dice;
};

/* The link from one node to another, or SIM_NOBODY. */
uint32_t sim_link_between(const struct sim_network *network, uint32_t from, uint32_t to);

/*
 * Sends a packet over a link: at and bytes are the caller's to fill. False when it does not come
 * across. The link's `mtu` is the caller's business.
 */
bool sim_link_cross(struct sim_network *network, uint32_t link, struct sim_crossing *crossing);

/* When copy `copy` (from 1) of the packet is across. */
int64_t sim_link_copy(const struct sim_crossing *crossing, uint32_t copy);

/* `loss` and `burst` of a host or a link: true when the packet of these dice is lost, and why. */
bool sim_link_loses(struct sim_node_state *state, struct sim_dice dice, enum sonde_sim_fate *fate);

#endif
