/*
 * Address translation. A translator keeps no table: what it makes of a packet is a function of its
 * name, the seed and what it changes, one to one, so that the way back is known without looking.
 */
#ifndef SIM_NAT_H
#define SIM_NAT_H

#include <stdint.h>

#include "sim/inside.h"

/* A packet's source and the first bytes of its upper layer, checksum right. */
struct sim_nat_view {
    struct sonde_address source;
    size_t head_bytes;
    uint8_t head[SIM_UPPER_HEAD];
};

/* What the translators among the first `places` routers of a way have made of a packet. */
void sim_nat_view(struct sim_network *network, const struct sim_packet *packet,
                  const struct sim_way *way, uint32_t places, struct sim_nat_view *view);

/*
 * How many places count for a quote that was made behind the first `places` and has come back: each
 * translator on the way back undoes what it did; one that forgets to leaves a quote that those
 * behind it do not know.
 */
uint32_t sim_nat_places_left(struct sim_network *network, const struct sim_way *way,
                             uint32_t places);

/* The identification with which a packet leaves a router. */
uint16_t sim_nat_id(const struct sim_network *network, const struct sim_node_state *router,
                    uint16_t id);

#endif
