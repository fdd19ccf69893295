/* Node information queries: RFC 4620. The fixed part is struct packet_icmp_node in packet/icmp.h.
 */
#ifndef SONDE_PACKET_NODE_INFO_H
#define SONDE_PACKET_NODE_INFO_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "packet/icmp.h"
#include "sonde/address.h"
#include "sonde/probe.h"

/* What is asked: RFC 4620 section 6. */
enum packet_node_info_qtype {
    PACKET_NODE_NOOP = 0,
    PACKET_NODE_SUPPORTED = 1, /* unused; once the types supported */
    PACKET_NODE_NAME = 2,
    PACKET_NODE_IPV6 = 3,
    PACKET_NODE_IPV4 = 4,
};

/* Flags of queries for addresses and of their replies: RFC 4620 sections 6.3 and 6.4. */
enum packet_node_info_flags {
    PACKET_NODE_TRUNCATED = 0x0001,  /* reply: there are more than fit */
    PACKET_NODE_ALL = 0x0002,        /* of all interfaces */
    PACKET_NODE_COMPATIBLE = 0x0004, /* IPv4-compatible and -mapped; IPv6 only, like those below */
    PACKET_NODE_LINK_LOCAL = 0x0008,
    PACKET_NODE_SITE_LOCAL = 0x0010,
    PACKET_NODE_GLOBAL = 0x0020,
};

/* Room for any name here as text: 255 bytes, each written as \DDD at worst, and a NUL. */
#define PACKET_NAME_TEXT 1025

/* The longest DNS name on the wire, and room for the second zero of a partial name. */
#define PACKET_NAME_WIRE 256

/*
 * Writes the data of a query: the subject, of the kind that the message's code says. An address
 * must be of that family. Returns 0, -EINVAL or -ENOBUFS.
 */
int packet_node_info_write_address(struct packet_writer *writer,
                                   const struct sonde_address *subject);

/*
 * Writes a name in DNS form (RFC 1035 section 3.1). One without a dot at its end or within is
 * partial and ends in two empty labels (RFC 4620 section 6.2); `full` makes it fully qualified all
 * the same.
 * "\." and "\DDD" stand for single bytes. Returns 0, -EINVAL when a label or the name is too long
 * or empty, or -ENOBUFS.
 */
int packet_node_info_write_name(struct packet_writer *writer, const char *name, bool full);

/*
 * The next name of a list in DNS form, as text: dots between labels, a dot at the end of a full
 * name, bytes that are not printable ASCII as \DDD. Returns 1; 0 at the end; -EBADMSG when it
 * cannot be (compression is not allowed here).
 */
int packet_node_info_next_name(struct packet_reader *names, char text[static PACKET_NAME_TEXT]);

/* What a successful reply says. */
struct packet_node_info {
    uint32_t ttl_s;                 /* NAME: how long it holds, in seconds; as a rule 0 */
    struct packet_reader names;     /* NAME: for packet_node_info_next_name */
    struct packet_reader addresses; /* IPV6, IPV4: for packet_node_info_next_address */
    uint16_t qtype;
    bool truncated; /* there are more addresses than the reply holds */
};

/* Reads a reply. Returns 0; -EINVAL when it is no reply of code 0; -EBADMSG when its data cannot
 * be. */
int packet_node_info_parse(const struct packet_icmp *reply, struct packet_node_info *info);

struct packet_node_address {
    uint32_t ttl_s; /* seconds */
    struct sonde_address address;
};

/* The next address. Returns 1; 0 at the end; -EBADMSG when the rest is no whole address. */
int packet_node_info_next_address(struct packet_node_info *info,
                                  struct packet_node_address *address);

/* Builds a reply's data, for the simulated network and tests. Return 0, -EINVAL or -ENOBUFS. */
int packet_node_info_write_reply_name(struct packet_writer *writer, uint32_t ttl_s,
                                      const char *name);
int packet_node_info_write_reply_address(struct packet_writer *writer,
                                         const struct packet_node_address *address);

#endif
