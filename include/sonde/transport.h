/*
 * The transport seam: the clock, the waiting, and the datagrams.
 *
 * The real backends are made of sockets and CLOCK_MONOTONIC, the simulated one of a virtual clock
 * and a scripted network. The engine meets neither; only the loop calls these functions.
 */
#ifndef SONDE_TRANSPORT_H
#define SONDE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/time.h"

/* One datagram on its way out: complete from the IP header on, checksums included. */
struct sonde_datagram {
    uint64_t token; /* comes back with the send stamp; 0 for the later fragments of a datagram */
    struct sonde_address to;
    uint8_t *bytes;
    uint32_t length;
    /* out */
    int error;              /* 0, or the positive errno with which it was refused */
    uint32_t mtu;           /* with EMSGSIZE: what would have fitted, 0 unknown */
    struct sonde_mono sent; /* read right before the datagram was handed to the kernel */
};

enum sonde_event_kind {
    SONDE_EVENT_DATAGRAM,   /* something arrived */
    SONDE_EVENT_SENT_STAMP, /* the stamp with which an earlier datagram left */
    SONDE_EVENT_ERROR,      /* the error queue: an ICMP error or a local error about a datagram */
    SONDE_EVENT_SIGNAL,     /* a signal of the process */
};

/* The first header of a received datagram's bytes. */
enum sonde_layer {
    SONDE_LAYER_IP,   /* IPv4 or IPv6, as from.family says */
    SONDE_LAYER_ICMP, /* ICMPv4 or ICMPv6, as from.family says */
    SONDE_LAYER_UDP,
    SONDE_LAYER_TCP,
    SONDE_LAYER_SCTP,
};

/*
 * One thing that a transport tells. Members are set as the kind says. Bytes are as received, only
 * that a checksum which a sender on this machine left to its device is written in.
 */
struct sonde_event {
    enum sonde_event_kind kind;
    uint64_t token;           /* SENT_STAMP */
    struct sonde_stamp stamp; /* DATAGRAM, ERROR: received; SENT_STAMP: sent */
    struct sonde_mono read;   /* the time at which this process read it */

    enum sonde_layer layer;   /* DATAGRAM */
    struct sonde_bytes bytes; /* DATAGRAM: as received. ERROR: the datagram it is about, as far as
                                 the kernel quotes it, from the header behind IP's on (of UDP's
                                 header the ports alone are told: its checksum is 0) */
    bool cut;                 /* DATAGRAM: longer than our buffer; the rest is gone */
    struct sonde_address
        from;                /* DATAGRAM: source. ERROR: who complained, NONE if the host itself */
    struct sonde_address to; /* DATAGRAM: which of our addresses; may be NONE.
                                ERROR: where the datagram was going */
    int hop_limit;           /* -1 unknown or to be read from the IP header in bytes */
    int traffic_class;       /* likewise */

    struct sonde_bytes extensions; /* ERROR: RFC 4884 extension structure, from its header on, where
                                      the kernel tells it apart */
    uint16_t identifier; /* ERROR: the socket's identifier, where the quote has none (dgram) */
    uint8_t protocol;    /* ERROR: of bytes, as in an IP header; 0: ICMP */
    int error;           /* ERROR: positive errno */
    uint8_t icmp_type;   /* ERROR by ICMP */
    uint8_t icmp_code;   /* ERROR by ICMP */
    uint32_t info;       /* ERROR: MTU, pointer, … as ee_info of struct sock_extended_err */

    int signal; /* SIGNAL: its number */
};

/* Where a datagram would go. */
struct sonde_route {
    struct sonde_address source;
    uint32_t mtu;    /* path MTU as the kernel knows it */
    uint32_t device; /* interface index, 0 unknown */
    bool broadcast;  /* an IPv4 broadcast address of a local network */
};

/* What the transport can say about its own faults. Every counter only grows. */
struct sonde_transport_counters {
    uint64_t receive_drops;  /* datagrams that the kernel dropped because our queue was full */
    uint64_t clock_steps;    /* steps of the wall clock that were noticed */
    uint64_t stamps_missing; /* datagrams sent or received without the stamp that was asked for */
};

struct sonde_transport_ops {
    /* The monotonic clock, read now. */
    struct sonde_mono (*now)(void *self);

    /* Civil time at an instant: for output only, never for arithmetic. */
    struct sonde_wall (*wall)(void *self, struct sonde_mono at);

    /*
     * Sleeps until `until`, or until there is something to receive, or a signal. With
     * `receive_early` false, arriving datagrams may wait for `until` (their stamps do not suffer):
     * one wake-up then serves many. Returns 0 or a negative errno that ends the run.
     */
    int (*wait)(void *self, struct sonde_mono until, bool receive_early);

    /*
     * Sends batch[0..count) and fills `error`, `mtu` and `sent` of each: in order, unless several
     * threads send (sonde/net.h). A refused datagram does not stop the ones behind it. What the
     * kernel would fill in, a transport may write into the headers in `bytes`. Never blocks.
     */
    void (*send)(void *self, struct sonde_datagram *batch, size_t count);

    /*
     * Takes up to `capacity` events without blocking; 0 when there are none. Send stamps of
     * datagrams are told before the datagrams that answer them. Bytes that events point to are
     * valid until the next call of receive. Returns the number of events or a negative errno that
     * ends the run.
     */
    int (*receive)(void *self, struct sonde_event *events, size_t capacity);

    /* The route to an address. Returns 0 or a negative errno (-ENETUNREACH, …). */
    int (*route)(void *self, const struct sonde_address *to, struct sonde_route *route);

    void (*counters)(void *self, struct sonde_transport_counters *counters);

    /* Closes everything and frees self. */
    void (*close)(void *self);
};

struct sonde_transport {
    const struct sonde_transport_ops *ops;
    void *self;
    const char *name; /* "raw", "dgram", "connect", "ring", "sim": for people */
    /* ICMP identifiers and source ports that may be used, each for 65,536 sequence numbers. Owned
     * by the transport. */
    const uint16_t *identifiers;
    size_t identifier_count;
    /*
     * The kernel writes the ICMP header's identifier and there is no IP header of ours on the wire
     * (datagram sockets): what was built is carried over as far as the socket allows.
     */
    bool header_is_kernels;
};

#endif
