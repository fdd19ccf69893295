#include "packet/sctp.h"

#include <errno.h>

#include "help.h"

/* An INIT from 40000 to 80. */
static const uint8_t init[] = {0x9c, 0x40, 0, 80, 0,  0, 0,  0,  0xa2, 0x19, 0x2c,
                               0xe4, 1,    0, 0,  20, 1, 2,  3,  4,    0,    1,
                               0,    0,    0, 10, 8,  0, 10, 11, 12,   13};

Test(packet_sctp, known_init)
{
    struct sonde_bytes bytes = {init, sizeof(init)};
    struct packet_sctp sctp;
    struct packet_sctp_chunk chunk;
    struct packet_sctp_init value;
    cr_assert_eq(packet_sctp_parse(bytes, &sctp), 0);
    cr_assert_eq(sctp.source_port, 40000);
    cr_assert_eq(sctp.destination_port, 80);
    cr_assert_eq(sctp.verification_tag, 0);
    cr_assert_eq(sctp.checksum, 0xe42c19a2);
    cr_assert_eq(packet_sctp_checksum(bytes), 0xe42c19a2);
    cr_assert(packet_sctp_checksum_ok(bytes));
    struct packet_sctp_items chunks = packet_sctp_chunks(sctp.chunks);
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
    cr_assert(chunk.type == PACKET_SCTP_INIT && chunk.flags == 0 && chunk.length == 20);
    cr_assert_eq(packet_sctp_init_parse(&chunk, &value), 0);
    cr_assert_eq(value.tag, 0x01020304);
    cr_assert_eq(value.window, 65536);
    cr_assert_eq(value.outbound_streams, 10);
    cr_assert_eq(value.inbound_streams, 2048);
    cr_assert_eq(value.sequence, 0x0a0b0c0d);
    cr_assert_eq(value.parameters.length, 0);
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 0);

    uint8_t room[64];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    size_t packet = packet_sctp_begin(&writer, &sctp);
    size_t begun = packet_sctp_chunk_begin(&writer, PACKET_SCTP_INIT, 0);
    packet_sctp_init_write(&writer, &value);
    cr_assert_eq(packet_sctp_chunk_end(&writer, begun), 0);
    cr_assert_eq(packet_sctp_end(&writer, packet), 0);
    cr_assert_eq(packet_written(&writer), sizeof(init));
    cr_assert_arr_eq(room, init, sizeof(init));
}

Test(packet_sctp, every_cut_is_told)
{
    for (size_t length = 0; length < sizeof(init); length++) {
        struct sonde_bytes bytes = help_exact(init, length);
        struct packet_sctp sctp;
        struct packet_sctp_chunk chunk;
        memset(&sctp, 0xff, sizeof(sctp));
        cr_assert_eq(packet_sctp_parse(bytes, &sctp), length < 12 ? -ENODATA : 0);
        cr_assert_not(packet_sctp_checksum_ok(bytes));
        cr_assert_eq(sctp.source_port, length < 12 ? 0 : 40000);
        struct packet_sctp_items chunks = packet_sctp_chunks(sctp.chunks);
        int expected = length <= 12 ? 0 : -EBADMSG;
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), expected);
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), expected, "it stays so");
        help_free(bytes);
    }
}

Test(packet_sctp, init_is_not_read_from_less_or_from_others)
{
    for (size_t length = 0; length < PACKET_SCTP_INIT_FIXED; length++) {
        struct sonde_bytes value = help_exact(init + 16, length);
        struct packet_sctp_init read;
        memset(&read, 0xff, sizeof(read));
        struct packet_sctp_chunk chunk = {.type = PACKET_SCTP_INIT_ACK, .value = value};
        cr_assert_eq(packet_sctp_init_parse(&chunk, &read), -ENODATA);
        cr_assert_eq(read.tag, 0);
        help_free(value);
    }
    struct packet_sctp_init read;
    struct packet_sctp_chunk chunk = {.type = PACKET_SCTP_SACK, .value = {init + 16, 16}};
    cr_assert_eq(packet_sctp_init_parse(&chunk, &read), -EINVAL);
}

/* Packets of several chunks of every length: the padding is there, zero, and not counted. */
Test(packet_sctp, round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 2000; round++) {
        uint8_t values[4][20], room[256];
        size_t lengths[4], count = help_below(&random, 5), ahead = help_below(&random, 4);
        struct packet_sctp sent = {
            .source_port = (uint16_t)base_random_u64(&random),
            .destination_port = (uint16_t)base_random_u64(&random),
            .verification_tag = (uint32_t)base_random_u64(&random),
        };
        memset(room, 0xee, sizeof(room));
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        packet_write_zeros(&writer, ahead);
        size_t packet = packet_sctp_begin(&writer, &sent);
        for (size_t i = 0; i < count; i++) {
            lengths[i] = help_below(&random, sizeof(values[i]) + 1);
            help_fill(&random, values[i], lengths[i]);
            cr_assert_eq(packet_sctp_chunk_write(&writer, (uint8_t)(i + 3), (uint8_t)(i * 7),
                                                 (struct sonde_bytes){values[i], lengths[i]}),
                         0);
        }
        cr_assert_eq(packet_sctp_end(&writer, packet), 0);
        struct sonde_bytes bytes = packet_written_from(&writer, ahead);
        struct packet_sctp back;
        struct packet_sctp_chunk chunk;
        cr_assert_eq(bytes.length % 4, 0);
        cr_assert(packet_sctp_checksum_ok(bytes));
        cr_assert_eq(packet_sctp_parse(bytes, &back), 0);
        cr_assert_eq(back.source_port, sent.source_port);
        cr_assert_eq(back.destination_port, sent.destination_port);
        cr_assert_eq(back.verification_tag, sent.verification_tag);
        struct packet_sctp_items chunks = packet_sctp_chunks(back.chunks);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
            cr_assert_eq(chunk.type, i + 3);
            cr_assert_eq(chunk.flags, i * 7);
            cr_assert_eq(chunk.length, lengths[i] + 4);
            cr_assert(help_same(chunk.value, (struct sonde_bytes){values[i], lengths[i]}));
            for (size_t pad = lengths[i]; pad % 4; pad++)
                cr_assert_eq(chunk.value.data[pad], 0);
        }
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 0);
        room[ahead + help_below(&random, bytes.length)] ^= (uint8_t)(1u << help_below(&random, 8));
        cr_assert_not(packet_sctp_checksum_ok(bytes), "one bit");
    }
}

Test(packet_sctp, chunks_that_lie)
{
    struct packet_sctp_chunk chunk;
    for (uint8_t length = 0; length < 4; length++) {
        const uint8_t bytes[] = {1, 0, 0, length};
        struct packet_sctp_items chunks = packet_sctp_chunks((struct sonde_bytes){bytes, 4});
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), -EBADMSG);
    }
    const uint8_t too_long[] = {1, 0, 0, 9, 1, 2, 3, 4};
    struct packet_sctp_items chunks = packet_sctp_chunks((struct sonde_bytes){too_long, 8});
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), -EBADMSG);
    /* RFC 9260 section 3.2: the padding behind the last chunk may be missing. */
    const uint8_t unpadded[] = {14, 1, 0, 4, 5, 0, 0, 5, 99};
    chunks = packet_sctp_chunks((struct sonde_bytes){unpadded, 9});
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
    cr_assert(chunk.type == PACKET_SCTP_SHUTDOWN_COMPLETE && chunk.value.length == 0);
    cr_assert_eq(chunk.flags, PACKET_SCTP_TAG_REFLECTED);
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
    cr_assert(chunk.value.length == 1 && chunk.value.data[0] == 99);
    cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 0);
}

/* RFC 9260 section 3.2.1: the chunk's length covers all padding but that of its last parameter. */
Test(packet_sctp, parameters)
{
    uint8_t room[64];
    for (size_t ahead = 0; ahead < 4; ahead++) {
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        packet_write_zeros(&writer, ahead);
        size_t begun = packet_sctp_chunk_begin(&writer, PACKET_SCTP_INIT_ACK, 0);
        packet_sctp_init_write(&writer, &(struct packet_sctp_init){.tag = 1});
        struct sonde_bytes cookie = {(const uint8_t *)"cookie", 6}, one = {cookie.data, 1};
        cr_assert_eq(packet_sctp_parameter_write(&writer, begun, PACKET_SCTP_STATE_COOKIE, cookie),
                     0);
        cr_assert_eq(packet_sctp_parameter_write(&writer, begun, 0x8000, one), 0);
        cr_assert_eq(packet_sctp_chunk_end(&writer, begun), 0);
        cr_assert_eq(packet_written(&writer) - ahead, 40);

        struct packet_sctp_items chunks = packet_sctp_chunks(packet_written_from(&writer, ahead));
        struct packet_sctp_chunk chunk;
        struct packet_sctp_init value;
        struct packet_sctp_parameter parameter;
        cr_assert_eq(packet_sctp_chunks_next(&chunks, &chunk), 1);
        cr_assert_eq(chunk.length, 4 + 16 + 12 + 5);
        cr_assert_eq(packet_sctp_init_parse(&chunk, &value), 0);
        struct packet_sctp_items parameters = packet_sctp_parameters(value.parameters);
        cr_assert_eq(packet_sctp_parameters_next(&parameters, &parameter), 1);
        cr_assert_eq(parameter.type, PACKET_SCTP_STATE_COOKIE);
        cr_assert_eq(parameter.length, 10);
        cr_assert(help_same(parameter.value, cookie));
        cr_assert_eq(packet_sctp_parameters_next(&parameters, &parameter), 1);
        cr_assert_eq(parameter.type, 0x8000);
        cr_assert(help_same(parameter.value, one));
        cr_assert_eq(packet_sctp_parameters_next(&parameters, &parameter), 0);
    }
}

Test(packet_sctp, what_cannot_be_written)
{
    static uint8_t large[65536], larger[70000];
    uint8_t room[32];
    for (size_t size = 0; size < 20; size++) {
        struct packet_writer writer = packet_writer_over(room, size);
        size_t packet = packet_sctp_begin(&writer, &(struct packet_sctp){.source_port = 1});
        cr_assert_eq(packet_sctp_chunk_write(&writer, 5, 0, (struct sonde_bytes){large, 1}),
                     -ENOBUFS);
        cr_assert_eq(packet_sctp_end(&writer, packet), -ENOBUFS);
    }
    struct sonde_bytes value = {large, 65532};
    struct packet_writer writer = packet_writer_over(larger, sizeof(larger));
    cr_assert_eq(packet_sctp_chunk_write(&writer, 5, 0, value), -EINVAL);
    cr_assert(writer.failed);
    writer = packet_writer_over(larger, sizeof(larger));
    cr_assert_eq(packet_sctp_parameter_write(&writer, 0, 5, value), -EINVAL);
    cr_assert(writer.failed);
    value.length--;
    writer = packet_writer_over(larger, sizeof(larger));
    cr_assert_eq(packet_sctp_chunk_write(&writer, 5, 0, value), 0);
    cr_assert_eq(packet_written(&writer), 65536);
    writer = packet_writer_over(larger, sizeof(larger));
    cr_assert_eq(packet_sctp_parameter_write(&writer, 0, 5, value), 0);
}
