/*
 * Which link-layer address a next hop has, as far as it is known here. Pure.
 *
 * The kernel resolves neighbours, and this is a cache of what it said: small and forgetful.
 * Whatever is not known goes to the kernel, which then asks for the neighbour; so a lost entry
 * costs time only. A known one goes there now and then, too, so that the kernel sees that it is in
 * use and checks that it is still true (RFC 4861 section 7.3).
 */
#ifndef NET_NEIGHBOURS_H
#define NET_NEIGHBOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/time.h"

#define NET_NEIGHBOURS_LINK 6 /* bytes of an Ethernet address */
#define NET_NEIGHBOURS_ROOM 2048u

/* Datagrams that the kernel is given for one neighbour that it does not know: it keeps few of them
 * and throws others away silently (net.ipv4.neigh.default.unres_qlen_bytes). */
#define NET_NEIGHBOURS_WAITING 16u

enum net_neighbour_state {
    NET_NEIGHBOUR_FREE,
    NET_NEIGHBOUR_ASKED,
    NET_NEIGHBOUR_KNOWN,
    NET_NEIGHBOUR_FAILED,
};

struct net_neighbour {
    struct sonde_address address;
    uint8_t state;
    uint8_t waiting;
    uint8_t link[NET_NEIGHBOURS_LINK];
    struct sonde_mono until; /* of the state */
};

struct net_neighbours {
    struct net_neighbour places[NET_NEIGHBOURS_ROOM];
};

/* What is to be done with a datagram for this next hop. */
enum net_neighbour_way {
    NET_NEIGHBOUR_LINK,        /* send it to *link */
    NET_NEIGHBOUR_KERNEL,      /* give it to the kernel, and ask what it knows */
    NET_NEIGHBOUR_LATER,       /* enough of them wait already */
    NET_NEIGHBOUR_UNREACHABLE, /* it did not answer a moment ago */
};

/* *link is valid until the next call. */
enum net_neighbour_way net_neighbours_find(struct net_neighbours *neighbours,
                                           const struct sonde_address *address,
                                           struct sonde_mono now, const uint8_t **link);

/* What the kernel says of an address; link NULL: it could not be resolved. Others are not kept. */
void net_neighbours_learn(struct net_neighbours *neighbours, const struct sonde_address *address,
                          const uint8_t *link, struct sonde_mono now);

/* The kernel has forgotten an address. */
void net_neighbours_forget(struct net_neighbours *neighbours, const struct sonde_address *address);

/* Nothing is known any more. */
void net_neighbours_clear(struct net_neighbours *neighbours);

#endif
