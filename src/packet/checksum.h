/*
 * The Internet checksum: RFC 1071, its pseudo-headers (RFC 1122, RFC 8200 section 8.1) and its
 * incremental update (RFC 1624, equation 3).
 *
 * Checksums are host numbers that are written big-endian, like every other field.
 */
#ifndef SONDE_PACKET_CHECKSUM_H
#define SONDE_PACKET_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"

/*
 * A sum under way. Start with {0}. Parts may have any length and alignment: an odd part leaves its
 * last byte waiting for the first of the next one.
 */
struct packet_sum {
    uint64_t words; /* one's complement sum, in the byte order of memory */
    bool odd;       /* an odd number of bytes so far */
};

/* Takes in the next bytes; `bytes` may be NULL when length is 0. */
void packet_sum_add(struct packet_sum *sum, const uint8_t *bytes, size_t length);

/* Takes in the pseudo-header of the family of both addresses; length is the upper layer's. */
void packet_sum_pseudo(struct packet_sum *sum, const struct sonde_address *source,
                       const struct sonde_address *destination, uint8_t protocol, uint32_t length);

/* The checksum to be written: the complement of the folded sum. */
uint16_t packet_sum_checksum(const struct packet_sum *sum);

/* True when the bytes taken in, their checksum field among them, are intact. */
bool packet_sum_ok(const struct packet_sum *sum);

/* The checksum of one run of bytes. */
uint16_t packet_checksum(const uint8_t *bytes, size_t length);

/* True when a run of bytes that holds its own checksum is intact. */
bool packet_checksum_ok(const uint8_t *bytes, size_t length);

/*
 * The checksum after a 16-bit field at an even offset changed. Equal to a fresh computation unless
 * all bytes covered are zero afterwards (0 then stands for 0xffff, as one's complement has it).
 */
uint16_t packet_checksum_update16(uint16_t checksum, uint16_t before, uint16_t after);

/*
 * The same for `length` bytes that stand at `offset` of the covered data; any parity. `before` and
 * `after` are the old and the new bytes.
 */
uint16_t packet_checksum_update(uint16_t checksum, size_t offset, const uint8_t *before,
                                const uint8_t *after, size_t length);

#endif
