#include "packet/ipv4.h"

#include <errno.h>

#include "help.h"

static struct packet_ipv4 random_header(struct base_random *random, uint8_t *options)
{
    size_t option_bytes = help_below(random, 11) * 4;
    help_fill(random, options, option_bytes);
    return (struct packet_ipv4){
        .traffic_class = (uint8_t)base_random_u64(random),
        .total_bytes =
            (uint16_t)(20 + option_bytes + help_below(random, 65536 - 20 - option_bytes)),
        .id = (uint16_t)base_random_u64(random),
        .reserved_flag = help_coin(random),
        .dont_fragment = help_coin(random),
        .more_fragments = help_coin(random),
        .fragment_offset = (uint16_t)(help_below(random, 8192) * 8),
        .ttl = (uint8_t)base_random_u64(random),
        .protocol = (uint8_t)base_random_u64(random),
        .source = help_address(random, SONDE_IPV4),
        .destination = help_address(random, SONDE_IPV4),
        .options = {options, option_bytes},
    };
}

static void assert_same(const struct packet_ipv4 *a, const struct packet_ipv4 *b)
{
    cr_assert_eq(a->traffic_class, b->traffic_class);
    cr_assert_eq(a->total_bytes, b->total_bytes);
    cr_assert_eq(a->id, b->id);
    cr_assert_eq(a->reserved_flag, b->reserved_flag);
    cr_assert_eq(a->dont_fragment, b->dont_fragment);
    cr_assert_eq(a->more_fragments, b->more_fragments);
    cr_assert_eq(a->fragment_offset, b->fragment_offset);
    cr_assert_eq(a->ttl, b->ttl);
    cr_assert_eq(a->protocol, b->protocol);
    cr_assert(sonde_address_equal(&a->source, &b->source));
    cr_assert(sonde_address_equal(&a->destination, &b->destination));
    cr_assert(help_same(a->options, b->options));
}

Test(packet_ipv4, known_header)
{
    /* Made by hand after the figure of RFC 791, the checksum by adding up the words. */
    const uint8_t bytes[] = {0x45, 0xb8, 0x00, 0x1c, 0x12, 0x34, 0x40, 0x00, 0x40, 0x01,
                             0x5b, 0xed, 10,   0,    0,    1,    192,  0,    2,    7,
                             1,    2,    3,    4,    5,    6,    7,    8,    0xee};
    struct packet_ipv4 header;
    cr_assert_eq(packet_ipv4_parse((struct sonde_bytes){bytes, sizeof(bytes)}, &header), 0);
    cr_assert_eq(header.traffic_class, 0xb8);
    cr_assert_eq(header.total_bytes, 28);
    cr_assert_eq(header.id, 0x1234);
    cr_assert(header.dont_fragment);
    cr_assert_not(header.more_fragments);
    cr_assert_eq(header.ttl, 64);
    cr_assert_eq(header.protocol, 1);
    struct sonde_address expected = help_parse("192.0.2.7");
    cr_assert(sonde_address_equal(&header.destination, &expected));
    cr_assert_eq(header.payload.length, 8, "the byte beyond the total length does not count");
    cr_assert_eq(header.payload.data, bytes + 20);
    cr_assert_not(header.truncated);
    cr_assert(header.checksum_ok);
    uint8_t room[20];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_ipv4_write(&writer, &header), 0);
    cr_assert_arr_eq(room, bytes, 20);
}

Test(packet_ipv4, round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 5000; round++) {
        uint8_t options[40], room[60];
        struct packet_ipv4 header = random_header(&random, options);
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_ipv4_write(&writer, &header), 0);
        cr_assert_eq(packet_written(&writer), packet_ipv4_header_bytes(&header));
        struct packet_ipv4 back;
        cr_assert_eq(packet_ipv4_parse(packet_written_from(&writer, 0), &back), 0);
        assert_same(&header, &back);
        cr_assert(back.checksum_ok);
        cr_assert_eq(back.truncated, header.total_bytes > packet_written(&writer));
        room[PACKET_IPV4_TTL_AT] ^= 0x10;
        cr_assert_eq(packet_ipv4_parse(packet_written_from(&writer, 0), &back), 0);
        cr_assert_not(back.checksum_ok);
    }
}

Test(packet_ipv4, cut_at_every_length)
{
    struct base_random random = help_random();
    uint8_t options[40], bytes[128];
    struct packet_ipv4 header = random_header(&random, options);
    header.options.length = 40;
    header.total_bytes = 100;
    struct packet_writer writer = packet_writer_over(bytes, sizeof(bytes));
    cr_assert_eq(packet_ipv4_write(&writer, &header), 0);
    packet_write_zeros(&writer, 60);
    for (size_t length = 0; length <= 120; length++) {
        struct sonde_bytes cut = help_exact(bytes, length);
        struct packet_ipv4 back;
        int error = packet_ipv4_parse(cut, &back);
        cr_assert_eq(error, length < 60 ? -ENODATA : 0, "length %zu", length);
        if (error) {
            cr_assert_eq(back.source.family, SONDE_FAMILY_NONE);
        } else {
            cr_assert_eq(back.truncated, length < 100);
            cr_assert_eq(back.payload.length, (length < 100 ? length : 100) - 60);
            cr_assert(help_inside(back.payload, cut));
        }
        help_free(cut);
    }
}

Test(packet_ipv4, lengths_that_cannot_be)
{
    uint8_t bytes[24] = {0x45, 0, 0, 20};
    struct sonde_bytes all = {bytes, sizeof(bytes)};
    struct packet_ipv4 header;
    cr_assert_eq(packet_ipv4_parse(all, &header), 0);
    bytes[3] = 19;
    cr_assert_eq(packet_ipv4_parse(all, &header), -EBADMSG);
    cr_assert_eq(packet_ipv4_parse_quoted(all, &header), 0, "a quote's total length is not judged");
    cr_assert_eq(header.payload.length, 4);
    bytes[0] = 0x44;
    cr_assert_eq(packet_ipv4_parse(all, &header), -EBADMSG);
    bytes[0] = 0x47;
    cr_assert_eq(packet_ipv4_parse(all, &header), -ENODATA);
    bytes[0] = 0x65;
    cr_assert_eq(packet_ipv4_parse(all, &header), -EPROTONOSUPPORT);
}

Test(packet_ipv4, values_that_do_not_fit_are_refused)
{
    struct base_random random = help_random();
    uint8_t options[44] = {0}, room[64];
    struct packet_ipv4 good = random_header(&random, options);
    good.options.length = 40;
    good.total_bytes = 60;
    struct packet_ipv4 bad[6];
    for (size_t i = 0; i < 6; i++)
        bad[i] = good;
    bad[0].options.length = 44;
    bad[1].options.length = 6;
    bad[2].total_bytes = 59;
    bad[3].fragment_offset = 9;
    bad[4].source = help_address(&random, SONDE_IPV6);
    bad[5].destination.family = SONDE_FAMILY_NONE;
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    for (size_t i = 0; i < 6; i++)
        cr_assert_eq(packet_ipv4_write(&writer, &bad[i]), -EINVAL, "case %zu", i);
    cr_assert_eq(packet_written(&writer), 0);
    for (size_t size = 0; size < 60; size++) {
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_ipv4_write(&writer, &good), -ENOBUFS);
        cr_assert_eq(packet_written(&writer), 0);
    }
}
