#include "packet/udp.h"

#include <errno.h>

#include "packet/checksum.h"
#include "packet/protocol.h"

int packet_udp_parse(struct sonde_bytes bytes, struct packet_udp *udp)
{
    *udp = (struct packet_udp){0};
    struct packet_reader reader = packet_reader_over(bytes);
    struct packet_udp read = {0};
    read.source_port = packet_read_u16(&reader);
    read.destination_port = packet_read_u16(&reader);
    read.length = packet_read_u16(&reader);
    read.checksum = packet_read_u16(&reader);
    if (reader.failed)
        return -ENODATA;
    if (read.length < PACKET_UDP_HEADER)
        return -EBADMSG;
    read.payload = packet_read_bytes(&reader, read.length - PACKET_UDP_HEADER);
    if (reader.failed)
        return -ENODATA;
    *udp = read;
    return 0;
}

bool packet_udp_checksum_ok(struct sonde_bytes bytes, const struct sonde_address *source,
                            const struct sonde_address *destination)
{
    struct packet_udp udp;
    if (packet_udp_parse(bytes, &udp))
        return false;
    if (udp.checksum == 0)
        return source->family == SONDE_IPV4;
    struct packet_sum sum = {0};
    packet_sum_pseudo(&sum, source, destination, PACKET_UDP, udp.length);
    packet_sum_add(&sum, bytes.data, udp.length);
    return packet_sum_ok(&sum);
}

int packet_udp_write(struct packet_writer *writer, const struct packet_udp *udp,
                     const struct sonde_address *source, const struct sonde_address *destination)
{
    if (udp->payload.length > PACKET_UDP_PAYLOAD_MAX || source->family != destination->family ||
        !sonde_address_length(source)) {
        writer->failed = true;
        return -EINVAL;
    }
    size_t start = packet_written(writer);
    uint16_t length = (uint16_t)(PACKET_UDP_HEADER + udp->payload.length);
    packet_write_u16(writer, udp->source_port);
    packet_write_u16(writer, udp->destination_port);
    packet_write_u16(writer, length);
    packet_write_u16(writer, 0);
    packet_write_bytes(writer, udp->payload.data, udp->payload.length);
    if (writer->failed)
        return -ENOBUFS;

    struct packet_sum sum = {0};
    packet_sum_pseudo(&sum, source, destination, PACKET_UDP, length);
    packet_sum_add(&sum, writer->start + start, length);
    uint16_t checksum = packet_sum_checksum(&sum);
    /* RFC 768: 0 would say that none was made; all ones is its other form in one's complement. */
    packet_patch_u16(writer, start + PACKET_UDP_CHECKSUM_AT, checksum ? checksum : 0xffff);
    return 0;
}
