/* The ICMP message in what a transport received, for engine and survey alike. */
#ifndef ENGINE_ARRIVAL_H
#define ENGINE_ARRIVAL_H

#include <stdbool.h>

#include "sonde/probe.h"
#include "sonde/transport.h"

/* Slices are of the event's bytes. */
struct engine_arrival {
    const struct sonde_event *event; /* that brought it */
    struct sonde_address from;
    struct sonde_address to; /* NONE: unknown */
    int hop_limit;           /* -1 unknown, and the traffic class likewise */
    int traffic_class;
    struct sonde_bytes ip;   /* the IP header with what follows it; empty: not shown */
    struct sonde_bytes icmp; /* from the ICMP header on */
    bool truncated;          /* it ends before its IP header says, though our buffer had room */
};

/* Finds the message. False when there is none, or when it is not the first fragment. */
bool engine_arrival_find(const struct sonde_event *event, struct engine_arrival *arrival);

/*
 * Whether the message's checksum is right, as far as it can be judged: not when our buffer cut it,
 * and without our address not in ICMPv6, whose pseudo-header is then unknown; the kernel has
 * checked it.
 */
bool engine_arrival_checksum_ok(const struct engine_arrival *arrival);

#endif
