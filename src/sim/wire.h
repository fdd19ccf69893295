/* A packet that entered the network, taken apart; and its fragments put together. */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/protocol.h"
#include "sonde/address.h"
#include "sonde/probe.h"

struct sim_packet {
    uint64_t number; /* among those that entered, from 1 */
    int64_t at;      /* ns: when it entered; of fragments, the last */
    uint8_t family;
    uint8_t hop_limit;
    uint8_t traffic_class;
    uint8_t protocol;    /* of what stands in upper */
    bool may_fragment;   /* routers may divide it: IPv4 without DF */
    uint16_t id;         /* IPv4 */
    uint32_t flow_label; /* IPv6 */
    struct sonde_address source;
    struct sonde_address destination;
    struct sonde_bytes options; /* IPv4 */
    struct sonde_bytes whole;   /* the datagram, put together */
    struct sonde_bytes upper;   /* from the upper layer's header on */
    struct sonde_bytes first;   /* the piece that an error would quote: the first fragment */
    uint32_t largest;           /* bytes of the longest piece */
};

enum sim_wire_result {
    SIM_WIRE_PACKET, /* *packet is filled */
    SIM_WIRE_HELD,   /* a fragment; others are missing */
    SIM_WIRE_MALFORMED,
};

struct sim_wire;

/* NULL when there is no memory. */
struct sim_wire *sim_wire_create(void);
void sim_wire_destroy(struct sim_wire *wire);

/*
 * Takes a datagram as it is on the wire. number and at of *packet are the caller's to fill;
 * `at` orders the fragments: those of a datagram that is not complete 30 s after its first one are
 * forgotten, and the oldest of more than 16 such. The slices of *packet are valid until the next
 * call.
 */
enum sim_wire_result sim_wire_take(struct sim_wire *wire, struct sonde_bytes bytes, int64_t at,
                                   struct sim_packet *packet);

#endif
