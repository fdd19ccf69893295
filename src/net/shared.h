/*
 * What the raw and the datagram transport have in common: everything but opening sockets and
 * putting datagrams into them. Includers define _GNU_SOURCE (struct mmsghdr).
 */
#ifndef NET_SHARED_H
#define NET_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/clock.h"
#include "net/crew.h"
#include "net/filter.h"
#include "net/inbox.h"
#include "net/options.h"
#include "net/poller.h"
#include "net/ports.h"
#include "net/receiver.h"
#include "net/route.h"
#include "net/stamps.h"
#include "sonde/net.h"
#include "sonde/transport.h"

#define NET_BATCH        64u
#define NET_SEND_CONTROL 192u

struct net_socket {
    int fd;
    uint8_t family;
    bool hears;          /* datagrams come in here … */
    uint8_t layer;       /* … and begin so: enum sonde_layer */
    uint8_t protocol;    /* other than ICMP, as in an IP header */
    bool used;           /* something was sent in its family: worth listening */
    bool noisy;          /* the error queue holds more than stamps */
    uint16_t identifier; /* of a datagram socket */
    int pmtu;            /* path MTU discovery and flow label as they are set: datagram sockets */
    uint32_t label;
    uint32_t drops; /* as last told by the kernel */
    struct net_stamps stamps;
};

/* A batch on its way out. */
struct net_outbox {
    struct mmsghdr messages[NET_BATCH];
    struct iovec vectors[NET_BATCH];
    union net_name names[NET_BATCH];
    union {
        struct cmsghdr align;
        uint8_t bytes[NET_SEND_CONTROL];
    } controls[NET_BATCH];
    int fd;                /* what several threads send through … */
    int errors[NET_BATCH]; /* … and the positive errno of each message, 0: it was sent */
};

/* What is known of a source address: only one that was ours can be found to be gone. */
struct net_source {
    struct sonde_address address;
    struct sonde_mono until; /* not looked at again before */
    bool was_ours;
    bool gone;
};

struct net_ring;
struct net_connect;

struct net_transport {
    struct net_poller poller;
    struct net_clock clock;
    struct net_routes routes;
    struct net_inbox data;
    struct net_inbox errors;
    struct net_outbox out;
    struct net_socket *sockets;
    size_t socket_count;
    int family_error[2]; /* why there is no socket of IPv4, IPv6; 0: there is */
    uint16_t *identifiers;
    uint32_t identifier_count;
    struct net_ports ports;                 /* the identifiers, held against others */
    uint16_t heard_ports[NET_FILTER_PORTS]; /* of UDP, besides; 0: none */
    bool datagram;
    uint8_t protocol; /* of a datagram transport that is not ICMP's: as in an IP header */
    bool own_ids;     /* SCM_TS_OPT_ID */
    struct net_source source[2]; /* IPv4, IPv6: that of the last datagrams; raw sockets */
    enum sonde_net_pmtu pmtu;
    enum sonde_net_stamps stamps;
    int stamps_error;
    uint32_t device;
    struct net_ring *ring;                /* of the ring transport, NULL: not one */
    struct net_connect *connect;          /* of the one that connects, NULL: not it */
    int (*start)(struct net_transport *); /* its threads, NULL: there are none */
    struct sonde_transport_counters counters;
    unsigned senders; /* threads that are to send, the caller's among them */
    struct net_crew crew;
    bool receiver_wanted;
    struct net_receiver *receiver; /* reads all sockets, NULL: we do */

    /* What was read and not yet told. */
    uint16_t data_socket[NET_INBOX_SLOTS];
    size_t data_count;
    size_t data_next;
    size_t error_socket; /* whose error queue comes next; socket_count: all are empty */
    struct sonde_mono read;
};

/*
 * Makes the shared part with room for `socket_count` sockets: poller, clock, buffers, routes.
 * Returns 0 or a negative errno with *operation; then nothing is left. config is checked.
 */
int net_transport_create(struct net_transport **transport, const struct sonde_net_config *config,
                         size_t socket_count, const char **operation);
void net_transport_destroy(struct net_transport *transport);

/* The number of identifiers a configuration asks for: a power of two, 65,536 at most, or 4,096
 * where they are ports. */
uint32_t net_identifier_count(const struct sonde_net_config *config);

/*
 * Makes the socket `fd` (owned from now on, also on failure) the transport's next one, with its
 * options and, if it `sends`, send stamps. Returns it, or NULL with *error and *operation.
 */
struct net_socket *net_transport_add(struct net_transport *transport, int fd,
                                     enum sonde_family family,
                                     const struct sonde_net_config *config, bool sends, int *error,
                                     const char **operation);

/*
 * The halves of it, for sockets of another sort: makes it the next one; gives it send stamps as
 * far as they can be had.
 */
struct net_socket *net_transport_take(struct net_transport *transport, int fd,
                                      enum sonde_family family);
void net_transport_stamp(struct net_transport *transport, struct net_socket *socket,
                         const struct sonde_net_config *config);

/* Closes a socket, which stays the transport's; once more: nothing. */
void net_socket_close(struct net_socket *socket);

/* Takes back the last socket. */
void net_transport_drop_last(struct net_transport *transport);

/* Registers the sockets and fills in the seam, once everything is open. Returns as create. */
int net_transport_finish(struct net_transport *transport, const struct sonde_transport_ops *ops,
                         const char *name, struct sonde_transport *seam, const char **operation);

/* How many threads may send: stamps need ids of our own, or one thread that counts with the kernel.
 */
unsigned net_transport_senders(const struct net_transport *transport,
                               const struct sonde_net_config *config);

/* The message at this place carries the id that stands in its control block. */
void net_outbox_carry_id(struct net_outbox *out, size_t at);

/*
 * Sends messages [0, count) of the outbox, made of batch[0, count), through one socket, and fills
 * in the batch. `retry` is for sockets whose pending error may be about something else. Several
 * threads share the work, where there are; then the messages leave in no particular order.
 */
void net_transport_push(struct net_transport *transport, struct net_socket *socket,
                        struct sonde_datagram *batch, size_t count, bool retry);

/* Books what became of one datagram, handed over at datagram->sent; `error` is a positive errno. */
void net_transport_book(struct net_transport *transport, struct net_socket *socket,
                        struct sonde_datagram *datagram, int error);

/*
 * How many datagrams may go into one system call: one, when the time next to the call counts, and
 * speed is not what was asked for.
 */
static inline size_t net_transport_batch(const struct net_transport *transport)
{
    return transport->stamps == SONDE_NET_STAMPS_USER && !transport->ring ? 1 : NET_BATCH;
}

/* Parts of the raw transport: its identifiers, the socket that sends, its send. */
struct net_identifiers net_raw_identifiers(struct net_transport *transport,
                                           const struct sonde_net_config *config);
int net_raw_open_sending(struct net_transport *transport, enum sonde_family family,
                         const struct sonde_net_config *config, const char **operation);
void net_raw_send(void *self, struct sonde_datagram *batch, size_t count);
bool net_raw_source_is_gone(struct net_transport *transport, const struct sonde_datagram *datagram,
                            struct sonde_mono now);

/* Parts of the datagram transport: options that make a datagram what its header says; each returns
 * 0 or a positive errno. */
struct net_carry;
int net_dgram_label(struct net_socket *socket, const struct net_carry *carry);
int net_dgram_fragmenting(const struct net_transport *transport, struct net_socket *socket,
                          const struct net_carry *carry);

/*
 * What a message of an error queue, read into `slot` of the errors, tells of an ICMP error; its
 * bytes stay there. False: it is about something else.
 */
bool net_transport_error(struct net_transport *transport, const struct net_socket *socket,
                         size_t slot, struct sonde_event *event);

/* Fills in that a datagram was not sent; `error` is a positive errno. */
void net_transport_refuse(struct sonde_datagram *datagram, int error);

/* The operations of the seam, all but send. */
struct sonde_mono net_transport_now(void *self);
struct sonde_wall net_transport_wall(void *self, struct sonde_mono at);
int net_transport_wait(void *self, struct sonde_mono until, bool receive_early);
int net_transport_receive(void *self, struct sonde_event *events, size_t capacity);
int net_transport_route(void *self, const struct sonde_address *to, struct sonde_route *route);
void net_transport_counters(void *self, struct sonde_transport_counters *counters);
void net_transport_close(void *self);

#endif
