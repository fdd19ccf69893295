/* An INIT: RFC 9260 section 3.3.2. It is so short that it is written anew for each probe. */
#include "engine/build_inside.h"
#include "packet/sctp.h"

#define PACKET_BYTES     (PACKET_SCTP_HEADER + PACKET_SCTP_CHUNK_HEADER + PACKET_SCTP_INIT_FIXED)
#define WINDOW           106496u
#define OUTBOUND_STREAMS 10u
#define INBOUND_STREAMS  65535u

int build_sctp_measure(const struct build_job *job)
{
    (void)job;
    return PACKET_BYTES;
}

void build_sctp_write(const struct build_job *job, struct packet_writer *writer)
{
    packet_write_zeros(writer, job->bytes);
}

void build_sctp_patch(const struct build_job *job, uint8_t *upper)
{
    uint32_t word = build_word(job->lease->sequence, build_job_proof(job));
    struct packet_writer writer = packet_writer_over(upper, job->bytes);
    size_t packet = packet_sctp_begin(&writer, &(struct packet_sctp){
                                                   .source_port = job->lease->identifier,
                                                   .destination_port = job->probe->port,
                                               });
    size_t chunk = packet_sctp_chunk_begin(&writer, PACKET_SCTP_INIT, 0);
    packet_sctp_init_write(&writer, &(struct packet_sctp_init){
                                        .tag = word,
                                        .window = WINDOW,
                                        .outbound_streams = OUTBOUND_STREAMS,
                                        .inbound_streams = INBOUND_STREAMS,
                                        .sequence = word,
                                    });
    packet_sctp_chunk_end(&writer, chunk);
    packet_sctp_end(&writer, packet);
}
