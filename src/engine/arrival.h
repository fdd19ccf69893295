/* The message in what a transport received, for engine and survey alike. */
#ifndef ENGINE_ARRIVAL_H
#define ENGINE_ARRIVAL_H

#include <stdbool.h>

#include "packet/protocol.h"
#include "sonde/probe.h"
#include "sonde/transport.h"

/* Slices are of the event's bytes. */
struct engine_arrival {
    const struct sonde_event *event; /* that brought it */
    struct sonde_address from;
    struct sonde_address to; /* NONE: unknown */
    int hop_limit;           /* -1 unknown, and the traffic class likewise */
    int traffic_class;
    struct sonde_bytes ip;    /* the IP header with what follows it; empty: not shown */
    uint8_t protocol;         /* enum packet_protocol: ICMP of the family, UDP, TCP or SCTP */
    struct sonde_bytes upper; /* from the header behind IP's on */
    bool truncated;           /* it ends before its IP header says, though our buffer had room */
};

static inline bool engine_arrival_is_icmp(const struct engine_arrival *arrival)
{
    return arrival->protocol == PACKET_ICMPV4 || arrival->protocol == PACKET_ICMPV6;
}

/*
 * Finds the message. False when there is none, when its protocol is another (ICMP of the other
 * family too), or when it is not the first fragment.
 */
bool engine_arrival_find(const struct sonde_event *event, struct engine_arrival *arrival);

/*
 * Whether the message's checksum is right, as far as it can be judged: not when our buffer cut it,
 * and not where it covers a pseudo-header and our address is unknown; the kernel has checked it
 * then. Nor has the checksum to be there of what never was on a wire (the sender and its device
 * are in this machine): there stands the pseudo-header's sum alone, or 0 for SCTP. The same where
 * a transport had to make up the header and wrote 0.
 */
bool engine_arrival_checksum_ok(const struct engine_arrival *arrival);

#endif
