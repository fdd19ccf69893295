/* What the two halves of the connecting transport share. Includers define _GNU_SOURCE. */
#ifndef NET_CONNECT_INSIDE_H
#define NET_CONNECT_INSIDE_H

#include "net/connect.h"
#include "packet/tcp.h"

#define NET_CONNECT_POOL 256u /* sockets of a transport, of both families */

/*
 * The kernel sends a second SYN after one second (TCP_TIMEOUT_INIT, RFC 6298 section 2), and what
 * came then would belong to either. So no connection is waited for so long.
 */
#define NET_CONNECT_PATIENCE sonde_span_ms(980)

/* One socket of the pool; its place is the same among the transport's sockets. */
struct net_connection {
    bool under_way;
    int error;     /* connect's own, positive: the answer was there at once */
    int hop_limit; /* as they are set; -1: not yet */
    int traffic_class;
    uint64_t token; /* of the probe that is under way */
    struct sonde_mono sent;
    struct sonde_address from;
    struct sonde_address to;
    uint16_t source_port; /* as the engine has it */
    uint16_t port;
    uint32_t sequence;
    uint8_t told[PACKET_TCP_HEADER]; /* an answer, valid as long as what receive tells */
};

struct net_connect {
    int epoll;                        /* of the sockets, each armed for one event */
    bool one_port;                    /* all sockets have the same */
    size_t first[2];                  /* the family's first socket … */
    size_t count[2];                  /* … and how many there are */
    size_t cursor[2];                 /* where to look for a free one */
    uint16_t order[NET_CONNECT_POOL]; /* who is under way, in the order of sending */
    size_t order_count;
    struct net_connection connections[NET_CONNECT_POOL];
};

/* Makes the epoll set tell once when something is known of a connection. */
void net_connect_arm(const struct net_connect *own, size_t index, int fd);

/* The connection is over: the socket is free, and what it had opened is reset. */
void net_connect_end(struct net_transport *transport, size_t index);

/* Ends those that have had their time; to be called when nothing is known of any. */
void net_connect_expire(struct net_transport *transport);

/* The receive operation. */
int net_connect_receive(void *self, struct sonde_event *events, size_t capacity);

#endif
