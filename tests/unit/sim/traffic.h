/* Packets of any protocol for the tests of routers, and what is quoted of them. */
#ifndef TESTS_UNIT_SIM_TRAFFIC_H
#define TESTS_UNIT_SIM_TRAFFIC_H

#include "helper.h"
#include "packet/checksum.h"
#include "packet/quote.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

struct traffic {
    const char *to;
    uint8_t protocol;  /* enum packet_protocol */
    uint8_t hop_limit; /* 0: 64 */
    uint8_t traffic_class;
    uint16_t source_port; /* ICMP: identifier */
    uint16_t destination_port;
    uint16_t sequence; /* ICMP */
    uint16_t id;       /* IPv4 */
    uint32_t flow_label;
    size_t payload;
};

static inline int write_upper(struct packet_writer *writer, const struct traffic *traffic,
                              const struct sonde_address *from, const struct sonde_address *to)
{
    static uint8_t zeros[2000];
    struct sonde_bytes payload = {zeros, traffic->payload};
    if (traffic->protocol == PACKET_UDP)
        return packet_udp_write(
            writer,
            &(struct packet_udp){traffic->source_port, traffic->destination_port, payload, 0, 0},
            from, to);
    if (traffic->protocol == PACKET_TCP)
        return packet_tcp_write(writer,
                                &(struct packet_tcp){.source_port = traffic->source_port,
                                                     .destination_port = traffic->destination_port,
                                                     .sequence = 1000,
                                                     .flags = PACKET_TCP_SYN,
                                                     .payload = payload},
                                from, to);
    if (traffic->protocol == PACKET_SCTP) {
        size_t packet = packet_sctp_begin(
            writer, &(struct packet_sctp){.source_port = traffic->source_port,
                                          .destination_port = traffic->destination_port});
        packet_sctp_chunk_write(writer, PACKET_SCTP_INIT, 0, payload);
        return packet_sctp_end(writer, packet);
    }
    bool v4 = to->family == SONDE_IPV4;
    return packet_icmp_write(
        writer,
        &(struct packet_icmp){.family = to->family,
                              .type = v4 ? (uint8_t)PACKET_ICMPV4_ECHO : PACKET_ICMPV6_ECHO,
                              .form = PACKET_ICMP_ECHO,
                              .echo = {traffic->source_port, traffic->sequence},
                              .payload = payload},
        from, to);
}

static inline size_t build_traffic(const struct traffic *traffic, uint8_t *bytes, size_t room)
{
    static uint8_t upper[4000];
    struct packet_writer inner = packet_writer_over(upper, sizeof(upper));
    struct packet_writer writer = packet_writer_over(bytes, room);
    struct sonde_address to = address_of(traffic->to);
    bool v4 = to.family == SONDE_IPV4;
    struct sonde_address from = address_of(v4 ? "198.18.0.1" : "2001:db8::1");
    uint8_t icmp = v4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
    uint8_t protocol = traffic->protocol ? traffic->protocol : icmp;
    uint8_t hops = traffic->hop_limit ? traffic->hop_limit : 64;
    cr_assert_eq(write_upper(&inner, traffic, &from, &to), 0);
    size_t length = packet_written(&inner);
    if (v4)
        packet_ipv4_write(&writer, &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + length),
                                                         .traffic_class = traffic->traffic_class,
                                                         .id = traffic->id,
                                                         .dont_fragment = true,
                                                         .ttl = hops,
                                                         .protocol = protocol,
                                                         .source = from,
                                                         .destination = to});
    else
        packet_ipv6_write(&writer, &(struct packet_ipv6){.payload_bytes = (uint16_t)length,
                                                         .traffic_class = traffic->traffic_class,
                                                         .flow_label = traffic->flow_label,
                                                         .next_header = protocol,
                                                         .hop_limit = hops,
                                                         .source = from,
                                                         .destination = to});
    packet_write_bytes(&writer, upper, length);
    cr_assert(!writer.failed);
    return packet_written(&writer);
}

static inline void world_traffic(struct world *world, int64_t at, const struct traffic *traffic)
{
    static uint8_t bytes[70000];
    size_t length = build_traffic(traffic, bytes, sizeof(bytes));
    cr_assert_eq(sim_network_send(world->network, (struct sonde_mono){at},
                                  (struct sonde_bytes){bytes, length}),
                 0);
}

/* A quoted datagram, complete or cut; its header must be right. */
struct quoted {
    struct packet_ipv4 ip4;
    struct packet_ipv6 ip6;
    struct sonde_address source;
    struct sonde_address destination;
    uint8_t hop_limit;
    uint8_t traffic_class;
    struct sonde_bytes upper;
};

static inline struct quoted read_quote(const struct answer *answer)
{
    struct quoted quoted = {0};
    struct sonde_bytes quote = answer->icmp.error.quote;
    if (answer->icmp.family == SONDE_IPV4) {
        cr_assert_eq(packet_ipv4_parse(quote, &quoted.ip4), 0);
        cr_assert(quoted.ip4.checksum_ok);
        quoted.source = quoted.ip4.source;
        quoted.destination = quoted.ip4.destination;
        quoted.hop_limit = quoted.ip4.ttl;
        quoted.traffic_class = quoted.ip4.traffic_class;
        quoted.upper = quoted.ip4.payload;
    } else {
        cr_assert_eq(packet_ipv6_parse(quote, &quoted.ip6), 0);
        quoted.source = quoted.ip6.source;
        quoted.destination = quoted.ip6.destination;
        quoted.hop_limit = quoted.ip6.hop_limit;
        quoted.traffic_class = quoted.ip6.traffic_class;
        quoted.upper = quoted.ip6.payload;
    }
    return quoted;
}

#endif
