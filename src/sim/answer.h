/* The datagrams that hosts and routers of the simulated network send. */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include <stdint.h>

#include "packet/cursor.h"
#include "packet/icmp.h"
#include "sim/flips.h"
#include "sim/scenario.h"
#include "sim/wire.h"
#include "sonde/address.h"

/* The IP header of an answer. */
struct sim_answer_from {
    struct sonde_address source;
    struct sonde_address destination;
    uint8_t hop_limit;
    uint8_t traffic_class;
    uint8_t protocol;           /* 0: ICMP of the family */
    uint16_t id;                /* IPv4 */
    struct sonde_bytes options; /* IPv4 */
};

/* What a router says, and how. */
struct sim_answer_fault {
    enum sim_fault fault;
    uint8_t code4;
    uint8_t code6;
    uint32_t further; /* mtu or pointer */
    struct sonde_address gateway;
    size_t quote_bytes; /* behind the quoted IP header, at most; RFC 1812 and 4443 still bind */
    struct sonde_bytes quote_options; /* put behind the quoted IPv4 header; may be empty */
    enum packet_extension_form form;  /* of the extensions, where the error can carry them */
    struct sonde_bytes extensions;    /* the whole structure; empty: none */
};

/* A packet as it arrived at the router that quotes it. */
struct sim_answer_quoted {
    const struct sim_packet *packet; /* as it was sent */
    uint8_t hop_limit;
    uint8_t traffic_class;
    uint16_t id; /* IPv4 */
    struct sonde_address source;
    struct sonde_bytes head; /* what the upper layer begins with by then */
    struct sim_flips flips;  /* in the upper layer */
};

/* Writes a complete datagram that carries the message. Returns 0 or a negative errno. */
int sim_answer_write(struct packet_writer *writer, const struct sim_answer_from *from,
                     const struct packet_icmp *message);

/* The same with arbitrary bytes of from->protocol in place of an ICMP message. */
int sim_answer_write_bytes(struct packet_writer *writer, const struct sim_answer_from *from,
                           struct sonde_bytes bytes);

/*
 * Writes a router's error about a packet. Returns 0, -EAFNOSUPPORT when the packet's family has no
 * such error, or another negative errno.
 */
int sim_answer_write_fault(struct packet_writer *writer, const struct sim_answer_from *from,
                           const struct sim_answer_quoted *quoted,
                           const struct sim_answer_fault *fault);

#endif
