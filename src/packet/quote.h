/*
 * The datagram that an ICMP error quotes: our own, as it arrived where the error was made, cut
 * anywhere (RFC 792 promises the header and eight bytes). It is as untrusted as everything else:
 * its header length is its own, not that of the IP header around it (the fault of CVE-2022-23093).
 */
#ifndef SONDE_PACKET_QUOTE_H
#define SONDE_PACKET_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/protocol.h"
#include "sonde/address.h"
#include "sonde/probe.h"

/* What is there of the quoted transport header. A has_… tells that its fields were quoted whole. */
struct packet_transport {
    uint8_t protocol;         /* enum packet_protocol; IPv6: behind the extension headers */
    bool inner_fragment;      /* a fragment other than the first: there is no transport header */
    struct sonde_bytes bytes; /* from the transport header on, as far as it is quoted; a slice */

    bool has_type; /* ICMP: type and code (2 bytes) */
    uint8_t type;
    uint8_t code;
    bool has_checksum; /* ICMP (4 bytes), UDP (8), SCTP (12), TCP (18) */
    uint32_t checksum; /* 16 bits; SCTP 32 */
    bool has_lease;    /* ICMP messages with an identifier and a sequence (8 bytes) */
    uint16_t identifier;
    uint16_t sequence;

    bool has_ports; /* TCP, UDP, UDP-Lite, SCTP (4 bytes) */
    uint16_t source_port;
    uint16_t destination_port;
    bool has_length; /* UDP (6 bytes) */
    uint16_t length;
    bool has_tcp_sequence; /* TCP (8 bytes) */
    uint32_t tcp_sequence;
    bool has_acknowledgment; /* TCP (12 bytes) */
    uint32_t acknowledgment;
    bool has_tcp_flags; /* TCP (14 bytes) */
    uint8_t tcp_flags;
    bool has_verification_tag; /* SCTP (8 bytes) */
    uint32_t verification_tag;
    bool has_initiate_tag; /* SCTP, of an INIT at the front (20 bytes) */
    uint32_t initiate_tag;
};

/*
 * Reads a quoted datagram of the error's family. *quote is filled but for icmp_intact, which is the
 * engine's to say. Returns 0; -ENODATA when not even the IP header is there, -EPROTONOSUPPORT when
 * the version is another, -EBADMSG when its header length cannot be: then quote->present is false
 * and *transport is all zero. A broken IPv6 extension chain gives 0 and a transport without bytes.
 */
int packet_quote_parse(enum sonde_family family, struct sonde_bytes bytes,
                       struct sonde_quote *quote, struct packet_transport *transport);

/* Reads a transport header by its protocol number, as far as it is there. */
void packet_transport_parse(uint8_t protocol, struct sonde_bytes bytes,
                            struct packet_transport *transport);

#endif
