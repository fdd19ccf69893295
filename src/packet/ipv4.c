#include "packet/ipv4.h"

#include <errno.h>

#include "packet/checksum.h"

#define FLAG_RESERVED  0x8000u
#define FLAG_DONT      0x4000u
#define FLAG_MORE      0x2000u
#define OFFSET_MASK    0x1fffu
#define OFFSET_UNIT    8u
#define OFFSET_MAXIMUM (OFFSET_MASK * OFFSET_UNIT)

static struct sonde_address read_address(struct packet_reader *reader)
{
    uint8_t bytes[4];
    packet_read_copy(reader, bytes, sizeof(bytes));
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

/* Reads the fields; the reader then stands at the payload. Total length is not judged. */
static int read_header(struct sonde_bytes bytes, struct packet_reader *reader,
                       struct packet_ipv4 *header)
{
    *header = (struct packet_ipv4){0};
    *reader = packet_reader_over(bytes);
    uint8_t version_and_length = packet_read_u8(reader);
    if (reader->failed)
        return -ENODATA;
    if (version_and_length >> 4 != 4)
        return -EPROTONOSUPPORT;
    size_t header_bytes = (version_and_length & 0x0fu) * 4u;
    if (header_bytes < PACKET_IPV4_HEADER)
        return -EBADMSG;
    if (header_bytes > bytes.length)
        return -ENODATA;

    header->traffic_class = packet_read_u8(reader);
    header->total_bytes = packet_read_u16(reader);
    header->id = packet_read_u16(reader);
    uint16_t flags_and_offset = packet_read_u16(reader);
    header->reserved_flag = flags_and_offset & FLAG_RESERVED;
    header->dont_fragment = flags_and_offset & FLAG_DONT;
    header->more_fragments = flags_and_offset & FLAG_MORE;
    header->fragment_offset = (uint16_t)((flags_and_offset & OFFSET_MASK) * OFFSET_UNIT);
    header->ttl = packet_read_u8(reader);
    header->protocol = packet_read_u8(reader);
    header->checksum = packet_read_u16(reader);
    header->source = read_address(reader);
    header->destination = read_address(reader);
    header->options = packet_read_bytes(reader, header_bytes - PACKET_IPV4_HEADER);
    header->checksum_ok = packet_checksum_ok(bytes.data, header_bytes);
    return 0;
}

int packet_ipv4_parse_quoted(struct sonde_bytes bytes, struct packet_ipv4 *header)
{
    struct packet_reader reader;
    int error = read_header(bytes, &reader, header);
    if (error)
        return error;
    header->payload = packet_rest(&reader);
    header->truncated = header->total_bytes > bytes.length;
    return 0;
}

int packet_ipv4_parse(struct sonde_bytes bytes, struct packet_ipv4 *header)
{
    struct packet_reader reader;
    int error = read_header(bytes, &reader, header);
    if (error)
        return error;
    uint16_t header_bytes = packet_ipv4_header_bytes(header);
    if (header->total_bytes < header_bytes) {
        *header = (struct packet_ipv4){0};
        return -EBADMSG;
    }
    size_t claimed = (size_t)header->total_bytes - header_bytes;
    size_t there = packet_left(&reader);
    header->truncated = claimed > there;
    header->payload = packet_read_bytes(&reader, claimed < there ? claimed : there);
    return 0;
}

static bool fits(const struct packet_ipv4 *header)
{
    return header->options.length <= PACKET_IPV4_OPTIONS_MAX && header->options.length % 4 == 0 &&
           header->total_bytes >= packet_ipv4_header_bytes(header) &&
           header->fragment_offset % OFFSET_UNIT == 0 &&
           header->fragment_offset <= OFFSET_MAXIMUM && header->source.family == SONDE_IPV4 &&
           header->destination.family == SONDE_IPV4;
}

int packet_ipv4_write(struct packet_writer *writer, const struct packet_ipv4 *header)
{
    if (!fits(header))
        return -EINVAL;
    size_t header_bytes = packet_ipv4_header_bytes(header);
    if (packet_room(writer) < header_bytes)
        return -ENOBUFS;

    size_t start = packet_written(writer);
    unsigned flags_and_offset = header->fragment_offset / OFFSET_UNIT;
    flags_and_offset |= header->reserved_flag ? FLAG_RESERVED : 0;
    flags_and_offset |= header->dont_fragment ? FLAG_DONT : 0;
    flags_and_offset |= header->more_fragments ? FLAG_MORE : 0;

    packet_write_u8(writer, (uint8_t)(0x40 | header_bytes / 4));
    packet_write_u8(writer, header->traffic_class);
    packet_write_u16(writer, header->total_bytes);
    packet_write_u16(writer, header->id);
    packet_write_u16(writer, (uint16_t)flags_and_offset);
    packet_write_u8(writer, header->ttl);
    packet_write_u8(writer, header->protocol);
    packet_write_u16(writer, 0);
    packet_write_bytes(writer, header->source.bytes, 4);
    packet_write_bytes(writer, header->destination.bytes, 4);
    packet_write_bytes(writer, header->options.data, header->options.length);
    struct sonde_bytes written = packet_written_from(writer, start);
    packet_patch_u16(writer, start + PACKET_IPV4_CHECKSUM_AT,
                     packet_checksum(written.data, written.length));
    return 0;
}
