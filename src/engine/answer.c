#include "engine/answer.h"

#include <string.h>

#include "engine/answer_inside.h"
#include "engine/build.h"
#include "packet/cursor.h"
#include "packet/protocol.h"

void answer_from_slot(const struct answer_context *context, const struct flight_slot *slot,
                      struct sonde_outcome *outcome)
{
    *outcome = (struct sonde_outcome){
        .kind = SONDE_TIMED_OUT,
        .token = slot->token,
        .target = slot->target,
        .number = slot->number,
        .identifier = flight_identifier(context->flight, slot),
        .sequence = slot->sequence,
        .due = {sonde_saturating_sub(slot->sent_ns, slot->lag_ns)},
        .sent = {{slot->stamp_source == SONDE_STAMP_USER ? slot->sent_ns : slot->stamp_ns},
                 slot->stamp_source},
        .hop_limit = -1,
        .traffic_class = -1,
    };
}

void answer_set_rtt(const struct flight_slot *slot, const struct sonde_event *event,
                    struct sonde_outcome *outcome)
{
    outcome->received = event->stamp;
    outcome->rtt = sonde_mono_since(outcome->received.at, outcome->sent.at);
    bool same_clock = outcome->sent.source == outcome->received.source &&
                      outcome->received.source > SONDE_STAMP_USER;
    if (!same_clock || outcome->rtt.ns < 0) {
        outcome->sent = (struct sonde_stamp){{slot->sent_ns}, SONDE_STAMP_USER};
        outcome->received = (struct sonde_stamp){event->read, SONDE_STAMP_USER};
        outcome->rtt = sonde_mono_since(event->read, outcome->sent.at);
    }
    outcome->rtt_known = outcome->rtt.ns >= 0;
}

uint64_t answer_proof(const struct answer_context *context, const struct flight_slot *slot)
{
    const struct sonde_address *address = &context->targets[slot->target].address;
    struct build_lease lease = {slot->token, flight_identifier(context->flight, slot),
                                slot->sequence};
    return build_proof(context->config, address, &lease);
}

static struct build_payload payload_of(const struct answer_context *context,
                                       const struct flight_slot *slot)
{
    return build_payload_of(context->config, (enum sonde_probe_kind)slot->kind, slot->payload_bytes,
                            slot->balanced);
}

/* True when what differs from the proof is zeros to the end. */
static bool is_filled_up(struct sonde_bytes bytes, const uint8_t *proof)
{
    size_t at = 0;
    while (bytes.data[at] == proof[at])
        at++;
    while (at < bytes.length && bytes.data[at] == 0)
        at++;
    return at == bytes.length;
}

enum answer_evidence answer_by_payload(const struct answer_context *context,
                                       const struct flight_slot *slot, struct sonde_bytes payload,
                                       bool quoted)
{
    uint8_t expected[16];
    bool has_payload = slot->kind == SONDE_PROBE_ECHO || slot->kind == SONDE_PROBE_UDP;
    size_t bytes = has_payload ? payload_of(context, slot).proof_bytes : 0;
    if (bytes == 0 || payload.length < bytes)
        return ANSWER_UNPROVEN;
    struct packet_writer writer = packet_writer_over(expected, sizeof expected);
    if (bytes == 16)
        packet_write_u64(&writer, slot->token);
    packet_write_u64(&writer, answer_proof(context, slot));
    if (memcmp(payload.data, expected, bytes) == 0)
        return ANSWER_PROVEN;
    return quoted && is_filled_up(payload, expected) ? ANSWER_UNPROVEN : ANSWER_REFUTED;
}

enum answer_evidence answer_by_word(const struct answer_context *context,
                                    const struct flight_slot *slot, uint32_t word)
{
    return word == build_word(slot->sequence, answer_proof(context, slot)) ? ANSWER_PROVEN
                                                                           : ANSWER_REFUTED;
}

struct flight_slot *answer_by_token(const struct answer_context *context,
                                    struct sonde_bytes payload)
{
    struct packet_reader reader = packet_reader_over(payload);
    return flight_by_token(context->flight, packet_read_u64(&reader));
}

struct flight_slot *answer_by_port(const struct answer_context *context,
                                   const struct flight_lane *lane, uint16_t port)
{
    struct flight *flight = context->flight;
    uint32_t sequence = (uint16_t)(port - context->port_base);
    uint32_t step = build_port_sequences(context->port_base);
    struct flight_slot *best = NULL;
    for (; sequence < flight->sequences; sequence += step) {
        struct flight_slot *slot = flight_in_lane(flight, lane, sequence);
        if (slot && slot->kind == SONDE_PROBE_UDP && slot->port == port &&
            (!best || slot->token > best->token))
            best = slot;
    }
    return best;
}

/* The proof of the messages that carry it elsewhere than in a payload. */
static bool header_proof_ok(const struct answer_context *context, const struct flight_slot *slot,
                            const struct packet_icmp *message)
{
    if (message->form == PACKET_ICMP_TIMES)
        return message->timestamp.originate == build_originate(answer_proof(context, slot));
    if (message->form == PACKET_ICMP_NODE) {
        struct packet_reader reader = {message->node.nonce + 4, message->node.nonce + 8, false};
        return packet_read_u32(&reader) == (uint32_t)answer_proof(context, slot);
    }
    return true;
}

/* Whether eight bytes go up from the offset that they stand at, a multiple of eight. */
static bool counts_up(const uint8_t *bytes, size_t offset)
{
    uint64_t first, word; /* all eight wrap round together, so that nothing is carried */
    memcpy(&first, (const uint8_t[]){0, 1, 2, 3, 4, 5, 6, 7}, sizeof first);
    memcpy(&word, bytes, sizeof word);
    return word == first + (uint8_t)offset * UINT64_C(0x0101010101010101);
}

/* The first offset from `at` on that is not as it was sent; `end`: none. */
static size_t first_difference(const struct answer_context *context, const uint8_t *payload,
                               size_t at, size_t end)
{
    while (at < end) {
        if (context->config->pattern_bytes == 0 && at % 8 == 0 && end - at >= 8 &&
            counts_up(payload + at, at))
            at += 8;
        else if (payload[at] == build_pattern_at(context->config, at))
            at++;
        else
            break;
    }
    return at;
}

void answer_compare_payload(const struct answer_context *context, const struct flight_slot *slot,
                            struct sonde_bytes payload, struct sonde_outcome *outcome)
{
    if (slot->kind != SONDE_PROBE_ECHO && slot->kind != SONDE_PROBE_UDP)
        return;
    struct build_payload sent = payload_of(context, slot);
    outcome->truncated = payload.length < sent.bytes;
    size_t end = outcome->truncated ? payload.length : sent.bytes;
    size_t start = sent.proof_bytes + (sent.balance_at == BUILD_NO_BALANCE ? 0 : 2);
    bool comparable = start < end && !slot->filled;
    size_t at = comparable ? first_difference(context, payload.data, start, end) : end;
    if (at < end) {
        outcome->payload_differs = true;
        outcome->payload_differs_at = (uint32_t)at;
    }
}

void answer_combine(const struct answer_context *context, const struct flight_slot *slot,
                    const struct engine_arrival *arrival, enum sonde_outcome_kind kind,
                    struct sonde_outcome *outcome)
{
    answer_from_slot(context, slot, outcome);
    outcome->kind = kind;
    outcome->from = arrival->from;
    outcome->to = arrival->to;
    outcome->hop_limit = arrival->hop_limit;
    outcome->traffic_class = arrival->traffic_class;
    outcome->ip = arrival->ip;
    if (engine_arrival_is_icmp(arrival))
        outcome->icmp = arrival->upper;
}

static enum answer_verdict judge_reply(const struct answer_context *context,
                                       const struct engine_arrival *arrival,
                                       const struct packet_icmp *message,
                                       struct flight_slot **found, struct sonde_outcome *outcome)
{
    uint16_t identifier, sequence;
    if (!packet_icmp_lease(message, &identifier, &sequence))
        return ANSWER_FOREIGN;
    struct flight_slot *slot = flight_by_lease(context->flight, identifier, sequence);
    if (!slot)
        return ANSWER_FOREIGN;
    const struct sonde_engine_target *target = &context->targets[slot->target];
    int request = packet_icmp_request_type(target->address.family, slot->kind);
    if (target->address.family != message->family || request < 0 ||
        packet_icmp_reply_type(message->family, (uint8_t)request) != message->type)
        return ANSWER_FOREIGN;

    answer_combine(context, slot, arrival, SONDE_REPLY, outcome);
    outcome->icmp_type = message->type;
    outcome->icmp_code = message->code;
    outcome->said = SONDE_SAID_ICMP_REPLY;
    outcome->foreign_source = !sonde_address_equal(&outcome->from, &target->address);
    *found = slot;
    if (!engine_arrival_checksum_ok(arrival)) {
        outcome->kind = SONDE_CORRUPT;
        outcome->received = arrival->event->stamp;
        return outcome->foreign_source && !target->many_answer ? ANSWER_FOREIGN : ANSWER_OURS;
    }
    enum answer_evidence proof = answer_by_payload(context, slot, message->payload, false);
    if (proof == ANSWER_REFUTED || !header_proof_ok(context, slot, message))
        return ANSWER_FOREIGN;
    /* from another address only the proof can tell that it is ours */
    if (outcome->foreign_source && !target->many_answer && proof != ANSWER_PROVEN)
        return ANSWER_FOREIGN;
    answer_compare_payload(context, slot, message->payload, outcome);
    answer_set_rtt(slot, arrival->event, outcome);
    return ANSWER_OURS;
}

static enum answer_verdict judge_icmp(const struct answer_context *context,
                                      const struct engine_arrival *arrival,
                                      struct flight_slot **slot, struct sonde_outcome *outcome)
{
    struct packet_icmp message;
    if (packet_icmp_parse((enum sonde_family)arrival->from.family, arrival->upper, &message) != 0)
        return ANSWER_MALFORMED;
    int kind = packet_icmp_outcome(message.family, message.type, message.code);
    if (kind < 0)
        return ANSWER_FOREIGN;
    if (kind == SONDE_REPLY)
        return judge_reply(context, arrival, &message, slot, outcome);
    return answer_judge_error(context, arrival, &message, (enum sonde_outcome_kind)kind, slot,
                              outcome);
}

enum answer_verdict answer_judge(const struct answer_context *context,
                                 const struct sonde_event *event, struct flight_slot **slot,
                                 struct sonde_outcome *outcome)
{
    if (event->kind == SONDE_EVENT_ERROR)
        return answer_judge_queued(context, event, slot, outcome);
    struct engine_arrival arrival;
    if (!engine_arrival_find(event, &arrival))
        return ANSWER_MALFORMED;
    switch (arrival.protocol) {
    case PACKET_UDP:
        return answer_judge_udp(context, &arrival, slot, outcome);
    case PACKET_TCP:
        return answer_judge_tcp(context, &arrival, slot, outcome);
    case PACKET_SCTP:
        return answer_judge_sctp(context, &arrival, slot, outcome);
    default:
        return judge_icmp(context, &arrival, slot, outcome);
    }
}
