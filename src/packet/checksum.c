#include "packet/checksum.h"

#include <string.h>

#include "packet/protocol.h"

/* RFC 1071 section 2(B): the sum is the same in any byte order, but for the order of the result. */
static uint16_t swap_bytes(uint16_t value)
{
    return (uint16_t)(value << 8 | value >> 8);
}

static uint16_t from_memory_order(uint16_t value)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return swap_bytes(value);
#else
    return value;
#endif
}

/* One's complement addition: a carry out of the top comes back in at the bottom. */
static uint64_t add_around(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum + (sum < a);
}

/* Folds to 16 bits until no carry is left: once is not enough. */
static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* Sum of bytes as if they began at an even offset; memory order. */
static uint64_t sum_even(const uint8_t *bytes, size_t length)
{
    uint64_t sum = 0;
    for (; length >= 8; bytes += 8, length -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof(word));
        sum = add_around(sum, word);
    }
    /* What is left is never gathered in memory: reading it back whole would wait for the bytes. */
    if (length & 4) {
        uint32_t word;
        memcpy(&word, bytes, sizeof(word));
        sum = add_around(sum, word);
        bytes += sizeof(word);
    }
    if (length & 2) {
        uint16_t word;
        memcpy(&word, bytes, sizeof(word));
        sum = add_around(sum, word);
        bytes += sizeof(word);
    }
    if (length & 1)
        sum = add_around(sum, from_memory_order((uint16_t)(*bytes << 8)));
    return sum;
}

void packet_sum_add(struct packet_sum *sum, const uint8_t *bytes, size_t length)
{
    if (length == 0)
        return;
    uint64_t part = sum_even(bytes, length);
    /* At an odd offset every byte stands in the other half of its 16-bit word. */
    if (sum->odd)
        part = swap_bytes(fold(part));
    sum->words = add_around(sum->words, part);
    sum->odd ^= length & 1;
}

void packet_sum_pseudo(struct packet_sum *sum, const struct sonde_address *source,
                       const struct sonde_address *destination, uint8_t protocol, uint32_t length)
{
    /* The fields of IPv4 and IPv6 differ in width only, which the sum does not see. */
    const uint8_t rest[8] = {(uint8_t)(length >> 24),
                             (uint8_t)(length >> 16),
                             (uint8_t)(length >> 8),
                             (uint8_t)length,
                             0,
                             0,
                             0,
                             protocol};
    packet_sum_add(sum, source->bytes, sonde_address_length(source));
    packet_sum_add(sum, destination->bytes, sonde_address_length(destination));
    packet_sum_add(sum, rest, sizeof(rest));
}

uint16_t packet_sum_checksum(const struct packet_sum *sum)
{
    return (uint16_t)~from_memory_order(fold(sum->words));
}

bool packet_sum_ok(const struct packet_sum *sum)
{
    return fold(sum->words) == 0xffff;
}

uint16_t packet_checksum(const uint8_t *bytes, size_t length)
{
    return (uint16_t)~from_memory_order(fold(sum_even(bytes, length)));
}

bool packet_checksum_ok(const uint8_t *bytes, size_t length)
{
    return fold(sum_even(bytes, length)) == 0xffff;
}

/* RFC 1624, equation 3: HC' = ~(~HC + ~m + m'). */
uint16_t packet_checksum_update16(uint16_t checksum, uint16_t before, uint16_t after)
{
    return (uint16_t)~fold((uint64_t)(uint16_t)~checksum + (uint16_t)~before + after);
}

uint16_t packet_checksum_update(uint16_t checksum, size_t offset, const uint8_t *before,
                                const uint8_t *after, size_t length)
{
    uint16_t old_sum = from_memory_order(fold(sum_even(before, length)));
    uint16_t new_sum = from_memory_order(fold(sum_even(after, length)));
    if (offset & 1) {
        old_sum = swap_bytes(old_sum);
        new_sum = swap_bytes(new_sum);
    }
    return packet_checksum_update16(checksum, old_sum, new_sum);
}
