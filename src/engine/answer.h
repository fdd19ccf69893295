/* What an event of the transport says about which of our probes. */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "engine/flight.h"
#include "sonde/engine.h"
#include "sonde/transport.h"

enum answer_verdict {
    ANSWER_OURS,      /* *slot and *outcome are set */
    ANSWER_FOREIGN,   /* belongs to no probe of ours, or cannot prove that it does */
    ANSWER_MALFORMED, /* cannot be */
};

/* What judging needs to know of the engine. */
struct answer_context {
    struct flight *flight;
    const struct sonde_engine_config *config;
    const struct sonde_engine_target *targets;
    uint16_t port_base; /* of the last UDP probe whose port holds the sequence */
};

/*
 * Judges a DATAGRAM or ERROR event. An answer is ours when lease, kind of message, address, port
 * and, where it came back, the proof agree. Of an error about a datagram that was translated on the
 * way that much must agree which others do not change. Of *outcome all is set that the event and
 * the slot know: kind is what the message says (a reply, an error, CORRUPT for a wrong checksum),
 * not yet whether it came late or twice. Its slices point into the event's bytes.
 */
enum answer_verdict answer_judge(const struct answer_context *context,
                                 const struct sonde_event *event, struct flight_slot **slot,
                                 struct sonde_outcome *outcome);

/* Fills what a slot knows of its probe; receives nothing, kind TIMED_OUT. */
void answer_from_slot(const struct answer_context *context, const struct flight_slot *slot,
                      struct sonde_outcome *outcome);

#endif
