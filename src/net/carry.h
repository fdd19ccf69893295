/*
 * Carrying a complete datagram over to a datagram ICMP socket, where the kernel writes the IP
 * header: what our header says goes into control messages and socket options.
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
    uint16_t identifier;
    uint32_t header;     /* bytes of the IP header, which are left out */
    bool dont_fragment;  /* IPv4 */
    uint32_t flow_label; /* IPv6 */
    size_t control;      /* bytes of control messages */
};

/*
 * Reads the header and writes the control messages; `room` for them is at least 160 bytes, aligned
 * as struct cmsghdr, zeroed here. `device` is the interface of a link-local source. Returns 0 or a
 * positive errno: EOPNOTSUPP for a fragment or extension headers, EINVAL for what is no datagram.
 */
int net_carry(const struct sonde_datagram *datagram, uint32_t device, void *control, size_t room,
              struct net_carry *carry);

#endif
