#include "packet/ipv6.h"

#include <errno.h>

#include "packet/protocol.h"

static struct sonde_address read_address(struct packet_reader *reader)
{
    uint8_t bytes[16];
    packet_read_copy(reader, bytes, sizeof(bytes));
    return sonde_address_from_bytes(SONDE_IPV6, bytes);
}

/* Reads the fields; the reader then stands at the payload. */
static int read_header(struct sonde_bytes bytes, struct packet_reader *reader,
                       struct packet_ipv6 *header)
{
    *header = (struct packet_ipv6){0};
    *reader = packet_reader_over(bytes);
    if (bytes.length == 0)
        return -ENODATA;
    uint32_t first = packet_read_u32(reader);
    if (bytes.data[0] >> 4 != 6)
        return -EPROTONOSUPPORT;
    if (bytes.length < PACKET_IPV6_HEADER)
        return -ENODATA;
    header->traffic_class = (uint8_t)(first >> 20);
    header->flow_label = first & 0xfffff;
    header->payload_bytes = packet_read_u16(reader);
    header->next_header = packet_read_u8(reader);
    header->hop_limit = packet_read_u8(reader);
    header->source = read_address(reader);
    header->destination = read_address(reader);
    return 0;
}

int packet_ipv6_parse(struct sonde_bytes bytes, struct packet_ipv6 *header)
{
    struct packet_reader reader;
    int error = read_header(bytes, &reader, header);
    if (error)
        return error;
    size_t there = packet_left(&reader);
    header->truncated = header->payload_bytes > there;
    header->payload = packet_read_bytes(&reader, header->truncated ? there : header->payload_bytes);
    return 0;
}

int packet_ipv6_parse_quoted(struct sonde_bytes bytes, struct packet_ipv6 *header)
{
    struct packet_reader reader;
    int error = read_header(bytes, &reader, header);
    if (error)
        return error;
    header->truncated = header->payload_bytes > packet_left(&reader);
    header->payload = packet_rest(&reader);
    return 0;
}

int packet_ipv6_write(struct packet_writer *writer, const struct packet_ipv6 *header)
{
    if (header->flow_label > 0xfffff || header->source.family != SONDE_IPV6 ||
        header->destination.family != SONDE_IPV6)
        return -EINVAL;
    if (packet_room(writer) < PACKET_IPV6_HEADER)
        return -ENOBUFS;
    packet_write_u32(writer, UINT32_C(6) << 28 | (uint32_t)header->traffic_class << 20 |
                                 header->flow_label);
    packet_write_u16(writer, header->payload_bytes);
    packet_write_u8(writer, header->next_header);
    packet_write_u8(writer, header->hop_limit);
    packet_write_bytes(writer, header->source.bytes, 16);
    packet_write_bytes(writer, header->destination.bytes, 16);
    return 0;
}

int packet_ipv6_fragment_write(struct packet_writer *writer,
                               const struct packet_ipv6_fragment *fragment)
{
    if (fragment->offset % 8)
        return -EINVAL;
    if (packet_room(writer) < PACKET_IPV6_FRAGMENT_HEADER)
        return -ENOBUFS;
    packet_write_u8(writer, fragment->next_header);
    packet_write_u8(writer, 0);
    /* The offset's low three bits are free: the lowest is the M flag. */
    packet_write_u16(writer, (uint16_t)(fragment->offset | (fragment->more ? 1 : 0)));
    packet_write_u32(writer, fragment->id);
    return 0;
}

struct packet_ipv6_chain packet_ipv6_chain(uint8_t next_header, struct sonde_bytes payload)
{
    return (struct packet_ipv6_chain){
        .start = payload.data, .reader = packet_reader_over(payload), .next = next_header};
}

/* Length of an extension header from its second byte; 0 when the protocol is none. */
static size_t extension_bytes(uint8_t protocol, uint8_t length_field)
{
    switch (protocol) {
    case PACKET_HOP_BY_HOP:
    case PACKET_ROUTING:
    case PACKET_DESTINATION_OPTIONS:
    case PACKET_MOBILITY:
    case PACKET_HIP:
    case PACKET_SHIM6:
        return ((size_t)length_field + 1) * 8;
    case PACKET_FRAGMENT:
        return PACKET_IPV6_FRAGMENT_HEADER;
    case PACKET_AH:
        /* RFC 4302 section 2.2: in words of 32 bits, less two. */
        return ((size_t)length_field + 2) * 4;
    default:
        return 0;
    }
}

static uint16_t fragment_offset(struct sonde_bytes header)
{
    return (uint16_t)((header.data[2] << 8 | header.data[3]) & 0xfff8);
}

int packet_ipv6_chain_next(struct packet_ipv6_chain *chain, struct packet_ipv6_extension *extension)
{
    if (chain->inside || extension_bytes(chain->next, 0) == 0)
        return 0;
    if (chain->count == PACKET_IPV6_CHAIN_MAX)
        return -ELOOP;

    struct packet_reader ahead = chain->reader;
    uint8_t next_header = packet_read_u8(&ahead);
    size_t length = extension_bytes(chain->next, packet_read_u8(&ahead));
    size_t offset = (size_t)(chain->reader.at - chain->start);
    struct sonde_bytes bytes = packet_read_bytes(&chain->reader, length);
    if (chain->reader.failed)
        return -ENODATA;
    *extension = (struct packet_ipv6_extension){
        .protocol = chain->next, .next_header = next_header, .offset = offset, .bytes = bytes};
    chain->inside = chain->next == PACKET_FRAGMENT && fragment_offset(bytes) != 0;
    chain->next = next_header;
    chain->count++;
    return 1;
}

int packet_ipv6_upper(uint8_t next_header, struct sonde_bytes payload,
                      struct packet_ipv6_upper *upper)
{
    *upper = (struct packet_ipv6_upper){0};
    struct packet_ipv6_chain chain = packet_ipv6_chain(next_header, payload);
    struct packet_ipv6_extension extension;
    int more;
    while ((more = packet_ipv6_chain_next(&chain, &extension)) == 1) {
        if (extension.protocol != PACKET_FRAGMENT)
            continue;
        struct packet_reader reader = packet_reader_over(extension.bytes);
        upper->fragmented = true;
        upper->fragment.next_header = packet_read_u8(&reader);
        packet_skip(&reader, 1);
        uint16_t offset_and_more = packet_read_u16(&reader);
        upper->fragment.offset = offset_and_more & 0xfff8;
        upper->fragment.more = offset_and_more & 1;
        upper->fragment.id = packet_read_u32(&reader);
    }
    if (more < 0) {
        *upper = (struct packet_ipv6_upper){0};
        return more;
    }
    upper->protocol = chain.next;
    upper->extensions = chain.count;
    upper->bytes = packet_rest(&chain.reader);
    return 0;
}
