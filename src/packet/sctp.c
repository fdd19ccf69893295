#include "packet/sctp.h"

#include <errno.h>

#include "packet/crc32c.h"

#define LENGTH_MAX 65535u

static size_t padding(size_t length)
{
    return (4 - length % 4) % 4;
}

static uint32_t swap_bytes(uint32_t value)
{
    return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

int packet_sctp_parse(struct sonde_bytes bytes, struct packet_sctp *sctp)
{
    *sctp = (struct packet_sctp){0};
    struct packet_reader reader = packet_reader_over(bytes);
    struct packet_sctp read = {0};
    read.source_port = packet_read_u16(&reader);
    read.destination_port = packet_read_u16(&reader);
    read.verification_tag = packet_read_u32(&reader);
    read.checksum = swap_bytes(packet_read_u32(&reader));
    read.chunks = packet_rest(&reader);
    if (reader.failed)
        return -ENODATA;
    *sctp = read;
    return 0;
}

uint32_t packet_sctp_checksum(struct sonde_bytes bytes)
{
    static const uint8_t zeros[4];
    if (bytes.length < PACKET_SCTP_HEADER)
        return packet_crc32c(bytes.data, bytes.length);
    uint32_t sum = PACKET_CRC32C_START;
    sum = packet_crc32c_add(sum, bytes.data, PACKET_SCTP_CHECKSUM_AT);
    sum = packet_crc32c_add(sum, zeros, sizeof(zeros));
    return ~packet_crc32c_add(sum, bytes.data + PACKET_SCTP_HEADER,
                              bytes.length - PACKET_SCTP_HEADER);
}

bool packet_sctp_checksum_ok(struct sonde_bytes bytes)
{
    struct packet_sctp sctp;
    return packet_sctp_parse(bytes, &sctp) == 0 && sctp.checksum == packet_sctp_checksum(bytes);
}

struct packet_sctp_items packet_sctp_chunks(struct sonde_bytes chunks)
{
    return (struct packet_sctp_items){.reader = packet_reader_over(chunks)};
}

struct packet_sctp_items packet_sctp_parameters(struct sonde_bytes parameters)
{
    return packet_sctp_chunks(parameters);
}

/* Chunks and parameters are alike: two bytes, the length, the value, the padding. */
static int next_item(struct packet_reader *reader, uint16_t *head, uint16_t *length,
                     struct sonde_bytes *value)
{
    if (packet_left(reader) == 0)
        return reader->failed ? -EBADMSG : 0;
    *head = packet_read_u16(reader);
    *length = packet_read_u16(reader);
    if (*length < PACKET_SCTP_CHUNK_HEADER)
        reader->failed = true;
    *value = packet_read_bytes(
        reader, *length < PACKET_SCTP_CHUNK_HEADER ? 0 : *length - PACKET_SCTP_CHUNK_HEADER);
    if (reader->failed)
        return -EBADMSG;
    size_t left = packet_left(reader), pad = padding(*length);
    packet_skip(reader, pad < left ? pad : left);
    return 1;
}

int packet_sctp_chunks_next(struct packet_sctp_items *chunks, struct packet_sctp_chunk *chunk)
{
    uint16_t head = 0;
    *chunk = (struct packet_sctp_chunk){0};
    int result = next_item(&chunks->reader, &head, &chunk->length, &chunk->value);
    chunk->type = (uint8_t)(head >> 8);
    chunk->flags = (uint8_t)head;
    return result;
}

int packet_sctp_parameters_next(struct packet_sctp_items *parameters,
                                struct packet_sctp_parameter *parameter)
{
    *parameter = (struct packet_sctp_parameter){0};
    return next_item(&parameters->reader, &parameter->type, &parameter->length, &parameter->value);
}

int packet_sctp_init_parse(const struct packet_sctp_chunk *chunk, struct packet_sctp_init *init)
{
    *init = (struct packet_sctp_init){0};
    if (chunk->type != PACKET_SCTP_INIT && chunk->type != PACKET_SCTP_INIT_ACK)
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(chunk->value);
    struct packet_sctp_init read = {0};
    read.tag = packet_read_u32(&reader);
    read.window = packet_read_u32(&reader);
    read.outbound_streams = packet_read_u16(&reader);
    read.inbound_streams = packet_read_u16(&reader);
    read.sequence = packet_read_u32(&reader);
    read.parameters = packet_rest(&reader);
    if (reader.failed)
        return -ENODATA;
    *init = read;
    return 0;
}

size_t packet_sctp_begin(struct packet_writer *writer, const struct packet_sctp *sctp)
{
    size_t start = packet_written(writer);
    packet_write_u16(writer, sctp->source_port);
    packet_write_u16(writer, sctp->destination_port);
    packet_write_u32(writer, sctp->verification_tag);
    packet_write_u32(writer, 0);
    return start;
}

int packet_sctp_end(struct packet_writer *writer, size_t packet)
{
    struct sonde_bytes written = packet_written_from(writer, packet);
    if (writer->failed)
        return -ENOBUFS;
    uint32_t checksum = swap_bytes(packet_sctp_checksum(written));
    packet_patch_u16(writer, packet + PACKET_SCTP_CHECKSUM_AT, (uint16_t)(checksum >> 16));
    packet_patch_u16(writer, packet + PACKET_SCTP_CHECKSUM_AT + 2, (uint16_t)checksum);
    return 0;
}

int packet_sctp_chunk_write(struct packet_writer *writer, uint8_t type, uint8_t flags,
                            struct sonde_bytes value)
{
    size_t chunk = packet_sctp_chunk_begin(writer, type, flags);
    packet_write_bytes(writer, value.data, value.length);
    return packet_sctp_chunk_end(writer, chunk);
}

size_t packet_sctp_chunk_begin(struct packet_writer *writer, uint8_t type, uint8_t flags)
{
    size_t start = packet_written(writer);
    packet_write_u8(writer, type);
    packet_write_u8(writer, flags);
    packet_write_u16(writer, 0);
    return start;
}

int packet_sctp_chunk_end(struct packet_writer *writer, size_t chunk)
{
    size_t length = packet_written(writer) - chunk;
    if (!writer->failed && length > LENGTH_MAX) {
        writer->failed = true;
        return -EINVAL;
    }
    packet_write_zeros(writer, padding(length));
    if (writer->failed)
        return -ENOBUFS;
    packet_patch_u16(writer, chunk + 2, (uint16_t)length);
    return 0;
}

void packet_sctp_init_write(struct packet_writer *writer, const struct packet_sctp_init *init)
{
    packet_write_u32(writer, init->tag);
    packet_write_u32(writer, init->window);
    packet_write_u16(writer, init->outbound_streams);
    packet_write_u16(writer, init->inbound_streams);
    packet_write_u32(writer, init->sequence);
}

int packet_sctp_parameter_write(struct packet_writer *writer, size_t chunk, uint16_t type,
                                struct sonde_bytes value)
{
    if (value.length > LENGTH_MAX - PACKET_SCTP_CHUNK_HEADER) {
        writer->failed = true;
        return -EINVAL;
    }
    packet_write_zeros(writer, padding(packet_written(writer) - chunk));
    packet_write_u16(writer, type);
    packet_write_u16(writer, (uint16_t)(PACKET_SCTP_CHUNK_HEADER + value.length));
    packet_write_bytes(writer, value.data, value.length);
    return writer->failed ? -ENOBUFS : 0;
}
