/* The IPv6 header and its extension headers: RFC 8200; AH: RFC 4302. */
#ifndef SONDE_PACKET_IPV6_H
#define SONDE_PACKET_IPV6_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_IPV6_HEADER          40u
#define PACKET_IPV6_FRAGMENT_HEADER 8u
#define PACKET_IPV6_MIN_MTU         1280u
#define PACKET_IPV6_HOP_LIMIT_AT    7u /* offset, for patching a prepared header */

/* More extension headers than any datagram needs; a longer chain is refused. */
#define PACKET_IPV6_CHAIN_MAX 16u

struct packet_ipv6 {
    uint8_t traffic_class;
    uint32_t flow_label;    /* 20 bits */
    uint16_t payload_bytes; /* behind this header, as it claims */
    uint8_t next_header;    /* enum packet_protocol */
    uint8_t hop_limit;
    struct sonde_address source;
    struct sonde_address destination;

    /* Set by parsing, not looked at when writing. */
    bool truncated;             /* payload_bytes is more than there are */
    struct sonde_bytes payload; /* a slice: what is there, nothing beyond payload_bytes */
};

/*
 * Reads a datagram. Jumbograms (RFC 2675) are not known: their payload_bytes is 0. Returns 0,
 * -ENODATA when the header is cut, -EPROTONOSUPPORT when the version is not six. After an error
 * *header is all zero.
 */
int packet_ipv6_parse(struct sonde_bytes bytes, struct packet_ipv6 *header);

/* The same for a header quoted in an ICMP error: the payload is all that follows. */
int packet_ipv6_parse_quoted(struct sonde_bytes bytes, struct packet_ipv6 *header);

/* Writes the header. Returns 0, -ENOBUFS, or -EINVAL when a value does not fit its field. */
int packet_ipv6_write(struct packet_writer *writer, const struct packet_ipv6 *header);

/* RFC 8200 section 4.5. */
struct packet_ipv6_fragment {
    uint8_t next_header;
    uint16_t offset; /* in bytes, a multiple of eight */
    bool more;
    uint32_t id;
};

/* Returns 0, -ENOBUFS, or -EINVAL when the offset does not fit. */
int packet_ipv6_fragment_write(struct packet_writer *writer,
                               const struct packet_ipv6_fragment *fragment);

/* One extension header as it stands. */
struct packet_ipv6_extension {
    uint8_t protocol; /* HOP_BY_HOP, ROUTING, FRAGMENT, DESTINATION_OPTIONS, AH, … */
    uint8_t next_header;
    size_t offset;            /* from the start of the payload */
    struct sonde_bytes bytes; /* whole, from its next header byte on */
};

/* Where a walk stands. Start with packet_ipv6_chain(). */
struct packet_ipv6_chain {
    const uint8_t *start;
    struct packet_reader reader; /* behind the headers walked so far */
    uint8_t next;                /* protocol of what stands there */
    unsigned count;              /* headers walked so far */
    bool inside;                 /* behind a fragment header with an offset: no header follows */
};

struct packet_ipv6_chain packet_ipv6_chain(uint8_t next_header, struct sonde_bytes payload);

/*
 * The next extension header. Returns 1; 0 when what follows is none (chain->next is the upper
 * layer's protocol); -ENODATA when a header is cut; -ELOOP beyond PACKET_IPV6_CHAIN_MAX. Only a 1
 * fills *extension.
 */
int packet_ipv6_chain_next(struct packet_ipv6_chain *chain,
                           struct packet_ipv6_extension *extension);

/* What the chain of extension headers leads to. */
struct packet_ipv6_upper {
    uint8_t protocol;                     /* of the upper layer; also ESP and NO_NEXT_HEADER */
    struct sonde_bytes bytes;             /* from the upper layer's header on; a slice */
    unsigned extensions;                  /* headers in between */
    bool fragmented;                      /* there is a fragment header: */
    struct packet_ipv6_fragment fragment; /* with an offset over 0, bytes hold no upper header */
};

/* Walks the whole chain. Returns 0 or an error of packet_ipv6_chain_next. */
int packet_ipv6_upper(uint8_t next_header, struct sonde_bytes payload,
                      struct packet_ipv6_upper *upper);

#endif
