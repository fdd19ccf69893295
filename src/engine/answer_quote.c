/* ICMP errors: which of our probes is it that they quote? */
#include <assert.h>
#include <errno.h>

#include "engine/answer_inside.h"
#include "engine/build.h"
#include "packet/protocol.h"
#include "packet/quote.h"
#include "packet/sctp.h"
#include "packet/udp.h"

/* What an error says of the datagram that it is about. */
struct claim {
    enum sonde_family family;
    const struct sonde_address *to;
    const struct packet_transport *inner;
    const struct sonde_quote *quote; /* NULL: its IP header was not quoted */
    uint16_t identifier;             /* ICMP's, or the source port */
};

/* How much speaks for a slot. */
enum weight {
    CONTRADICTED = -1,
    WEIGHT_OPEN = 1,   /* no verdict yet */
    WEIGHT_ONE = 2,    /* a field of 16 bits agrees that others may have changed … */
    WEIGHT_TWO = 4,    /* … or that these others had no reason to */
    WEIGHT_PROOF = 16, /* only we could have written that */
};

static bool has_ports(const struct claim *claim)
{
    return claim->inner->has_ports;
}

static uint8_t protocol_of(const struct flight_slot *slot, enum sonde_family family)
{
    switch ((enum sonde_probe_kind)slot->kind) {
    case SONDE_PROBE_UDP:
        return PACKET_UDP;
    case SONDE_PROBE_TCP:
        return PACKET_TCP;
    case SONDE_PROBE_SCTP:
        return PACKET_SCTP;
    default:
        return family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
    }
}

static struct sonde_bytes payload_of(const struct claim *claim)
{
    static_assert(PACKET_ICMP_HEADER == PACKET_UDP_HEADER, "both have eight bytes in front");
    struct sonde_bytes bytes = claim->inner->bytes;
    bool known =
        claim->inner->protocol == PACKET_UDP || (!has_ports(claim) && claim->inner->has_lease);
    if (!known || bytes.length < PACKET_UDP_HEADER)
        return (struct sonde_bytes){NULL, 0};
    return (struct sonde_bytes){bytes.data + PACKET_UDP_HEADER, bytes.length - PACKET_UDP_HEADER};
}

static enum answer_evidence prove(const struct answer_context *context,
                                  const struct flight_slot *slot, const struct claim *claim)
{
    const struct packet_transport *inner = claim->inner;
    switch ((enum sonde_probe_kind)slot->kind) {
    case SONDE_PROBE_TCP:
        return inner->has_tcp_sequence ? answer_by_word(context, slot, inner->tcp_sequence)
                                       : ANSWER_UNPROVEN;
    case SONDE_PROBE_SCTP: /* a tag of 0 was filled in by who quotes */
        return inner->initiate_tag != 0 ? answer_by_word(context, slot, inner->initiate_tag)
                                        : ANSWER_UNPROVEN;
    default:
        return answer_by_payload(context, slot, payload_of(claim), true);
    }
}

/* True when somebody on the way has given the datagram another source. */
static bool is_translated(const struct claim *claim, const struct sonde_engine_target *target)
{
    return claim->quote && !sonde_address_equal(&claim->quote->from, &target->source);
}

static bool may_be(const struct answer_context *context, const struct flight_slot *slot,
                   const struct claim *claim)
{
    const struct sonde_engine_target *target = &context->targets[slot->target];
    const struct packet_transport *inner = claim->inner;
    bool to_target = sonde_address_equal(claim->to, &target->address) ||
                     (target->first_hop.family && context->config->ipv4_options.length > 0);
    if (!to_target || target->address.family != claim->family ||
        protocol_of(slot, claim->family) != inner->protocol)
        return false;
    if (has_ports(claim))
        return inner->destination_port == slot->port;
    return packet_icmp_request_type(claim->family, (enum sonde_probe_kind)slot->kind) ==
               inner->type &&
           inner->sequence == slot->sequence;
}

/* What speaks for a slot as the one that is quoted. */
static int weigh(const struct answer_context *context, const struct flight_slot *slot,
                 const struct claim *claim)
{
    if (!may_be(context, slot, claim))
        return CONTRADICTED;
    enum answer_evidence proof = prove(context, slot, claim);
    if (proof == ANSWER_REFUTED)
        return CONTRADICTED;
    const struct sonde_engine_target *target = &context->targets[slot->target];
    bool same_identifier = claim->identifier == flight_identifier(context->flight, slot);
    bool translated = is_translated(claim, target);
    const struct packet_transport *inner = claim->inner;
    int weight = proof == ANSWER_PROVEN ? WEIGHT_PROOF : 0;
    if (!has_ports(claim) && same_identifier)
        weight += WEIGHT_TWO;
    /* where the source is another and not ours, the checksum is another, too; else its change
     * would have no reason, and it is the identification that may be another */
    if (has_ports(claim) && claim->quote && claim->family == SONDE_IPV4 &&
        claim->quote->ip_id == slot->sequence && (same_identifier || translated))
        weight += translated ? WEIGHT_TWO : WEIGHT_ONE;
    if (inner->protocol == PACKET_UDP && inner->has_checksum && same_identifier &&
        inner->checksum == slot->sequence)
        weight += translated ? WEIGHT_ONE : WEIGHT_TWO;
    if (inner->protocol == PACKET_UDP && context->config->sequence_in_port && same_identifier)
        weight += WEIGHT_ONE;
    if (weight == 0)
        return CONTRADICTED;
    return weight + (slot->state == FLIGHT_OPEN ? WEIGHT_OPEN : 0);
}

struct choice {
    struct flight_slot *slot;
    int weight;
};

static void consider(const struct answer_context *context, struct flight_slot *slot,
                     const struct claim *claim, struct choice *choice)
{
    int weight = slot ? weigh(context, slot, claim) : CONTRADICTED;
    if (weight > choice->weight)
        *choice = (struct choice){slot, weight};
}

/* All sequence numbers that the quote may mean. */
static void consider_lane(const struct answer_context *context, const struct flight_lane *lane,
                          const struct claim *claim, struct choice *choice)
{
    const struct packet_transport *inner = claim->inner;
    struct flight *flight = context->flight;
    if (!has_ports(claim)) {
        consider(context, flight_in_lane(flight, lane, inner->sequence), claim, choice);
        return;
    }
    if (claim->quote && claim->family == SONDE_IPV4)
        consider(context, flight_in_lane(flight, lane, claim->quote->ip_id), claim, choice);
    if (inner->protocol == PACKET_UDP && inner->has_checksum)
        consider(context, flight_in_lane(flight, lane, inner->checksum), claim, choice);
    if (inner->protocol == PACKET_UDP && context->config->sequence_in_port)
        consider(context, answer_by_port(context, lane, inner->destination_port), claim, choice);
    if (inner->has_tcp_sequence)
        consider(context, flight_in_lane(flight, lane, inner->tcp_sequence >> 16), claim, choice);
    if (inner->has_initiate_tag)
        consider(context, flight_in_lane(flight, lane, inner->initiate_tag >> 16), claim, choice);
}

/* The slot that most speaks for; NULL when nothing speaks for any. */
static struct flight_slot *identify(const struct answer_context *context, const struct claim *claim)
{
    struct flight *flight = context->flight;
    struct choice choice = {0};
    const struct flight_lane *lane = flight_lane(flight, claim->identifier);
    if (lane)
        consider_lane(context, lane, claim, &choice);
    if (choice.slot)
        return choice.slot;
    consider(context, answer_by_token(context, payload_of(claim)), claim, &choice);
    /* with another source port than ours, any lane may be meant */
    for (size_t i = 0; has_ports(claim) && !choice.slot && i < flight->lane_count; i++)
        consider_lane(context, &flight->lanes[i], claim, &choice);
    return choice.slot;
}

/*
 * The probe of a flow that only its flow tells: the kernel has matched the error with a socket of
 * ours, but quotes of UDP no more than the ports. The newest is meant that has no verdict yet.
 */
static struct flight_slot *newest(const struct answer_context *context, const struct claim *claim)
{
    struct flight *flight = context->flight;
    const struct flight_lane *lane = flight_lane(flight, claim->identifier);
    if (!lane || claim->inner->protocol != PACKET_UDP || claim->inner->checksum != 0)
        return NULL;
    for (uint32_t back = 1; back <= flight_newest_count(flight); back++) {
        struct flight_slot *slot = flight_newest(flight, lane, back);
        if (slot && slot->state == FLIGHT_OPEN && may_be(context, slot, claim) &&
            prove(context, slot, claim) != ANSWER_REFUTED)
            return slot;
    }
    return NULL;
}

/* Who is asked and says "not here" is there all the same. */
static enum sonde_said said_by_target(const struct sonde_engine_target *target,
                                      const struct flight_slot *slot,
                                      const struct sonde_outcome *outcome)
{
    if (!build_has_ports((enum sonde_probe_kind)slot->kind) ||
        !sonde_address_equal(&outcome->from, &target->address))
        return SONDE_SAID_NOTHING;
    bool ipv4 = target->address.family == SONDE_IPV4;
    if (ipv4 && outcome->icmp_type == PACKET_ICMPV4_UNREACHABLE) {
        if (outcome->icmp_code == PACKET_ICMPV4_PORT_UNREACHABLE)
            return SONDE_SAID_PORT_CLOSED;
        if (outcome->icmp_code == PACKET_ICMPV4_PROTOCOL_UNREACHABLE)
            return SONDE_SAID_PROTOCOL_CLOSED;
    }
    if (!ipv4 && outcome->icmp_type == PACKET_ICMPV6_UNREACHABLE &&
        outcome->icmp_code == PACKET_ICMPV6_PORT_UNREACHABLE)
        return SONDE_SAID_PORT_CLOSED;
    if (!ipv4 && outcome->icmp_type == PACKET_ICMPV6_PARAMETER_PROBLEM &&
        outcome->icmp_code == PACKET_ICMPV6_UNKNOWN_NEXT_HEADER)
        return SONDE_SAID_PROTOCOL_CLOSED;
    return SONDE_SAID_NOTHING;
}

static void set_said(const struct answer_context *context, const struct flight_slot *slot,
                     struct sonde_outcome *outcome)
{
    outcome->said = said_by_target(&context->targets[slot->target], slot, outcome);
    if (outcome->said != SONDE_SAID_NOTHING && outcome->kind != SONDE_CORRUPT)
        outcome->kind = SONDE_REPLY;
}

static struct sonde_quote quote_of(const struct answer_context *context,
                                   const struct flight_slot *slot, const struct claim *claim)
{
    const struct packet_transport *inner = claim->inner;
    struct sonde_quote quote = *claim->quote;
    quote.port = claim->identifier;
    quote.port_differs = claim->identifier != flight_identifier(context->flight, slot);
    quote.icmp_intact = inner->bytes.length >= PACKET_ICMP_HEADER && !quote.port_differs;
    struct build_payload payload = build_payload_of(
        context->config, (enum sonde_probe_kind)slot->kind, slot->payload_bytes, slot->balanced);
    quote.checksum_differs = slot->kind == SONDE_PROBE_UDP && inner->has_checksum &&
                             !context->config->sequence_in_port &&
                             payload.balance_at != BUILD_NO_BALANCE &&
                             inner->checksum != slot->sequence;
    return quote;
}

/* False when what is quoted is none of what we send, or too little of it. */
static bool read_claim(enum sonde_family family, const struct sonde_address *to,
                       const struct packet_transport *inner, const struct sonde_quote *quote,
                       struct claim *claim)
{
    *claim = (struct claim){family, to, inner, quote,
                            inner->has_ports ? inner->source_port : inner->identifier};
    return inner->has_ports || inner->has_lease;
}

enum answer_verdict answer_judge_error(const struct answer_context *context,
                                       const struct engine_arrival *arrival,
                                       const struct packet_icmp *message,
                                       enum sonde_outcome_kind kind, struct flight_slot **found,
                                       struct sonde_outcome *outcome)
{
    struct sonde_quote quote;
    struct packet_transport inner;
    struct claim claim;
    enum sonde_family family = (enum sonde_family)message->family;
    if (packet_quote_parse(family, message->error.quote, &quote, &inner) != 0)
        return ANSWER_MALFORMED;
    /* the eight bytes that RFC 792 promises */
    if (!read_claim(family, &quote.to, &inner, &quote, &claim) ||
        inner.bytes.length < PACKET_ICMP_HEADER)
        return ANSWER_FOREIGN;
    struct flight_slot *slot = identify(context, &claim);
    if (!slot)
        return ANSWER_FOREIGN;
    answer_combine(context, slot, arrival,
                   engine_arrival_checksum_ok(arrival) ? kind : SONDE_CORRUPT, outcome);
    outcome->icmp_type = message->type;
    outcome->icmp_code = message->code;
    outcome->mtu = message->error.mtu;
    outcome->pointer = message->error.pointer;
    outcome->gateway = message->error.gateway;
    outcome->extensions = message->error.extensions;
    outcome->quote = quote_of(context, slot, &claim);
    set_said(context, slot, outcome);
    answer_set_rtt(slot, arrival->event, outcome);
    *found = slot;
    return ANSWER_OURS;
}

/* The kernel's error queue has parsed the error for us and quotes our message. */
enum answer_verdict answer_judge_queued(const struct answer_context *context,
                                        const struct sonde_event *event, struct flight_slot **found,
                                        struct sonde_outcome *outcome)
{
    enum sonde_family family = (enum sonde_family)event->to.family;
    uint8_t icmp = family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6;
    struct packet_transport inner;
    struct claim claim;
    packet_transport_parse(event->protocol ? event->protocol : icmp, event->bytes, &inner);
    if (!read_claim(family, &event->to, &inner, NULL, &claim))
        return ANSWER_MALFORMED;
    struct flight_slot *slot = identify(context, &claim);
    if (!slot)
        slot = newest(context, &claim);
    if (!slot)
        return ANSWER_FOREIGN;
    bool local = event->from.family == SONDE_FAMILY_NONE;
    int kind =
        local ? SONDE_SEND_FAILED : packet_icmp_outcome(family, event->icmp_type, event->icmp_code);
    if (kind < 0)
        return ANSWER_FOREIGN;
    answer_from_slot(context, slot, outcome);
    outcome->kind = (enum sonde_outcome_kind)kind;
    outcome->from_error_queue = true;
    outcome->from = event->from;
    outcome->icmp_type = event->icmp_type;
    outcome->icmp_code = event->icmp_code;
    outcome->error = event->error;
    outcome->extensions = event->extensions;
    if (kind == SONDE_TOO_BIG || (local && event->error == EMSGSIZE))
        outcome->mtu = event->info;
    if (kind == SONDE_PARAMETER_PROBLEM)
        outcome->pointer = event->info;
    if (!local) {
        set_said(context, slot, outcome);
        answer_set_rtt(slot, event, outcome);
    }
    *found = slot;
    return ANSWER_OURS;
}
