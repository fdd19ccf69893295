#include "net/complete.h"

#include "packet/checksum.h"
#include "packet/ipv4.h"
#include "packet/protocol.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

static void complete_sctp(uint8_t *bytes, size_t length)
{
    uint8_t *field = bytes + PACKET_SCTP_CHECKSUM_AT;
    uint32_t checksum;

    if (length < PACKET_SCTP_HEADER || field[0] | field[1] | field[2] | field[3])
        return;
    checksum = packet_sctp_checksum((struct sonde_bytes){bytes, length});
    for (int i = 0; i < 4; i++)
        field[i] = (uint8_t)(checksum >> 8 * i);
}

void net_complete(uint8_t *bytes, size_t length, uint8_t protocol,
                  const struct sonde_address *source, const struct sonde_address *destination)
{
    size_t at = protocol == PACKET_UDP ? PACKET_UDP_CHECKSUM_AT : PACKET_TCP_CHECKSUM_AT;
    struct packet_sum sum = {0};
    uint16_t checksum;

    if (protocol == PACKET_SCTP) {
        complete_sctp(bytes, length);
        return;
    }
    if ((protocol != PACKET_UDP && protocol != PACKET_TCP) || length < at + 2)
        return;
    packet_sum_pseudo(&sum, source, destination, protocol, (uint32_t)length);
    if ((bytes[at] << 8 | bytes[at + 1]) != (uint16_t)~packet_sum_checksum(&sum))
        return;
    /* The pseudo-header's sum is in the field already. */
    checksum = packet_checksum(bytes, length);
    if (protocol == PACKET_UDP && checksum == 0)
        checksum = 0xffff;
    bytes[at] = (uint8_t)(checksum >> 8);
    bytes[at + 1] = (uint8_t)checksum;
}

void net_complete_v4(uint8_t *bytes, size_t length)
{
    struct packet_ipv4 header;
    uint16_t skipped;

    if (packet_ipv4_parse((struct sonde_bytes){bytes, length}, &header) || header.truncated ||
        header.more_fragments || header.fragment_offset)
        return;
    skipped = packet_ipv4_header_bytes(&header);
    net_complete(bytes + skipped, header.payload.length, header.protocol, &header.source,
                 &header.destination);
}
