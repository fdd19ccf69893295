#include "engine/arrival.h"

#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

static bool find_in_ipv4(const struct sonde_event *event, struct engine_arrival *arrival)
{
    struct packet_ipv4 ip;
    if (packet_ipv4_parse(event->bytes, &ip) != 0 || ip.protocol != PACKET_ICMPV4 ||
        ip.fragment_offset != 0)
        return false;
    *arrival = (struct engine_arrival){
        .event = event,
        .from = ip.source,
        .to = ip.destination,
        .hop_limit = ip.ttl,
        .traffic_class = ip.traffic_class,
        .ip = {event->bytes.data, packet_ipv4_header_bytes(&ip)},
        .icmp = ip.payload,
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
        upper.protocol != PACKET_ICMPV6 || (upper.fragmented && upper.fragment.offset != 0))
        return false;
    *arrival = (struct engine_arrival){
        .event = event,
        .from = ip.source,
        .to = ip.destination,
        .hop_limit = ip.hop_limit,
        .traffic_class = ip.traffic_class,
        .ip = {event->bytes.data, (size_t)(upper.bytes.data - event->bytes.data)},
        .icmp = upper.bytes,
        .truncated = ip.truncated && !event->cut,
    };
    arrival->from.scope = event->from.scope;
    return true;
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
        .icmp = event->bytes,
    };
    return true;
}

bool engine_arrival_checksum_ok(const struct engine_arrival *arrival)
{
    enum sonde_family family = (enum sonde_family)arrival->from.family;
    if (arrival->event->cut || (family == SONDE_IPV6 && arrival->to.family != SONDE_IPV6))
        return true;
    return packet_icmp_checksum_ok(family, arrival->icmp, &arrival->from, &arrival->to);
}
