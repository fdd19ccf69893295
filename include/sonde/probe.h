/*
 * The two values that travel: a probe, which asks, and an outcome, which answers.
 *
 * Exactly one final outcome is told for every probe that was asked of the engine. Notices (late,
 * duplicate, corrupt, …) may follow or precede it and never replace it.
 */
#ifndef SONDE_PROBE_H
#define SONDE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/time.h"

/* Where a time comes from, in rising order of trust. */
enum sonde_stamp_source {
    SONDE_STAMP_NONE,     /* there is no time */
    SONDE_STAMP_USER,     /* read by this process next to the system call */
    SONDE_STAMP_KERNEL,   /* software stamp of the kernel (SO_TIMESTAMPING) */
    SONDE_STAMP_HARDWARE, /* the network device's clock; comparable with other such stamps only */
    SONDE_STAMP_VIRTUAL,  /* the simulated network's clock: exact */
};

/*
 * A time and its origin. All but hardware stamps are on the transport's monotonic clock: the
 * transport has already translated the kernel's wall-clock stamps and set aside those that a step
 * of the wall clock made doubtful.
 */
struct sonde_stamp {
    struct sonde_mono at;
    enum sonde_stamp_source source;
};

enum sonde_probe_kind {
    SONDE_PROBE_ECHO,          /* RFC 792, RFC 4443 */
    SONDE_PROBE_TIMESTAMP,     /* RFC 792, IPv4 only */
    SONDE_PROBE_EXTENDED_ECHO, /* RFC 8335 */
    SONDE_PROBE_NODE_INFO,     /* RFC 4620, IPv6 only */
    SONDE_PROBE_UDP,           /* RFC 768 */
    SONDE_PROBE_TCP,           /* a SYN: RFC 9293 section 3.5 */
    SONDE_PROBE_SCTP,          /* an INIT: RFC 9260 section 3.3.2 */
};

/* Bytes of the TCP header of a SYN, with the options that it has. */
#define SONDE_PROBE_SYN_HEADER 32

/* One datagram to be sent. */
struct sonde_probe {
    uint64_t token;            /* the probe's identity; given by the engine, never 0 */
    uint32_t target;           /* index of the target in the engine */
    uint64_t number;           /* how many probes this target was sent before, from 0 */
    struct sonde_mono due;     /* when it is to leave */
    struct sonde_span timeout; /* from sending to the verdict "timed out" */
    enum sonde_probe_kind kind;
    uint8_t hop_limit;      /* TTL or hop limit */
    uint8_t traffic_class;  /* TOS or traffic class: DSCP and ECN */
    bool dont_fragment;     /* IPv4 DF; for both families: never fragmented by us */
    uint32_t flow_label;    /* IPv6, 20 bits */
    uint16_t payload_bytes; /* behind the eight bytes of the ICMP or UDP header; behind a SYN, which
                               hosts take without reading it; not of SCTP */
    uint16_t port;          /* UDP, TCP, SCTP: the destination's */
    bool filled;            /* echo, UDP: this byte instead of the engine's pattern; what comes */
    uint8_t fill;           /* back of it is not compared with what was sent */
    /*
     * Routers that balance by flow see the same in all probes of a flow and of one shape (Paris
     * traceroute: Augustin and others, 2006). UDP, TCP, SCTP: the source port is identifiers[flow],
     * counted round. Echo: identifier and checksum are the flow's own; 0: they are nobody's, and
     * change.
     */
    uint16_t flow;
};

enum sonde_outcome_kind {
    /* final: exactly one for each probe */
    SONDE_REPLY,
    SONDE_TIME_EXCEEDED,
    SONDE_UNREACHABLE,
    SONDE_TOO_BIG, /* "fragmentation needed" or "packet too big"; mtu says what fits */
    SONDE_PARAMETER_PROBLEM,
    SONDE_TIMED_OUT,
    SONDE_SEND_FAILED, /* did not leave this machine whole: error says why; sent has a time when a
 first fragment had left */
    SONDE_UNFINISHED,  /* the run ended before the timeout: neither answered nor lost */
    /* notices */
    SONDE_LATE,          /* an answer after SONDE_TIMED_OUT */
    SONDE_DUPLICATE,     /* one more reply to an answered probe */
    SONDE_CORRUPT,       /* an answer whose checksum is wrong; the probe stays open */
    SONDE_REDIRECT,      /* the datagram was forwarded; gateway is the better first hop */
    SONDE_SOURCE_QUENCH, /* deprecated (RFC 6633), still told */
    SONDE_LATER_ERROR,   /* an ICMP error about a probe that was answered before it came */
    SONDE_OUTCOME_KINDS,
};

static inline bool sonde_outcome_is_final(enum sonde_outcome_kind kind)
{
    return kind <= SONDE_UNFINISHED;
}

/* What a reply was. */
enum sonde_said {
    SONDE_SAID_NOTHING,         /* it is no reply */
    SONDE_SAID_ICMP_REPLY,      /* the reply that belongs to the ICMP request */
    SONDE_SAID_UDP,             /* a datagram from the port that was asked */
    SONDE_SAID_PORT_CLOSED,     /* ICMP port unreachable, from the target itself */
    SONDE_SAID_PROTOCOL_CLOSED, /* ICMP protocol unreachable, or unrecognized next header; likewise
                                 */
    SONDE_SAID_SYN_ACK,
    SONDE_SAID_RST,
    SONDE_SAID_INIT_ACK,
    SONDE_SAID_ABORT,
};

/* The header that an ICMP error quotes: our datagram as it arrived where the error was made. */
struct sonde_quote {
    bool present;
    bool icmp_intact; /* the quoted ICMP header is all there and carried a valid lease */
    uint8_t hop_limit;
    uint8_t traffic_class;
    uint16_t ip_id;        /* IPv4 */
    uint32_t flow_label;   /* IPv6 */
    uint16_t total_bytes;  /* the length that the quoted IP header claims */
    uint16_t port;         /* the source port, or the identifier of ICMP, as it arrived there */
    bool port_differs;     /* … is not ours: it was translated on the way */
    bool checksum_differs; /* the UDP checksum is not ours: somebody rewrote what it covers */
    struct sonde_address from;
    struct sonde_address to;
};

/* Bytes that belong to somebody else. Valid as long as the call that hands them over. */
struct sonde_bytes {
    const uint8_t *data;
    size_t length;
};

struct sonde_outcome {
    enum sonde_outcome_kind kind;
    uint64_t token;
    uint32_t target;
    uint64_t number;       /* of the probe, as in struct sonde_probe */
    uint16_t identifier;   /* on the wire: ICMP's, or the source port */
    uint16_t sequence;     /* on the wire: ICMP's; else as engine.h tells */
    struct sonde_mono due; /* when the probe was to leave; exact up to 4 s of lag */
    struct sonde_stamp sent;
    struct sonde_stamp received; /* source NONE where nothing was received */
    bool rtt_known;
    struct sonde_span rtt; /* received - sent, both of one clock */

    /* What came back; unset for timeouts and failed sends. */
    enum sonde_said said;      /* SONDE_REPLY, and notices about one */
    struct sonde_address from; /* who answered */
    struct sonde_address to;   /* to which of our addresses */
    int hop_limit;             /* of the answer; -1 when unknown */
    int traffic_class;         /* of the answer; -1 when unknown */
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint32_t mtu;                 /* SONDE_TOO_BIG, SONDE_SEND_FAILED with EMSGSIZE; 0 unknown */
    uint32_t pointer;             /* SONDE_PARAMETER_PROBLEM */
    struct sonde_address gateway; /* SONDE_REDIRECT */
    bool from_error_queue;        /* told by the kernel's error queue: no datagram to show */
    bool foreign_source;          /* a reply from another address than the one asked */
    bool payload_differs;         /* a reply whose payload is not what was sent; first at ... */
    uint32_t payload_differs_at;  /* … this offset behind the ICMP header */
    bool truncated;               /* a reply shorter than what was asked */
    struct sonde_quote quote;
    struct sonde_bytes ip;         /* the IP header with options, where the transport shows it */
    struct sonde_bytes icmp;       /* from the ICMP header to the end */
    struct sonde_bytes extensions; /* RFC 4884 extension structure, from its header */
    int error;                     /* positive errno of SONDE_SEND_FAILED, or of a local error */
};

#endif
