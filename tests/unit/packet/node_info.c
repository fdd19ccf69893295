#include "packet/node_info.h"

#include <errno.h>

#include "help.h"

static struct packet_icmp reply(uint16_t qtype, struct sonde_bytes data)
{
    return (struct packet_icmp){.family = SONDE_IPV6,
                                .type = PACKET_ICMPV6_NODE_INFO_REPLY,
                                .form = PACKET_ICMP_NODE,
                                .node = {.qtype = qtype},
                                .payload = data};
}

static void assert_wire(const char *name, bool full, const char *wire, size_t length)
{
    uint8_t room[300];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_node_info_write_name(&writer, name, full), 0, "%s", name);
    cr_assert_eq(packet_written(&writer), length, "%s", name);
    cr_assert_arr_eq(room, wire, length);
}

Test(packet_node_info, names_on_the_wire)
{
    assert_wire("host", false, "\4host\0\0", 7);
    assert_wire("host", true, "\4host\0", 6);
    assert_wire("host.", false, "\4host\0", 6);
    assert_wire("a.example", false, "\1a\7example\0", 11);
    assert_wire("a\\.b", false, "\3a.b\0\0", 6);
    assert_wire("a\\007b.c", false, "\3a\7b\1c\0", 7);
}

Test(packet_node_info, names_that_cannot_be)
{
    static const char *const bad[] = {"", ".", "a..b", ".a", "a\\", "a\\25", "a\\256", "a\\9"};
    uint8_t room[600];
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_node_info_write_name(&writer, bad[i], false), -EINVAL, "%s", bad[i]);
        cr_assert_eq(packet_written(&writer), 0);
    }
    char label[66];
    memset(label, 'x', sizeof(label));
    label[64] = '\0';
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_node_info_write_name(&writer, label, false), -EINVAL, "64 bytes");
    label[63] = '\0';
    cr_assert_eq(packet_node_info_write_name(&writer, label, false), 0, "63 bytes");

    char name[300];
    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i % 2 ? '.' : 'x';
    name[253] = '\0';
    writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_node_info_write_name(&writer, name, false), 0, "255 bytes on the wire");
    cr_assert_eq(packet_written(&writer), 255);
    name[253] = '.';
    name[255] = '\0';
    writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_node_info_write_name(&writer, name, false), -EINVAL);
    writer = packet_writer_over(room, 5);
    cr_assert_eq(packet_node_info_write_name(&writer, "host", false), -ENOBUFS);
}

Test(packet_node_info, names_in_a_reply)
{
    static const char data[] = "\0\0\0\7"
                               "\4host\0\0"
                               "\4host\7example\0"
                               "\3a.\x1b\0";
    struct packet_icmp message =
        reply(PACKET_NODE_NAME, (struct sonde_bytes){(const uint8_t *)data, sizeof(data) - 1});
    struct packet_node_info info;
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    cr_assert_eq(info.ttl_s, 7);
    static const char *const expected[] = {"host", "host.example.", "a\\046\\027."};
    char text[PACKET_NAME_TEXT];
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(packet_node_info_next_name(&info.names, text), 1);
        cr_assert_str_eq(text, expected[i]);
    }
    cr_assert_eq(packet_node_info_next_name(&info.names, text), 0);
}

Test(packet_node_info, names_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 1000; round++) {
        char name[PACKET_NAME_TEXT], text[PACKET_NAME_TEXT];
        size_t length = 0, labels = 1 + help_below(&random, 4);
        for (size_t label = 0; label < labels; label++) {
            size_t bytes = 1 + help_below(&random, 63 / labels);
            for (size_t i = 0; i < bytes; i++)
                name[length++] = (char)('a' + help_below(&random, 26));
            name[length++] = '.';
        }
        name[length] = '\0';
        uint8_t room[300];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_node_info_write_reply_name(&writer, 60, name), 0);
        struct packet_icmp message = reply(PACKET_NODE_NAME, packet_written_from(&writer, 0));
        struct packet_node_info info;
        cr_assert_eq(packet_node_info_parse(&message, &info), 0);
        cr_assert_eq(info.ttl_s, 60);
        cr_assert_eq(packet_node_info_next_name(&info.names, text), 1);
        cr_assert_str_eq(text, name);
    }
}

Test(packet_node_info, the_worst_name_fits_its_text)
{
    uint8_t data[4 + 256] = {0};
    struct packet_writer writer = packet_writer_over(data, sizeof(data));
    packet_write_u32(&writer, 0);
    for (size_t left = 254; left > 0;) {
        size_t label = left > 64 ? 63 : left - 1;
        packet_write_u8(&writer, (uint8_t)label);
        memset(packet_write_space(&writer, label), 0xff, label);
        left -= label + 1;
    }
    packet_write_u8(&writer, 0);
    struct packet_icmp message = reply(PACKET_NODE_NAME, packet_written_from(&writer, 0));
    struct packet_node_info info;
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    char *text = malloc(PACKET_NAME_TEXT);
    cr_assert_eq(packet_node_info_next_name(&info.names, text), 1);
    cr_assert_eq(strlen(text), 4 * 250 + 4);
    free(text);
}

Test(packet_node_info, names_cut_at_every_length)
{
    static const char data[] = "\0\0\0\0\4host\7example\0";
    for (size_t length = 0; length < sizeof(data); length++) {
        struct sonde_bytes cut = help_exact((const uint8_t *)data, length);
        struct packet_icmp message = reply(PACKET_NODE_NAME, cut);
        struct packet_node_info info;
        char text[PACKET_NAME_TEXT];
        cr_assert_eq(packet_node_info_parse(&message, &info), length < 4 ? -EBADMSG : 0);
        if (length == 4)
            cr_assert_eq(packet_node_info_next_name(&info.names, text), 0);
        if (length > 4)
            cr_assert_eq(packet_node_info_next_name(&info.names, text),
                         length < sizeof(data) - 1 ? -EBADMSG : 1);
        help_free(cut);
    }
}

Test(packet_node_info, compression_and_overlong_names_are_refused)
{
    static const char pointer[] = "\0\0\0\0\4host\xc0\4";
    char text[PACKET_NAME_TEXT];
    struct packet_node_info info;
    struct packet_icmp message = reply(
        PACKET_NODE_NAME, (struct sonde_bytes){(const uint8_t *)pointer, sizeof(pointer) - 1});
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    cr_assert_eq(packet_node_info_next_name(&info.names, text), -EBADMSG);
    cr_assert_str_eq(text, "");
    cr_assert_eq(packet_node_info_next_name(&info.names, text), -EBADMSG);
    uint8_t long_label[4 + 1 + 64 + 1] = {[4] = 64};
    message.payload = (struct sonde_bytes){long_label, sizeof(long_label)};
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    cr_assert_eq(packet_node_info_next_name(&info.names, text), -EBADMSG, "a label of 64 bytes");
    uint8_t overlong[600];
    memset(overlong, 1, sizeof(overlong));
    message.payload = (struct sonde_bytes){overlong, sizeof(overlong)};
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    cr_assert_eq(packet_node_info_next_name(&info.names, text), -EBADMSG);
}

static void check_addresses(uint16_t qtype, enum sonde_family family, size_t entry)
{
    struct base_random random = help_random();
    struct packet_node_address sent[20], back;
    uint8_t room[400];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    for (size_t i = 0; i < 20; i++) {
        sent[i] = (struct packet_node_address){(uint32_t)base_random_u64(&random),
                                               help_address(&random, family)};
        cr_assert_eq(packet_node_info_write_reply_address(&writer, &sent[i]), 0);
    }
    for (size_t length = 0; length <= packet_written(&writer); length++) {
        struct sonde_bytes cut = help_exact(room, length);
        struct packet_icmp message = reply(qtype, cut);
        struct packet_node_info info;
        cr_assert_eq(packet_node_info_parse(&message, &info), 0);
        for (size_t i = 0; i < length / entry; i++) {
            cr_assert_eq(packet_node_info_next_address(&info, &back), 1);
            cr_assert_eq(back.ttl_s, sent[i].ttl_s);
            cr_assert(sonde_address_equal(&back.address, &sent[i].address));
        }
        int end = packet_node_info_next_address(&info, &back);
        cr_assert_eq(end, length % entry ? -EBADMSG : 0);
        help_free(cut);
    }
}

Test(packet_node_info, addresses)
{
    check_addresses(PACKET_NODE_IPV6, SONDE_IPV6, 20);
    check_addresses(PACKET_NODE_IPV4, SONDE_IPV4, 8);
}

Test(packet_node_info, flags_and_codes)
{
    struct packet_node_info info;
    struct packet_icmp message = reply(PACKET_NODE_IPV6, (struct sonde_bytes){NULL, 0});
    message.node.flags = PACKET_NODE_TRUNCATED | PACKET_NODE_GLOBAL;
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    cr_assert(info.truncated);
    message.node.qtype = PACKET_NODE_NOOP;
    cr_assert_eq(packet_node_info_parse(&message, &info), 0);
    message.code = PACKET_NODE_INFO_REFUSED;
    cr_assert_eq(packet_node_info_parse(&message, &info), -EINVAL);
    message.code = 0;
    message.type = PACKET_ICMPV6_NODE_INFO;
    cr_assert_eq(packet_node_info_parse(&message, &info), -EINVAL);
    message.form = PACKET_ICMP_ECHO;
    cr_assert_eq(packet_node_info_parse(&message, &info), -EINVAL);
}

Test(packet_node_info, subject_address)
{
    uint8_t room[16];
    struct sonde_address address = help_parse("2001:db8::5"), none = {0};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_node_info_write_address(&writer, &none), -EINVAL);
    cr_assert_eq(packet_node_info_write_address(&writer, &address), 0);
    cr_assert_arr_eq(room, address.bytes, 16);
    cr_assert_eq(packet_node_info_write_address(&writer, &address), -ENOBUFS);
}
