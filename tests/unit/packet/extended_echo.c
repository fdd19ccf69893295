#include "packet/extended_echo.h"

#include <errno.h>

#include "help.h"

Test(packet_extended_echo, by_name)
{
    const uint8_t expected_tail[] = {0, 12, 3, 1, 'e', 't', 'h', '1', '0', 0, 0, 0};
    uint8_t room[64];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_extended_echo_by_name(&writer, "eth10"), 0);
    cr_assert_eq(packet_written(&writer), 16);
    cr_assert_arr_eq(room + 4, expected_tail, sizeof(expected_tail));
    struct packet_interface_id id;
    cr_assert_eq(packet_extended_echo_parse(packet_written_from(&writer, 0), &id), 0);
    cr_assert_eq(id.by, PACKET_INTERFACE_BY_NAME);
    cr_assert_eq(id.name.length, 5);
    cr_assert_arr_eq(id.name.data, "eth10", 5);
}

Test(packet_extended_echo, by_index)
{
    uint8_t room[64];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_extended_echo_by_index(&writer, 0x01020304), 0);
    const uint8_t expected_tail[] = {0, 8, 3, 2, 1, 2, 3, 4};
    cr_assert_arr_eq(room + 4, expected_tail, sizeof(expected_tail));
    struct packet_interface_id id;
    cr_assert_eq(packet_extended_echo_parse(packet_written_from(&writer, 0), &id), 0);
    cr_assert_eq(id.index, 0x01020304);
}

Test(packet_extended_echo, by_address)
{
    static const char *const texts[] = {"192.0.2.1", "2001:db8::77"};
    for (size_t i = 0; i < 2; i++) {
        uint8_t room[64];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        struct sonde_address address = help_parse(texts[i]);
        cr_assert_eq(packet_extended_echo_by_address(&writer, &address), 0);
        struct packet_interface_id id;
        cr_assert_eq(packet_extended_echo_parse(packet_written_from(&writer, 0), &id), 0);
        cr_assert_eq(id.by, PACKET_INTERFACE_BY_ADDRESS);
        cr_assert(sonde_address_equal(&id.address, &address));
    }
}

Test(packet_extended_echo, values_that_cannot_be)
{
    uint8_t room[600];
    char name[300];
    memset(name, 'x', sizeof(name));
    name[256] = '\0';
    struct sonde_address none = {0};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_extended_echo_by_name(&writer, ""), -EINVAL);
    cr_assert_eq(packet_extended_echo_by_name(&writer, name), -EINVAL);
    cr_assert_eq(packet_extended_echo_by_address(&writer, &none), -EINVAL);
    for (size_t size = 0; size < 12; size++) {
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_extended_echo_by_index(&writer, 1), -ENOBUFS);
    }
}

Test(packet_extended_echo, malformed_queries)
{
    uint8_t room[64];
    struct packet_interface_id id;
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_extended_echo_by_index(&writer, 5), 0);
    struct sonde_bytes body = packet_written_from(&writer, 0);
    for (size_t length = 0; length < body.length; length++) {
        struct sonde_bytes cut = help_exact(room, length);
        cr_assert_eq(packet_extended_echo_parse(cut, &id), -EBADMSG);
        help_free(cut);
    }
    room[11] ^= 1;
    cr_assert_eq(packet_extended_echo_parse(body, &id), -EBADMSG, "checksum");

    writer = packet_writer_over(room, sizeof(room));
    struct packet_interface_id two = {.by = PACKET_INTERFACE_BY_INDEX, .index = 1};
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_interface_id(&writer, &two), 0);
    cr_assert_eq(packet_extension_write_interface_id(&writer, &two), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    cr_assert_eq(packet_extended_echo_parse(packet_written_from(&writer, 0), &id), -EBADMSG,
                 "exactly one object");
}
