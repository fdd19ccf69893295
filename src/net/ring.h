/* What the parts of the ring transport share. Includers define _GNU_SOURCE. */
#ifndef NET_RING_H
#define NET_RING_H

#include "net/hops.h"
#include "net/ring_in.h"
#include "net/shared.h"

enum { NET_RING_IPV4 = 20, NET_RING_IPV6 = 40 }; /* bytes of headers without options */

struct net_ring {
    struct net_hops hops;
    struct net_ring_in in[2]; /* IPv4, IPv6 */
    struct net_ring_turn turn;
    size_t told;            /* of the turn */
    struct net_socket *out; /* packets; NULL on the loopback device: see open_family */
};

/* As the seam's: packets of the rings, beside all that the shared sockets tell. */
int net_ring_receive(void *self, struct sonde_event *events, size_t capacity);

/*
 * Opens the packet socket to send with, for transport->device, as the transport's own. Returns 0 or
 * a negative errno with *operation.
 */
int net_ring_out_open(struct net_transport *transport, const struct sonde_net_config *config,
                      const char **operation);

/* Fills place `at` of the outbox. */
void net_ring_out_pack(struct net_transport *transport, const struct sonde_datagram *datagram,
                       const uint8_t *link, size_t at);

#endif
