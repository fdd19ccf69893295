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
    uint8_t icmp = from->source.family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
    uint8_t protocol = from->protocol ? from->protocol : icmp;
    size_t total = (size_t)(writer->at - space);
    struct packet_writer header = packet_writer_over(space, header_bytes);
    if (from->source.family == SONDE_IPV4)
        return packet_ipv4_write(&header, &(struct packet_ipv4){
                                              .traffic_class = from->traffic_class,
                                              .total_bytes = (uint16_t)total,
                                              .id = from->id,
                                              .ttl = from->hop_limit,
                                              .protocol = protocol,
                                              .source = from->source,
                                              .destination = from->destination,
                                              .options = from->options,
                                          });
    return packet_ipv6_write(&header, &(struct packet_ipv6){
                                          .traffic_class = from->traffic_class,
                                          .payload_bytes = (uint16_t)(total - PACKET_IPV6_HEADER),
                                          .next_header = protocol,
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

/* Writes the header as it arrived; sets what stands behind it and where in that the upper layer
 * begins. */
static int write_quoted_header(struct packet_writer *writer, const struct sim_answer_quoted *quoted,
                               struct sonde_bytes options, struct sonde_bytes *rest, size_t *upper)
{
    struct sonde_bytes first = quoted->packet->first;
    *upper = 0;
    if (quoted->packet->family == SONDE_IPV4) {
        struct packet_ipv4 header;
        int error = packet_ipv4_parse(first, &header);
        if (error)
            return error;
        *rest = header.payload;
        header.ttl = quoted->hop_limit;
        header.traffic_class = quoted->traffic_class;
        header.id = quoted->id;
        header.source = quoted->source;
        if (options.length) {
            header.total_bytes =
                (uint16_t)(header.total_bytes - header.options.length + options.length);
            header.options = options;
        }
        return packet_ipv4_write(writer, &header);
    }
    struct packet_ipv6 header;
    struct packet_ipv6_upper inside;
    int error = packet_ipv6_parse(first, &header);
    if (error)
        return error;
    *rest = header.payload;
    if (packet_ipv6_upper(header.next_header, header.payload, &inside) == 0 && inside.bytes.length)
        *upper = (size_t)(inside.bytes.data - header.payload.data);
    header.hop_limit = quoted->hop_limit;
    header.traffic_class = quoted->traffic_class;
    header.source = quoted->source;
    return packet_ipv6_write(writer, &header);
}

/* As much of the packet as the error carries: header, and what stands behind it. */
static struct sonde_bytes quote(const struct sim_answer_quoted *quoted,
                                const struct sim_answer_fault *fault, size_t extensions,
                                uint8_t bytes[QUOTE_MAX])
{
    bool v4 = quoted->packet->family == SONDE_IPV4;
    struct packet_writer writer = packet_writer_over(bytes, QUOTE_MAX);
    struct sonde_bytes rest;
    size_t at;
    if (write_quoted_header(&writer, quoted, fault->quote_options, &rest, &at))
        return (struct sonde_bytes){NULL, 0};
    size_t unit = v4 ? 4 : 8;
    size_t limit = v4 ? IPV4_ERROR_MAX - PACKET_IPV4_HEADER : IPV6_ERROR_MAX - PACKET_IPV6_HEADER;
    limit -= PACKET_ICMP_HEADER + extensions;
    if (extensions) /* a quote is padded to whole units: RFC 4884 section 3 */
        limit = limit / unit * unit;
    size_t room = limit - packet_written(&writer);
    size_t length = rest.length < fault->quote_bytes ? rest.length : fault->quote_bytes;
    length = length < room ? length : room;
    uint8_t *body = packet_write_space(&writer, length);
    if (!body || !length)
        return packet_written_from(&writer, 0);
    memcpy(body, rest.data, length);
    if (at < length) {
        size_t head = quoted->head.length < length - at ? quoted->head.length : length - at;
        if (head)
            memcpy(body + at, quoted->head.data, head);
        sim_flips_apply(&quoted->flips, body + at, length - at);
    }
    return packet_written_from(&writer, 0);
}

/* Whether the error can carry these extensions behind the least quote that they may have. */
static bool carries(uint8_t family, uint8_t type, const struct sim_answer_fault *fault)
{
    size_t headers = family == SONDE_IPV4 ? PACKET_IPV4_HEADER : PACKET_IPV6_HEADER;
    size_t most = family == SONDE_IPV4 ? IPV4_ERROR_MAX : IPV6_ERROR_MAX;
    return fault->extensions.length && packet_extension_unit(family, type) &&
           headers + PACKET_ICMP_HEADER + PACKET_EXTENSION_QUOTE + fault->extensions.length <= most;
}

int sim_answer_write_fault(struct packet_writer *writer, const struct sim_answer_from *from,
                           const struct sim_answer_quoted *quoted,
                           const struct sim_answer_fault *fault)
{
    uint8_t bytes[QUOTE_MAX];
    uint8_t family = quoted->packet->family;
    struct error_type type = type_of(family, fault);
    if (type.type < 0)
        return -EAFNOSUPPORT;
    struct packet_icmp message = {
        .family = family,
        .type = (uint8_t)type.type,
        .code = type.code,
        .form = PACKET_ICMP_ERROR,
        .error = {.mtu = fault->fault == SIM_FAULT_TOO_BIG ? fault->further : 0,
                  .pointer = fault->fault == SIM_FAULT_PARAMETER_PROBLEM ? fault->further : 0,
                  .gateway = fault->gateway},
    };
    if (carries(family, message.type, fault)) {
        message.error.form = fault->form;
        message.error.extensions = fault->extensions;
    }
    message.error.quote = quote(quoted, fault, message.error.extensions.length, bytes);
    return sim_answer_write(writer, from, &message);
}
