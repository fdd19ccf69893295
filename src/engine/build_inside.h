/* What the builders of the several protocols share. */
#ifndef ENGINE_BUILD_INSIDE_H
#define ENGINE_BUILD_INSIDE_H

#include "engine/build.h"
#include "packet/cursor.h"

/* What is to be built. */
struct build_job {
    const struct sonde_engine_config *config;
    const struct sonde_probe *probe;
    const struct sonde_engine_target *target;
    const struct build_lease *lease; /* for patching */
    size_t bytes;                    /* behind the IP header, once measured */
};

/*
 * For each protocol: how many bytes there are behind the IP header (or a negative errno); writing
 * them with all that is patched zero; and patching, where `sum` is that of the template.
 */
int build_icmp_measure(const struct build_job *job);
void build_icmp_write(const struct build_job *job, struct packet_writer *writer);
void build_icmp_patch(const struct build_job *job, uint8_t *upper, struct packet_sum *sum);

int build_udp_measure(const struct build_job *job);
void build_udp_write(const struct build_job *job, struct packet_writer *writer);
void build_udp_patch(const struct build_job *job, uint8_t *upper, struct packet_sum *sum);

int build_tcp_measure(const struct build_job *job);
void build_tcp_write(const struct build_job *job, struct packet_writer *writer);
void build_tcp_patch(const struct build_job *job, uint8_t *upper, struct packet_sum *sum);

int build_sctp_measure(const struct build_job *job);
void build_sctp_write(const struct build_job *job, struct packet_writer *writer);
void build_sctp_patch(const struct build_job *job, uint8_t *upper);

/* Likewise for the payload of UDP; and for an echo request's, which is always the pattern. */
void build_payload_write(const struct build_job *job, const struct build_payload *payload,
                         struct packet_writer *writer);
void build_payload_patch(const struct build_job *job, uint8_t *bytes, uint64_t proof,
                         struct packet_sum *sum);
void build_pattern_write(const struct build_job *job, const struct build_payload *payload,
                         struct packet_writer *writer);

/* Writes bytes that are zero in the template, at an even offset, and takes them into the sum. */
static inline void build_patch(uint8_t *at, const uint8_t *bytes, size_t length,
                               struct packet_sum *sum)
{
    memcpy(at, bytes, length);
    packet_sum_add(sum, bytes, length);
}

static inline void build_patch_u16(uint8_t *at, uint16_t value, struct packet_sum *sum)
{
    build_patch(at, (const uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2, sum);
}

static inline void build_store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline uint64_t build_job_proof(const struct build_job *job)
{
    return build_proof(job->config, &job->target->address, job->lease);
}

#endif
