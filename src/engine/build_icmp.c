#include <errno.h>
#include <string.h>

#include "engine/build_inside.h"
#include "packet/icmp.h"
#include "packet/protocol.h"

#define IDENTITY_AT      4u /* identifier and sequence in the ICMP header */
#define IDENTITY_BYTES   4u
#define TIMESTAMP_BYTES  12u
#define NODE_NONCE_BYTES 8u
#define FLOW_SPREAD      0x9e37u /* odd: another checksum for each flow, and not neighbours */

/* How much follows the first eight bytes of the ICMP header. */
static size_t body_bytes(const struct build_job *job)
{
    switch (job->probe->kind) {
    case SONDE_PROBE_ECHO:
        return job->probe->payload_bytes;
    case SONDE_PROBE_TIMESTAMP:
        return TIMESTAMP_BYTES;
    case SONDE_PROBE_EXTENDED_ECHO:
        return job->config->body.length;
    case SONDE_PROBE_NODE_INFO:
        return NODE_NONCE_BYTES + (job->config->body.length > 0
                                       ? job->config->body.length
                                       : sonde_address_length(&job->target->address));
    default:
        return 0;
    }
}

static int request_type(const struct build_job *job)
{
    return packet_icmp_request_type((enum sonde_family)job->target->address.family,
                                    job->probe->kind);
}

static struct build_payload payload(const struct build_job *job)
{
    return build_payload_of(job->config, SONDE_PROBE_ECHO, job->probe->payload_bytes,
                            build_is_balanced(job->probe));
}

int build_icmp_measure(const struct build_job *job)
{
    if (request_type(job) < 0)
        return -EAFNOSUPPORT;
    size_t bytes = PACKET_ICMP_HEADER + body_bytes(job);
    return bytes > PACKET_DATAGRAM_MAX ? -EMSGSIZE : (int)bytes;
}

/* The message with identity, proof and checksum zero. */
void build_icmp_write(const struct build_job *job, struct packet_writer *writer)
{
    const struct sonde_engine_config *config = job->config;
    bool node = job->probe->kind == SONDE_PROBE_NODE_INFO;
    packet_write_u8(writer, (uint8_t)request_type(job));
    packet_write_u8(writer, node ? config->node_code : 0);
    packet_write_u16(writer, 0);
    switch (job->probe->kind) {
    case SONDE_PROBE_ECHO: {
        struct build_payload parts = payload(job);
        packet_write_zeros(writer, IDENTITY_BYTES);
        build_pattern_write(job, &parts, writer);
        break;
    }
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
            packet_write_bytes(writer, job->target->address.bytes,
                               sonde_address_length(&job->target->address));
        break;
    default:
        break;
    }
}

static void patch_identity(const struct build_job *job, uint8_t *icmp, size_t proof_bytes,
                           struct packet_sum *sum)
{
    const struct build_lease *lease = job->lease;
    uint64_t proof = build_job_proof(job);
    uint8_t words[IDENTITY_BYTES + 16];
    struct packet_writer writer = packet_writer_over(words, sizeof words);
    packet_write_u16(&writer, lease->identifier);
    packet_write_u16(&writer, lease->sequence);
    switch (job->probe->kind) {
    case SONDE_PROBE_ECHO:
        if (proof_bytes == 16)
            packet_write_u64(&writer, lease->token);
        if (proof_bytes > 0)
            packet_write_u64(&writer, proof);
        build_patch(icmp + IDENTITY_AT, words, packet_written(&writer), sum);
        break;
    case SONDE_PROBE_TIMESTAMP:
        packet_write_u32(&writer, build_originate(proof));
        build_patch(icmp + IDENTITY_AT, words, packet_written(&writer), sum);
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
        build_patch(icmp + PACKET_ICMP_HEADER, words, packet_written(&writer), sum);
        break;
    default:
        break;
    }
}

void build_icmp_patch(const struct build_job *job, uint8_t *upper, struct packet_sum *sum)
{
    struct build_payload parts = payload(job);
    patch_identity(job, upper, parts.proof_bytes, sum);
    if (job->target->address.family != SONDE_IPV4)
        packet_sum_pseudo(sum, &job->target->source, &job->target->address, PACKET_ICMPV6,
                          (uint32_t)job->bytes);
    if (parts.balance_at == BUILD_NO_BALANCE) {
        build_store_u16(upper + PACKET_ICMP_CHECKSUM_AT, packet_sum_checksum(sum));
        return;
    }
    /* all ones are never a checksum of ours: 0 is that of the flow which would have them */
    uint16_t checksum = (uint16_t)(job->probe->flow * FLOW_SPREAD);
    checksum = checksum == 0xffff ? 0 : checksum;
    packet_sum_add(sum, (const uint8_t[]){(uint8_t)(checksum >> 8), (uint8_t)checksum}, 2);
    build_store_u16(upper + PACKET_ICMP_CHECKSUM_AT, checksum);
    build_store_u16(upper + PACKET_ICMP_HEADER + parts.balance_at, packet_sum_checksum(sum));
}
