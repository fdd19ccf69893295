/*
 * TCP without privilege: the kernel makes the SYN, in connect(2).
 *
 * A pool of sockets is made at the opening, because no socket can be made behind the system-call
 * filter; each is used again after connect(AF_UNSPEC), which also resets what was opened. What the
 * kernel learns is told as the answer to the segment that the engine built: with its ports and its
 * sequence number. That one never was on the wire, and neither is the source port always: a socket
 * has one port for good, and no two connections have the same ports and addresses. So the first
 * probe of a flow leaves from its own port and others, while that one is under way, from ports of
 * other sockets.
 */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include "net/shared.h"

struct net_connect;

/* As sonde_net_open_dgram, with SONDE_NET_TCP. */
int net_connect_open(const struct sonde_net_config *config, struct sonde_transport *seam,
                     const char **operation);

/* Frees what the transport has besides its sockets; NULL: nothing. */
void net_connect_close(struct net_connect *connect);

#endif
