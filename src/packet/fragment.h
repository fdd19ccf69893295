/*
 * Fragmentation of a complete datagram of ours: RFC 791 section 3.2 (with the copied options of
 * section 3.1) and RFC 8200 section 4.5.
 *
 *     struct packet_fragmenter fragmenter;
 *     int error = packet_fragmenter_init(&fragmenter, datagram, mtu, id);
 *     while (!error && packet_fragmenter_next(&fragmenter, &writer) == 1)
 *         ...
 */
#ifndef SONDE_PACKET_FRAGMENT_H
#define SONDE_PACKET_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "packet/ipv4.h"
#include "sonde/probe.h"

/* The split of one datagram. Members are the iterator's own. */
struct packet_fragmenter {
    struct sonde_bytes datagram; /* the caller's; must outlive the iteration */
    struct sonde_bytes body;     /* the part of it that is divided */
    size_t mtu;
    size_t done; /* bytes of body already handed out */
    uint8_t family;
    bool whole;   /* fits: handed out as it is */
    bool started; /* at least one fragment was handed out */

    struct packet_ipv4 ipv4;                        /* IPv4: header of the datagram */
    uint8_t later_options[PACKET_IPV4_OPTIONS_MAX]; /* options of all fragments but the first */
    size_t later_options_bytes;

    size_t fixed;      /* IPv6: bytes that stand before the fragment header in every fragment */
    size_t link;       /* IPv6: offset of the next header byte that names the fragment header */
    uint8_t body_next; /* IPv6: protocol of the first header in body */
    uint32_t id;       /* IPv6 */
};

/*
 * Prepares the split of `datagram` (from the IP header on, of exactly the length that it claims)
 * for an MTU. `id` is the identification for IPv6 and must be fresh; IPv4 has its own in the
 * header, which should not be 0 (Linux replaces a zero in raw sends, fragment by fragment). Returns
 * 0; -EMSGSIZE when it is too long and may not be divided (DF) or the MTU is too small for that;
 * -EINVAL when it is not a whole and well-formed datagram.
 */
int packet_fragmenter_init(struct packet_fragmenter *fragmenter, struct sonde_bytes datagram,
                           size_t mtu, uint32_t id);

/* How many fragments there will be; 1 when the datagram fits as it is. */
size_t packet_fragmenter_count(const struct packet_fragmenter *fragmenter);

/*
 * Appends the next fragment to the writer, a complete datagram of at most `mtu` bytes. Returns 1; 0
 * when there are no more; -ENOBUFS when it has no room, and the same fragment comes next.
 */
int packet_fragmenter_next(struct packet_fragmenter *fragmenter, struct packet_writer *writer);

#endif
