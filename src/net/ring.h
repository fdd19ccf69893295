/* What the two halves of the ring transport share. Includers define _GNU_SOURCE. */
#ifndef NET_RING_H
#define NET_RING_H

#include "net/hops.h"
#include "net/ring_in.h"
#include "net/shared.h"

enum { NET_RING_IPV4 = 20, NET_RING_IPV6 = 40 }; /* bytes of headers without options */

#define NET_RING_INS 4

struct net_ring {
    struct net_hops hops;
    struct net_ring_in in[NET_RING_INS]; /* of the device, IPv4 and IPv6; of the loopback device */
    struct net_ring_turn turn;
    size_t told;            /* of the turn */
    struct net_socket *out; /* packets; NULL on the loopback device: see open_sending */
};

/* As the seam's: packets of the rings, beside all that the shared sockets tell. */
int net_ring_receive(void *self, struct sonde_event *events, size_t capacity);

#endif
