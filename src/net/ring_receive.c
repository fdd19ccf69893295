/* The ring transport: from packets to events. */
#define _GNU_SOURCE

#include <netinet/in.h>
#include <string.h>

#include "net/ring.h"
#include "packet/checksum.h"

/* Completes the checksum of what was sent on this machine, as a device would have done. */
static void sum_up(struct net_ring_packet *packet, const struct sonde_event *event)
{
    size_t header = packet->family == SONDE_IPV6 ? NET_RING_IPV6 : (packet->bytes[0] & 0x0fu) * 4;
    struct packet_sum sum = {0};
    uint16_t checksum;

    if (packet->cut || packet->length < header + 4 ||
        (packet->family == SONDE_IPV6 && packet->bytes[6] != IPPROTO_ICMPV6))
        return;
    memset(packet->bytes + header + 2, 0, 2);
    if (packet->family == SONDE_IPV6)
        packet_sum_pseudo(&sum, &event->from, &event->to, IPPROTO_ICMPV6,
                          (uint32_t)(packet->length - header));
    packet_sum_add(&sum, packet->bytes + header, packet->length - header);
    checksum = packet_sum_checksum(&sum);
    packet->bytes[header + 2] = (uint8_t)(checksum >> 8);
    packet->bytes[header + 3] = (uint8_t)checksum;
}

/* Cuts the padding of short frames off. False when the kernel would not take the packet, either. */
static bool trim(struct net_ring_packet *packet)
{
    bool v6 = packet->family == SONDE_IPV6;
    const uint8_t *bytes = packet->bytes;
    size_t header, whole;

    if (packet->length < (v6 ? NET_RING_IPV6 : NET_RING_IPV4) || bytes[0] >> 4 != (v6 ? 6 : 4))
        return false;
    header = v6 ? NET_RING_IPV6 : (bytes[0] & 0x0fu) * 4;
    whole =
        v6 ? NET_RING_IPV6 + ((size_t)bytes[4] << 8 | bytes[5]) : (size_t)bytes[2] << 8 | bytes[3];
    if (header < (v6 ? NET_RING_IPV6 : NET_RING_IPV4) || packet->length < header || whole < header)
        return false;
    if (!v6 && !packet_checksum_ok(bytes, header))
        return false;
    if (packet->length > whole) {
        packet->length = whole;
        packet->cut = false;
    }
    return true;
}

static struct sonde_stamp received_at(struct net_transport *transport,
                                      const struct net_ring_packet *packet)
{
    struct sonde_stamp stamp = {transport->read, SONDE_STAMP_USER};

    if (packet->hardware)
        return (struct sonde_stamp){{packet->ns}, SONDE_STAMP_HARDWARE};
    if (net_clock_translate(&transport->clock, packet->ns, (struct sonde_mono){INT64_MIN},
                            transport->read, &stamp.at))
        stamp.source = SONDE_STAMP_KERNEL;
    else
        transport->counters.stamps_missing++;
    return stamp;
}

static bool tell(struct net_transport *transport, struct net_ring_packet *packet,
                 struct sonde_event *event)
{
    bool v6 = packet->family == SONDE_IPV6;

    if (!trim(packet))
        return false;
    *event = (struct sonde_event){
        .kind = SONDE_EVENT_DATAGRAM,
        .stamp = received_at(transport, packet),
        .read = transport->read,
        .layer = SONDE_LAYER_IP,
        .bytes = {packet->bytes, packet->length},
        .cut = packet->cut,
        .from = sonde_address_from_bytes(packet->family, packet->bytes + (v6 ? 8 : 12)),
        .to = sonde_address_from_bytes(packet->family, packet->bytes + (v6 ? 24 : 16)),
        .hop_limit = -1,
        .traffic_class = -1,
    };
    if (sonde_address_is_link_local(&event->from) && v6)
        event->from.scope = transport->device;
    if (sonde_address_is_link_local(&event->to) && v6)
        event->to.scope = transport->device;
    if (packet->unsummed)
        sum_up(packet, event);
    return true;
}

/* A new turn: everything read before has been told. */
static void read_rings(struct net_ring *ring)
{
    ring->told = 0;
    ring->turn.count = 0;
    ring->turn.room_used = 0;
    for (int i = 0; i < 2; i++)
        if (ring->in[i].fd >= 0)
            net_ring_in_read(&ring->in[i], &ring->turn);
}

/* Packets are read before the stamps of what they answer, and told behind them. */
int net_ring_receive(void *self, struct sonde_event *events, size_t capacity)
{
    struct net_transport *transport = self;
    struct net_ring *ring = transport->ring;
    struct net_ring_turn *turn = &ring->turn;
    bool rest = transport->error_socket < transport->socket_count ||
                transport->data_next < transport->data_count;
    int told = 0;

    if (!rest && ring->told == turn->count) {
        read_rings(ring);
        rest = true;
    }
    if (rest)
        told = net_transport_receive(transport, events, capacity);
    if (told < 0 || transport->error_socket < transport->socket_count)
        return told;
    while ((size_t)told < capacity && ring->told < turn->count)
        told += tell(transport, &turn->packets[ring->told++], &events[told]);
    return told;
}
