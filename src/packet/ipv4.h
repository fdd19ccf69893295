/* The IPv4 header: RFC 791, with DSCP and ECN (RFC 2474, RFC 3168) as one traffic class. */
#ifndef SONDE_PACKET_IPV4_H
#define SONDE_PACKET_IPV4_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_IPV4_HEADER      20u /* without options */
#define PACKET_IPV4_OPTIONS_MAX 40u
#define PACKET_IPV4_HEADER_MAX  60u
#define PACKET_IPV4_TTL_AT      8u /* offsets, for patching a prepared header */
#define PACKET_IPV4_ID_AT       4u
#define PACKET_IPV4_CHECKSUM_AT 10u

struct packet_ipv4 {
    uint8_t traffic_class;
    uint16_t total_bytes; /* header and payload, as the header claims */
    uint16_t id;
    bool reserved_flag; /* must be zero on the wire; kept as it came */
    bool dont_fragment;
    bool more_fragments;
    uint16_t fragment_offset; /* in bytes: a multiple of eight, 65,528 at most */
    uint8_t ttl;
    uint8_t protocol; /* enum packet_protocol */
    uint16_t checksum;
    struct sonde_address source;
    struct sonde_address destination;
    struct sonde_bytes options; /* a slice of the input; a multiple of four bytes, 40 at most */

    /* Set by parsing, not looked at when writing. */
    bool checksum_ok;
    bool truncated; /* total_bytes is more than there are */
    struct sonde_bytes
        payload; /* a slice: what is there of the payload, nothing beyond total_bytes */
};

/* Length of the header with its options. */
static inline uint16_t packet_ipv4_header_bytes(const struct packet_ipv4 *header)
{
    return (uint16_t)(PACKET_IPV4_HEADER + header->options.length);
}

/*
 * Reads a datagram. A wrong checksum is told in checksum_ok and is no error. Returns 0, -ENODATA
 * when the header is cut, -EPROTONOSUPPORT when the version is not four, -EBADMSG when the lengths
 * cannot be. After an error *header is all zero.
 */
int packet_ipv4_parse(struct sonde_bytes bytes, struct packet_ipv4 *header);

/*
 * The same for a header quoted in an ICMP error, where total_bytes has been seen in host order or
 * shortened by the header: it is taken over unjudged, and the payload is all that follows.
 */
int packet_ipv4_parse_quoted(struct sonde_bytes bytes, struct packet_ipv4 *header);

/*
 * Writes the header, options included, with a fresh checksum (`checksum` is not looked at).
 * Returns 0, -ENOBUFS, or -EINVAL when a value does not fit its field; then nothing is written.
 */
int packet_ipv4_write(struct packet_writer *writer, const struct packet_ipv4 *header);

#endif
