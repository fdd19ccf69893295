#include "packet/cursor.h"

#include "help.h"

Test(packet_cursor, reads_network_order)
{
    const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xff};
    struct packet_reader reader = packet_reader_over((struct sonde_bytes){bytes, sizeof(bytes)});
    cr_assert_eq(packet_read_u8(&reader), 1);
    cr_assert_eq(packet_read_u16(&reader), 0x0203);
    cr_assert_eq(packet_read_u32(&reader), 0x04050607);
    cr_assert_eq(packet_read_u64(&reader), 0x08090a0b0c0d0e0f);
    cr_assert_eq(packet_left(&reader), 1);
    cr_assert_eq(packet_read_u8(&reader), 0xff);
    cr_assert_not(reader.failed);
}

Test(packet_cursor, a_failed_reader_stays_failed)
{
    const uint8_t bytes[] = {0xff, 0xff, 0xff};
    struct packet_reader reader = packet_reader_over((struct sonde_bytes){bytes, sizeof(bytes)});
    cr_assert_eq(packet_read_u32(&reader), 0);
    cr_assert(reader.failed);
    cr_assert_eq(packet_read_u8(&reader), 0, "there would be room, but it has failed");
    cr_assert_eq(packet_left(&reader), 0);
    cr_assert_eq(packet_rest(&reader).length, 0);
    uint8_t copy[2] = {7, 7};
    packet_read_copy(&reader, copy, 2);
    cr_assert(copy[0] == 0 && copy[1] == 0);
}

Test(packet_cursor, nothing_is_a_valid_input)
{
    struct packet_reader reader = packet_reader_over((struct sonde_bytes){NULL, 0});
    cr_assert_eq(packet_left(&reader), 0);
    cr_assert_eq(packet_rest(&reader).length, 0);
    cr_assert_not(reader.failed);
    cr_assert_eq(packet_read_u8(&reader), 0);
    cr_assert(reader.failed);
}

Test(packet_cursor, a_huge_length_does_not_wrap_around)
{
    const uint8_t bytes[4] = {0};
    struct packet_reader reader = packet_reader_over((struct sonde_bytes){bytes, sizeof(bytes)});
    packet_skip(&reader, SIZE_MAX);
    cr_assert(reader.failed);
    uint8_t room[4];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_null(packet_write_space(&writer, SIZE_MAX));
    cr_assert(writer.failed);
}

Test(packet_cursor, what_is_written_reads_back)
{
    uint8_t room[32];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_write_u8(&writer, 0x12);
    packet_write_u16(&writer, 0x3456);
    packet_write_u32(&writer, 0x789abcde);
    packet_write_u64(&writer, 0xf00dfeedbeefcafe);
    packet_write_zeros(&writer, 2);
    packet_write_bytes(&writer, (const uint8_t *)"abc", 3);
    packet_patch_u16(&writer, 1, 0x4321);
    cr_assert_eq(packet_written(&writer), 20);
    struct packet_reader reader = packet_reader_over(packet_written_from(&writer, 0));
    cr_assert_eq(packet_read_u8(&reader), 0x12);
    cr_assert_eq(packet_read_u16(&reader), 0x4321);
    cr_assert_eq(packet_read_u32(&reader), 0x789abcde);
    cr_assert_eq(packet_read_u64(&reader), 0xf00dfeedbeefcafe);
    cr_assert_eq(packet_read_u16(&reader), 0);
    cr_assert_arr_eq(packet_rest(&reader).data, "abc", 3);
}

Test(packet_cursor, a_full_writer_writes_nothing_more)
{
    uint8_t room[4] = {9, 9, 9, 9};
    struct packet_writer writer = packet_writer_over(room, 3);
    packet_write_u16(&writer, 0x0102);
    packet_write_u16(&writer, 0x0304);
    cr_assert(writer.failed);
    packet_write_u8(&writer, 5);
    cr_assert_eq(packet_written(&writer), 2);
    cr_assert_eq(packet_room(&writer), 0);
    cr_assert_eq(room[2], 9);
    cr_assert_eq(packet_written_from(&writer, 0).length, 0);
}

Test(packet_cursor, a_patch_stays_inside)
{
    uint8_t room[4] = {0};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_write_u8(&writer, 1);
    packet_patch_u16(&writer, 0, 0xffff);
    cr_assert(writer.failed, "one byte was written, two were patched");
    cr_assert_eq(room[0], 1);
    writer = packet_writer_over(room, sizeof(room));
    packet_write_u32(&writer, 0);
    packet_patch_u16(&writer, 2, 0x0102);
    cr_assert_not(writer.failed);
    packet_patch_u16(&writer, 3, 0xffff);
    cr_assert(writer.failed);
    cr_assert_eq(room[3], 2);
}
