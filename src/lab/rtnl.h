/*
 * Devices, addresses, neighbours and routes of one network namespace, over rtnetlink
 * (rtnetlink(7)).
 *
 * A socket stays in the namespace in which it was opened, wherever its owner goes. All functions
 * return 0 or a negative errno, the kernel's where it refused.
 */
#ifndef LAB_RTNL_H
#define LAB_RTNL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sonde/address.h"

#define LAB_RTNL_ETHERNET 6 /* bytes of an Ethernet address */

struct mnl_socket;

struct lab_rtnl {
    struct mnl_socket *socket;
    uint32_t sequence; /* of the last request */
};

/* A socket in the caller's namespace. */
int lab_rtnl_open(struct lab_rtnl *rtnl);
void lab_rtnl_close(struct lab_rtnl *rtnl);

/* The descriptor, for requests that have an ioctl only (netdevice(7)). */
int lab_rtnl_descriptor(const struct lab_rtnl *rtnl);

/* One end of a veth(4) pair. */
struct lab_rtnl_end {
    const char *name;
    const uint8_t *ethernet; /* its address; NULL: the kernel chooses */
    uint32_t mtu;
};

/* Makes a pair: `here` in this namespace, `there` in that of process `owner`. */
int lab_rtnl_veth(struct lab_rtnl *rtnl, const struct lab_rtnl_end *here,
                  const struct lab_rtnl_end *there, pid_t owner);

/* The device makes no IPv6 address by itself, so that no solicitation leaves it. */
int lab_rtnl_no_own_ipv6(struct lab_rtnl *rtnl, uint32_t ifindex);

/* Switches the device on; `no_arp`: it asks nobody for Ethernet addresses. */
int lab_rtnl_up(struct lab_rtnl *rtnl, uint32_t ifindex, bool no_arp);

/* Adds an address with the longest prefix, from which packets can be sent at once. */
int lab_rtnl_address(struct lab_rtnl *rtnl, uint32_t ifindex, const struct sonde_address *address);

/* Whether what comes to an address of ours is taken in. That of IPv6 a worker of the kernel
 * arranges some time after it was added (net/ipv6/addrconf.c); before, what arrives is lost. */
int lab_rtnl_arrives(struct lab_rtnl *rtnl, const struct sonde_address *address, bool *arrives);

/* A neighbour that need not be asked for, ever. */
int lab_rtnl_neighbour(struct lab_rtnl *rtnl, uint32_t ifindex, const struct sonde_address *address,
                       const uint8_t ethernet[static LAB_RTNL_ETHERNET]);

/* A default route by a gateway that counts as on the link, with the source to prefer. */
int lab_rtnl_default_route(struct lab_rtnl *rtnl, uint32_t ifindex,
                           const struct sonde_address *gateway, const struct sonde_address *source);

#endif
