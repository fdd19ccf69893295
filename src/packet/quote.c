#include "packet/quote.h"

#include <errno.h>

#include "packet/cursor.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/sctp.h"

/* Reads on only while there is something: fields beyond a cut are left unset. */
static void parse_icmp(struct packet_reader *reader, enum sonde_family family,
                       struct packet_transport *transport)
{
    if (packet_left(reader) < 2)
        return;
    transport->type = packet_read_u8(reader);
    transport->code = packet_read_u8(reader);
    transport->has_type = true;
    if (packet_left(reader) < 2)
        return;
    transport->checksum = packet_read_u16(reader);
    transport->has_checksum = true;

    enum packet_icmp_form form = packet_icmp_form(family, transport->type);
    if (form == PACKET_ICMP_OTHER || form == PACKET_ICMP_ERROR)
        return;
    if (form == PACKET_ICMP_NODE) /* the lease is in the nonce */
        packet_skip(reader, 4);
    if (packet_left(reader) < 4)
        return;
    bool extended =
        form == PACKET_ICMP_EXTENDED_ECHO_REQUEST || form == PACKET_ICMP_EXTENDED_ECHO_ANSWER;
    transport->identifier = packet_read_u16(reader);
    transport->sequence = extended ? packet_read_u8(reader) : packet_read_u16(reader);
    transport->has_lease = true;
}

static void parse_tcp(struct packet_reader *reader, struct packet_transport *transport)
{
    if (packet_left(reader) < 4)
        return;
    transport->tcp_sequence = packet_read_u32(reader);
    transport->has_tcp_sequence = true;
    if (packet_left(reader) < 4)
        return;
    transport->acknowledgment = packet_read_u32(reader);
    transport->has_acknowledgment = true;
    if (packet_left(reader) < 2)
        return;
    packet_skip(reader, 1); /* data offset */
    transport->tcp_flags = packet_read_u8(reader);
    transport->has_tcp_flags = true;
    if (packet_left(reader) < 4)
        return;
    packet_skip(reader, 2); /* window */
    transport->checksum = packet_read_u16(reader);
    transport->has_checksum = true;
}

static void parse_udp(struct packet_reader *reader, struct packet_transport *transport)
{
    if (packet_left(reader) < 2)
        return;
    transport->length = packet_read_u16(reader); /* UDP-Lite: checksum coverage (RFC 3828) */
    transport->has_length = true;
    if (packet_left(reader) < 2)
        return;
    transport->checksum = packet_read_u16(reader);
    transport->has_checksum = true;
}

static void parse_sctp(struct packet_reader *reader, struct packet_transport *transport)
{
    if (packet_left(reader) < 4)
        return;
    transport->verification_tag = packet_read_u32(reader);
    transport->has_verification_tag = true;
    if (packet_left(reader) < 4)
        return;
    transport->checksum = packet_read_u32(reader);
    transport->has_checksum = true;
    if (packet_left(reader) < PACKET_SCTP_CHUNK_HEADER + 4)
        return;
    if (packet_read_u8(reader) != PACKET_SCTP_INIT)
        return;
    packet_skip(reader, PACKET_SCTP_CHUNK_HEADER - 1);
    transport->initiate_tag = packet_read_u32(reader);
    transport->has_initiate_tag = true;
}

void packet_transport_parse(uint8_t protocol, struct sonde_bytes bytes,
                            struct packet_transport *transport)
{
    *transport = (struct packet_transport){.protocol = protocol, .bytes = bytes};
    struct packet_reader reader = packet_reader_over(bytes);
    if (protocol == PACKET_ICMPV4 || protocol == PACKET_ICMPV6) {
        parse_icmp(&reader, protocol == PACKET_ICMPV4 ? SONDE_IPV4 : SONDE_IPV6, transport);
        return;
    }
    bool ports = protocol == PACKET_TCP || protocol == PACKET_UDP || protocol == PACKET_UDPLITE ||
                 protocol == PACKET_SCTP;
    if (!ports || packet_left(&reader) < 4)
        return;
    transport->source_port = packet_read_u16(&reader);
    transport->destination_port = packet_read_u16(&reader);
    transport->has_ports = true;
    if (protocol == PACKET_TCP)
        parse_tcp(&reader, transport);
    else if (protocol == PACKET_SCTP)
        parse_sctp(&reader, transport);
    else
        parse_udp(&reader, transport);
}

static void set_transport(struct packet_transport *transport, uint8_t protocol, bool inner_fragment,
                          struct sonde_bytes bytes)
{
    if (!inner_fragment) {
        packet_transport_parse(protocol, bytes, transport);
        return;
    }
    *transport =
        (struct packet_transport){.protocol = protocol, .inner_fragment = true, .bytes = bytes};
}

static int parse_ipv4(struct sonde_bytes bytes, struct sonde_quote *quote,
                      struct packet_transport *transport)
{
    struct packet_ipv4 header;
    int error = packet_ipv4_parse_quoted(bytes, &header);
    if (error)
        return error;
    *quote = (struct sonde_quote){
        .present = true,
        .hop_limit = header.ttl,
        .traffic_class = header.traffic_class,
        .ip_id = header.id,
        .total_bytes = header.total_bytes,
        .from = header.source,
        .to = header.destination,
    };
    set_transport(transport, header.protocol, header.fragment_offset != 0, header.payload);
    return 0;
}

static int parse_ipv6(struct sonde_bytes bytes, struct sonde_quote *quote,
                      struct packet_transport *transport)
{
    struct packet_ipv6 header;
    int error = packet_ipv6_parse_quoted(bytes, &header);
    if (error)
        return error;
    uint32_t total = header.payload_bytes + PACKET_IPV6_HEADER;
    *quote = (struct sonde_quote){
        .present = true,
        .hop_limit = header.hop_limit,
        .traffic_class = header.traffic_class,
        .flow_label = header.flow_label,
        .total_bytes = total > UINT16_MAX ? UINT16_MAX : (uint16_t)total,
        .from = header.source,
        .to = header.destination,
    };
    struct packet_ipv6_upper upper;
    if (packet_ipv6_upper(header.next_header, header.payload, &upper)) {
        *transport = (struct packet_transport){.protocol = PACKET_NO_NEXT_HEADER};
        return 0;
    }
    set_transport(transport, upper.protocol, upper.fragmented && upper.fragment.offset != 0,
                  upper.bytes);
    return 0;
}

int packet_quote_parse(enum sonde_family family, struct sonde_bytes bytes,
                       struct sonde_quote *quote, struct packet_transport *transport)
{
    *quote = (struct sonde_quote){0};
    *transport = (struct packet_transport){0};
    if (family == SONDE_IPV4)
        return parse_ipv4(bytes, quote, transport);
    if (family == SONDE_IPV6)
        return parse_ipv6(bytes, quote, transport);
    return -EPROTONOSUPPORT;
}
