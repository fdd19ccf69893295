#include "packet/crc32c.h"

#include "help.h"

/* RFC 3720 appendix B.4, whose bytes stand with the lowest first; and the check value of
 * "123456789".
 */
Test(packet_crc32c, known_values)
{
    uint8_t bytes[32];
    memset(bytes, 0, sizeof(bytes));
    cr_assert_eq(packet_crc32c(bytes, 32), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    cr_assert_eq(packet_crc32c(bytes, 32), 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    cr_assert_eq(packet_crc32c(bytes, 32), 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    cr_assert_eq(packet_crc32c(bytes, 32), 0x113fdb5c);
    const uint8_t read_command[48] = {[0] = 0x01,  [1] = 0xc0,  [16] = 0x14, [22] = 0x04,
                                      [27] = 0x14, [31] = 0x18, [32] = 0x28, [40] = 0x02};
    cr_assert_eq(packet_crc32c(read_command, 48), 0xd9963a56);
    cr_assert_eq(packet_crc32c((const uint8_t *)"123456789", 9), 0xe3069283);
    cr_assert_eq(packet_crc32c(NULL, 0), 0);
}

static uint32_t bit_by_bit(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0xffffffff;
    for (size_t i = 0; i < length * 8; i++) {
        uint32_t bit = (sum ^ (uint32_t)bytes[i / 8] >> i % 8) & 1;
        sum = sum >> 1 ^ (bit ? 0x82f63b78 : 0);
    }
    return ~sum;
}

Test(packet_crc32c, as_bit_by_bit_and_in_any_parts)
{
    struct base_random random = help_random();
    for (int round = 0; round < 2000; round++) {
        uint8_t bytes[64];
        size_t length = help_below(&random, 65), cut = help_below(&random, length + 1);
        help_fill(&random, bytes, length);
        uint32_t expected = bit_by_bit(bytes, length);
        cr_assert_eq(packet_crc32c(bytes, length), expected);
        uint32_t sum = packet_crc32c_add(PACKET_CRC32C_START, bytes, cut);
        cr_assert_eq(~packet_crc32c_add(sum, bytes + cut, length - cut), expected);
    }
}
