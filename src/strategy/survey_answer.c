#include "strategy/survey_answer.h"

#include <errno.h>

#include "engine/arrival.h"
#include "packet/icmp.h"
#include "packet/protocol.h"
#include "packet/quote.h"

/*
 * RTT is the receive stamp minus the user time that came back; where the kernel's translated stamp
 * puts the answer before the question, user time at both ends.
 */
static void set_rtt(const struct sonde_event *event, struct sonde_mono sent,
                    struct sonde_survey_answer *answer)
{
    answer->rtt = sonde_mono_since(event->stamp.at, sent);
    if (event->stamp.source == SONDE_STAMP_NONE || answer->rtt.ns < 0) {
        answer->received = (struct sonde_stamp){event->read, SONDE_STAMP_USER};
        answer->rtt = sonde_mono_since(event->read, sent);
    }
    answer->rtt_known = answer->rtt.ns >= 0;
}

static enum survey_verdict judge_reply(const struct survey_prober *prober,
                                       const struct survey_window *window,
                                       const struct sonde_event *event,
                                       const struct packet_icmp *message,
                                       struct survey_judged *judged)
{
    if (message->form != PACKET_ICMP_ECHO || message->payload.length < SURVEY_SEAL_BYTES)
        return SURVEY_FOREIGN;
    struct sonde_survey_answer *answer = &judged->answer;
    struct survey_identity identity = survey_identify(prober, &answer->from);
    survey_window_fetch(window, identity.mark);
    if (message->echo.identifier != identity.identifier ||
        message->echo.sequence != identity.sequence ||
        !survey_seal_open(prober, identity.mark, message->payload.data, &judged->sent))
        return SURVEY_FOREIGN;
    answer->kind = SONDE_SURVEY_REPLY;
    answer->target = answer->from;
    judged->mark = identity.mark;
    set_rtt(event, judged->sent, answer);
    return SURVEY_OURS;
}

/*
 * The seal in a quoted request; NULL when it is not quoted. Zeros are none either: RFC 4884 has a
 * quote that ends early filled up with them.
 */
static const uint8_t *quoted_seal(struct sonde_bytes request)
{
    if (request.length < PACKET_ICMP_HEADER + SURVEY_SEAL_BYTES)
        return NULL;
    const uint8_t *seal = request.data + PACKET_ICMP_HEADER;
    uint8_t any = 0;
    for (size_t i = 0; i < SURVEY_SEAL_BYTES; i++)
        any |= seal[i];
    return any ? seal : NULL;
}

/* Our request as it was quoted, from the ICMP header on. */
static enum survey_verdict
judge_quoted(const struct survey_prober *prober, const struct survey_window *window,
             const struct sonde_event *event, const struct sonde_address *target,
             const struct packet_transport *quoted, struct survey_judged *judged)
{
    enum sonde_family family = (enum sonde_family)target->family;
    struct sonde_survey_answer *answer = &judged->answer;
    struct survey_identity identity = survey_identify(prober, target);
    survey_window_fetch(window, identity.mark);
    if (!quoted->has_lease || quoted->type != packet_icmp_request_type(family, SONDE_PROBE_ECHO) ||
        quoted->identifier != identity.identifier || quoted->sequence != identity.sequence)
        return SURVEY_FOREIGN;
    const uint8_t *seal = quoted_seal(quoted->bytes);
    if (seal && !survey_seal_open(prober, identity.mark, seal, &judged->sent))
        return SURVEY_FOREIGN;
    if (seal)
        set_rtt(event, judged->sent, answer);
    answer->kind = SONDE_SURVEY_ERROR;
    answer->target = *target;
    judged->mark = identity.mark;
    return SURVEY_OURS;
}

static enum survey_verdict judge_error(const struct survey_prober *prober,
                                       const struct survey_window *window,
                                       const struct sonde_event *event,
                                       const struct packet_icmp *message,
                                       struct survey_judged *judged)
{
    struct sonde_quote quote;
    struct packet_transport quoted;
    enum sonde_family family = (enum sonde_family)message->family;
    if (packet_quote_parse(family, message->error.quote, &quote, &quoted) != 0)
        return SURVEY_MALFORMED;
    struct sonde_address target = quote.to;
    if (sonde_address_is_link_local(&target) && family == SONDE_IPV6)
        target.scope = event->from.scope;
    judged->answer.mtu = message->error.mtu;
    judged->answer.pointer = message->error.pointer;
    return judge_quoted(prober, window, event, &target, &quoted, judged);
}

/* ee_info is what the kind of error says it is. */
static void set_queued_detail(const struct sonde_event *event, struct sonde_survey_answer *answer)
{
    const enum sonde_family family = (enum sonde_family)event->to.family;
    const bool local = event->from.family == SONDE_FAMILY_NONE;
    const int kind =
        local ? SONDE_SEND_FAILED : packet_icmp_outcome(family, event->icmp_type, event->icmp_code);
    if (local)
        answer->error = event->error;
    if (kind == SONDE_TOO_BIG || (local && event->error == EMSGSIZE))
        answer->mtu = event->info;
    if (kind == SONDE_PARAMETER_PROBLEM)
        answer->pointer = event->info;
}

/* The kernel's error queue has parsed the error and quotes our message. */
static enum survey_verdict judge_queued(const struct survey_prober *prober,
                                        const struct survey_window *window,
                                        const struct sonde_event *event,
                                        struct survey_judged *judged)
{
    bool ipv4 = event->to.family == SONDE_IPV4;
    struct sonde_survey_answer *answer = &judged->answer;
    struct packet_transport quoted = {0};
    packet_transport_parse(ipv4 ? PACKET_ICMPV4 : PACKET_ICMPV6, event->bytes, &quoted);
    answer->from = event->from;
    answer->icmp_type = event->icmp_type;
    answer->icmp_code = event->icmp_code;
    set_queued_detail(event, answer);
    return judge_quoted(prober, window, event, &event->to, &quoted, judged);
}

enum survey_verdict survey_judge(const struct survey_prober *prober,
                                 const struct survey_window *window,
                                 const struct sonde_event *event, struct survey_judged *judged)
{
    struct sonde_survey_answer *answer = &judged->answer;
    *answer = (struct sonde_survey_answer){.received = event->stamp, .hop_limit = -1};
    if (event->kind == SONDE_EVENT_ERROR)
        return judge_queued(prober, window, event, judged);
    struct engine_arrival arrival;
    struct packet_icmp message;
    if (!engine_arrival_find(event, &arrival) || arrival.truncated ||
        !engine_arrival_is_icmp(&arrival) ||
        packet_icmp_parse((enum sonde_family)arrival.from.family, arrival.upper, &message) != 0 ||
        !engine_arrival_checksum_ok(&arrival))
        return SURVEY_MALFORMED;
    answer->from = arrival.from;
    answer->hop_limit = arrival.hop_limit;
    answer->icmp_type = message.type;
    answer->icmp_code = message.code;
    int kind = packet_icmp_outcome((enum sonde_family)message.family, message.type, message.code);
    if (kind == SONDE_REPLY)
        return judge_reply(prober, window, event, &message, judged);
    if (kind < 0)
        return SURVEY_FOREIGN;
    enum survey_verdict verdict = judge_error(prober, window, event, &message, judged);
    bool notice = kind == SONDE_REDIRECT || kind == SONDE_SOURCE_QUENCH;
    return verdict == SURVEY_OURS && notice ? SURVEY_NO_ANSWER : verdict;
}
