#include "packet/tcp.h"

#include <errno.h>

#include "help.h"
#include "packet/protocol.h"

/* A SYN from 40000 to 80 with what a kernel asks for: MSS, SACK, timestamps, window scale. */
static const uint8_t syn[] = {0x9c, 0x40, 0,    80,   0x12, 0x34, 0x56, 0x78, 0, 0,
                              0,    0,    0xa0, 0x02, 0xfa, 0xf0, 0xc3, 0xcd, 0, 0,
                              2,    4,    5,    0xb4, 4,    2,    8,    10,   0, 0,
                              0,    1,    0,    0,    0,    0,    1,    3,    3, 7};

static const char *const pairs[2][2] = {{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}};

static struct sonde_address end_of(bool v6, int end)
{
    return help_parse(pairs[v6][end]);
}

Test(packet_tcp, known_syn)
{
    struct sonde_bytes bytes = {syn, sizeof(syn)};
    struct packet_tcp tcp;
    cr_assert_eq(packet_tcp_parse(bytes, &tcp), 0);
    cr_assert_eq(tcp.source_port, 40000);
    cr_assert_eq(tcp.destination_port, 80);
    cr_assert_eq(tcp.sequence, 0x12345678);
    cr_assert_eq(tcp.acknowledgment, 0);
    cr_assert_eq(tcp.flags, PACKET_TCP_SYN);
    cr_assert_eq(tcp.window, 64240);
    cr_assert_eq(tcp.checksum, 0xc3cd);
    cr_assert_eq(tcp.urgent, 0);
    cr_assert_eq(tcp.options.length, 20);
    cr_assert_eq(tcp.payload.length, 0);
    for (int v6 = 0; v6 <= 1; v6++) {
        struct sonde_address from = end_of(v6, 0), to = end_of(v6, 1);
        cr_assert_eq(packet_tcp_checksum_ok(bytes, &from, &to), !v6);
        uint8_t room[60];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &to), 0);
        cr_assert_eq(packet_written(&writer), sizeof(syn));
        cr_assert_eq(room[16] << 8 | room[17], v6 ? 0xec5c : 0xc3cd);
        room[16] = syn[16];
        room[17] = syn[17];
        cr_assert_arr_eq(room, syn, sizeof(syn));
    }
}

Test(packet_tcp, known_options)
{
    struct packet_tcp_options options = packet_tcp_options((struct sonde_bytes){syn + 20, 20});
    struct packet_tcp_option option;
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert(option.kind == PACKET_TCP_MSS && option.known && option.mss == 1460);
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert(option.kind == PACKET_TCP_SACK_PERMITTED && option.known);
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert(option.kind == PACKET_TCP_TIMESTAMPS && option.known);
    cr_assert(option.timestamps.value == 1 && option.timestamps.echo == 0);
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert(option.kind == PACKET_TCP_NOP && !option.known && option.data.length == 0);
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert(option.kind == PACKET_TCP_WINDOW_SCALE && option.known && option.window_scale == 7);
    cr_assert_eq(packet_tcp_options_next(&options, &option), 0);
    cr_assert_eq(packet_tcp_options_next(&options, &option), 0);
}

Test(packet_tcp, round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        enum sonde_family family = help_coin(&random) ? SONDE_IPV6 : SONDE_IPV4;
        struct sonde_address from = help_address(&random, family);
        struct sonde_address to = help_address(&random, family);
        uint8_t options[40], payload[64], room[160];
        help_fill(&random, options, sizeof(options));
        help_fill(&random, payload, sizeof(payload));
        struct packet_tcp tcp = {
            .source_port = (uint16_t)base_random_u64(&random),
            .destination_port = (uint16_t)base_random_u64(&random),
            .sequence = (uint32_t)base_random_u64(&random),
            .acknowledgment = (uint32_t)base_random_u64(&random),
            .flags = base_random_u64(&random) & PACKET_TCP_FLAGS,
            .window = (uint16_t)base_random_u64(&random),
            .urgent = (uint16_t)base_random_u64(&random),
            .options = {options, help_below(&random, sizeof(options) + 1)},
            .payload = {payload, help_below(&random, sizeof(payload) + 1)},
        };
        size_t ahead = help_below(&random, 4);
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        packet_write_zeros(&writer, ahead);
        cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &to), 0);
        struct sonde_bytes bytes = packet_written_from(&writer, ahead);
        struct packet_tcp back;
        cr_assert_eq(packet_tcp_parse(bytes, &back), 0);
        cr_assert_eq(back.source_port, tcp.source_port);
        cr_assert_eq(back.destination_port, tcp.destination_port);
        cr_assert_eq(back.sequence, tcp.sequence);
        cr_assert_eq(back.acknowledgment, tcp.acknowledgment);
        cr_assert_eq(back.flags, tcp.flags);
        cr_assert_eq(back.window, tcp.window);
        cr_assert_eq(back.urgent, tcp.urgent);
        cr_assert(help_same(back.payload, tcp.payload));
        cr_assert_eq(back.options.length, (tcp.options.length + 3) / 4 * 4);
        for (size_t i = 0; i < back.options.length; i++)
            cr_assert_eq(back.options.data[i], i < tcp.options.length ? options[i] : 0);
        cr_assert(packet_tcp_checksum_ok(bytes, &from, &to));
        room[ahead + help_below(&random, bytes.length)] ^= (uint8_t)(1u << help_below(&random, 8));
        cr_assert_not(packet_tcp_checksum_ok(bytes, &from, &to), "one bit");
    }
}

Test(packet_tcp, every_cut_is_told)
{
    struct sonde_address from = end_of(false, 0), to = end_of(false, 1);
    for (size_t length = 0; length < sizeof(syn); length++) {
        struct sonde_bytes bytes = help_exact(syn, length);
        struct packet_tcp tcp;
        memset(&tcp, 0xff, sizeof(tcp));
        cr_assert_eq(packet_tcp_parse(bytes, &tcp), -ENODATA);
        cr_assert_eq(tcp.source_port, 0);
        cr_assert_eq(tcp.options.length, 0);
        cr_assert_not(packet_tcp_checksum_ok(bytes, &from, &to));
        help_free(bytes);
    }
}

Test(packet_tcp, every_data_offset)
{
    uint8_t bytes[60];
    memset(bytes, 1, sizeof(bytes));
    for (uint8_t words = 0; words < 16; words++) {
        struct packet_tcp tcp;
        bytes[12] = (uint8_t)(words << 4);
        int result = packet_tcp_parse((struct sonde_bytes){bytes, sizeof(bytes)}, &tcp);
        cr_assert_eq(result, words < 5 ? -EBADMSG : 0);
        if (words < 5)
            continue;
        cr_assert_eq(tcp.options.length, words * 4u - 20);
        cr_assert_eq(tcp.payload.length, 60u - words * 4u);
    }
}

Test(packet_tcp, what_cannot_be_written)
{
    struct sonde_address from = end_of(true, 0), to = end_of(true, 1), other = end_of(false, 1);
    uint8_t options[41] = {1}, room[128];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    struct packet_tcp tcp = {.flags = 0x1000};
    cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &to), -EINVAL);
    cr_assert(writer.failed);
    writer = packet_writer_over(room, sizeof(room));
    tcp = (struct packet_tcp){.options = {options, 41}};
    cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &to), -EINVAL);
    writer = packet_writer_over(room, sizeof(room));
    tcp = (struct packet_tcp){.options = {options, 5}};
    cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &other), -EINVAL);
    for (size_t size = 0; size < 28; size++) {
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &to), -ENOBUFS);
        cr_assert(writer.failed);
    }
    writer = packet_writer_over(room, 28);
    cr_assert_eq(packet_tcp_write(&writer, &tcp, &from, &to), 0);
}

Test(packet_tcp, how_far_a_segment_goes)
{
    struct packet_tcp tcp = {.flags = PACKET_TCP_ACK | PACKET_TCP_PSH, .payload = {syn, 3}};
    cr_assert_eq(packet_tcp_segment_length(&tcp), 3);
    tcp.flags |= PACKET_TCP_FIN;
    cr_assert_eq(packet_tcp_segment_length(&tcp), 4);
    tcp.flags |= PACKET_TCP_SYN;
    cr_assert_eq(packet_tcp_segment_length(&tcp), 5);
}

static struct packet_tcp_option random_option(struct base_random *random, const uint8_t *data)
{
    static const uint8_t valued[] = {PACKET_TCP_MSS, PACKET_TCP_WINDOW_SCALE,
                                     PACKET_TCP_SACK_PERMITTED, PACKET_TCP_TIMESTAMPS};
    struct packet_tcp_option option = {.kind = (uint8_t)(9 + help_below(random, 247)),
                                       .data = {data, help_below(random, 39)}};
    if (help_coin(random))
        return option;
    option = (struct packet_tcp_option){.kind = valued[help_below(random, 4)], .known = true};
    if (option.kind == PACKET_TCP_MSS)
        option.mss = (uint16_t)base_random_u64(random);
    if (option.kind == PACKET_TCP_WINDOW_SCALE)
        option.window_scale = (uint8_t)base_random_u64(random);
    if (option.kind == PACKET_TCP_TIMESTAMPS) {
        option.timestamps.value = (uint32_t)base_random_u64(random);
        option.timestamps.echo = (uint32_t)base_random_u64(random);
    }
    return option;
}

Test(packet_tcp, options_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        uint8_t room[256], data[40];
        struct packet_tcp_option sent[4], back;
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        help_fill(&random, data, sizeof(data));
        for (size_t i = 0; i < 4; i++) {
            sent[i] = random_option(&random, data);
            cr_assert_eq(packet_tcp_option_write(&writer, &sent[i]), 0);
        }
        struct packet_tcp_options options = packet_tcp_options(packet_written_from(&writer, 0));
        for (size_t i = 0; i < 4; i++) {
            cr_assert_eq(packet_tcp_options_next(&options, &back), 1);
            cr_assert_eq(back.kind, sent[i].kind);
            cr_assert_eq(back.known, sent[i].known);
            if (!sent[i].known)
                cr_assert(help_same(back.data, sent[i].data));
            else if (back.kind == PACKET_TCP_MSS)
                cr_assert_eq(back.mss, sent[i].mss);
            else if (back.kind == PACKET_TCP_WINDOW_SCALE)
                cr_assert_eq(back.window_scale, sent[i].window_scale);
            else if (back.kind == PACKET_TCP_TIMESTAMPS)
                cr_assert(back.timestamps.value == sent[i].timestamps.value &&
                          back.timestamps.echo == sent[i].timestamps.echo);
        }
        cr_assert_eq(packet_tcp_options_next(&options, &back), 0);
    }
}

Test(packet_tcp, options_that_lie)
{
    struct packet_tcp_option option;
    const uint8_t too_short[] = {1, 2, 1, 0};
    struct packet_tcp_options options = packet_tcp_options((struct sonde_bytes){too_short, 4});
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert_eq(packet_tcp_options_next(&options, &option), -EBADMSG);
    cr_assert_eq(packet_tcp_options_next(&options, &option), -EBADMSG, "it stays so");
    const uint8_t too_long[] = {2, 5, 0, 0};
    options = packet_tcp_options((struct sonde_bytes){too_long, 4});
    cr_assert_eq(packet_tcp_options_next(&options, &option), -EBADMSG);
    const uint8_t no_length[] = {2};
    options = packet_tcp_options((struct sonde_bytes){no_length, 1});
    cr_assert_eq(packet_tcp_options_next(&options, &option), -EBADMSG);
    const uint8_t wrong_length[] = {2, 3, 9, 0, 2, 4, 1, 1};
    options = packet_tcp_options((struct sonde_bytes){wrong_length, 8});
    cr_assert_eq(packet_tcp_options_next(&options, &option), 1);
    cr_assert(!option.known && option.data.length == 1, "an MSS of one byte has no value");
    cr_assert_eq(packet_tcp_options_next(&options, &option), 0, "nothing behind the end");
    options = packet_tcp_options((struct sonde_bytes){NULL, 0});
    cr_assert_eq(packet_tcp_options_next(&options, &option), 0);
}

Test(packet_tcp, options_that_cannot_be_written)
{
    uint8_t room[16], data[39] = {0};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    struct packet_tcp_option option = {.kind = PACKET_TCP_NOP, .known = true};
    cr_assert_eq(packet_tcp_option_write(&writer, &option), -EINVAL);
    option = (struct packet_tcp_option){.kind = 99, .data = {data, 39}};
    cr_assert_eq(packet_tcp_option_write(&writer, &option), -EINVAL);
    option.data.length = 15;
    cr_assert_eq(packet_tcp_option_write(&writer, &option), -ENOBUFS);
    cr_assert_eq(packet_written(&writer), 0);
    option = (struct packet_tcp_option){.kind = PACKET_TCP_NOP};
    cr_assert_eq(packet_tcp_option_write(&writer, &option), 0);
    cr_assert_eq(packet_written(&writer), 1);
    cr_assert_eq(room[0], PACKET_TCP_NOP);
}
