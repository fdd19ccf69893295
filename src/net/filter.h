/*
 * Which messages a raw socket lets in, as a classic BPF program.
 *
 * Ours are replies with an identifier of our block, and errors that quote a request of ours. The
 * engine still checks everything; the filter only keeps other processes' traffic from waking us.
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/net.h"

#define NET_FILTER_MAX 128u

/* count identifiers from base on; count is a power of two and base a multiple of it. */
struct net_identifiers {
    uint16_t base;
    uint32_t count; /* 65,536 at most */
};

struct net_filter {
    struct sock_filter code[NET_FILTER_MAX];
    uint16_t length;
};

/* Beside protocols: errors that quote an echo request, or its like, of whatever identifier. */
#define NET_FILTER_TRANSLATED 0x100u

/*
 * Lets our messages in: for IPv4 packets begin with the IP header, for IPv6 with the ICMPv6 header,
 * as the kernel shows them to raw sockets. Errors that quote one of `protocols` (enum
 * sonde_net_protocol, or-ed) are let in whatever its source port: it may have been translated on
 * the way. NET_FILTER_TRANSLATED does the same for identifiers.
 */
void net_filter_icmp(struct net_filter *filter, enum sonde_family family,
                     struct net_identifiers identifiers, unsigned protocols);

/*
 * Lets answers of one protocol in, those to ports of ours; of TCP only what may answer a SYN.
 * Packets begin as above.
 */
void net_filter_answers(struct net_filter *filter, enum sonde_family family,
                        enum sonde_net_protocol protocol, struct net_identifiers identifiers);

/* Likewise, and answers to `count` ports besides, 16 at most. */
#define NET_FILTER_PORTS 16u
void net_filter_answers_also(struct net_filter *filter, enum sonde_family family,
                             enum sonde_net_protocol protocol, struct net_identifiers identifiers,
                             const uint16_t *ports, size_t count);

/*
 * The same for packet sockets (SOCK_DGRAM), which show every IP packet of the family from its IP
 * header on: of those that come through `device` and the loopback device. Fragments are dropped:
 * nobody puts them together there. IPv6 packets with extension headers are let in whatever they
 * hold, as far as a message of ours may have such.
 */
void net_filter_packet(struct net_filter *filter, enum sonde_family family,
                       struct net_identifiers identifiers, uint32_t device);

/* Puts a program in the place of the socket's present one. Returns 0 or a negative errno. */
int net_filter_attach(int fd, const struct net_filter *filter);

/*
 * Makes a raw ICMP socket hear us and nobody else, and throws away what has queued up since it was
 * made. To be called before anything is sent. Returns 0 or a negative errno.
 */
int net_filter_install(int fd, enum sonde_family family, struct net_identifiers identifiers,
                       unsigned protocols);

/* The same for a raw socket of another protocol. */
int net_filter_install_answers(int fd, enum sonde_family family, enum sonde_net_protocol protocol,
                               struct net_identifiers identifiers);

#endif
