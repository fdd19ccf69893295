#include "sim/service.h"

#include "base/siphash.h"
#include "packet/ipv6.h"
#include "packet/tcp.h"
#include "packet/udp.h"

#define TCP_WINDOW 65535u
#define MSS_IPV4   1460u /* of a link with 1,500 bytes */
#define MSS_IPV6   1440u

enum sim_port sim_service_port(const struct sim_service *service, enum sim_property property,
                               uint16_t port)
{
    const struct sim_setting *ports = service->visit->p[property];
    if (!ports)
        return SIM_PORT_CLOSED;
    const uint32_t *list = service->visit->network->scenario->list;
    for (uint32_t i = ports->list_first; i < ports->list_first + ports->list_count; i += 2)
        if (port >= list[i] >> 16 && port <= (list[i] & 0xffff))
            return (enum sim_port)list[i + 1];
    return (enum sim_port)ports->number[0];
}

uint64_t sim_service_hash(const struct sim_service *service, uint16_t source_port,
                          uint16_t destination_port, uint64_t word)
{
    const struct sim_visit *visit = service->visit;
    uint8_t key[16], data[2 * 16 + 2 * 2 + 8];
    struct packet_writer writer = packet_writer_over(key, sizeof(key));
    packet_write_u64(&writer, visit->network->seed);
    packet_write_u64(&writer, visit->key);
    writer = packet_writer_over(data, sizeof(data));
    packet_write_bytes(&writer, visit->packet->source.bytes, 16);
    packet_write_bytes(&writer, visit->packet->destination.bytes, 16);
    packet_write_u16(&writer, source_port);
    packet_write_u16(&writer, destination_port);
    packet_write_u64(&writer, word);
    return base_siphash(key, data, sizeof(data));
}

static enum sonde_sim_fate written(int error)
{
    return error ? SONDE_SIM_UNANSWERED : SONDE_SIM_REPLY;
}

static enum sonde_sim_fate answer_udp(struct sim_service *service)
{
    const struct sim_packet *packet = service->visit->packet;
    struct packet_udp udp;
    if (!packet_udp_checksum_ok(packet->upper, &packet->source, &packet->destination) ||
        packet_udp_parse(packet->upper, &udp))
        return SONDE_SIM_MALFORMED;
    enum sim_port state = sim_service_port(service, SIM_UDP, udp.destination_port);
    if (state == SIM_PORT_CLOSED && service->unicast)
        return SONDE_SIM_ERROR;
    /* RFC 768: a source port of 0 asks for no answer. */
    if (state != SIM_PORT_OPEN || udp.source_port == 0)
        return SONDE_SIM_UNANSWERED;
    struct packet_udp reply = {
        .source_port = udp.destination_port,
        .destination_port = udp.source_port,
        .payload = udp.payload,
    };
    service->harm = sim_host_harm(service->visit, &reply.payload);
    return written(packet_udp_write(&service->upper, &reply, &service->from.source,
                                    &service->from.destination));
}

/* RFC 9293 section 3.10.7.1: the answer to a segment of no connection. */
static void reset(const struct packet_tcp *tcp, struct packet_tcp *reply)
{
    if (tcp->flags & PACKET_TCP_ACK) {
        reply->flags = PACKET_TCP_RST;
        reply->sequence = tcp->acknowledgment;
    } else {
        reply->flags = PACKET_TCP_RST | PACKET_TCP_ACK;
        reply->acknowledgment = tcp->sequence + packet_tcp_segment_length(tcp);
    }
}

/* The answer of an open port, whose own sequence numbers begin with `first`. False: there is none.
 */
static bool converse(const struct packet_tcp *tcp, uint32_t first, struct packet_tcp *reply)
{
    bool fin = tcp->flags & PACKET_TCP_FIN;
    reply->window = TCP_WINDOW;
    if (!(tcp->flags & PACKET_TCP_ACK)) {
        if (!(tcp->flags & PACKET_TCP_SYN) || fin)
            return false;
        reply->flags = PACKET_TCP_SYN | PACKET_TCP_ACK;
        reply->sequence = first;
        reply->acknowledgment = tcp->sequence + 1;
        return true;
    }
    /* All that is ever sent is SYN and FIN: who is connected has heard of one, or of both. */
    uint32_t heard = tcp->acknowledgment - first;
    if (tcp->flags & PACKET_TCP_SYN || (heard != 1 && heard != 2)) {
        reply->window = 0;
        reset(tcp, reply);
        return true;
    }
    reply->flags = PACKET_TCP_ACK | (fin && heard == 1 ? PACKET_TCP_FIN : 0);
    reply->sequence = tcp->acknowledgment;
    reply->acknowledgment = tcp->sequence + packet_tcp_segment_length(tcp);
    return packet_tcp_segment_length(tcp) != 0;
}

static enum sonde_sim_fate answer_tcp(struct sim_service *service)
{
    const struct sim_packet *packet = service->visit->packet;
    struct packet_tcp tcp;
    if (!packet_tcp_checksum_ok(packet->upper, &packet->source, &packet->destination) ||
        packet_tcp_parse(packet->upper, &tcp))
        return SONDE_SIM_MALFORMED;
    enum sim_port state = sim_service_port(service, SIM_TCP, tcp.destination_port);
    /* RFC 9293 section 3.9.2.3: nor is there an answer to a group. */
    if (state == SIM_PORT_SILENT || tcp.flags & PACKET_TCP_RST || !service->unicast)
        return SONDE_SIM_UNANSWERED;
    struct packet_tcp reply = {
        .source_port = tcp.destination_port,
        .destination_port = tcp.source_port,
    };
    uint64_t hash = sim_service_hash(service, tcp.source_port, tcp.destination_port, PACKET_TCP);
    if (state == SIM_PORT_CLOSED)
        reset(&tcp, &reply);
    else if (!converse(&tcp, (uint32_t)hash, &reply))
        return SONDE_SIM_UNANSWERED;

    uint8_t option[4];
    struct packet_writer writer = packet_writer_over(option, sizeof(option));
    if (reply.flags & PACKET_TCP_SYN) {
        bool v4 = packet->family == SONDE_IPV4;
        packet_tcp_option_write(
            &writer, &(struct packet_tcp_option){
                         .kind = PACKET_TCP_MSS, .known = true, .mss = v4 ? MSS_IPV4 : MSS_IPV6});
        reply.options = packet_written_from(&writer, 0);
    }
    return written(packet_tcp_write(&service->upper, &reply, &service->from.source,
                                    &service->from.destination));
}

static enum sonde_sim_fate answer(struct sim_service *service)
{
    switch (service->from.protocol) {
    case PACKET_UDP:
        return answer_udp(service);
    case PACKET_TCP:
        return answer_tcp(service);
    case PACKET_SCTP:
        return sim_service_sctp(service);
    default:
        return SONDE_SIM_UNANSWERED;
    }
}

/* Puts the IP header in front of what was written, and sends it. */
static void send_answer(const struct sim_service *service)
{
    struct sim_network *network = service->visit->network;
    struct packet_writer writer = packet_writer_over(network->scratch, PACKET_DATAGRAM_MAX);
    struct sonde_bytes upper = packet_written_from(&service->upper, 0);
    if (sim_answer_write_bytes(&writer, &service->from, upper)) {
        sim_network_nothing(service->visit, SONDE_SIM_UNANSWERED, service->visit->node);
        return;
    }
    size_t length = packet_written(&writer);
    sim_host_send(service->visit, length, length - upper.length, service->harm);
}

void sim_service_answer(const struct sim_visit *visit)
{
    struct sim_network *network = visit->network;
    const struct sim_packet *packet = visit->packet;
    /* The answer's upper layer is written behind the place of the whole answer. */
    struct sim_service service = {
        .visit = visit,
        .unicast = sonde_address_equal(&packet->destination, &visit->address),
        .from = sim_host_header(visit),
        .upper = packet_writer_over(network->scratch + PACKET_DATAGRAM_MAX, PACKET_DATAGRAM_MAX),
    };
    service.from.protocol = packet->protocol;
    enum sonde_sim_fate fate = answer(&service);
    if (fate == SONDE_SIM_REPLY)
        send_answer(&service);
    else if (fate == SONDE_SIM_ERROR)
        sim_host_unreachable(visit, PACKET_ICMPV4_PORT_UNREACHABLE, PACKET_ICMPV6_PORT_UNREACHABLE);
    else
        sim_network_nothing(visit, fate, visit->node);
}
