#include <string.h>

#include "packet/sctp.h"
#include "sim/service.h"

#define WINDOW       65536u
#define STREAMS      16u
#define COOKIE_BYTES 12u
#define HASH_TAG     (UINT64_C(1) << 32) /* uses of the hash: the tags … */
#define HASH_COOKIE  (UINT64_C(2) << 32) /* … and the cookie for a tag */

/* What a packet holds. */
struct content {
    struct packet_sctp header;
    struct packet_sctp_chunk first;
    unsigned count; /* chunks */
    uint32_t types; /* bit n: there is a chunk of type n, below 32 */
};

static bool has(const struct content *content, enum packet_sctp_chunk_type type)
{
    return content->types >> type & 1;
}

/* False when the checksum is wrong, a chunk's length cannot be, or there is none. */
static bool look_at(struct sonde_bytes bytes, struct content *content)
{
    *content = (struct content){0};
    if (!packet_sctp_checksum_ok(bytes) || packet_sctp_parse(bytes, &content->header))
        return false;
    struct packet_sctp_items chunks = packet_sctp_chunks(content->header.chunks);
    struct packet_sctp_chunk chunk;
    int more;
    while ((more = packet_sctp_chunks_next(&chunks, &chunk)) == 1) {
        if (content->count++ == 0)
            content->first = chunk;
        if (chunk.type < 32)
            content->types |= UINT32_C(1) << chunk.type;
    }
    return more == 0 && content->count;
}

static uint64_t hash(const struct sim_service *service, const struct content *content,
                     uint64_t word)
{
    return sim_service_hash(service, content->header.source_port, content->header.destination_port,
                            word);
}

/*
 * The host's own verification tag for that of the other side, and the other way round: since
 * nothing is remembered, the tag in a packet must tell the one to answer with. Neither is ever 0.
 */
static uint32_t other_tag(const struct sim_service *service, const struct content *content,
                          uint32_t tag)
{
    uint32_t key = (uint32_t)hash(service, content, HASH_TAG);
    return tag == key ? key : tag ^ key;
}

/* Begins the answer, to the other side's tag. */
static size_t begin(struct sim_service *service, const struct content *content, uint32_t tag)
{
    return packet_sctp_begin(&service->upper, &(struct packet_sctp){
                                                  .source_port = content->header.destination_port,
                                                  .destination_port = content->header.source_port,
                                                  .verification_tag = tag,
                                              });
}

static enum sonde_sim_fate end(struct sim_service *service, size_t packet)
{
    return packet_sctp_end(&service->upper, packet) ? SONDE_SIM_UNANSWERED : SONDE_SIM_REPLY;
}

/* An answer of one chunk. */
static enum sonde_sim_fate say(struct sim_service *service, const struct content *content,
                               uint32_t tag, enum packet_sctp_chunk_type type, uint8_t flags,
                               struct sonde_bytes value)
{
    size_t packet = begin(service, content, tag);
    packet_sctp_chunk_write(&service->upper, (uint8_t)type, flags, value);
    return end(service, packet);
}

/* The tag of the other side, and a hash that nobody else can make: RFC 9260 section 5.1.3. */
static void write_cookie(const struct sim_service *service, const struct content *content,
                         uint32_t tag, uint8_t cookie[static COOKIE_BYTES])
{
    struct packet_writer writer = packet_writer_over(cookie, COOKIE_BYTES);
    packet_write_u32(&writer, tag);
    packet_write_u64(&writer, hash(service, content, HASH_COOKIE | tag));
}

static enum sonde_sim_fate accept_init(struct sim_service *service, const struct content *content,
                                       const struct packet_sctp_init *init)
{
    uint8_t cookie[COOKIE_BYTES];
    write_cookie(service, content, init->tag, cookie);
    uint32_t own = other_tag(service, content, init->tag);
    size_t packet = begin(service, content, init->tag);
    size_t chunk = packet_sctp_chunk_begin(&service->upper, PACKET_SCTP_INIT_ACK, 0);
    packet_sctp_init_write(
        &service->upper,
        &(struct packet_sctp_init){
            .tag = own,
            .window = WINDOW,
            .outbound_streams = init->inbound_streams < STREAMS ? init->inbound_streams : STREAMS,
            .inbound_streams = STREAMS,
            .sequence = own,
        });
    packet_sctp_parameter_write(&service->upper, chunk, PACKET_SCTP_STATE_COOKIE,
                                (struct sonde_bytes){cookie, COOKIE_BYTES});
    packet_sctp_chunk_end(&service->upper, chunk);
    return end(service, packet);
}

/* An INIT that stands alone, with a verification tag of 0: RFC 9260 sections 3.3.2 and 8.4 (3). */
static enum sonde_sim_fate answer_init(struct sim_service *service, const struct content *content,
                                       bool open)
{
    struct packet_sctp_init init;
    if (packet_sctp_init_parse(&content->first, &init) || init.tag == 0)
        return SONDE_SIM_MALFORMED;
    if (open && init.outbound_streams && init.inbound_streams)
        return accept_init(service, content, &init);
    return say(service, content, init.tag, PACKET_SCTP_ABORT, 0, (struct sonde_bytes){NULL, 0});
}

/* RFC 9260 section 8.4: what belongs to no association. */
static enum sonde_sim_fate answer_stranger(struct sim_service *service,
                                           const struct content *content)
{
    enum packet_sctp_chunk_type type = PACKET_SCTP_ABORT;
    if (has(content, PACKET_SCTP_SHUTDOWN_COMPLETE) || has(content, PACKET_SCTP_COOKIE_ACK))
        return SONDE_SIM_UNANSWERED;
    if (has(content, PACKET_SCTP_SHUTDOWN_ACK))
        type = PACKET_SCTP_SHUTDOWN_COMPLETE;
    return say(service, content, content->header.verification_tag, type, PACKET_SCTP_TAG_REFLECTED,
               (struct sonde_bytes){NULL, 0});
}

/* The tag in the cookie, when the host has made it for this packet; else 0. */
static uint32_t cookie_tag(const struct sim_service *service, const struct content *content)
{
    uint8_t own[COOKIE_BYTES];
    struct packet_reader reader = packet_reader_over(content->first.value);
    uint32_t tag = packet_read_u32(&reader);
    write_cookie(service, content, tag, own);
    bool same = content->first.value.length == COOKIE_BYTES &&
                memcmp(content->first.value.data, own, COOKIE_BYTES) == 0 &&
                content->header.verification_tag == other_tag(service, content, tag);
    return same ? tag : 0;
}

/* What an open port answers to anything but INIT. */
static enum sonde_sim_fate converse(struct sim_service *service, const struct content *content)
{
    const struct sonde_bytes nothing = {NULL, 0};
    uint32_t tag = other_tag(service, content, content->header.verification_tag);
    if (content->first.type == PACKET_SCTP_COOKIE_ECHO) {
        tag = cookie_tag(service, content);
        return tag ? say(service, content, tag, PACKET_SCTP_COOKIE_ACK, 0, nothing)
                   : SONDE_SIM_UNANSWERED;
    }
    struct packet_sctp_items chunks = packet_sctp_chunks(content->header.chunks);
    struct packet_sctp_chunk chunk;
    while (packet_sctp_chunks_next(&chunks, &chunk) == 1) {
        if (chunk.type == PACKET_SCTP_SHUTDOWN)
            return say(service, content, tag, PACKET_SCTP_SHUTDOWN_ACK, 0, nothing);
        if (chunk.type == PACKET_SCTP_HEARTBEAT)
            return say(service, content, tag, PACKET_SCTP_HEARTBEAT_ACK, 0, chunk.value);
    }
    return SONDE_SIM_UNANSWERED;
}

enum sonde_sim_fate sim_service_sctp(struct sim_service *service)
{
    struct content content;
    if (!look_at(service->visit->packet->upper, &content))
        return SONDE_SIM_MALFORMED;
    enum sim_port state = sim_service_port(service, SIM_SCTP, content.header.destination_port);
    if (state == SIM_PORT_SILENT || !service->unicast || has(&content, PACKET_SCTP_ABORT))
        return SONDE_SIM_UNANSWERED;
    bool init = has(&content, PACKET_SCTP_INIT), untagged = content.header.verification_tag == 0;
    /* RFC 9260 sections 3.1 and 8.5.1: an INIT stands alone, and alone has no tag. */
    if ((init && content.count != 1) || (untagged && !init))
        return SONDE_SIM_UNANSWERED;
    if (init && untagged)
        return answer_init(service, &content, state == SIM_PORT_OPEN);
    if (init || state == SIM_PORT_CLOSED)
        return answer_stranger(service, &content);
    return converse(service, &content);
}
