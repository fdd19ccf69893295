/*
 * IPv4 options: RFC 791 section 3.1. Iteration over any, values for the ones that ping sets and
 * prints: record route, loose and strict source route, and the timestamp in its three forms.
 */
#ifndef SONDE_PACKET_IPV4_OPTIONS_H
#define SONDE_PACKET_IPV4_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/address.h"
#include "sonde/probe.h"

enum packet_ipv4_option_type {
    PACKET_OPTION_END = 0,
    PACKET_OPTION_NOP = 1,
    PACKET_OPTION_RECORD_ROUTE = 7,
    PACKET_OPTION_TIMESTAMP = 68,
    PACKET_OPTION_TRACEROUTE = 82, /* RFC 1393 */
    PACKET_OPTION_SECURITY = 130,  /* RFC 1108 */
    PACKET_OPTION_LOOSE_ROUTE = 131,
    PACKET_OPTION_CIPSO = 134,
    PACKET_OPTION_STREAM_ID = 136,
    PACKET_OPTION_STRICT_ROUTE = 137,
    PACKET_OPTION_ROUTER_ALERT = 148, /* RFC 2113 */
};

/* The flag in an option's type: the option is copied into every fragment. */
#define PACKET_OPTION_COPIED 0x80u

/* One option as it stands. */
struct packet_ipv4_option {
    uint8_t type;
    uint8_t offset;          /* of the type byte, from the start of the options */
    struct sonde_bytes data; /* behind type and length; empty for END and NOP */
};

/* Where an iteration stands. Start with packet_ipv4_options(). */
struct packet_ipv4_options {
    const uint8_t *start;
    struct packet_reader reader;
};

struct packet_ipv4_options packet_ipv4_options(struct sonde_bytes options);

/*
 * The next option, NOP included. Returns 1; 0 at the end (END itself is not handed out); -EBADMSG
 * when a length is less than two or reaches beyond the options, and the iteration is over.
 */
int packet_ipv4_options_next(struct packet_ipv4_options *options,
                             struct packet_ipv4_option *option);

#define PACKET_ROUTE_SLOTS 9u

/* Record route, loose or strict source route. */
struct packet_ipv4_route {
    uint8_t type;  /* RECORD_ROUTE, LOOSE_ROUTE or STRICT_ROUTE */
    uint8_t slots; /* how many addresses the option has room for, 9 at most */
    uint8_t used;  /* how many of them the pointer has passed */
    struct sonde_address hops[PACKET_ROUTE_SLOTS]; /* all slots; unused ones hold what was sent */
};

/* Returns 0, -EINVAL when the option is of another type, -EBADMSG when its pointer cannot be. */
int packet_ipv4_route_parse(const struct packet_ipv4_option *option,
                            struct packet_ipv4_route *route);

/* Writes the option without padding; slots beyond `used` with family NONE become zeros. Returns 0,
 * -EINVAL or -ENOBUFS. */
int packet_ipv4_route_write(struct packet_writer *writer, const struct packet_ipv4_route *route);

enum packet_ipv4_timestamp_form {
    PACKET_TIMESTAMP_ONLY = 0,         /* times */
    PACKET_TIMESTAMP_AND_ADDRESS = 1,  /* each router adds its address and the time */
    PACKET_TIMESTAMP_PRESPECIFIED = 3, /* only the routers named add the time */
};

/* Set in a time that is not milliseconds since midnight UT. */
#define PACKET_TIMESTAMP_NONSTANDARD UINT32_C(0x80000000)

struct packet_ipv4_timestamp {
    uint8_t form;     /* enum packet_ipv4_timestamp_form */
    uint8_t overflow; /* routers that found no room, 15 at most */
    uint8_t slots;    /* 9 at most, with addresses 4 */
    uint8_t used;     /* how many slots the pointer has passed */
    struct packet_ipv4_timestamp_entry {
        struct sonde_address address; /* family NONE in TIMESTAMP_ONLY */
        uint32_t time;                /* milliseconds since midnight UT */
    } entries[PACKET_ROUTE_SLOTS];
};

/* Returns 0, -EINVAL when the option is of another type, -EBADMSG when form or pointer cannot be.
 */
int packet_ipv4_timestamp_parse(const struct packet_ipv4_option *option,
                                struct packet_ipv4_timestamp *timestamp);

/* Writes the option without padding. Returns 0, -EINVAL or -ENOBUFS. */
int packet_ipv4_timestamp_write(struct packet_writer *writer,
                                const struct packet_ipv4_timestamp *timestamp);

/*
 * Ends a list of options that began at `start` of the writer: END bytes up to a multiple of four.
 * Returns 0, -EINVAL when they are more than 40 bytes, or -ENOBUFS.
 */
int packet_ipv4_options_pad(struct packet_writer *writer, size_t start);

#endif
