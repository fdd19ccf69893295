/*
 * Transports made of real sockets: raw, datagram ICMP, and packet rings.
 *
 * Opening does everything that needs privilege. Afterwards the caller may give up every capability;
 * sending, receiving, waiting and asking for routes need none.
 */
#ifndef SONDE_NET_H
#define SONDE_NET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/transport.h"

/* Who takes the times of sending and receiving. */
enum sonde_net_stamps {
    SONDE_NET_STAMPS_KERNEL,   /* software stamps of the kernel */
    SONDE_NET_STAMPS_HARDWARE, /* the device's, where it has them; else the kernel's */
    SONDE_NET_STAMPS_USER,     /* this process, next to the system call */
};

/* Path MTU discovery, as ping -M. A raw transport's datagrams carry their own DF bit. */
enum sonde_net_pmtu {
    SONDE_NET_PMTU_DEFAULT, /* what the system does */
    SONDE_NET_PMTU_DO,      /* DF, refused when longer than the known path MTU */
    SONDE_NET_PMTU_WANT,    /* DF, fragmented when longer than the known path MTU */
    SONDE_NET_PMTU_DONT,    /* no DF */
    SONDE_NET_PMTU_PROBE,   /* DF, whatever the known path MTU is */
};

/* What may be sent beside ICMP, and whose direct answers are heard; or-ed. */
enum sonde_net_protocol {
    SONDE_NET_UDP = 1,
    SONDE_NET_TCP = 2,
    SONDE_NET_SCTP = 4,
};

/* Zero is the default of every member but fixed_identifier, which must be set (-1: none). */
struct sonde_net_config {
    unsigned protocols;        /* enum sonde_net_protocol: source ports are then the identifiers,
                                  4,096 at most, and none that this host gives to others */
    enum sonde_family family;  /* open this one only; SONDE_FAMILY_NONE: both */
    uint32_t identifier_count; /* rounded up to a power of two, 65,536 at most; 0: 1 */
    int32_t fixed_identifier;  /* 0..65535: this one and no other (ping -e); -1: chosen at random */
    bool translated;           /* raw: errors that quote an echo request of another identifier are
                                  heard, too: a NAT on the way may have given it that */
    const char *device;        /* bind to this device; NULL: none. Read by open only */
    bool device_chosen; /* ring: not the user chose it, but the caller, by the routes: they count */
    struct sonde_address source; /* bind to this address; SONDE_FAMILY_NONE: none */
    bool mark_set;
    uint32_t mark; /* firewall mark */
    enum sonde_net_stamps stamps;
    bool precise;                /* spin on the clock for the last stretch of every wait */
    size_t receive_buffer_bytes; /* 0: the system's default */
    size_t send_buffer_bytes;    /* 0: the system's default */
    enum sonde_net_pmtu pmtu;
    bool broadcast;         /* sending to broadcast addresses is allowed */
    bool dont_route;        /* SO_DONTROUTE */
    bool debug;             /* SO_DEBUG */
    bool receiver;          /* sonde_net_start starts a thread that reads what arrives: for very
                               many packets a second. The raw transport with kernel stamps has it,
                               where there is more than one processor; the others do without. */
    bool no_multicast_loop; /* multicast datagrams do not come back to this host */
    /*
     * Threads of the raw and the ring transport that send, the caller's among them (0 as 1; 16 at
     * most). Worth it where packets leave as fast as they can. There is one where kernel stamps are
     * asked for and the kernel does not let a sender name them (before Linux 6.13), and where the
     * raw transport reads the times itself.
     */
    uint32_t senders;
    bool signals_set;
    sigset_t signals; /* blocked while the transport is open, and told as SONDE_EVENT_SIGNAL */
};

/*
 * Opens a transport. With several `senders` a batch of 16 datagrams or more is shared among them
 * once sonde_net_start has been called: send returns when all have left or were refused, each with
 * its own error, but those of one batch leave in no particular order.
 *
 * `dgram` works without privilege where net.ipv4.ping_group_range allows it. It
 * has 256 identifiers at most, and takes whole datagrams only: the kernel fragments them.
 *
 * With `protocols` raw listens to answers of those, too, and to errors about them. Dgram then has
 * one of them, and sends it without privilege; with others it is refused (-EPROTONOSUPPORT):
 *
 * UDP through sockets bound to the identifiers, whose errors come through their error queues. They
 * tell no more than the ports: so it needs the engine's sequence_in_port, or a flow of its own for
 * each probe to a host that is under way.
 *
 * TCP by connect(2), closed at once: what the kernel hears is told as the answer to the segment
 * that was built. 256 connections are under way at most, 128 of either family where both are open;
 * more are refused with EAGAIN, and so is a second one to the same place where there is a fixed
 * identifier. Otherwise a probe whose source port is busy leaves from another one, so that flows
 * are kept only where one of a flow is under way at a time. A connection is waited for 0.98 s,
 * because then the kernel would send its SYN again. ECN bits and source of the header are not
 * carried over.
 *
 * The kernel begins to stamp arriving datagrams within a millisecond of the first request on the
 * machine; what arrives earlier has a stamp of this process.
 *
 * A family whose sockets cannot be opened is reported when it is used, unless it is the only one
 * wanted or the other one fails too. Once open, datagrams of other processes are not received.
 *
 * Returns 0, or a negative errno; then *operation says in words what failed ("open a raw IPv4
 * socket", "bind to the device"; a static string) and nothing is left open. -ENODEV: there is no
 * device of that name. -EPERM, -EACCES: privilege is missing; the words name the capability.
 */
int sonde_net_open_raw(const struct sonde_net_config *config, struct sonde_transport *transport,
                       const char **operation);
int sonde_net_open_dgram(const struct sonde_net_config *config, struct sonde_transport *transport,
                         const char **operation);

/*
 * The ring transport: for very many packets through one device, config->device or the one of the
 * default route; Ethernet, tunnel without header, or loopback. Datagrams go straight to the next
 * hop's link-layer address, past the firewall, as the main routing table says (policy routing is
 * not looked at). Answers are taken from a ring of packets with the kernel's receive stamps; its
 * size is receive_buffer_bytes, 4 MiB for each family unless set.
 *
 * The raw transport's promises, and these besides: complete headers go out as they are; what is
 * longer than the device's MTU is refused (EMSGSIZE); answers in fragments are not put together.
 * EAGAIN: the next hop is being resolved, or the device is slower than we are: send it again later.
 * EHOSTUNREACH: the next hop did not answer a moment ago, or the route refuses. ENETUNREACH: there
 * is no route, or it leads through another device; where config->device is NULL or device_chosen,
 * else it is sent through the device all the same. Hosts on the link are resolved by the kernel,
 * and no more of them at a time than its table holds (net.ipv4.neigh.default.gc_thresh3).
 *
 * With SONDE_NET_STAMPS_USER one time is read for a batch of up to 64 datagrams, and receive stamps
 * are the kernel's all the same. Kernel stamps cost a message each for what is sent.
 *
 * Returns as above; -ENETUNREACH: no default route; -ENETDOWN: the device is down;
 * -EPROTONOSUPPORT: a device of another kind.
 */
int sonde_net_open_ring(const struct sonde_net_config *config, struct sonde_transport *transport,
                        const char **operation);

/* The calls below are for transports opened here, and for no others. */

/*
 * From now on UDP answers to `port` are heard as well, which is none of the identifiers and is not
 * held against others: the kernel refuses what comes to it. There are SONDE_NET_HEARD_PORTS places
 * for such; a port takes the place of the one that was there. Raw transports with UDP only: else
 * -EOPNOTSUPP. Returns 0, -EINVAL or a negative errno.
 */
#define SONDE_NET_HEARD_PORTS 16u
int sonde_net_hear_port(struct sonde_transport *transport, uint32_t place, uint16_t port);

/* True when the address is one of this machine's, so that answers to it come here. */
bool sonde_net_has_source(const struct sonde_transport *transport,
                          const struct sonde_address *source);

/*
 * Starts the threads that the configuration asked for; without this call, or where it asked for
 * none, everything is done by the calling thread. The transport is used by one thread all the same.
 *
 * To be called once, when every privilege has been given up (threads inherit capabilities as they
 * are now), and before a system-call filter is loaded, which must then be loaded for all threads
 * (SECCOMP_FILTER_FLAG_TSYNC). The threads block all signals and end when the transport is closed.
 * Returns 0 or a negative errno; then none runs, and the transport works without.
 */
int sonde_net_start(struct sonde_transport *transport);

/*
 * The stamps in use, which are the ones asked for or lesser ones; *error is 0 or the negative errno
 * that stood in the way. HARDWARE with -EPERM: the device could not be told to make stamps, but may
 * have been told so by somebody else. A device may still leave single datagrams without a stamp.
 */
enum sonde_net_stamps sonde_net_stamps_in_use(const struct sonde_transport *transport, int *error);

/*
 * Calls back from within wait when `fd` is ready; wait then returns. `events` are those of poll(2):
 * POLLIN, POLLOUT. Watching a watched descriptor changes events and callback. The callback may
 * watch and unwatch. Unwatch before closing the descriptor. Return 0 or a negative errno.
 */
typedef void sonde_net_ready(void *self, int fd, short events);
int sonde_net_watch(struct sonde_transport *transport, int fd, short events,
                    sonde_net_ready *callback, void *self);
int sonde_net_unwatch(struct sonde_transport *transport, int fd);

/*
 * Calls back once from within wait at `at` or soon after; wait then returns. There is one alarm; a
 * later call replaces it, SONDE_NEVER takes it back.
 */
typedef void sonde_net_alarm_due(void *self);
void sonde_net_alarm(struct sonde_transport *transport, struct sonde_mono at,
                     sonde_net_alarm_due *callback, void *self);

#endif
