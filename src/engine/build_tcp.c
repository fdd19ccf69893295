/* A SYN as a host would send it, with the options that open most connections. */
#include "engine/build_inside.h"
#include "packet/protocol.h"
#include "packet/tcp.h"

#define OFFSET_AND_SYN (SONDE_PROBE_SYN_HEADER / 4 << 12 | PACKET_TCP_SYN)
#define WINDOW         64240u
#define WINDOW_SCALE   7u
#define MSS_IPV4       1460u /* of a link with 1,500 bytes */
#define MSS_IPV6       1440u
#define SEQUENCE_AT    4u

int build_tcp_measure(const struct build_job *job)
{
    return (int)(SONDE_PROBE_SYN_HEADER + job->probe->payload_bytes);
}

void build_tcp_write(const struct build_job *job, struct packet_writer *writer)
{
    bool ipv4 = job->target->address.family == SONDE_IPV4;
    struct packet_tcp_option options[] = {
        {.kind = PACKET_TCP_MSS, .known = true, .mss = ipv4 ? MSS_IPV4 : MSS_IPV6},
        {.kind = PACKET_TCP_NOP},
        {.kind = PACKET_TCP_NOP},
        {.kind = PACKET_TCP_SACK_PERMITTED, .known = true},
        {.kind = PACKET_TCP_NOP},
        {.kind = PACKET_TCP_WINDOW_SCALE, .known = true, .window_scale = WINDOW_SCALE},
    };
    packet_write_zeros(writer, 12); /* ports, sequence number, acknowledgment */
    packet_write_u16(writer, OFFSET_AND_SYN);
    packet_write_u16(writer, WINDOW);
    packet_write_zeros(writer, 4); /* checksum, urgent pointer */
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        packet_tcp_option_write(writer, &options[i]);
    packet_write_zeros(writer, job->probe->payload_bytes);
}

void build_tcp_patch(const struct build_job *job, uint8_t *upper, struct packet_sum *sum)
{
    uint32_t word = build_word(job->lease->sequence, build_job_proof(job));
    build_patch_u16(upper, job->lease->identifier, sum);
    build_patch_u16(upper + 2, job->probe->port, sum);
    build_patch_u16(upper + SEQUENCE_AT, (uint16_t)(word >> 16), sum);
    build_patch_u16(upper + SEQUENCE_AT + 2, (uint16_t)word, sum);
    packet_sum_pseudo(sum, &job->target->source, &job->target->address, PACKET_TCP,
                      (uint32_t)job->bytes);
    build_store_u16(upper + PACKET_TCP_CHECKSUM_AT, packet_sum_checksum(sum));
}
