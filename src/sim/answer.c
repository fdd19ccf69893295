#include "sim/answer.h"

#include <errno.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define IPV4_ERROR_MAX 576  /* RFC 1812 section 4.3.2.3 */
#define IPV6_ERROR_MAX 1280 /* RFC 4443 section 2.4 */
#define QUOTE_MAX      1280

/* Writes the IP header into the space that was left for it, now that the length is known. */
static int write_header(struct packet_writer *writer, uint8_t *space, size_t header_bytes,
                        const struct sim_answer_from *from)
{
    if (writer->failed || !space)
        return -ENOBUFS;
    size_t total = (size_t)(writer->at - space);
    struct packet_writer header = packet_writer_over(space, header_bytes);
    if (from->source.family == SONDE_IPV4)
        return packet_ipv4_write(&header, &(struct packet_ipv4){
                                              .traffic_class = from->traffic_class,
                                              .total_bytes = (uint16_t)total,
                                              .id = from->id,
                                              .ttl = from->hop_limit,
                                              .protocol = PACKET_ICMPV4,
                                              .source = from->source,
                                              .destination = from->destination,
                                              .options = from->options,
                                          });
    return packet_ipv6_write(&header, &(struct packet_ipv6){
                                          .traffic_class = from->traffic_class,
                                          .payload_bytes = (uint16_t)(total - PACKET_IPV6_HEADER),
                                          .next_header = PACKET_ICMPV6,
                                          .hop_limit = from->hop_limit,
                                          .source = from->source,
                                          .destination = from->destination,
                                      });
}

static size_t header_bytes(const struct sim_answer_from *from)
{
    return from->source.family == SONDE_IPV4 ? PACKET_IPV4_HEADER + from->options.length
                                             : PACKET_IPV6_HEADER;
}

int sim_answer_write(struct packet_writer *writer, const struct sim_answer_from *from,
                     const struct packet_icmp *message)
{
    uint8_t *space = packet_write_space(writer, header_bytes(from));
    int error = packet_icmp_write(writer, message, &from->source, &from->destination);
    return error ? error : write_header(writer, space, header_bytes(from), from);
}

int sim_answer_write_bytes(struct packet_writer *writer, const struct sim_answer_from *from,
                           struct sonde_bytes bytes)
{
    uint8_t *space = packet_write_space(writer, header_bytes(from));
    packet_write_bytes(writer, bytes.data, bytes.length);
    return write_header(writer, space, header_bytes(from), from);
}

struct error_type {
    int type; /* -1: the family has none */
    uint8_t code;
};

static struct error_type type_of(enum sonde_family family, const struct sim_answer_fault *fault)
{
    bool v4 = family == SONDE_IPV4;
    switch (fault->fault) {
    case SIM_FAULT_UNREACHABLE:
        return v4 ? (struct error_type){PACKET_ICMPV4_UNREACHABLE, fault->code4}
                  : (struct error_type){PACKET_ICMPV6_UNREACHABLE, fault->code6};
    case SIM_FAULT_TIME_EXCEEDED:
        return v4 ? (struct error_type){PACKET_ICMPV4_TIME_EXCEEDED, fault->code4}
                  : (struct error_type){PACKET_ICMPV6_TIME_EXCEEDED, fault->code6};
    case SIM_FAULT_TOO_BIG:
        return v4 ? (struct error_type){PACKET_ICMPV4_UNREACHABLE,
                                        PACKET_ICMPV4_FRAGMENTATION_NEEDED}
                  : (struct error_type){PACKET_ICMPV6_TOO_BIG, 0};
    case SIM_FAULT_PARAMETER_PROBLEM:
        return v4 ? (struct error_type){PACKET_ICMPV4_PARAMETER_PROBLEM, fault->code4}
                  : (struct error_type){PACKET_ICMPV6_PARAMETER_PROBLEM, fault->code6};
    case SIM_FAULT_REDIRECT:
        return (struct error_type){v4 ? PACKET_ICMPV4_REDIRECT : -1, fault->code4};
    case SIM_FAULT_SOURCE_QUENCH:
        return (struct error_type){v4 ? PACKET_ICMPV4_SOURCE_QUENCH : -1, 0};
    }
    return (struct error_type){-1, 0};
}

/* The packet as it arrived at the router: hop limit counted down, options as the router has them.
 */
static struct sonde_bytes quote(const struct sim_packet *packet,
                                const struct sim_answer_fault *fault, uint8_t bytes[QUOTE_MAX])
{
    struct packet_writer writer = packet_writer_over(bytes, QUOTE_MAX);
    size_t limit = IPV6_ERROR_MAX - PACKET_IPV6_HEADER - PACKET_ICMP_HEADER;
    struct sonde_bytes rest;
    if (packet->family == SONDE_IPV4) {
        struct packet_ipv4 header;
        if (packet_ipv4_parse(packet->first, &header))
            return (struct sonde_bytes){NULL, 0};
        limit = IPV4_ERROR_MAX - PACKET_IPV4_HEADER - PACKET_ICMP_HEADER;
        rest = header.payload;
        header.ttl = fault->hop_limit;
        if (fault->quote_options.length) {
            header.total_bytes = (uint16_t)(header.total_bytes - header.options.length +
                                            fault->quote_options.length);
            header.options = fault->quote_options;
        }
        packet_ipv4_write(&writer, &header);
    } else {
        struct packet_ipv6 header;
        if (packet_ipv6_parse(packet->first, &header))
            return (struct sonde_bytes){NULL, 0};
        rest = header.payload;
        header.hop_limit = fault->hop_limit;
        packet_ipv6_write(&writer, &header);
    }
    size_t length = rest.length < fault->quote_bytes ? rest.length : fault->quote_bytes;
    size_t room = limit - packet_written(&writer);
    packet_write_bytes(&writer, rest.data, length < room ? length : room);
    return packet_written_from(&writer, 0);
}

int sim_answer_write_fault(struct packet_writer *writer, const struct sim_answer_from *from,
                           const struct sim_packet *packet, const struct sim_answer_fault *fault)
{
    uint8_t bytes[QUOTE_MAX];
    struct error_type type = type_of(packet->family, fault);
    if (type.type < 0)
        return -EAFNOSUPPORT;
    struct packet_icmp message = {
        .family = packet->family,
        .type = (uint8_t)type.type,
        .code = type.code,
        .form = PACKET_ICMP_ERROR,
        .error = {.mtu = fault->fault == SIM_FAULT_TOO_BIG ? fault->further : 0,
                  .pointer = fault->fault == SIM_FAULT_PARAMETER_PROBLEM ? fault->further : 0,
                  .gateway = fault->gateway,
                  .quote = quote(packet, fault, bytes)},
    };
    return sim_answer_write(writer, from, &message);
}
