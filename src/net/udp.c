#define _GNU_SOURCE

#include "net/udp.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/protocol.h"
#include "packet/udp.h"

int net_udp_options(int fd, enum sonde_family family, const char **operation)
{
    *operation = "keep IPv4 and IPv6 apart";
    return family == SONDE_IPV6 ? net_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
}

static uint16_t port_of(const struct net_inbox_slot *slot)
{
    return ntohs(slot->name.any.sa_family == AF_INET6 ? slot->name.v6.sin6_port
                                                      : slot->name.v4.sin_port);
}

/* Writes ports and length into the slot's headroom, and widens the event's bytes over them. */
static uint8_t *prepend(const struct net_inbox_slot *slot, uint16_t source, uint16_t destination,
                        struct sonde_event *event)
{
    uint8_t *header = slot->bytes - PACKET_UDP_HEADER;
    size_t length = event->bytes.length + PACKET_UDP_HEADER;

    _Static_assert(PACKET_UDP_HEADER <= NET_INBOX_HEADROOM, "room for a header");
    header[0] = (uint8_t)(source >> 8);
    header[1] = (uint8_t)source;
    header[2] = (uint8_t)(destination >> 8);
    header[3] = (uint8_t)destination;
    header[4] = (uint8_t)(length >> 8);
    header[5] = (uint8_t)length;
    header[6] = 0;
    header[7] = 0;
    event->bytes = (struct sonde_bytes){header, length};
    return header;
}

/* The kernel has judged the checksum of what it hands over. */
void net_udp_datagram(const struct net_inbox_slot *slot, uint16_t port, struct sonde_event *event)
{
    uint8_t *header = prepend(slot, port_of(slot), port, event);
    struct packet_sum sum = {0};
    uint16_t checksum;

    if (event->cut || event->to.family != event->from.family)
        return;
    packet_sum_pseudo(&sum, &event->from, &event->to, PACKET_UDP, (uint32_t)event->bytes.length);
    packet_sum_add(&sum, header, event->bytes.length);
    checksum = packet_sum_checksum(&sum);
    if (!checksum)
        checksum = 0xffff;
    header[PACKET_UDP_CHECKSUM_AT] = (uint8_t)(checksum >> 8);
    header[PACKET_UDP_CHECKSUM_AT + 1] = (uint8_t)checksum;
}

void net_udp_quote(const struct net_inbox_slot *slot, uint16_t port, struct sonde_event *event)
{
    prepend(slot, port, port_of(slot), event);
    event->layer = SONDE_LAYER_UDP;
    event->protocol = PACKET_UDP;
}
