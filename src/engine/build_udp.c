#include <errno.h>

#include "engine/build_inside.h"
#include "packet/protocol.h"
#include "packet/udp.h"

static struct build_payload payload(const struct build_job *job)
{
    return build_payload_of(job->config, SONDE_PROBE_UDP, job->probe->payload_bytes, true);
}

int build_udp_measure(const struct build_job *job)
{
    struct build_payload parts = payload(job);
    /* the checksum is all that tells the probes of a flow apart in a short quote */
    if (job->target->address.family == SONDE_IPV6 && parts.balance_at == BUILD_NO_BALANCE)
        return -EINVAL;
    return parts.bytes > PACKET_UDP_PAYLOAD_MAX ? -EMSGSIZE
                                                : (int)(PACKET_UDP_HEADER + parts.bytes);
}

void build_udp_write(const struct build_job *job, struct packet_writer *writer)
{
    struct build_payload parts = payload(job);
    packet_write_zeros(writer, 4);
    packet_write_u16(writer, (uint16_t)job->bytes);
    packet_write_u16(writer, 0);
    build_payload_write(job, &parts, writer);
}

void build_udp_patch(const struct build_job *job, uint8_t *upper, struct packet_sum *sum)
{
    const struct build_lease *lease = job->lease;
    struct build_payload parts = payload(job);
    build_patch_u16(upper, lease->identifier, sum);
    build_patch_u16(upper + 2, build_port(job->config, job->probe, lease->sequence), sum);
    build_payload_patch(job, upper + PACKET_UDP_HEADER, build_job_proof(job), sum);
    packet_sum_pseudo(sum, &job->target->source, &job->target->address, PACKET_UDP,
                      (uint32_t)job->bytes);
    if (parts.balance_at != BUILD_NO_BALANCE) {
        build_store_u16(upper + PACKET_UDP_CHECKSUM_AT, lease->sequence);
        packet_sum_add(sum, upper + PACKET_UDP_CHECKSUM_AT, 2);
        build_store_u16(upper + PACKET_UDP_HEADER + parts.balance_at, packet_sum_checksum(sum));
        return;
    }
    /* RFC 768: 0 would say that there is none */
    uint16_t checksum = packet_sum_checksum(sum);
    build_store_u16(upper + PACKET_UDP_CHECKSUM_AT, checksum ? checksum : 0xffff);
}
