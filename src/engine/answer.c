#include "engine/answer.h"

#include <errno.h>

#include "engine/arrival.h"
#include "engine/build.h"
#include "packet/icmp.h"
#include "packet/quote.h"

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

/* RTT is a difference of one clock: the better one if both ends have it, else user time. */
static void set_rtt(const struct flight_slot *slot, const struct sonde_event *event,
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

/* True unless the payload came back far enough to hold a proof and holds a wrong one. */
static bool proof_ok(const struct answer_context *context, const struct flight_slot *slot,
                     struct sonde_bytes payload)
{
    size_t bytes = build_proof_bytes(slot->payload_bytes);
    if (slot->kind != SONDE_PROBE_ECHO || bytes == 0 || payload.length < bytes)
        return true;
    const struct sonde_address *address = &context->targets[slot->target].address;
    struct build_lease lease = {slot->token, flight_identifier(context->flight, slot),
                                slot->sequence};
    struct packet_reader reader = packet_reader_over(payload);
    if (bytes == 16 && packet_read_u64(&reader) != slot->token)
        return false;
    return packet_read_u64(&reader) == build_proof(context->config, address, &lease);
}

/* The proof of the messages that carry it elsewhere than in a payload. */
static bool header_proof_ok(const struct answer_context *context, const struct flight_slot *slot,
                            const struct packet_icmp *message)
{
    const struct sonde_address *address = &context->targets[slot->target].address;
    struct build_lease lease = {slot->token, flight_identifier(context->flight, slot),
                                slot->sequence};
    if (message->form == PACKET_ICMP_TIMES)
        return message->timestamp.originate ==
               build_originate(build_proof(context->config, address, &lease));
    if (message->form == PACKET_ICMP_NODE) {
        struct packet_reader reader = {message->node.nonce + 4, message->node.nonce + 8, false};
        return packet_read_u32(&reader) == (uint32_t)build_proof(context->config, address, &lease);
    }
    return true;
}

static void compare_payload(const struct answer_context *context, const struct flight_slot *slot,
                            struct sonde_bytes payload, struct sonde_outcome *outcome)
{
    if (slot->kind != SONDE_PROBE_ECHO)
        return;
    outcome->truncated = payload.length < slot->payload_bytes;
    size_t end = outcome->truncated ? payload.length : slot->payload_bytes;
    for (size_t i = build_proof_bytes(slot->payload_bytes); i < end; i++) {
        if (payload.data[i] != build_pattern_at(context->config, i)) {
            outcome->payload_differs = true;
            outcome->payload_differs_at = (uint32_t)i;
            return;
        }
    }
}

/* What the slot knows of its probe, and what was seen of the message. */
static void combine(const struct answer_context *context, const struct flight_slot *slot,
                    const struct engine_arrival *arrival, const struct packet_icmp *message,
                    enum sonde_outcome_kind kind, struct sonde_outcome *outcome)
{
    answer_from_slot(context, slot, outcome);
    outcome->kind = kind;
    outcome->from = arrival->from;
    outcome->to = arrival->to;
    outcome->hop_limit = arrival->hop_limit;
    outcome->traffic_class = arrival->traffic_class;
    outcome->ip = arrival->ip;
    outcome->icmp = arrival->icmp;
    outcome->icmp_type = message->type;
    outcome->icmp_code = message->code;
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

    combine(context, slot, arrival, message, SONDE_REPLY, outcome);
    outcome->foreign_source = !sonde_address_equal(&outcome->from, &target->address);
    *found = slot;
    if (!engine_arrival_checksum_ok(arrival)) {
        outcome->kind = SONDE_CORRUPT;
        outcome->received = arrival->event->stamp;
        return outcome->foreign_source && !target->many_answer ? ANSWER_FOREIGN : ANSWER_OURS;
    }
    if (!proof_ok(context, slot, message->payload) || !header_proof_ok(context, slot, message))
        return ANSWER_FOREIGN;
    /* from another address only the proof can tell that it is ours */
    bool proven = slot->kind == SONDE_PROBE_ECHO && build_proof_bytes(slot->payload_bytes) > 0 &&
                  message->payload.length >= build_proof_bytes(slot->payload_bytes);
    if (outcome->foreign_source && !target->many_answer && !proven)
        return ANSWER_FOREIGN;
    compare_payload(context, slot, message->payload, outcome);
    set_rtt(slot, arrival->event, outcome);
    return ANSWER_OURS;
}

static enum answer_verdict judge_error(const struct answer_context *context,
                                       const struct engine_arrival *arrival,
                                       const struct packet_icmp *message,
                                       enum sonde_outcome_kind kind, struct flight_slot **found,
                                       struct sonde_outcome *outcome)
{
    struct sonde_quote quote;
    struct packet_transport inner;
    if (packet_quote_parse(message->family, message->error.quote, &quote, &inner) != 0)
        return ANSWER_MALFORMED;
    if (!inner.has_lease)
        return ANSWER_FOREIGN;
    struct flight_slot *slot = flight_by_lease(context->flight, inner.identifier, inner.sequence);
    if (!slot)
        return ANSWER_FOREIGN;
    const struct sonde_engine_target *target = &context->targets[slot->target];
    bool to_target = sonde_address_equal(&quote.to, &target->address) ||
                     (target->first_hop.family && context->config->ipv4_options.length > 0);
    if (!to_target || packet_icmp_request_type(message->family, slot->kind) != inner.type ||
        inner.bytes.length < PACKET_ICMP_HEADER ||
        !proof_ok(context, slot,
                  (struct sonde_bytes){inner.bytes.data + PACKET_ICMP_HEADER,
                                       inner.bytes.length - PACKET_ICMP_HEADER}))
        return ANSWER_FOREIGN;

    combine(context, slot, arrival, message,
            engine_arrival_checksum_ok(arrival) ? kind : SONDE_CORRUPT, outcome);
    outcome->mtu = message->error.mtu;
    outcome->pointer = message->error.pointer;
    outcome->gateway = message->error.gateway;
    outcome->extensions = message->error.extensions;
    outcome->quote = quote;
    outcome->quote.icmp_intact = true;
    set_rtt(slot, arrival->event, outcome);
    *found = slot;
    return ANSWER_OURS;
}

/* The kernel's error queue has parsed the error for us and quotes our message. */
static enum answer_verdict judge_queued(const struct answer_context *context,
                                        const struct sonde_event *event, struct flight_slot **found,
                                        struct sonde_outcome *outcome)
{
    struct packet_icmp request;
    uint16_t identifier, sequence;
    if (packet_icmp_parse(event->to.family, event->bytes, &request) != 0 ||
        !packet_icmp_lease(&request, &identifier, &sequence))
        return ANSWER_MALFORMED;
    struct flight_slot *slot = flight_by_lease(context->flight, identifier, sequence);
    if (!slot || !sonde_address_equal(&event->to, &context->targets[slot->target].address))
        return ANSWER_FOREIGN;
    bool local = event->from.family == SONDE_FAMILY_NONE;
    int kind = local ? SONDE_SEND_FAILED
                     : packet_icmp_outcome(event->to.family, event->icmp_type, event->icmp_code);
    if (kind < 0)
        return ANSWER_FOREIGN;
    answer_from_slot(context, slot, outcome);
    outcome->kind = (enum sonde_outcome_kind)kind;
    outcome->from_error_queue = true;
    outcome->from = event->from;
    outcome->icmp_type = event->icmp_type;
    outcome->icmp_code = event->icmp_code;
    outcome->error = event->error;
    if (kind == SONDE_TOO_BIG || (local && event->error == EMSGSIZE))
        outcome->mtu = event->info;
    if (kind == SONDE_PARAMETER_PROBLEM)
        outcome->pointer = event->info;
    if (!local)
        set_rtt(slot, event, outcome);
    *found = slot;
    return ANSWER_OURS;
}

enum answer_verdict answer_judge(const struct answer_context *context,
                                 const struct sonde_event *event, struct flight_slot **slot,
                                 struct sonde_outcome *outcome)
{
    *outcome = (struct sonde_outcome){0};
    if (event->kind == SONDE_EVENT_ERROR)
        return judge_queued(context, event, slot, outcome);
    struct engine_arrival arrival;
    struct packet_icmp message;
    if (!engine_arrival_find(event, &arrival) ||
        packet_icmp_parse((enum sonde_family)arrival.from.family, arrival.icmp, &message) != 0)
        return ANSWER_MALFORMED;
    int kind = packet_icmp_outcome(message.family, message.type, message.code);
    if (kind < 0)
        return ANSWER_FOREIGN;
    if (kind == SONDE_REPLY)
        return judge_reply(context, &arrival, &message, slot, outcome);
    return judge_error(context, &arrival, &message, (enum sonde_outcome_kind)kind, slot, outcome);
}
