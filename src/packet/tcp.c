#include "packet/tcp.h"

#include <errno.h>

#include "packet/checksum.h"
#include "packet/protocol.h"

#define WORD          4u
#define OPTION_HEADER 2u /* kind, length */

int packet_tcp_parse(struct sonde_bytes bytes, struct packet_tcp *tcp)
{
    *tcp = (struct packet_tcp){0};
    struct packet_reader reader = packet_reader_over(bytes);
    struct packet_tcp read = {0};
    read.source_port = packet_read_u16(&reader);
    read.destination_port = packet_read_u16(&reader);
    read.sequence = packet_read_u32(&reader);
    read.acknowledgment = packet_read_u32(&reader);
    uint16_t offset_and_flags = packet_read_u16(&reader);
    size_t header = (size_t)(offset_and_flags >> 12) * WORD;
    read.flags = offset_and_flags & PACKET_TCP_FLAGS;
    read.window = packet_read_u16(&reader);
    read.checksum = packet_read_u16(&reader);
    read.urgent = packet_read_u16(&reader);
    if (reader.failed)
        return -ENODATA;
    if (header < PACKET_TCP_HEADER)
        return -EBADMSG;
    read.options = packet_read_bytes(&reader, header - PACKET_TCP_HEADER);
    read.payload = packet_rest(&reader);
    if (reader.failed)
        return -ENODATA;
    *tcp = read;
    return 0;
}

bool packet_tcp_checksum_ok(struct sonde_bytes bytes, const struct sonde_address *source,
                            const struct sonde_address *destination)
{
    if (bytes.length < PACKET_TCP_HEADER)
        return false;
    struct packet_sum sum = {0};
    packet_sum_pseudo(&sum, source, destination, PACKET_TCP, (uint32_t)bytes.length);
    packet_sum_add(&sum, bytes.data, bytes.length);
    return packet_sum_ok(&sum);
}

static bool writable(const struct packet_tcp *tcp, const struct sonde_address *source,
                     const struct sonde_address *destination)
{
    return tcp->flags <= PACKET_TCP_FLAGS && tcp->options.length <= PACKET_TCP_OPTIONS_MAX &&
           tcp->payload.length <= PACKET_DATAGRAM_MAX && source->family == destination->family &&
           sonde_address_length(source);
}

int packet_tcp_write(struct packet_writer *writer, const struct packet_tcp *tcp,
                     const struct sonde_address *source, const struct sonde_address *destination)
{
    if (!writable(tcp, source, destination)) {
        writer->failed = true;
        return -EINVAL;
    }
    size_t start = packet_written(writer);
    size_t options = (tcp->options.length + WORD - 1) / WORD * WORD;
    size_t words = (PACKET_TCP_HEADER + options) / WORD;
    packet_write_u16(writer, tcp->source_port);
    packet_write_u16(writer, tcp->destination_port);
    packet_write_u32(writer, tcp->sequence);
    packet_write_u32(writer, tcp->acknowledgment);
    packet_write_u16(writer, (uint16_t)(words << 12 | tcp->flags));
    packet_write_u16(writer, tcp->window);
    packet_write_u16(writer, 0);
    packet_write_u16(writer, tcp->urgent);
    packet_write_bytes(writer, tcp->options.data, tcp->options.length);
    packet_write_zeros(writer, options - tcp->options.length);
    packet_write_bytes(writer, tcp->payload.data, tcp->payload.length);
    if (writer->failed)
        return -ENOBUFS;

    struct sonde_bytes written = packet_written_from(writer, start);
    struct packet_sum sum = {0};
    packet_sum_pseudo(&sum, source, destination, PACKET_TCP, (uint32_t)written.length);
    packet_sum_add(&sum, written.data, written.length);
    packet_patch_u16(writer, start + PACKET_TCP_CHECKSUM_AT, packet_sum_checksum(&sum));
    return 0;
}

uint32_t packet_tcp_segment_length(const struct packet_tcp *tcp)
{
    return (uint32_t)tcp->payload.length + (tcp->flags & PACKET_TCP_SYN ? 1 : 0) +
           (tcp->flags & PACKET_TCP_FIN ? 1 : 0);
}

struct packet_tcp_options packet_tcp_options(struct sonde_bytes options)
{
    return (struct packet_tcp_options){.reader = packet_reader_over(options)};
}

/* The bytes of the value of a kind; -1 when it has none here. */
static int value_bytes(uint8_t kind)
{
    switch (kind) {
    case PACKET_TCP_MSS:
        return 2;
    case PACKET_TCP_WINDOW_SCALE:
        return 1;
    case PACKET_TCP_SACK_PERMITTED:
        return 0;
    case PACKET_TCP_TIMESTAMPS:
        return 8;
    default:
        return -1;
    }
}

static void read_value(struct packet_tcp_option *option)
{
    int expected = value_bytes(option->kind);
    if (expected < 0 || option->data.length != (size_t)expected)
        return;
    struct packet_reader reader = packet_reader_over(option->data);
    option->known = true;
    if (option->kind == PACKET_TCP_MSS)
        option->mss = packet_read_u16(&reader);
    if (option->kind == PACKET_TCP_WINDOW_SCALE)
        option->window_scale = packet_read_u8(&reader);
    if (option->kind == PACKET_TCP_TIMESTAMPS) {
        option->timestamps.value = packet_read_u32(&reader);
        option->timestamps.echo = packet_read_u32(&reader);
    }
}

int packet_tcp_options_next(struct packet_tcp_options *options, struct packet_tcp_option *option)
{
    struct packet_reader *reader = &options->reader;
    if (packet_left(reader) == 0)
        return reader->failed ? -EBADMSG : 0;

    *option = (struct packet_tcp_option){.kind = packet_read_u8(reader)};
    if (option->kind == PACKET_TCP_END) {
        reader->at = reader->end;
        return 0;
    }
    if (option->kind == PACKET_TCP_NOP)
        return 1;
    uint8_t length = packet_read_u8(reader);
    if (length < OPTION_HEADER)
        reader->failed = true;
    option->data = packet_read_bytes(reader, length < OPTION_HEADER ? 0 : length - OPTION_HEADER);
    if (reader->failed)
        return -EBADMSG;
    read_value(option);
    return 1;
}

static void write_value(struct packet_writer *writer, const struct packet_tcp_option *option)
{
    if (option->kind == PACKET_TCP_MSS)
        packet_write_u16(writer, option->mss);
    if (option->kind == PACKET_TCP_WINDOW_SCALE)
        packet_write_u8(writer, option->window_scale);
    if (option->kind == PACKET_TCP_TIMESTAMPS) {
        packet_write_u32(writer, option->timestamps.value);
        packet_write_u32(writer, option->timestamps.echo);
    }
}

int packet_tcp_option_write(struct packet_writer *writer, const struct packet_tcp_option *option)
{
    bool single = option->kind == PACKET_TCP_END || option->kind == PACKET_TCP_NOP;
    int value = value_bytes(option->kind);
    if (option->known ? value < 0 : option->data.length > PACKET_TCP_OPTIONS_MAX - OPTION_HEADER)
        return -EINVAL;
    size_t data = option->known ? (size_t)value : option->data.length;
    if (packet_room(writer) < (single ? 1 : OPTION_HEADER + data))
        return -ENOBUFS;
    packet_write_u8(writer, option->kind);
    if (single)
        return 0;
    packet_write_u8(writer, (uint8_t)(OPTION_HEADER + data));
    if (option->known)
        write_value(writer, option);
    else
        packet_write_bytes(writer, option->data.data, data);
    return 0;
}
