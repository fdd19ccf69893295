/* What the judges of the several kinds of answers share. */
#ifndef ENGINE_ANSWER_INSIDE_H
#define ENGINE_ANSWER_INSIDE_H

#include "engine/answer.h"
#include "engine/arrival.h"
#include "packet/icmp.h"

/* What a slot knows of its probe, and what was seen of the message. */
void answer_combine(const struct answer_context *context, const struct flight_slot *slot,
                    const struct engine_arrival *arrival, enum sonde_outcome_kind kind,
                    struct sonde_outcome *outcome);

/* RTT is a difference of one clock: the better one if both ends have it, else user time. */
void answer_set_rtt(const struct flight_slot *slot, const struct sonde_event *event,
                    struct sonde_outcome *outcome);

/* The keyed proof of a slot's probe. */
uint64_t answer_proof(const struct answer_context *context, const struct flight_slot *slot);

/* What a message says of whose answer it is. */
enum answer_evidence {
    ANSWER_UNPROVEN, /* it did not come back far enough, or holds no proof */
    ANSWER_PROVEN,
    ANSWER_REFUTED,
};

/*
 * By the payload of an echo request or a UDP probe, as far as it came back. Who puts extensions
 * behind a short quote fills it up with zeros (RFC 4884 section 4), which refute nothing.
 */
enum answer_evidence answer_by_payload(const struct answer_context *context,
                                       const struct flight_slot *slot, struct sonde_bytes payload,
                                       bool quoted);

/* By the sequence number of a SYN, or the initiate tag of an INIT. */
enum answer_evidence answer_by_word(const struct answer_context *context,
                                    const struct flight_slot *slot, uint32_t word);

/* The slot whose token a payload begins with; NULL. Nothing is proven by that. */
struct flight_slot *answer_by_token(const struct answer_context *context,
                                    struct sonde_bytes payload);

/* Notes where a payload that was sent back differs from what was sent. */
void answer_compare_payload(const struct answer_context *context, const struct flight_slot *slot,
                            struct sonde_bytes payload, struct sonde_outcome *outcome);

/*
 * Datagram sockets' UDP probes, whose destination port holds the sequence: the slot in a lane that
 * asked this port; NULL.
 */
struct flight_slot *answer_by_port(const struct answer_context *context,
                                   const struct flight_lane *lane, uint16_t port);

enum answer_verdict answer_judge_error(const struct answer_context *context,
                                       const struct engine_arrival *arrival,
                                       const struct packet_icmp *message,
                                       enum sonde_outcome_kind kind, struct flight_slot **found,
                                       struct sonde_outcome *outcome);
enum answer_verdict answer_judge_queued(const struct answer_context *context,
                                        const struct sonde_event *event, struct flight_slot **found,
                                        struct sonde_outcome *outcome);
enum answer_verdict answer_judge_udp(const struct answer_context *context,
                                     const struct engine_arrival *arrival,
                                     struct flight_slot **found, struct sonde_outcome *outcome);
enum answer_verdict answer_judge_tcp(const struct answer_context *context,
                                     const struct engine_arrival *arrival,
                                     struct flight_slot **found, struct sonde_outcome *outcome);
enum answer_verdict answer_judge_sctp(const struct answer_context *context,
                                      const struct engine_arrival *arrival,
                                      struct flight_slot **found, struct sonde_outcome *outcome);

#endif
