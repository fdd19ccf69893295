#include "lab/player_noise.h"

#include "packet/icmp_types.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define IGMP 2 /* RFC 3376 */

/* Looks at the bytes themselves: every packet passes here, and most are told by two of them. */
bool lab_noise(struct sonde_bytes packet)
{
    struct packet_ipv4 v4;
    struct packet_ipv6 v6;
    struct packet_ipv6_upper upper;
    uint8_t type;

    if (packet.length < PACKET_IPV4_HEADER)
        return false;
    if (packet.data[0] >> 4 == 4)
        return packet.data[9] == IGMP && packet_ipv4_parse(packet, &v4) == 0 &&
               sonde_address_is_multicast(&v4.destination);
    if (packet.data[6] != PACKET_ICMPV6 && packet.data[6] != PACKET_HOP_BY_HOP)
        return false;
    if (packet_ipv6_parse(packet, &v6) || packet_ipv6_upper(v6.next_header, v6.payload, &upper) ||
        upper.protocol != PACKET_ICMPV6 || !upper.bytes.length || upper.fragmented)
        return false;
    type = upper.bytes.data[0];
    if (type >= PACKET_ICMPV6_ROUTER_SOLICITATION && type <= PACKET_ICMPV6_NEIGHBOUR_ADVERTISEMENT)
        return v6.hop_limit == 255;
    return sonde_address_is_multicast(&v6.destination) &&
           ((type >= PACKET_ICMPV6_MLD_QUERY && type <= PACKET_ICMPV6_MLD_DONE) ||
            type == PACKET_ICMPV6_MLD2_REPORT);
}
