/* The engine from inside: what its sending and its receiving half share. */
#ifndef ENGINE_INSIDE_H
#define ENGINE_INSIDE_H

#include "engine/answer.h"
#include "engine/build.h"
#include "engine/flight.h"
#include "packet/fragment.h"
#include "sonde/engine.h"

#define ASK_AGAIN_NS INT64_MIN /* wake: an outcome may have changed the strategy's mind */
#define ARENA_BYTES  (128u * 1024u)

struct sonde_engine {
    struct sonde_engine_config config;
    struct sonde_strategy strategy;
    struct sonde_observer observer;
    struct flight flight;
    bool flight_ready; /* lanes depend on the kind of the first probe */
    struct builder builder;

    struct sonde_engine_target *targets;
    bool targets_lent; /* they are the caller's */
    uint32_t target_count;
    uint32_t target_capacity;

    uint8_t *arena; /* bytes of the batch being sent */
    size_t arena_used;

    bool holding; /* a probe that waits for a lease, or for room in the batch */
    struct sonde_probe held;
    bool handing_out;         /* a datagram that is not in the batch yet, or not all of it: */
    struct sonde_bytes whole; /* in one piece, or */
    struct packet_fragmenter fragmenter; /* in fragments, when whole.length is 0 */
    uint64_t fragment_token; /* of the next fragment: the probe's for the first, then 0 */
    struct sonde_address fragment_to;
    uint64_t last_token; /* of the last datagram told as transmitted that had one */

    uint16_t port_base; /* of the last UDP probe, without its sequence */

    bool done;                 /* the strategy has nothing more to ask */
    struct sonde_mono wake;    /* when to ask the strategy again */
    struct sonde_mono give_up; /* once done: when the open probes are given up */
    bool reads_matter;
    struct sonde_engine_counters counters;
};

struct answer_context engine_context(struct sonde_engine *engine);

/* Tells strategy and observer, in this order. */
void engine_tell(struct sonde_engine *engine, struct sonde_outcome *outcome);

/* Closes a slot with an outcome that nobody has sent us: TIMED_OUT or UNFINISHED. */
void engine_close(struct sonde_engine *engine, struct flight_slot *slot,
                  enum sonde_outcome_kind kind, struct sonde_mono now);

/* Closes a slot with SEND_FAILED. */
void engine_refuse(struct sonde_engine *engine, struct flight_slot *slot, struct sonde_mono at,
                   int error, uint32_t mtu);

/* The outcome of a probe that never had a lease. */
void engine_close_unleased(struct sonde_engine *engine, const struct sonde_probe *probe,
                           enum sonde_outcome_kind kind, int error);

#endif
