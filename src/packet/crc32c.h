/*
 * CRC32c, the Castagnoli polynomial 0x1EDC6F41 in its reflected form, which begins with all ones
 * and is complemented at the end: RFC 3720 section 12.1, RFC 9260 appendix A.
 */
#ifndef SONDE_PACKET_CRC32C_H
#define SONDE_PACKET_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* What a sum under way begins with. */
#define PACKET_CRC32C_START UINT32_C(0xffffffff)

/* Takes in the next bytes; `bytes` may be NULL when length is 0. The complement is the CRC. */
uint32_t packet_crc32c_add(uint32_t sum, const uint8_t *bytes, size_t length);

/* The CRC of one run of bytes. */
uint32_t packet_crc32c(const uint8_t *bytes, size_t length);

#endif
