#include "sim/nat.h"

#include <string.h>

#include "packet/checksum.h"
#include "packet/crc32c.h"
#include "packet/icmp.h"
#include "packet/sctp.h"

#define NOWHERE SIZE_MAX

/* Where in an upper header the port or identifier and the checksum stand. */
struct layout {
    size_t port;
    size_t checksum;
    bool pseudo; /* the checksum covers the addresses */
};

static struct layout layout_of(const struct sim_packet *packet)
{
    struct packet_icmp message;
    switch (packet->protocol) {
    case PACKET_TCP:
        return (struct layout){0, 16, true};
    case PACKET_UDP:
        return (struct layout){0, 6, true};
    case PACKET_SCTP: /* a CRC, which is made anew */
        return (struct layout){0, NOWHERE, false};
    case PACKET_ICMPV4:
    case PACKET_ICMPV6: {
        uint16_t identifier, sequence;
        bool known =
            packet_icmp_parse((enum sonde_family)packet->family, packet->upper, &message) == 0 &&
            packet_icmp_lease(&message, &identifier, &sequence) && message.form != PACKET_ICMP_NODE;
        return (struct layout){known ? 4 : NOWHERE, 2, packet->family == SONDE_IPV6};
    }
    default:
        return (struct layout){NOWHERE, NOWHERE, false};
    }
}

static uint16_t mask_of(const struct sim_network *network, const struct sim_node_state *router,
                        enum sim_throw what)
{
    uint64_t random = sim_dice_throw(sim_dice_take(network->seed, router->key, 0), what);
    return (uint16_t)(1 + random % 65535);
}

static uint16_t read_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

/* Changes bytes at an even offset under a checksum: RFC 3022 section 4.2, RFC 1624. */
static void under_checksum(struct sim_nat_view *view, const struct layout *layout,
                           const uint8_t *before, const uint8_t *after, size_t length, bool udp)
{
    if (layout->checksum == NOWHERE || layout->checksum + 2 > view->head_bytes)
        return;
    uint8_t *field = view->head + layout->checksum;
    uint16_t checksum = read_u16(field);
    if (udp && checksum == 0) /* there is none: RFC 768 */
        return;
    checksum = packet_checksum_update(checksum, 0, before, after, length);
    write_u16(field, udp && checksum == 0 ? 0xffff : checksum);
}

static void translate(struct sim_network *network, uint32_t node, const struct layout *layout,
                      const struct sim_packet *packet, struct sim_nat_view *view)
{
    const struct sim_node_state *router = sim_network_state(network, node);
    const struct sim_setting *nat = router->in_force[SIM_NAT];
    const struct sim_prefix *own =
        nat ? sim_scenario_address(network->scenario, node, (enum sonde_family)packet->family)
            : NULL;
    if (!own)
        return;
    bool udp = packet->protocol == PACKET_UDP;
    if (layout->pseudo)
        under_checksum(view, layout, view->source.bytes, own->address.bytes,
                       sonde_address_length(&own->address), udp);
    view->source = own->address;
    if (!(nat->number[0] & SIM_NAT_PORTS) || layout->port == NOWHERE ||
        layout->port + 2 > view->head_bytes)
        return;
    uint8_t before[2];
    uint8_t *port = view->head + layout->port;
    memcpy(before, port, 2);
    uint16_t changed = read_u16(port) ^ mask_of(network, router, SIM_THROW_TRANSLATE_PORT);
    if (changed) /* 0 is no port; nobody else becomes this one */
        write_u16(port, changed);
    under_checksum(view, layout, before, port, 2, udp);
}

/* SCTP's checksum covers all of the packet, with ports and no addresses (RFC 9260). What was wrong
 * stays wrong by as much. */
static void renew_sctp(const struct sim_packet *packet, struct sim_nat_view *view)
{
    static const uint8_t zeros[4];
    struct sonde_bytes upper = packet->upper;
    if (view->head_bytes < PACKET_SCTP_HEADER || memcmp(view->head, upper.data, 2) == 0)
        return;
    uint32_t sum = packet_crc32c_add(PACKET_CRC32C_START, view->head, PACKET_SCTP_CHECKSUM_AT);
    sum = packet_crc32c_add(sum, zeros, sizeof(zeros));
    sum =
        packet_crc32c_add(sum, upper.data + PACKET_SCTP_HEADER, upper.length - PACKET_SCTP_HEADER);
    uint32_t change = packet_sctp_checksum(upper) ^ ~sum;
    for (unsigned i = 0; i < 4; i++)
        view->head[PACKET_SCTP_CHECKSUM_AT + i] ^= (uint8_t)(change >> 8 * i);
}

void sim_nat_view(struct sim_network *network, const struct sim_packet *packet,
                  const struct sim_way *way, uint32_t places, struct sim_nat_view *view)
{
    size_t length = packet->upper.length;
    view->source = packet->source;
    view->head_bytes = length < SIM_UPPER_HEAD ? length : SIM_UPPER_HEAD;
    if (view->head_bytes)
        memcpy(view->head, packet->upper.data, view->head_bytes);
    struct layout layout = layout_of(packet);
    for (uint32_t i = 1; i <= places; i++)
        translate(network, way->nodes[i], &layout, packet, view);
    if (packet->protocol == PACKET_SCTP)
        renew_sctp(packet, view);
}

uint32_t sim_nat_places_left(struct sim_network *network, const struct sim_way *way,
                             uint32_t places)
{
    uint32_t left = places;
    for (uint32_t i = places; i > 0; i--) {
        const struct sim_setting *nat =
            sim_network_state(network, way->nodes[i])->in_force[SIM_NAT];
        if (nat && nat->number[0] & SIM_NAT_FORGETS_QUOTES)
            break;
        left = i - 1;
    }
    return left;
}

uint16_t sim_nat_id(const struct sim_network *network, const struct sim_node_state *router,
                    uint16_t id)
{
    const struct sim_setting *nat = router->in_force[SIM_NAT];
    if (!nat || !(nat->number[0] & SIM_NAT_IP_ID))
        return id;
    return id ^ mask_of(network, router, SIM_THROW_TRANSLATE_ID);
}
