/* What echo requests and UDP probes carry, and where in it they can be told by. */
#include <string.h>

#include "engine/build_inside.h"

/* RFC 1035 section 4.1: header, question; RFC 6891: one option record; RFC 7830: its padding. */
#define DNS_BYTES       34u
#define DNS_BALANCE_AT  32u
#define DNS_RECURSE     0x0100u
#define DNS_TYPE_NS     2u
#define DNS_TYPE_OPT    41u
#define DNS_CLASS_IN    1u
#define DNS_UDP_BYTES   1232u
#define DNS_OPTION_HEAD 4u
#define DNS_PADDING     12u

/* RFC 5905 section 7.3. */
#define NTP_BYTES       48u
#define NTP_CLIENT      0x23u /* version 4, mode 3 */
#define NTP_BALANCE_AT  22u   /* the end of the reference timestamp, which servers do not read */
#define NTP_TRANSMIT_AT 40u

/* RFC 9000 sections 17.2 and 14.1; a version of 15's form 0x?a?a?a?a calls for negotiation. */
#define QUIC_BYTES   1200u
#define QUIC_LONG    0xc0u
#define QUIC_VERSION UINT32_C(0x1a2a3a4a)
#define QUIC_DESTINATION                                                                           \
    9u /* bytes of the connection id: so the other one is at an even offset                        \
        */
#define QUIC_DEST_ID_AT    6u
#define QUIC_SOURCE_ID_AT  16u
#define QUIC_ID_BYTES      8u
#define QUIC_BALANCE_BYTES 2u

bool build_is_balanced(const struct sonde_probe *probe)
{
    return probe->kind == SONDE_PROBE_UDP || (probe->kind == SONDE_PROBE_ECHO && probe->flow > 0);
}

static enum sonde_payload payload_of(const struct sonde_engine_config *config,
                                     enum sonde_probe_kind kind)
{
    return kind == SONDE_PROBE_UDP ? config->payload : SONDE_PAYLOAD_PATTERN;
}

struct build_payload build_payload_of(const struct sonde_engine_config *config,
                                      enum sonde_probe_kind kind, size_t payload_bytes,
                                      bool balanced)
{
    size_t balance = balanced ? 2 : 0;
    switch (payload_of(config, kind)) {
    case SONDE_PAYLOAD_PATTERN:
        break;
    case SONDE_PAYLOAD_DNS:
        return (struct build_payload){DNS_BYTES, 0, DNS_BALANCE_AT};
    case SONDE_PAYLOAD_NTP:
        return (struct build_payload){NTP_BYTES, 0, NTP_BALANCE_AT};
    case SONDE_PAYLOAD_QUIC:
        return (struct build_payload){QUIC_BYTES, 0, QUIC_BYTES - QUIC_BALANCE_BYTES};
    }
    size_t proof = payload_bytes >= 16 + balance ? 16 : payload_bytes >= 8 + balance ? 8 : 0;
    bool room = balanced && payload_bytes >= balance;
    return (struct build_payload){payload_bytes, proof, room ? proof : BUILD_NO_BALANCE};
}

uint8_t build_pattern_at(const struct sonde_engine_config *config, size_t offset)
{
    if (config->pattern_bytes == 0)
        return (uint8_t)offset;
    return config->pattern[offset % config->pattern_bytes];
}

void build_pattern_write(const struct build_job *job, const struct build_payload *payload,
                         struct packet_writer *writer)
{
    size_t patched = payload->proof_bytes + (payload->balance_at == BUILD_NO_BALANCE ? 0 : 2);
    packet_write_zeros(writer, patched);
    for (size_t i = patched; i < payload->bytes; i++)
        packet_write_u8(writer,
                        job->probe->filled ? job->probe->fill : build_pattern_at(job->config, i));
}

static void write_dns(struct packet_writer *writer)
{
    static const uint16_t counts[] = {1, 0, 0, 1}; /* questions … additional records */
    packet_write_u16(writer, 0);                   /* the identity */
    packet_write_u16(writer, DNS_RECURSE);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        packet_write_u16(writer, counts[i]);
    packet_write_u8(writer, 0); /* the root */
    packet_write_u16(writer, DNS_TYPE_NS);
    packet_write_u16(writer, DNS_CLASS_IN);
    packet_write_u8(writer, 0);
    packet_write_u16(writer, DNS_TYPE_OPT);
    packet_write_u16(writer, DNS_UDP_BYTES);
    packet_write_u32(writer, 0);
    packet_write_u16(writer, DNS_OPTION_HEAD + 2);
    packet_write_u16(writer, DNS_PADDING);
    packet_write_u16(writer, 2);
    packet_write_u16(writer, 0); /* the balance */
}

static void write_quic(struct packet_writer *writer)
{
    packet_write_u8(writer, QUIC_LONG);
    packet_write_u32(writer, QUIC_VERSION);
    packet_write_u8(writer, QUIC_DESTINATION);
    packet_write_zeros(writer, QUIC_DESTINATION);
    packet_write_u8(writer, QUIC_ID_BYTES);
    packet_write_zeros(writer, QUIC_BYTES - QUIC_SOURCE_ID_AT);
}

void build_payload_write(const struct build_job *job, const struct build_payload *payload,
                         struct packet_writer *writer)
{
    switch (job->config->payload) {
    case SONDE_PAYLOAD_PATTERN:
        build_pattern_write(job, payload, writer);
        break;
    case SONDE_PAYLOAD_DNS:
        write_dns(writer);
        break;
    case SONDE_PAYLOAD_NTP:
        packet_write_u8(writer, NTP_CLIENT);
        packet_write_zeros(writer, payload->bytes - 1);
        break;
    case SONDE_PAYLOAD_QUIC:
        write_quic(writer);
        break;
    }
}

static void patch_u64(uint8_t *at, uint64_t value, struct packet_sum *sum)
{
    uint8_t bytes[8];
    struct packet_writer writer = packet_writer_over(bytes, sizeof bytes);
    packet_write_u64(&writer, value);
    build_patch(at, bytes, sizeof bytes, sum);
}

void build_payload_patch(const struct build_job *job, uint8_t *bytes, uint64_t proof,
                         struct packet_sum *sum)
{
    uint16_t sequence = job->lease->sequence;
    switch (job->config->payload) {
    case SONDE_PAYLOAD_PATTERN: {
        size_t proof_bytes =
            build_payload_of(job->config, SONDE_PROBE_UDP, job->probe->payload_bytes, true)
                .proof_bytes;
        if (proof_bytes == 16)
            patch_u64(bytes, job->lease->token, sum);
        if (proof_bytes > 0)
            patch_u64(bytes + proof_bytes - 8, proof, sum);
        break;
    }
    case SONDE_PAYLOAD_DNS:
        build_patch_u16(bytes, sequence, sum);
        break;
    case SONDE_PAYLOAD_NTP:
        patch_u64(bytes + NTP_TRANSMIT_AT, build_mark(sequence, proof), sum);
        break;
    case SONDE_PAYLOAD_QUIC:
        patch_u64(bytes + QUIC_DEST_ID_AT, proof, sum);
        patch_u64(bytes + QUIC_SOURCE_ID_AT, build_mark(sequence, proof), sum);
        break;
    }
}
