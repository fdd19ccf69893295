/*
 * The body of an extended echo request: an extension structure with one interface identification
 * object (RFC 8335 section 2).
 */
#ifndef SONDE_PACKET_EXTENDED_ECHO_H
#define SONDE_PACKET_EXTENDED_ECHO_H

#include "packet/cursor.h"
#include "packet/extension.h"

/* A name: 1 to 255 bytes, NUL-terminated here. */
int packet_extended_echo_by_name(struct packet_writer *writer, const char *name);
/* An interface index of the proxy. */
int packet_extended_echo_by_index(struct packet_writer *writer, uint32_t index);
/* An IPv4 or IPv6 address of the interface. */
int packet_extended_echo_by_address(struct packet_writer *writer,
                                    const struct sonde_address *address);
/* All of these return 0, -EINVAL when the value cannot be, or -ENOBUFS. */

/*
 * Reads the body of a request. Returns 0, or -EBADMSG when it is not exactly one such object in an
 * intact structure: what the reply calls a malformed query.
 */
int packet_extended_echo_parse(struct sonde_bytes body, struct packet_interface_id *id);

#endif
