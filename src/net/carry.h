/*
 * Carrying a complete datagram over to a socket where the kernel writes the IP header (datagram
 * ICMP, UDP, TCP): what our header says goes into control messages and socket options.
 */
#ifndef NET_CARRY_H
#define NET_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "sonde/transport.h"

struct net_carry {
    struct sonde_address to; /* where to address it: behind the hops of a source route */
    uint8_t protocol;        /* as in an IP header */
    uint16_t identifier;     /* ICMP's, or the source port */
    uint16_t port;           /* the destination's, if there are ports */
    uint32_t header;         /* bytes that the kernel writes and which are left out: the IP header,
                                and UDP's */
    bool dont_fragment;      /* IPv4 */
    uint32_t flow_label;     /* IPv6 */
    size_t control;          /* bytes of control messages */
};

/*
 * Reads the header and writes the control messages; `room` for them is at least 160 bytes, aligned
 * as struct cmsghdr, zeroed here. `device` is the interface of a link-local source. Returns 0 or a
 * positive errno: EOPNOTSUPP for a fragment, extension headers or another protocol, EINVAL for what
 * is no datagram.
 */
int net_carry(const struct sonde_datagram *datagram, uint32_t device, void *control, size_t room,
              struct net_carry *carry);

#endif
