/* Direct answers to UDP, TCP and SCTP probes: their destination port is the lane. */
#include "engine/answer_inside.h"
#include "engine/build.h"
#include "packet/sctp.h"
#include "packet/tcp.h"
#include "packet/udp.h"

#define DNS_HEADER    12u
#define NTP_ORIGINATE 24u
#define QUIC_LONG     0x80u
#define QUIC_ID_BYTES 8u

/* An answer with ports. */
struct call {
    const struct answer_context *context;
    const struct engine_arrival *arrival;
    enum sonde_probe_kind kind;
    uint16_t their_port;
    const struct flight_lane *lane; /* of our port */
};

/* True when the probe asked this host at this port, or all that hear a group's address. */
static bool asked(const struct call *call, const struct flight_slot *slot)
{
    const struct sonde_engine_target *target = &call->context->targets[slot->target];
    return slot->kind == call->kind && slot->port == call->their_port &&
           target->address.family == call->arrival->from.family &&
           (target->many_answer || sonde_address_equal(&call->arrival->from, &target->address));
}

static enum answer_verdict tell(const struct call *call, struct flight_slot *slot,
                                enum sonde_said said, struct flight_slot **found,
                                struct sonde_outcome *outcome)
{
    const struct answer_context *context = call->context;
    answer_combine(context, slot, call->arrival, SONDE_REPLY, outcome);
    outcome->said = said;
    outcome->foreign_source =
        !sonde_address_equal(&outcome->from, &context->targets[slot->target].address);
    *found = slot;
    if (!engine_arrival_checksum_ok(call->arrival)) {
        outcome->kind = SONDE_CORRUPT;
        outcome->received = call->arrival->event->stamp;
        return ANSWER_OURS;
    }
    answer_set_rtt(slot, call->arrival->event, outcome);
    return ANSWER_OURS;
}

/* TCP and SCTP: the slot of the word that is acknowledged; NULL when we never said it. */
static struct flight_slot *by_word(const struct call *call, uint32_t word)
{
    struct flight_slot *slot = flight_in_lane(call->context->flight, call->lane, word >> 16);
    if (!slot || !asked(call, slot) || answer_by_word(call->context, slot, word) != ANSWER_PROVEN)
        return NULL;
    return slot;
}

/* A SYN's data may be acknowledged with it: by an RST always (RFC 9293 section 3.10.7.1). */
static struct flight_slot *by_acknowledgment(const struct call *call, uint32_t acknowledgment)
{
    struct flight_slot *found = by_word(call, acknowledgment - 1);
    for (uint32_t back = 0; back <= 1 && !found; back++) { /* data may carry into the upper half */
        struct flight_slot *slot = flight_in_lane(
            call->context->flight, call->lane, (((acknowledgment - 1) >> 16) - back) & UINT16_MAX);
        if (slot && slot->payload_bytes > 0)
            found = by_word(call, acknowledgment - 1 - slot->payload_bytes);
    }
    return found;
}

enum answer_verdict answer_judge_tcp(const struct answer_context *context,
                                     const struct engine_arrival *arrival,
                                     struct flight_slot **found, struct sonde_outcome *outcome)
{
    struct packet_tcp tcp;
    if (packet_tcp_parse(arrival->upper, &tcp) != 0)
        return ANSWER_MALFORMED;
    struct call call = {context, arrival, SONDE_PROBE_TCP, tcp.source_port,
                        flight_lane(context->flight, tcp.destination_port)};
    bool reset = tcp.flags & PACKET_TCP_RST;
    bool accepted = (tcp.flags & PACKET_TCP_SYN) && (tcp.flags & PACKET_TCP_ACK);
    /* a bare ACK is about somebody's connection: RFC 5961 section 4 */
    if (!call.lane || (!reset && !accepted))
        return ANSWER_FOREIGN;
    struct flight_slot *slot = by_acknowledgment(&call, tcp.acknowledgment);
    if (!slot)
        return ANSWER_FOREIGN;
    return tell(&call, slot, reset ? SONDE_SAID_RST : SONDE_SAID_SYN_ACK, found, outcome);
}

enum answer_verdict answer_judge_sctp(const struct answer_context *context,
                                      const struct engine_arrival *arrival,
                                      struct flight_slot **found, struct sonde_outcome *outcome)
{
    struct packet_sctp sctp;
    struct packet_sctp_chunk first;
    if (packet_sctp_parse(arrival->upper, &sctp) != 0)
        return ANSWER_MALFORMED;
    struct packet_sctp_items chunks = packet_sctp_chunks(sctp.chunks);
    if (packet_sctp_chunks_next(&chunks, &first) != 1)
        return ANSWER_MALFORMED;
    struct call call = {context, arrival, SONDE_PROBE_SCTP, sctp.source_port,
                        flight_lane(context->flight, sctp.destination_port)};
    bool accepted = first.type == PACKET_SCTP_INIT_ACK;
    if (!call.lane || (!accepted && first.type != PACKET_SCTP_ABORT))
        return ANSWER_FOREIGN;
    struct flight_slot *slot = by_word(&call, sctp.verification_tag);
    if (!slot)
        return ANSWER_FOREIGN;
    return tell(&call, slot, accepted ? SONDE_SAID_INIT_ACK : SONDE_SAID_ABORT, found, outcome);
}

/* --- UDP ---------------------------------------------------------------------------------------
 */

/* What a reply to a payload of ours says of whose it is: 64 bits, or 16 at their top. False: it
 * does not say. */
static bool read_mark(enum sonde_payload kind, struct sonde_bytes payload, uint64_t *mark)
{
    struct packet_reader reader = packet_reader_over(payload);
    switch (kind) {
    case SONDE_PAYLOAD_PATTERN:
        return false;
    case SONDE_PAYLOAD_DNS:
        if (payload.length < DNS_HEADER) /* what merely sends back has our ID as well */
            return false;
        *mark = (uint64_t)packet_read_u16(&reader) << 48;
        return true;
    case SONDE_PAYLOAD_NTP:
        packet_skip(&reader, NTP_ORIGINATE);
        break;
    case SONDE_PAYLOAD_QUIC: /* RFC 8999 section 5.1: theirs first, which is our source */
        if (!(packet_read_u8(&reader) & QUIC_LONG))
            return false;
        packet_skip(&reader, 4);
        if (packet_read_u8(&reader) != QUIC_ID_BYTES)
            return false;
        break;
    }
    *mark = packet_read_u64(&reader);
    return !reader.failed;
}

static struct flight_slot *by_mark(const struct call *call, uint64_t mark)
{
    const struct answer_context *context = call->context;
    uint16_t sequence = (uint16_t)(mark >> 48);
    struct flight_slot *slot = flight_in_lane(context->flight, call->lane, sequence);
    if (!slot || !asked(call, slot))
        return NULL;
    bool whole = context->config->payload != SONDE_PAYLOAD_DNS;
    if (whole && mark != build_mark(sequence, answer_proof(context, slot)))
        return NULL;
    return slot;
}

/* How little a probe lacks to be the one that a reply without a mark is for; 0: it is not. */
static int readiness(const struct flight_slot *slot)
{
    switch ((enum flight_state)slot->state) {
    case FLIGHT_OPEN:
        return 3;
    case FLIGHT_TIMED_OUT:
        return 2;
    case FLIGHT_ANSWERED:
        return 1;
    case FLIGHT_FREE:
    case FLIGHT_BUILT:
        break;
    }
    return 0;
}

/* The newest probe that waits for an answer from there; else the newest that waited for one. */
static struct flight_slot *newest(const struct call *call)
{
    struct flight *flight = call->context->flight;
    struct flight_slot *best = NULL;
    for (uint32_t back = 1; back <= flight_newest_count(flight); back++) {
        struct flight_slot *slot = flight_newest(flight, call->lane, back);
        if (!slot || !asked(call, slot))
            continue;
        if (slot->state == FLIGHT_OPEN)
            return slot;
        if (readiness(slot) > (best ? readiness(best) : 0))
            best = slot;
    }
    return best;
}

/* Whose payload it is that came back; NULL when it is nobody's. */
static struct flight_slot *by_echo(const struct call *call, struct sonde_bytes payload)
{
    struct flight_slot *slot = answer_by_token(call->context, payload);
    if (!slot || slot->kind != SONDE_PROBE_UDP || slot->port != call->their_port ||
        &call->context->flight->lanes[slot->lane] != call->lane ||
        call->context->targets[slot->target].address.family != call->arrival->from.family)
        return NULL;
    return answer_by_payload(call->context, slot, payload, false) == ANSWER_PROVEN ? slot : NULL;
}

enum answer_verdict answer_judge_udp(const struct answer_context *context,
                                     const struct engine_arrival *arrival,
                                     struct flight_slot **found, struct sonde_outcome *outcome)
{
    struct packet_udp udp;
    if (packet_udp_parse(arrival->upper, &udp) != 0)
        return ANSWER_MALFORMED;
    struct call call = {context, arrival, SONDE_PROBE_UDP, udp.source_port,
                        flight_lane(context->flight, udp.destination_port)};
    if (!call.lane)
        return ANSWER_FOREIGN;
    struct flight_slot *slot = by_echo(&call, udp.payload);
    bool echoed = slot != NULL;
    uint64_t mark = 0;
    if (!slot && read_mark(context->config->payload, udp.payload, &mark))
        slot = by_mark(&call, mark);
    else if (!slot && context->config->sequence_in_port)
        slot = answer_by_port(context, call.lane, udp.source_port);
    else if (!slot)
        slot = newest(&call);
    if (!slot || (!echoed && !asked(&call, slot)))
        return ANSWER_FOREIGN;
    enum answer_verdict verdict = tell(&call, slot, SONDE_SAID_UDP, found, outcome);
    if (echoed)
        answer_compare_payload(context, slot, udp.payload, outcome);
    return verdict;
}
