/* Asking the kernel where a datagram would go, by connecting a UDP socket that never sends. */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <net/if.h>
#include <stdint.h>

#include "sonde/net.h"
#include "sonde/transport.h"

struct net_routes {
    int fd[2];    /* IPv4, IPv6; -1: not open */
    int error[2]; /* … and why */
    char device_name[IF_NAMESIZE];
    uint32_t device; /* 0: none */
};

/*
 * Opens the sockets with the mark, device and source of config. A family without is reported by
 * net_routes_find. Returns 0, or a negative errno with *operation when none can be opened or an
 * option fails.
 */
int net_routes_open(struct net_routes *routes, const struct sonde_net_config *config,
                    uint32_t device, const char **operation);
void net_routes_close(struct net_routes *routes);

/* As the transport's route. */
int net_routes_find(const struct net_routes *routes, const struct sonde_address *to,
                    struct sonde_route *route);

/*
 * False when the address is none of this machine's, so that answers to what has it as source would
 * not find back; true also when that cannot be known. `device` matters to link-local addresses.
 */
bool net_routes_accept_source(const struct net_routes *routes, const struct sonde_address *source,
                              uint32_t device);

#endif
