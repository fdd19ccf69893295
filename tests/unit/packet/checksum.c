#include "packet/checksum.h"

#include "help.h"

/* RFC 1071 in its plainest form. */
static uint16_t plain_checksum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
        if (sum > 0xffff)
            sum -= 0xffff;
    }
    return (uint16_t)~sum;
}

Test(packet_checksum, example_of_rfc_1071)
{
    const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    cr_assert_eq(packet_checksum(bytes, sizeof(bytes)), 0x220d);
}

Test(packet_checksum, example_of_rfc_1624)
{
    cr_assert_eq(packet_checksum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

Test(packet_checksum, of_nothing_and_of_ones)
{
    const uint8_t ones[64] = {[0 ... 63] = 0xff};
    cr_assert_eq(packet_checksum(NULL, 0), 0xffff);
    cr_assert_eq(packet_checksum(ones, 64), 0);
    cr_assert_eq(packet_checksum(ones, 63), 0x00ff);
}

Test(packet_checksum, carries_are_folded_until_none_is_left)
{
    /* 0xffff + 0xffff + 0x0001 needs a second fold in a 32-bit sum folded once. */
    const uint8_t bytes[] = {0xff, 0xff, 0x00, 0x01, 0xff, 0xff, 0xff, 0xfe};
    cr_assert_eq(packet_checksum(bytes, sizeof(bytes)), plain_checksum(bytes, sizeof(bytes)));
}

Test(packet_checksum, any_length_and_alignment)
{
    struct base_random random = help_random();
    uint8_t bytes[128];
    for (int round = 0; round < 20; round++) {
        help_fill(&random, bytes, sizeof(bytes));
        for (size_t offset = 0; offset < 9; offset++)
            for (size_t length = 0; length <= 100; length++)
                cr_assert_eq(packet_checksum(bytes + offset, length),
                             plain_checksum(bytes + offset, length), "offset %zu length %zu",
                             offset, length);
    }
}

Test(packet_checksum, parts_add_up)
{
    struct base_random random = help_random();
    uint8_t bytes[300];
    for (int round = 0; round < 5000; round++) {
        size_t length = help_below(&random, sizeof(bytes));
        help_fill(&random, bytes, length);
        struct packet_sum sum = {0};
        for (size_t done = 0; done < length;) {
            size_t part = 1 + help_below(&random, length - done);
            packet_sum_add(&sum, bytes + done, part);
            done += part;
        }
        packet_sum_add(&sum, NULL, 0);
        cr_assert_eq(packet_sum_checksum(&sum), plain_checksum(bytes, length));
    }
}

static void check_pseudo(enum sonde_family family)
{
    struct base_random random = help_random();
    for (int round = 0; round < 1000; round++) {
        struct sonde_address source = help_address(&random, family);
        struct sonde_address destination = help_address(&random, family);
        uint8_t body[40], whole[80];
        size_t length = help_below(&random, sizeof(body));
        help_fill(&random, body, sizeof(body));
        struct packet_writer writer = packet_writer_over(whole, sizeof(whole));
        packet_write_bytes(&writer, source.bytes, sonde_address_length(&source));
        packet_write_bytes(&writer, destination.bytes, sonde_address_length(&destination));
        if (family == SONDE_IPV4) {
            packet_write_u8(&writer, 0);
            packet_write_u8(&writer, 17);
            packet_write_u16(&writer, (uint16_t)length);
        } else {
            packet_write_u32(&writer, (uint32_t)length);
            packet_write_u32(&writer, 17);
        }
        packet_write_bytes(&writer, body, length);
        struct packet_sum sum = {0};
        packet_sum_pseudo(&sum, &source, &destination, 17, (uint32_t)length);
        packet_sum_add(&sum, body, length);
        cr_assert_eq(packet_sum_checksum(&sum), plain_checksum(whole, packet_written(&writer)));
    }
}

Test(packet_checksum, pseudo_header_of_ipv4)
{
    check_pseudo(SONDE_IPV4);
}

Test(packet_checksum, pseudo_header_of_ipv6)
{
    check_pseudo(SONDE_IPV6);
}

Test(packet_checksum, one_wrong_bit_shows)
{
    struct base_random random = help_random();
    uint8_t bytes[64];
    help_fill(&random, bytes, sizeof(bytes));
    bytes[2] = bytes[3] = 0;
    uint16_t checksum = packet_checksum(bytes, sizeof(bytes));
    bytes[2] = (uint8_t)(checksum >> 8);
    bytes[3] = (uint8_t)checksum;
    cr_assert(packet_checksum_ok(bytes, sizeof(bytes)));
    for (size_t bit = 0; bit < sizeof(bytes) * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert_not(packet_checksum_ok(bytes, sizeof(bytes)));
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

Test(packet_checksum, updates_equal_a_fresh_computation)
{
    struct base_random random = help_random();
    uint8_t bytes[64], after[64];
    for (int round = 0; round < 20000; round++) {
        help_fill(&random, bytes, sizeof(bytes));
        uint16_t checksum = packet_checksum(bytes, sizeof(bytes));
        size_t offset = help_below(&random, sizeof(bytes));
        size_t length = help_below(&random, sizeof(bytes) - offset + 1);
        memcpy(after, bytes, sizeof(bytes));
        help_fill(&random, after + offset, length);
        cr_assert_eq(
            packet_checksum_update(checksum, offset, bytes + offset, after + offset, length),
            packet_checksum(after, sizeof(after)));

        size_t field = help_below(&random, sizeof(bytes) / 2) * 2;
        uint16_t before16 = (uint16_t)(bytes[field] << 8 | bytes[field + 1]);
        uint16_t after16 = (uint16_t)base_random_u64(&random);
        bytes[field] = (uint8_t)(after16 >> 8);
        bytes[field + 1] = (uint8_t)after16;
        cr_assert_eq(packet_checksum_update16(checksum, before16, after16),
                     packet_checksum(bytes, sizeof(bytes)));
    }
}
