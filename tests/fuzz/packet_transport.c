/*
 * UDP, TCP and SCTP (the first byte of the input chooses, and the family): slices lie inside,
 * iterations end, and what parses builds, with a right checksum, and reads back as the same value.
 */
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"
#include "packet_help.h"

static struct sonde_address here(enum sonde_family family)
{
    return sonde_address_from_bytes(family, (const uint8_t[16]){192, 0, 2, 1});
}

static void check_udp(enum sonde_family family, struct sonde_bytes bytes)
{
    struct sonde_address end = here(family);
    struct packet_udp udp, back;
    if (packet_udp_parse(bytes, &udp)) {
        MUST(udp.payload.length == 0 && !packet_udp_checksum_ok(bytes, &end, &end));
        return;
    }
    MUST(inside(udp.payload, bytes));
    MUST(udp.payload.length + PACKET_UDP_HEADER == udp.length && udp.length <= bytes.length);
    bool ok = packet_udp_checksum_ok(bytes, &end, &end);
    uint8_t *room = malloc(udp.length);
    MUST(room);
    struct packet_writer writer = packet_writer_over(room, udp.length);
    MUST(packet_udp_write(&writer, &udp, &end, &end) == 0);
    struct sonde_bytes written = packet_written_from(&writer, 0);
    MUST(packet_udp_checksum_ok(written, &end, &end));
    MUST(packet_udp_parse(written, &back) == 0 && back.checksum != 0);
    MUST(back.source_port == udp.source_port && back.destination_port == udp.destination_port);
    MUST(back.length == udp.length && same(back.payload, udp.payload));
    MUST(!ok || udp.checksum == 0 || udp.checksum == back.checksum);
    free(room);
}

static void check_options(struct sonde_bytes bytes)
{
    struct packet_tcp_options options = packet_tcp_options(bytes);
    struct packet_tcp_option option, back;
    size_t turns = 0;
    int more;
    while ((more = packet_tcp_options_next(&options, &option)) == 1) {
        MUST(++turns <= bytes.length);
        MUST(inside(option.data, bytes));
        uint8_t room[PACKET_TCP_OPTIONS_MAX];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        MUST(packet_tcp_option_write(&writer, &option) == 0);
        size_t header = option.kind == PACKET_TCP_NOP ? 1 : 2;
        MUST(packet_written(&writer) == header + option.data.length);
        struct packet_tcp_options again = packet_tcp_options(packet_written_from(&writer, 0));
        MUST(packet_tcp_options_next(&again, &back) == 1);
        MUST(back.kind == option.kind && back.known == option.known);
        MUST(same(back.data, option.data));
    }
    MUST(more <= 0 && packet_tcp_options_next(&options, &option) == more);
}

static void check_tcp(enum sonde_family family, struct sonde_bytes bytes)
{
    struct sonde_address end = here(family);
    struct packet_tcp tcp;
    bool ok = packet_tcp_checksum_ok(bytes, &end, &end);
    if (packet_tcp_parse(bytes, &tcp)) {
        MUST(tcp.options.length == 0 && tcp.payload.length == 0);
        return;
    }
    MUST(inside(tcp.options, bytes) && inside(tcp.payload, bytes));
    MUST(PACKET_TCP_HEADER + tcp.options.length + tcp.payload.length == bytes.length);
    check_options(tcp.options);
    uint8_t *room = malloc(bytes.length);
    MUST(room);
    struct packet_writer writer = packet_writer_over(room, bytes.length);
    MUST(packet_tcp_write(&writer, &tcp, &end, &end) == 0);
    struct sonde_bytes written = packet_written_from(&writer, 0);
    MUST(packet_tcp_checksum_ok(written, &end, &end) && written.length == bytes.length);
    /* All but the checksum is the same; a right one too, where 0 is not written as all ones. */
    MUST(memcmp(room, bytes.data, PACKET_TCP_CHECKSUM_AT) == 0);
    size_t rest = PACKET_TCP_CHECKSUM_AT + 2;
    MUST(memcmp(room + rest, bytes.data + rest, bytes.length - rest) == 0);
    struct packet_tcp back;
    MUST(packet_tcp_parse(written, &back) == 0);
    MUST(!ok || back.checksum == tcp.checksum || tcp.checksum == 0xffff);
    free(room);
}

static void check_parameters(struct sonde_bytes bytes)
{
    struct packet_sctp_items items = packet_sctp_parameters(bytes);
    struct packet_sctp_parameter parameter;
    size_t turns = 0;
    int more;
    while ((more = packet_sctp_parameters_next(&items, &parameter)) == 1) {
        MUST(++turns <= bytes.length / 4);
        MUST(inside(parameter.value, bytes) && parameter.length == parameter.value.length + 4);
    }
    MUST(more <= 0 && packet_sctp_parameters_next(&items, &parameter) == more);
}

static void check_init(const struct packet_sctp_chunk *chunk, struct sonde_bytes bytes)
{
    struct packet_sctp_init init;
    if (packet_sctp_init_parse(chunk, &init))
        return;
    MUST(inside(init.parameters, bytes));
    check_parameters(init.parameters);
    uint8_t room[PACKET_SCTP_INIT_FIXED];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_sctp_init_write(&writer, &init);
    MUST(!writer.failed && packet_room(&writer) == 0);
    MUST(memcmp(room, chunk->value.data, sizeof(room)) == 0);
}

static void check_sctp(struct sonde_bytes bytes)
{
    struct packet_sctp sctp;
    bool ok = packet_sctp_checksum_ok(bytes);
    if (packet_sctp_parse(bytes, &sctp)) {
        MUST(sctp.chunks.length == 0 && !ok);
        return;
    }
    MUST(inside(sctp.chunks, bytes));
    size_t size = bytes.length + 3; /* the padding of the last chunk */
    uint8_t *room = malloc(size);
    MUST(room);
    struct packet_writer writer = packet_writer_over(room, size);
    size_t packet = packet_sctp_begin(&writer, &sctp);
    struct packet_sctp_items items = packet_sctp_chunks(sctp.chunks);
    struct packet_sctp_chunk chunk;
    int more;
    while ((more = packet_sctp_chunks_next(&items, &chunk)) == 1) {
        MUST(inside(chunk.value, bytes) && chunk.length == chunk.value.length + 4);
        MUST(packet_sctp_chunk_write(&writer, chunk.type, chunk.flags, chunk.value) == 0);
        check_init(&chunk, bytes);
        check_parameters(chunk.value);
    }
    MUST(more <= 0 && packet_sctp_chunks_next(&items, &chunk) == more);
    MUST(packet_sctp_end(&writer, packet) == 0);
    struct sonde_bytes written = packet_written_from(&writer, 0);
    MUST(packet_sctp_checksum_ok(written));
    if (ok && same((struct sonde_bytes){written.data + 12, written.length - 12}, sctp.chunks))
        MUST(same(written, bytes));
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum sonde_family family = family_of(data[0]);
    struct sonde_bytes bytes = exact_copy(data + 1, size - 1);
    switch (data[0] >> 1 & 3) {
    case 0:
        check_udp(family, bytes);
        break;
    case 1:
        check_tcp(family, bytes);
        break;
    default:
        check_sctp(bytes);
        break;
    }
    drop(bytes);
    return 0;
}
