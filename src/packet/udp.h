/* UDP: RFC 768; its checksum in IPv6: RFC 8200 section 8.1. */
#ifndef SONDE_PACKET_UDP_H
#define SONDE_PACKET_UDP_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_UDP_HEADER      8u
#define PACKET_UDP_CHECKSUM_AT 6u
#define PACKET_UDP_PAYLOAD_MAX (65535u - PACKET_UDP_HEADER)

struct packet_udp {
    uint16_t source_port; /* 0: none is given */
    uint16_t destination_port;
    struct sonde_bytes payload; /* a slice of the input */

    /* Set by parsing, not looked at when writing. */
    uint16_t length;   /* header and payload, as the header claims */
    uint16_t checksum; /* as it stands; 0: none was made */
};

/*
 * Reads a datagram, from the UDP header on. The payload is what the length claims; bytes behind it
 * are no part of the datagram. The checksum is not judged: see below. Jumbograms (RFC 2675), whose
 * length is 0, are not known. Returns 0; -ENODATA when the header is cut or the length is more than
 * there is; -EBADMSG when the length is less than the header's. After an error *udp is all zero.
 */
int packet_udp_parse(struct sonde_bytes bytes, struct packet_udp *udp);

/*
 * True when the datagram can be read and its checksum is right: over as many bytes as its length
 * claims, and the addresses of the IP header, which are of one family. 0 means that none was made:
 * right in IPv4, wrong in IPv6.
 */
bool packet_udp_checksum_ok(struct sonde_bytes bytes, const struct sonde_address *source,
                            const struct sonde_address *destination);

/*
 * Writes a datagram with length and checksum; one that is computed as 0 is sent as 0xffff. Returns
 * 0, -ENOBUFS, or -EINVAL when the payload is too long or the addresses are not of one family;
 * after an error the writer has failed.
 */
int packet_udp_write(struct packet_writer *writer, const struct packet_udp *udp,
                     const struct sonde_address *source, const struct sonde_address *destination);

#endif
