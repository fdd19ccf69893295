/* The kernel's routes, read over rtnetlink (rtnetlink(7)). Needs no privilege. */
#ifndef NET_ROUTE_DUMP_H
#define NET_ROUTE_DUMP_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/address.h"

struct mnl_socket;
struct nlattr;
struct rtmsg;

/* One way of a route. */
struct net_route_way {
    uint32_t device;
    struct sonde_address gateway; /* SONDE_FAMILY_NONE: none */
    struct sonde_address source;  /* that the route prefers; SONDE_FAMILY_NONE: none */
};

/* What the kernel says of one route. Valid during the call that tells it. */
struct net_route_row {
    const struct rtmsg *header;
    struct sonde_address to; /* the prefix has header->rtm_dst_len bits */
    struct net_route_way way;
    uint32_t table;
    uint32_t metric;
    const struct nlattr *ways; /* of several; NULL: the one above */
};

/* Returns 0, or a negative errno, which ends the dump. */
typedef int net_route_use(void *self, const struct net_route_row *row);

/* A socket in the caller's namespace, which hears the `groups`. Returns 0 or a negative errno. */
int net_route_socket(struct mnl_socket **opened, unsigned groups, int flags);

/*
 * Tells all routes of a family. `sequence` is another number in each call on a socket. Returns 0 or
 * a negative errno; -EINTR: the routes changed meanwhile, and what was told may not fit together.
 */
int net_route_dump(struct mnl_socket *socket, uint32_t sequence, enum sonde_family family,
                   net_route_use *use, void *self);

/* The first way that leads through `device`; false when there is none. */
bool net_route_way_through(const struct net_route_row *row, uint32_t device,
                           struct net_route_way *way);

/*
 * The device of the default route with the least metric, IPv4's first, into *device. `family`: this
 * one only; SONDE_FAMILY_NONE: both. Returns 0, or a negative errno: -ENETUNREACH: there is none.
 */
int net_route_default_device(enum sonde_family family, uint32_t *device);

#endif
