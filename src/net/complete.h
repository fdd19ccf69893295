/*
 * Checksums that were never written. A packet that stays on this machine (another namespace, a
 * virtual machine) may come with its checksum left to a device that it never met: then the field
 * holds the sum of the pseudo-header (CHECKSUM_PARTIAL in linux/skbuff.h), of SCTP zero.
 */
#ifndef NET_COMPLETE_H
#define NET_COMPLETE_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"

/*
 * Writes the checksum of a UDP, TCP or SCTP packet (`protocol`, as in an IP header), from that
 * header on, if it was left so. A packet that has one, right or wrong, stays as it is.
 */
void net_complete(uint8_t *bytes, size_t length, uint8_t protocol,
                  const struct sonde_address *source, const struct sonde_address *destination);

/* The same for a packet with its IPv4 header. */
void net_complete_v4(uint8_t *bytes, size_t length);

#endif
