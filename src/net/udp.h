/*
 * UDP without privilege: what the kernel keeps of a UDP header is put back, so that the engine sees
 * the same as through a raw socket.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/shared.h"

/* Options that UDP sockets have and datagram ICMP sockets have not. */
int net_udp_options(int fd, enum sonde_family family, const char **operation);

/* Puts the header in front of an event's bytes, which are those of `slot`. */
void net_udp_datagram(const struct net_inbox_slot *slot, uint16_t port, struct sonde_event *event);
/* The same for what an ICMP error quotes: its length and checksum are not known. */
void net_udp_quote(const struct net_inbox_slot *slot, uint16_t port, struct sonde_event *event);

#endif
