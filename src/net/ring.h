/* What the parts of the ring transport share. Includers define _GNU_SOURCE. */
#ifndef NET_RING_H
#define NET_RING_H

#include "net/crew.h"
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
    unsigned senders;       /* that many of them, one for each member of the crew */
    struct net_crew crew;
    int errors[NET_BATCH]; /* positive errno of each message, written by the member that sends it */
};

/* As the seam's: packets of the rings, beside all that the shared sockets tell. */
int net_ring_receive(void *self, struct sonde_event *events, size_t capacity);

/* How many packet sockets sending takes. */
unsigned net_ring_out_sockets(const struct sonde_net_config *config);

/*
 * Opens them for transport->device, as the transport's own. Returns 0 or a negative errno with
 * *operation.
 */
int net_ring_out_open(struct net_transport *transport, const struct sonde_net_config *config,
                      const char **operation);

/* Fills place `at` of the outbox; then sends its first `count`, and fills in the batch. */
void net_ring_out_pack(struct net_transport *transport, const struct sonde_datagram *datagram,
                       const uint8_t *link, size_t at);
void net_ring_out_push(struct net_transport *transport, struct sonde_datagram *batch, size_t count);

#endif
