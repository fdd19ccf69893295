#include "packet/crc32c.h"

/*
 * The sum of a byte is that of its bits: each macro is the polynomial (0x82f63b78, reflected) after
 * the steps that a bit still has to go.
 */
#define BIT(byte, bit, sum) (((byte) >> (bit)) % 2 ? (sum) : 0u)
#define SUM(byte)                                                                                  \
    (BIT(byte, 7, 0x82f63b78u) ^ BIT(byte, 6, 0x417b1dbcu) ^ BIT(byte, 5, 0x20bd8edeu) ^           \
     BIT(byte, 4, 0x105ec76fu) ^ BIT(byte, 3, 0x8ad958cfu) ^ BIT(byte, 2, 0xc79a971fu) ^           \
     BIT(byte, 1, 0xe13b70f7u) ^ BIT(byte, 0, 0xf26b8303u))
#define SUMS4(byte)  SUM(byte), SUM((byte) + 1), SUM((byte) + 2), SUM((byte) + 3)
#define SUMS16(byte) SUMS4(byte), SUMS4((byte) + 4), SUMS4((byte) + 8), SUMS4((byte) + 12)
#define SUMS64(byte) SUMS16(byte), SUMS16((byte) + 16), SUMS16((byte) + 32), SUMS16((byte) + 48)

static const uint32_t sums[256] = {SUMS64(0), SUMS64(64), SUMS64(128), SUMS64(192)};

uint32_t packet_crc32c_add(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum = sum >> 8 ^ sums[(sum ^ bytes[i]) & 0xff];
    return sum;
}

uint32_t packet_crc32c(const uint8_t *bytes, size_t length)
{
    return ~packet_crc32c_add(PACKET_CRC32C_START, bytes, length);
}
