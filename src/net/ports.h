/*
 * Source ports of probes that are no ICMP. They double as the transport's identifiers, and nobody
 * else on this machine is to use them meanwhile.
 */
#ifndef NET_PORTS_H
#define NET_PORTS_H

#include <stddef.h>
#include <stdint.h>

#include "net/filter.h"
#include "sonde/net.h"

#define NET_PORTS_MAX  4096u /* identifiers that are ports: those from 61,440 on */
#define NET_PORTS_HELD 64u   /* ports held by a socket, of each protocol */

/* Ports that the kernel gives to whoever does not care (ip_local_port_range), both included. */
struct net_port_range {
    uint16_t low, high;
};
struct net_port_range net_ports_given(void);

/*
 * The block of `count` ports (a power of two, NET_PORTS_MAX at most) to be tried at `turn`, from 0
 * on: above 61,439 and outside `given` while there are such; else outside of it; else above 61,439.
 * The turns begin at a place that `random` chooses and go around.
 */
struct net_identifiers net_ports_block(uint32_t count, uint32_t random, uint32_t turn,
                                       struct net_port_range given);

/* How many turns are worth taking. */
#define NET_PORTS_TURNS 256u

/* A random number to choose a block with. */
uint32_t net_ports_random(void);

/* Sockets that hold ports. Zero: none. */
struct net_ports {
    int *fds;
    size_t count;
};

/*
 * Chooses a block and holds the first ports of it: UDP by sockets that drop all they get, so that
 * the kernel does not refuse the answers for want of one; TCP by sockets that do not listen, so
 * that the kernel resets what an answer would open. A fixed identifier is taken though others use
 * it. Returns 0, or a negative errno with *operation; then nothing is held. -EADDRINUSE: no block
 * is free.
 */
int net_ports_hold(struct net_ports *ports, const struct sonde_net_config *config, uint32_t count,
                   struct net_identifiers *ours, const char **operation);
void net_ports_release(struct net_ports *ports);

#endif
