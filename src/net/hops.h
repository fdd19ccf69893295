/*
 * To whom a datagram goes next, for whoever writes link-layer headers: the kernel's main routing
 * table and its neighbours, over rtnetlink (rtnetlink(7)), kept up to date by its notifications.
 *
 * Nothing here needs privilege, and nothing is sent to the network. What is not plain (addresses of
 * this machine, broadcast, multicast, neighbours not resolved yet) is left to
 * the kernel: such datagrams go through an ordinary raw socket, by which the kernel also resolves
 * the neighbour. Rules of policy routing and tables but the main one are not looked at.
 */
#ifndef NET_HOPS_H
#define NET_HOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/neighbours.h"
#include "net/prefixes.h"
#include "net/route.h"
#include "sonde/address.h"
#include "sonde/time.h"

struct mnl_socket;

struct net_hops_config {
    enum sonde_family family; /* this one only; SONDE_FAMILY_NONE: both */
    uint32_t device;          /* the one that is sent through */
    bool chosen;     /* … by us: what the routes lead through others, or nowhere, is refused */
    bool headerless; /* the device has no link-layer addresses */
};

/* What routes through the device have in common: next hop, and what the source depends on. */
struct net_hops_way {
    struct sonde_address gateway;   /* SONDE_FAMILY_NONE: the destination itself */
    struct sonde_address preferred; /* as source, by the route; SONDE_FAMILY_NONE: no word of it */
    uint8_t scope;                  /* of the route, enum rt_scope_t: of what reach a source is */
    struct sonde_address source;    /* the kernel's choice; SONDE_FAMILY_NONE: not asked yet */
};

struct net_hops {
    struct net_hops_config config;
    struct mnl_socket *questions;    /* dumps */
    struct mnl_socket *news;         /* notifications, and what is known of a neighbour */
    struct net_prefixes prefixes[2]; /* IPv4, IPv6; values are indices of ways, or special */
    struct net_hops_way *ways;
    size_t way_count, way_room;
    struct net_neighbours neighbours;
    struct sonde_mono heard;  /* when news were last read */
    struct sonde_mono loaded; /* when the routes were last read */
    bool changed;             /* … and they changed since */
    uint32_t sequence;
};

enum net_hop {
    NET_HOP_LINK,    /* to *link, on the device */
    NET_HOP_KERNEL,  /* through a raw socket */
    NET_HOP_REFUSED, /* not at all: *error */
};

/* Reads the routes. Returns 0 or a negative errno; then nothing is left open. */
int net_hops_open(struct net_hops *hops, const struct net_hops_config *config);
void net_hops_close(struct net_hops *hops);

/* Reads the news, once in a millisecond at most. To be called before a batch is sent. */
void net_hops_turn(struct net_hops *hops, struct sonde_mono now);

/*
 * The next hop to an address; *link has NET_NEIGHBOURS_LINK bytes, valid until the next call.
 * Errors (positive errno): ENETUNREACH: by another device, or no route, where the device was chosen
 * by us; EAGAIN: wait for the neighbour to be resolved; EHOSTUNREACH: it could not be resolved a
 * moment ago, or the route is one that refuses.
 */
enum net_hop net_hops_find(struct net_hops *hops, const struct sonde_address *to,
                           struct sonde_mono now, const uint8_t **link, int *error);

/* Whether routes lead any address from `first` to `last` through another device; where `chosen`. */
bool net_hops_elsewhere(const struct net_hops *hops, const struct sonde_address *first,
                        const struct sonde_address *last);

/*
 * The source that the kernel would write for this IPv4 destination. `routes` are asked once for
 * each way, and what they say of its first destination counts for all: in the tables that are read
 * here it depends on the route's next hop, preferred source and scope (net/ipv4/fib_semantics.c,
 * fib_info_update_nhc_saddr). Rules of policy routing, which `routes` obey, may tell destinations
 * of a way apart; that is not seen. NULL: only the kernel can say, as for IPv6, multicast and
 * broadcast. Valid until the next turn.
 */
const struct sonde_address *net_hops_source(struct net_hops *hops, const struct net_routes *routes,
                                            const struct sonde_address *to);

#endif
