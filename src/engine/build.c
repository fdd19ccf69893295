#include "engine/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "engine/build_inside.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define IPV4_DATAGRAM_MAX 65535u
#define IPV6_PAYLOAD_MAX  65535u

#define PORT_SEQUENCES_MAX 32768u
#define PORT_SEQUENCES_MIN 1024u

void build_init(struct builder *builder, const struct sonde_engine_config *config)
{
    *builder = (struct builder){.config = config};
}

void build_destroy(struct builder *builder)
{
    free(builder->ipv4.bytes);
    free(builder->ipv6.bytes);
}

bool build_has_ports(enum sonde_probe_kind kind)
{
    return kind >= SONDE_PROBE_UDP;
}

uint32_t build_port_sequences(uint16_t port)
{
    uint32_t room = UINT16_MAX + 1u - port;
    return room < PORT_SEQUENCES_MAX ? room : PORT_SEQUENCES_MAX;
}

uint16_t build_port(const struct sonde_engine_config *config, const struct sonde_probe *probe,
                    uint16_t sequence)
{
    if (probe->kind != SONDE_PROBE_UDP || !config->sequence_in_port)
        return probe->port;
    return (uint16_t)(probe->port + sequence % build_port_sequences(probe->port));
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

uint32_t build_originate(uint64_t proof)
{
    return UINT32_C(0x80000000) | (uint32_t)(proof & 0x7fffffff);
}

uint32_t build_word(uint16_t sequence, uint64_t proof)
{
    return (uint32_t)sequence << 16 | (uint16_t)proof;
}

uint64_t build_mark(uint16_t sequence, uint64_t proof)
{
    return (uint64_t)sequence << 48 | (proof & UINT64_C(0xffffffffffff));
}

/* --- by protocol -------------------------------------------------------------------------------
 */

static int measure(const struct build_job *job)
{
    switch (job->probe->kind) {
    case SONDE_PROBE_UDP:
        return build_udp_measure(job);
    case SONDE_PROBE_TCP:
        return build_tcp_measure(job);
    case SONDE_PROBE_SCTP:
        return build_sctp_measure(job);
    default:
        return build_icmp_measure(job);
    }
}

static void write_upper(const struct build_job *job, struct packet_writer *writer)
{
    switch (job->probe->kind) {
    case SONDE_PROBE_UDP:
        build_udp_write(job, writer);
        break;
    case SONDE_PROBE_TCP:
        build_tcp_write(job, writer);
        break;
    case SONDE_PROBE_SCTP:
        build_sctp_write(job, writer);
        break;
    default:
        build_icmp_write(job, writer);
        break;
    }
}

static void patch_upper(const struct build_job *job, uint8_t *upper, struct packet_sum sum)
{
    switch (job->probe->kind) {
    case SONDE_PROBE_UDP:
        build_udp_patch(job, upper, &sum);
        break;
    case SONDE_PROBE_TCP:
        build_tcp_patch(job, upper, &sum);
        break;
    case SONDE_PROBE_SCTP:
        build_sctp_patch(job, upper);
        break;
    default:
        build_icmp_patch(job, upper, &sum);
        break;
    }
}

static uint8_t protocol_of(const struct build_job *job)
{
    switch (job->probe->kind) {
    case SONDE_PROBE_UDP:
        return PACKET_UDP;
    case SONDE_PROBE_TCP:
        return PACKET_TCP;
    case SONDE_PROBE_SCTP:
        return PACKET_SCTP;
    default:
        return job->target->address.family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
    }
}

/* --- the template ------------------------------------------------------------------------------
 */

/* DF as asked, and by path MTU discovery on what fits in one piece. */
static bool dont_fragment(const struct build_job *job, size_t total_bytes)
{
    return job->probe->dont_fragment ||
           (job->config->discover_mtu &&
            (job->target->mtu == 0 || total_bytes <= job->target->mtu));
}

static void write_ip(const struct build_job *job, struct packet_writer *writer)
{
    const struct sonde_engine_target *target = job->target;
    const struct sonde_address *to =
        target->first_hop.family ? &target->first_hop : &target->address;
    if (target->address.family == SONDE_IPV4) {
        size_t total_bytes = PACKET_IPV4_HEADER + job->config->ipv4_options.length + job->bytes;
        packet_ipv4_write(writer, &(struct packet_ipv4){
                                      .traffic_class = job->probe->traffic_class,
                                      .total_bytes = (uint16_t)total_bytes,
                                      .dont_fragment = dont_fragment(job, total_bytes),
                                      .ttl = job->probe->hop_limit,
                                      .protocol = protocol_of(job),
                                      .source = target->source,
                                      .destination = *to,
                                      .options = job->config->ipv4_options,
                                  });
    } else {
        packet_ipv6_write(writer, &(struct packet_ipv6){
                                      .traffic_class = job->probe->traffic_class,
                                      .flow_label = job->probe->flow_label,
                                      .payload_bytes = (uint16_t)job->bytes,
                                      .next_header = protocol_of(job),
                                      .hop_limit = job->probe->hop_limit,
                                      .source = target->source,
                                      .destination = *to,
                                  });
    }
}

/* Hop limit and ports are patched. */
static bool same_shape(const struct sonde_probe *a, const struct sonde_probe *b)
{
    return a->kind == b->kind && a->traffic_class == b->traffic_class &&
           a->dont_fragment == b->dont_fragment && a->flow_label == b->flow_label &&
           a->payload_bytes == b->payload_bytes && a->filled == b->filled && a->fill == b->fill &&
           build_is_balanced(a) == build_is_balanced(b);
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

static size_t ip_header(const struct build_job *job)
{
    bool ipv4 = job->target->address.family == SONDE_IPV4;
    return ipv4 ? PACKET_IPV4_HEADER + job->config->ipv4_options.length : PACKET_IPV6_HEADER;
}

/* Finds out how long the datagram is. Returns 0 or a negative errno. */
static int measure_job(struct build_job *job)
{
    int upper = measure(job);
    if (upper < 0)
        return upper;
    job->bytes = (size_t)upper;
    bool ipv4 = job->target->address.family == SONDE_IPV4;
    if (ipv4 ? ip_header(job) + job->bytes > IPV4_DATAGRAM_MAX : job->bytes > IPV6_PAYLOAD_MAX)
        return -EMSGSIZE;
    return 0;
}

static int prepare(struct build_template *template, struct build_job *job)
{
    template->length = 0;
    int error = measure_job(job);
    if (error)
        return error;
    size_t header = ip_header(job);
    error = reserve(template, header + job->bytes);
    if (error)
        return error;
    struct packet_writer writer = packet_writer_over(template->bytes, header + job->bytes);
    write_ip(job, &writer);
    write_upper(job, &writer);
    if (writer.failed || packet_written(&writer) != header + job->bytes)
        return -EINVAL;
    template->length = header + job->bytes;
    template->upper_at = header;
    template->shape = *job->probe;
    template->fits = job->target->mtu == 0 || template->length <= job->target->mtu;
    template->sum = (struct packet_sum){0};
    packet_sum_add(&template->sum, template->bytes + header, job->bytes);
    if (job->bytes % 2 == 1)
        packet_sum_add(&template->sum, (const uint8_t[]){0}, 1); /* patches begin at even offsets */
    return 0;
}

int build_datagram_bytes(const struct builder *builder, const struct sonde_probe *probe,
                         const struct sonde_engine_target *target)
{
    struct build_job job = {.config = builder->config, .probe = probe, .target = target};
    int error = measure_job(&job);
    return error ? error : (int)(ip_header(&job) + job.bytes);
}

/* --- for each probe ----------------------------------------------------------------------------
 */

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

/* An identification of 0 would be replaced by the kernel, fragment by fragment. */
static uint16_t ipv4_id(const struct build_job *job)
{
    uint16_t id = build_has_ports(job->probe->kind) ? job->lease->sequence
                                                    : (uint16_t)(job->lease->token >> 24);
    return id ? id : 1;
}

static void patch_ip(const struct build_job *job, uint8_t *bytes, size_t header_bytes)
{
    const struct sonde_engine_target *target = job->target;
    const struct sonde_address *to =
        target->first_hop.family ? &target->first_hop : &target->address;
    bool ipv4 = target->address.family == SONDE_IPV4;
    size_t address_bytes = sonde_address_length(&target->address);
    size_t source_at = ipv4 ? 12 : 8;
    memcpy(bytes + source_at, target->source.bytes, address_bytes);
    memcpy(bytes + source_at + address_bytes, to->bytes, address_bytes);
    bytes[ipv4 ? PACKET_IPV4_TTL_AT : PACKET_IPV6_HOP_LIMIT_AT] = job->probe->hop_limit;
    if (!ipv4)
        return;
    struct packet_writer writer = packet_writer_over(bytes, header_bytes);
    packet_write_space(&writer, header_bytes);
    packet_patch_u16(&writer, PACKET_IPV4_ID_AT, ipv4_id(job));
    if (job->config->own_time_at > 0)
        patch_own_time(&writer, job->config, job->probe);
    packet_patch_u16(&writer, PACKET_IPV4_CHECKSUM_AT, 0);
    packet_patch_u16(&writer, PACKET_IPV4_CHECKSUM_AT, packet_checksum(bytes, header_bytes));
}

int build_datagram(struct builder *builder, const struct sonde_probe *probe,
                   const struct sonde_engine_target *target, const struct build_lease *lease,
                   struct sonde_bytes *datagram)
{
    struct build_job job = {builder->config, probe, target, lease, 0};
    bool ipv4 = target->address.family == SONDE_IPV4;
    struct build_template *template = ipv4 ? &builder->ipv4 : &builder->ipv6;
    /* the subject of a node information query is the target's address: prepared for each */
    if (template->length == 0 || probe->kind == SONDE_PROBE_NODE_INFO ||
        !same_shape(&template->shape, probe) ||
        template->fits != (target->mtu == 0 || template->length <= target->mtu)) {
        int error = prepare(template, &job);
        if (error)
            return error;
    }
    if (probe->kind == SONDE_PROBE_UDP && job.config->sequence_in_port &&
        build_port_sequences(probe->port) < PORT_SEQUENCES_MIN)
        return -EINVAL; /* no room for the sequence */
    job.bytes = template->length - template->upper_at;
    patch_ip(&job, template->bytes, template->upper_at);
    patch_upper(&job, template->bytes + template->upper_at, template->sum);
    *datagram = (struct sonde_bytes){template->bytes, template->length};
    return 0;
}
