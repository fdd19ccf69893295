#include "engine/arrival.h"

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

static bool is_known(uint8_t protocol, enum packet_protocol icmp)
{
    return protocol == icmp || protocol == PACKET_UDP || protocol == PACKET_TCP ||
           protocol == PACKET_SCTP;
}

static bool find_in_ipv4(const struct sonde_event *event, struct engine_arrival *arrival)
{
    struct packet_ipv4 ip;
    if (packet_ipv4_parse(event->bytes, &ip) != 0 || !is_known(ip.protocol, PACKET_ICMPV4) ||
        ip.fragment_offset != 0)
        return false;
    *arrival = (struct engine_arrival){
        .event = event,
        .from = ip.source,
        .to = ip.destination,
        .hop_limit = ip.ttl,
        .traffic_class = ip.traffic_class,
        .ip = {event->bytes.data, packet_ipv4_header_bytes(&ip)},
        .protocol = ip.protocol,
        .upper = ip.payload,
        .truncated = ip.truncated && !event->cut,
    };
    return true;
}

static bool find_in_ipv6(const struct sonde_event *event, struct engine_arrival *arrival)
{
    struct packet_ipv6 ip;
    struct packet_ipv6_upper upper;
    if (packet_ipv6_parse(event->bytes, &ip) != 0 ||
        packet_ipv6_upper(ip.next_header, ip.payload, &upper) != 0 ||
        !is_known(upper.protocol, PACKET_ICMPV6) ||
        (upper.fragmented && upper.fragment.offset != 0))
        return false;
    *arrival = (struct engine_arrival){
        .event = event,
        .from = ip.source,
        .to = ip.destination,
        .hop_limit = ip.hop_limit,
        .traffic_class = ip.traffic_class,
        .ip = {event->bytes.data, (size_t)(upper.bytes.data - event->bytes.data)},
        .protocol = upper.protocol,
        .upper = upper.bytes,
        .truncated = ip.truncated && !event->cut,
    };
    arrival->from.scope = event->from.scope;
    return true;
}

static uint8_t protocol_of(const struct sonde_event *event)
{
    switch (event->layer) {
    case SONDE_LAYER_UDP:
        return PACKET_UDP;
    case SONDE_LAYER_TCP:
        return PACKET_TCP;
    case SONDE_LAYER_SCTP:
        return PACKET_SCTP;
    case SONDE_LAYER_IP:
    case SONDE_LAYER_ICMP:
        break;
    }
    return event->from.family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
}

bool engine_arrival_find(const struct sonde_event *event, struct engine_arrival *arrival)
{
    if (event->layer == SONDE_LAYER_IP)
        return event->from.family == SONDE_IPV4 ? find_in_ipv4(event, arrival)
                                                : find_in_ipv6(event, arrival);
    *arrival = (struct engine_arrival){
        .event = event,
        .from = event->from,
        .to = event->to,
        .hop_limit = event->hop_limit,
        .traffic_class = event->traffic_class,
        .protocol = protocol_of(event),
        .upper = event->bytes,
    };
    return true;
}

/* Left to a device that never had to send it: the sum of the pseudo-header, not complemented. */
static bool is_unfinished(const struct engine_arrival *arrival, uint16_t checksum)
{
    struct packet_sum sum = {0};
    packet_sum_pseudo(&sum, &arrival->from, &arrival->to, arrival->protocol,
                      (uint32_t)arrival->upper.length);
    uint32_t complement = packet_sum_checksum(&sum);
    return checksum == (complement ^ 0xffff);
}

static bool is_made_up(const struct engine_arrival *arrival, uint32_t checksum)
{
    return checksum == 0 && arrival->event->layer != SONDE_LAYER_IP;
}

static bool udp_ok(const struct engine_arrival *arrival)
{
    struct packet_udp udp;
    if (packet_udp_parse(arrival->upper, &udp) != 0)
        return false;
    return is_made_up(arrival, udp.checksum) || is_unfinished(arrival, udp.checksum) ||
           packet_udp_checksum_ok(arrival->upper, &arrival->from, &arrival->to);
}

static bool tcp_ok(const struct engine_arrival *arrival)
{
    struct packet_tcp tcp;
    if (packet_tcp_parse(arrival->upper, &tcp) != 0)
        return false;
    return is_made_up(arrival, tcp.checksum) || is_unfinished(arrival, tcp.checksum) ||
           packet_tcp_checksum_ok(arrival->upper, &arrival->from, &arrival->to);
}

static bool sctp_ok(struct sonde_bytes upper)
{
    struct packet_sctp sctp;
    if (packet_sctp_parse(upper, &sctp) != 0)
        return false;
    return sctp.checksum == 0 || packet_sctp_checksum(upper) == sctp.checksum;
}

bool engine_arrival_checksum_ok(const struct engine_arrival *arrival)
{
    enum sonde_family family = (enum sonde_family)arrival->from.family;
    bool pseudo = arrival->protocol != PACKET_ICMPV4 && arrival->protocol != PACKET_SCTP;
    if (arrival->event->cut || (pseudo && arrival->to.family != family))
        return true;
    switch (arrival->protocol) {
    case PACKET_UDP:
        return udp_ok(arrival);
    case PACKET_TCP:
        return tcp_ok(arrival);
    case PACKET_SCTP:
        return sctp_ok(arrival->upper);
    default:
        return packet_icmp_checksum_ok(family, arrival->upper, &arrival->from, &arrival->to);
    }
}
