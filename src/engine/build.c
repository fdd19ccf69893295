#include "engine/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "packet/cursor.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/node_info.h"
#include "packet/protocol.h"

#define IDENTITY_AT       4u /* identifier and sequence in the ICMP header */
#define IDENTITY_BYTES    4u
#define TIMESTAMP_BYTES   12u
#define NODE_NONCE_BYTES  8u
#define IPV4_DATAGRAM_MAX 65535u
#define IPV6_PAYLOAD_MAX  65535u

void build_init(struct builder *builder, const struct sonde_engine_config *config)
{
    *builder = (struct builder){.config = config};
}

void build_destroy(struct builder *builder)
{
    free(builder->ipv4.bytes);
    free(builder->ipv6.bytes);
}

uint64_t build_proof(const struct sonde_engine_config *config, const struct sonde_address *address,
                     const struct build_lease *lease)
{
    uint8_t words[8 + 4 + 16] = {0};
    struct packet_writer writer = packet_writer_over(words, sizeof words);
    packet_write_u64(&writer, lease->token);
    packet_write_u16(&writer, lease->identifier);
    packet_write_u16(&writer, lease->sequence);
    packet_write_bytes(&writer, address->bytes, sonde_address_length(address));
    return base_siphash(config->key, words, sizeof words);
}

size_t build_proof_bytes(size_t payload_bytes)
{
    return payload_bytes >= 16 ? 16 : payload_bytes >= 8 ? 8 : 0;
}

uint8_t build_pattern_at(const struct sonde_engine_config *config, size_t offset)
{
    if (config->pattern_bytes == 0)
        return (uint8_t)offset;
    return config->pattern[offset % config->pattern_bytes];
}

uint32_t build_originate(uint64_t proof)
{
    return UINT32_C(0x80000000) | (uint32_t)(proof & 0x7fffffff);
}

/* How much follows the first eight bytes of the ICMP header. */
static size_t body_bytes(const struct sonde_engine_config *config, const struct sonde_probe *probe,
                         const struct sonde_engine_target *target)
{
    switch (probe->kind) {
    case SONDE_PROBE_ECHO:
        return probe->payload_bytes;
    case SONDE_PROBE_TIMESTAMP:
        return TIMESTAMP_BYTES;
    case SONDE_PROBE_EXTENDED_ECHO:
        return config->body.length;
    case SONDE_PROBE_NODE_INFO:
        return NODE_NONCE_BYTES + (config->body.length > 0
                                       ? config->body.length
                                       : sonde_address_length(&target->address));
    case SONDE_PROBE_UDP:
    case SONDE_PROBE_TCP:
    case SONDE_PROBE_SCTP:
        break;
    }
    return 0;
}

/* DF as asked, and by path MTU discovery on what fits in one piece. */
static bool dont_fragment(const struct sonde_engine_config *config, const struct sonde_probe *probe,
                          const struct sonde_engine_target *target, size_t total_bytes)
{
    return probe->dont_fragment ||
           (config->discover_mtu && (target->mtu == 0 || total_bytes <= target->mtu));
}

static void write_ip(struct packet_writer *writer, const struct sonde_engine_config *config,
                     const struct sonde_probe *probe, const struct sonde_engine_target *target,
                     size_t icmp_bytes)
{
    const struct sonde_address *to =
        target->first_hop.family ? &target->first_hop : &target->address;
    if (target->address.family == SONDE_IPV4) {
        size_t header_bytes = PACKET_IPV4_HEADER + config->ipv4_options.length;
        packet_ipv4_write(writer, &(struct packet_ipv4){
                                      .traffic_class = probe->traffic_class,
                                      .total_bytes = (uint16_t)(header_bytes + icmp_bytes),
                                      .dont_fragment = dont_fragment(config, probe, target,
                                                                     header_bytes + icmp_bytes),
                                      .ttl = probe->hop_limit,
                                      .protocol = PACKET_ICMPV4,
                                      .source = target->source,
                                      .destination = *to,
                                      .options = config->ipv4_options,
                                  });
    } else {
        packet_ipv6_write(writer, &(struct packet_ipv6){
                                      .traffic_class = probe->traffic_class,
                                      .flow_label = probe->flow_label,
                                      .payload_bytes = (uint16_t)icmp_bytes,
                                      .next_header = PACKET_ICMPV6,
                                      .hop_limit = probe->hop_limit,
                                      .source = target->source,
                                      .destination = *to,
                                  });
    }
}

/* The ICMP message with identity, proof and checksum zero. */
static void write_icmp(struct packet_writer *writer, const struct sonde_engine_config *config,
                       const struct sonde_probe *probe, const struct sonde_engine_target *target,
                       uint8_t type)
{
    packet_write_u8(writer, type);
    packet_write_u8(writer, probe->kind == SONDE_PROBE_NODE_INFO ? config->node_code : 0);
    packet_write_u16(writer, 0);
    switch (probe->kind) {
    case SONDE_PROBE_ECHO:
        packet_write_zeros(writer, IDENTITY_BYTES + build_proof_bytes(probe->payload_bytes));
        for (size_t i = build_proof_bytes(probe->payload_bytes); i < probe->payload_bytes; i++)
            packet_write_u8(writer, build_pattern_at(config, i));
        break;
    case SONDE_PROBE_TIMESTAMP:
        packet_write_zeros(writer, IDENTITY_BYTES + TIMESTAMP_BYTES);
        break;
    case SONDE_PROBE_EXTENDED_ECHO:
        packet_write_zeros(writer, IDENTITY_BYTES - 1);
        packet_write_u8(writer, config->local_interface); /* RFC 8335: the L bit is the lowest */
        packet_write_bytes(writer, config->body.data, config->body.length);
        break;
    case SONDE_PROBE_NODE_INFO:
        packet_write_u16(writer, config->node_qtype);
        packet_write_u16(writer, config->node_flags);
        packet_write_zeros(writer, NODE_NONCE_BYTES);
        if (config->body.length > 0)
            packet_write_bytes(writer, config->body.data, config->body.length);
        else
            packet_write_bytes(writer, target->address.bytes,
                               sonde_address_length(&target->address));
        break;
    case SONDE_PROBE_UDP:
    case SONDE_PROBE_TCP:
    case SONDE_PROBE_SCTP:
        break;
    }
}

static bool same_shape(const struct sonde_probe *a, const struct sonde_probe *b)
{
    return a->kind == b->kind && a->hop_limit == b->hop_limit &&
           a->traffic_class == b->traffic_class && a->dont_fragment == b->dont_fragment &&
           a->flow_label == b->flow_label && a->payload_bytes == b->payload_bytes;
}

static int reserve(struct build_template *template, size_t length)
{
    if (length <= template->capacity)
        return 0;
    uint8_t *bytes = realloc(template->bytes, length);
    if (!bytes)
        return -ENOMEM;
    template->bytes = bytes;
    template->capacity = length;
    return 0;
}

static int prepare(struct build_template *template, const struct sonde_engine_config *config,
                   const struct sonde_probe *probe, const struct sonde_engine_target *target)
{
    template->length = 0;
    int type = packet_icmp_request_type(target->address.family, probe->kind);
    if (type < 0)
        return -EAFNOSUPPORT;
    bool ipv4 = target->address.family == SONDE_IPV4;
    size_t header = ipv4 ? PACKET_IPV4_HEADER + config->ipv4_options.length : PACKET_IPV6_HEADER;
    size_t icmp = PACKET_ICMP_HEADER + body_bytes(config, probe, target);
    if (ipv4 ? header + icmp > IPV4_DATAGRAM_MAX : icmp > IPV6_PAYLOAD_MAX)
        return -EMSGSIZE;
    int error = reserve(template, header + icmp);
    if (error)
        return error;
    struct packet_writer writer = packet_writer_over(template->bytes, header + icmp);
    write_ip(&writer, config, probe, target, icmp);
    write_icmp(&writer, config, probe, target, (uint8_t)type);
    if (writer.failed || packet_written(&writer) != header + icmp)
        return -EINVAL;
    template->length = header + icmp;
    template->icmp_at = header;
    template->shape = *probe;
    template->fits = target->mtu == 0 || header + icmp <= target->mtu;
    template->sum = (struct packet_sum){0};
    packet_sum_add(&template->sum, template->bytes + header, icmp);
    if (icmp % 2 == 1)
        packet_sum_add(&template->sum, (const uint8_t[]){0}, 1); /* patches begin at even offsets */
    return 0;
}

/* Writes bytes that are zero in the template, and takes them into the checksum. */
static void patch(uint8_t *icmp, size_t offset, const uint8_t *bytes, size_t length,
                  struct packet_sum *sum)
{
    memcpy(icmp + offset, bytes, length);
    packet_sum_add(sum, bytes, length);
}

static void patch_identity(uint8_t *icmp, const struct sonde_probe *probe,
                           const struct build_lease *lease, uint64_t proof, struct packet_sum *sum)
{
    uint8_t words[IDENTITY_BYTES + 16];
    struct packet_writer writer = packet_writer_over(words, sizeof words);
    packet_write_u16(&writer, lease->identifier);
    packet_write_u16(&writer, lease->sequence);
    switch (probe->kind) {
    case SONDE_PROBE_ECHO:
        if (build_proof_bytes(probe->payload_bytes) == 16)
            packet_write_u64(&writer, lease->token);
        if (build_proof_bytes(probe->payload_bytes) > 0)
            packet_write_u64(&writer, proof);
        patch(icmp, IDENTITY_AT, words, packet_written(&writer), sum);
        break;
    case SONDE_PROBE_TIMESTAMP:
        packet_write_u32(&writer, build_originate(proof));
        patch(icmp, IDENTITY_AT, words, packet_written(&writer), sum);
        break;
    case SONDE_PROBE_EXTENDED_ECHO:
        /* identifier, then eight bits of sequence; the byte behind is the L bit's */
        words[2] = (uint8_t)lease->sequence;
        words[3] = 0;
        packet_sum_add(sum, words, IDENTITY_BYTES);
        memcpy(icmp + IDENTITY_AT, words, IDENTITY_BYTES - 1);
        break;
    case SONDE_PROBE_NODE_INFO:
        packet_write_u32(&writer, (uint32_t)proof);
        patch(icmp, PACKET_ICMP_HEADER, words, packet_written(&writer), sum);
        break;
    case SONDE_PROBE_UDP:
    case SONDE_PROBE_TCP:
    case SONDE_PROBE_SCTP:
        break;
    }
}

/* RFC 791: the sender's own entry in a timestamp option, which is due when the probe is. */
static void patch_own_time(struct packet_writer *writer, const struct sonde_engine_config *config,
                           const struct sonde_probe *probe)
{
    int64_t day_ms = INT64_C(24) * 3600 * 1000;
    int64_t wall_ms =
        sonde_saturating_add(config->wall_at_zero.ns, probe->due.ns) / SONDE_NS_PER_MS;
    uint32_t ms = (uint32_t)((wall_ms % day_ms + day_ms) % day_ms);
    size_t at = PACKET_IPV4_HEADER + config->own_time_at;
    packet_patch_u16(writer, at, (uint16_t)(ms >> 16));
    packet_patch_u16(writer, at + 2, (uint16_t)ms);
}

static void patch_ip(uint8_t *bytes, const struct sonde_engine_config *config,
                     const struct sonde_probe *probe, const struct sonde_engine_target *target,
                     size_t header_bytes, uint16_t id)
{
    const struct sonde_address *to =
        target->first_hop.family ? &target->first_hop : &target->address;
    size_t address_bytes = sonde_address_length(&target->address);
    size_t source_at = target->address.family == SONDE_IPV4 ? 12 : 8;
    memcpy(bytes + source_at, target->source.bytes, address_bytes);
    memcpy(bytes + source_at + address_bytes, to->bytes, address_bytes);
    if (target->address.family != SONDE_IPV4)
        return;
    struct packet_writer writer = packet_writer_over(bytes, header_bytes);
    packet_write_space(&writer, header_bytes);
    packet_patch_u16(&writer, PACKET_IPV4_ID_AT, id);
    if (config->own_time_at > 0)
        patch_own_time(&writer, config, probe);
    packet_patch_u16(&writer, PACKET_IPV4_CHECKSUM_AT, 0);
    packet_patch_u16(&writer, PACKET_IPV4_CHECKSUM_AT, packet_checksum(bytes, header_bytes));
}

int build_datagram(struct builder *builder, const struct sonde_probe *probe,
                   const struct sonde_engine_target *target, const struct build_lease *lease,
                   struct sonde_bytes *datagram)
{
    const struct sonde_engine_config *config = builder->config;
    bool ipv4 = target->address.family == SONDE_IPV4;
    struct build_template *template = ipv4 ? &builder->ipv4 : &builder->ipv6;
    /* the subject of a node information query is the target's address: prepared for each */
    if (template->length == 0 || probe->kind == SONDE_PROBE_NODE_INFO ||
        !same_shape(&template->shape, probe) ||
        template->fits != (target->mtu == 0 || template->length <= target->mtu)) {
        int error = prepare(template, config, probe, target);
        if (error)
            return error;
    }
    /* an identification of 0 would be replaced by the kernel, fragment by fragment */
    uint16_t id = (uint16_t)(lease->token >> 24) ? (uint16_t)(lease->token >> 24) : 1;
    patch_ip(template->bytes, config, probe, target, template->icmp_at, id);

    uint8_t *icmp = template->bytes + template->icmp_at;
    struct packet_sum sum = template->sum;
    patch_identity(icmp, probe, lease, build_proof(config, &target->address, lease), &sum);
    size_t icmp_bytes = template->length - template->icmp_at;
    if (!ipv4)
        packet_sum_pseudo(&sum, &target->source, &target->address, PACKET_ICMPV6,
                          (uint32_t)icmp_bytes);
    struct packet_writer writer = packet_writer_over(icmp, icmp_bytes);
    packet_write_space(&writer, icmp_bytes);
    packet_patch_u16(&writer, PACKET_ICMP_CHECKSUM_AT, packet_sum_checksum(&sum));
    *datagram = (struct sonde_bytes){template->bytes, template->length};
    return 0;
}
