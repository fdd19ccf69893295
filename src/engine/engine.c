#include "engine/inside.h"

#include <errno.h>
#include <stdlib.h>

#include "packet/ipv6.h"

#define MOST_LANES   65536u
#define MIN_IPV4_MTU 68u /* RFC 791 */

int sonde_engine_create(struct sonde_engine **created, const struct sonde_engine_config *config,
                        struct sonde_strategy strategy, struct sonde_observer observer)
{
    if (config->identifier_count == 0 || config->ipv4_options.length % 4 != 0 ||
        config->identifier_count > MOST_LANES || config->max_in_flight > FLIGHT_SLOTS_MAX ||
        config->ipv4_options.length > 40 || config->linger.ns < 0 ||
        (config->own_time_at > 0 && config->own_time_at + 4u > config->ipv4_options.length))
        return -EINVAL;
    struct sonde_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return -ENOMEM;
    engine->config = *config;
    engine->strategy = strategy;
    engine->observer = observer;
    engine->wake = engine->give_up = SONDE_NEVER;
    engine->reads_matter = true;
    build_init(&engine->builder, &engine->config);
    engine->arena = malloc(ARENA_BYTES);
    if (!engine->arena) {
        sonde_engine_destroy(engine);
        return -ENOMEM;
    }
    *created = engine;
    return 0;
}

void sonde_engine_destroy(struct sonde_engine *engine)
{
    if (!engine)
        return;
    flight_destroy(&engine->flight);
    build_destroy(&engine->builder);
    if (!engine->targets_lent)
        free(engine->targets);
    free(engine->arena);
    free(engine);
}

int sonde_engine_add_target(struct sonde_engine *engine, const struct sonde_engine_target *target)
{
    if (engine->targets_lent)
        return -EINVAL;
    if (engine->target_count == engine->target_capacity) {
        uint32_t capacity = engine->target_capacity ? engine->target_capacity * 2 : 4;
        struct sonde_engine_target *targets =
            reallocarray(engine->targets, capacity, sizeof *targets);
        if (!targets)
            return -ENOMEM;
        engine->targets = targets;
        engine->target_capacity = capacity;
    }
    engine->targets[engine->target_count++] = *target;
    return 0;
}

int sonde_engine_lend_targets(struct sonde_engine *engine, struct sonde_engine_target *targets,
                              uint32_t count)
{
    if (engine->target_count > 0 || count == 0)
        return -EINVAL;
    free(engine->targets);
    engine->targets = targets;
    engine->targets_lent = true;
    engine->target_count = engine->target_capacity = count;
    return 0;
}

int sonde_engine_datagram_bytes(const struct sonde_engine *engine, const struct sonde_probe *probe)
{
    if (probe->target >= engine->target_count)
        return -EINVAL;
    return build_datagram_bytes(&engine->builder, probe, &engine->targets[probe->target]);
}

struct answer_context engine_context(struct sonde_engine *engine)
{
    return (struct answer_context){&engine->flight, &engine->config, engine->targets,
                                   engine->port_base};
}

/* --- outcomes -------------------------------------------------------------------------------- */

void engine_tell(struct sonde_engine *engine, struct sonde_outcome *outcome)
{
    engine->strategy.ops->outcome(engine->strategy.self, outcome);
    if (engine->observer.outcome)
        engine->observer.outcome(engine->observer.self, outcome);
    engine->wake.ns = ASK_AGAIN_NS;
}

void engine_close(struct sonde_engine *engine, struct flight_slot *slot,
                  enum sonde_outcome_kind kind, struct sonde_mono now)
{
    struct sonde_outcome outcome;
    struct answer_context context = engine_context(engine);
    answer_from_slot(&context, slot, &outcome);
    outcome.kind = kind;
    flight_close(&engine->flight, slot, FLIGHT_TIMED_OUT, now);
    engine_tell(engine, &outcome);
}

void engine_close_unleased(struct sonde_engine *engine, const struct sonde_probe *probe,
                           enum sonde_outcome_kind kind, int error)
{
    struct sonde_outcome outcome = {
        .kind = kind,
        .token = flight_spare_token(&engine->flight),
        .target = probe->target,
        .number = probe->number,
        .due = probe->due,
        .hop_limit = -1,
        .traffic_class = -1,
        .error = error,
    };
    engine_tell(engine, &outcome);
}

void engine_refuse(struct sonde_engine *engine, struct flight_slot *slot, struct sonde_mono at,
                   int error, uint32_t mtu)
{
    struct sonde_outcome outcome;
    struct answer_context context = engine_context(engine);
    answer_from_slot(&context, slot, &outcome);
    outcome.kind = SONDE_SEND_FAILED;
    if (slot->state == FLIGHT_BUILT) /* else a first fragment has left */
        outcome.sent.source = SONDE_STAMP_NONE;
    outcome.error = error;
    outcome.mtu = mtu;
    flight_close(&engine->flight, slot, FLIGHT_TIMED_OUT, at);
    engine_tell(engine, &outcome);
}

/* --- receiving ------------------------------------------------------------------------------- */

/* The time at which an answer counts as arrived, on the monotonic clock. */
static struct sonde_mono arrival(const struct sonde_event *event)
{
    bool comparable =
        event->stamp.source != SONDE_STAMP_NONE && event->stamp.source != SONDE_STAMP_HARDWARE;
    return comparable ? event->stamp.at : event->read;
}

/* RFC 1191 section 3, RFC 8201 section 4: never up, and never below what every link carries. */
static void learn_mtu(struct sonde_engine *engine, const struct sonde_outcome *outcome)
{
    struct sonde_engine_target *target = &engine->targets[outcome->target];
    uint32_t least = target->address.family == SONDE_IPV6 ? PACKET_IPV6_MIN_MTU : MIN_IPV4_MTU;
    if (engine->config.discover_mtu && outcome->kind == SONDE_TOO_BIG && outcome->mtu >= least &&
        outcome->mtu < target->mtu)
        target->mtu = outcome->mtu;
}

/* What an answer is called that comes after the verdict. */
static enum sonde_outcome_kind afterwards(const struct flight_slot *slot,
                                          enum sonde_outcome_kind kind)
{
    if (slot->state == FLIGHT_TIMED_OUT)
        return SONDE_LATE;
    return kind == SONDE_REPLY ? SONDE_DUPLICATE : SONDE_LATER_ERROR;
}

static void deliver(struct sonde_engine *engine, const struct sonde_event *event,
                    struct flight_slot *slot, struct sonde_outcome *outcome)
{
    if (outcome->kind == SONDE_SEND_FAILED && slot->state != FLIGHT_OPEN)
        return; /* the send call itself has told it already */
    struct sonde_mono at = arrival(event);
    bool notice = !sonde_outcome_is_final(outcome->kind);
    learn_mtu(engine, outcome);
    if (outcome->rtt_known)
        engine->reads_matter = outcome->received.source == SONDE_STAMP_USER;
    if (slot->state == FLIGHT_OPEN && !notice && at.ns > slot->expiry_ns)
        engine_close(engine, slot, SONDE_TIMED_OUT, (struct sonde_mono){slot->expiry_ns});
    switch ((enum flight_state)slot->state) {
    case FLIGHT_OPEN:
        if (!notice)
            flight_close(&engine->flight, slot, FLIGHT_ANSWERED, at);
        break;
    case FLIGHT_ANSWERED:
    case FLIGHT_TIMED_OUT:
        if (at.ns > slot->expiry_ns) {
            engine->counters.foreign++; /* nobody remembers what it would answer */
            return;
        }
        if (!notice) {
            outcome->kind = afterwards(slot, outcome->kind);
            slot->state = FLIGHT_ANSWERED;
        }
        break;
    case FLIGHT_FREE:
    case FLIGHT_BUILT:
        engine->counters.foreign++; /* an answer to what has not been sent */
        return;
    }
    engine_tell(engine, outcome);
}

void sonde_engine_receive(struct sonde_engine *engine, const struct sonde_event *event)
{
    if (!engine->flight_ready)
        return;
    struct flight_slot *slot = NULL;
    struct sonde_outcome outcome;
    struct answer_context context = engine_context(engine);
    switch (event->kind) {
    case SONDE_EVENT_SENT_STAMP:
        slot = flight_by_token(&engine->flight, event->token);
        if (slot && slot->state != FLIGHT_BUILT) {
            slot->stamp_ns = event->stamp.at.ns;
            slot->stamp_source = (unsigned)event->stamp.source & 7u;
        }
        return;
    case SONDE_EVENT_DATAGRAM:
    case SONDE_EVENT_ERROR:
        switch (answer_judge(&context, event, &slot, &outcome)) {
        case ANSWER_OURS:
            deliver(engine, event, slot, &outcome);
            return;
        case ANSWER_FOREIGN:
            engine->counters.foreign++;
            return;
        case ANSWER_MALFORMED:
            engine->counters.malformed++;
            return;
        }
        return;
    case SONDE_EVENT_SIGNAL:
        return;
    }
}

/* --- time ------------------------------------------------------------------------------------ */

static struct sonde_mono end_of(const struct sonde_engine *engine)
{
    return engine->strategy.ops->end(engine->strategy.self);
}

void sonde_engine_expire(struct sonde_engine *engine, struct sonde_mono now)
{
    struct flight_slot *slot;
    while ((slot = flight_first_expiry(&engine->flight)) && slot->expiry_ns <= now.ns)
        engine_close(engine, slot, SONDE_TIMED_OUT, now);
    if ((engine->done && now.ns >= engine->give_up.ns) || now.ns >= end_of(engine).ns)
        sonde_engine_stop(engine, now);
}

struct sonde_mono sonde_engine_deadline(const struct sonde_engine *engine)
{
    struct sonde_mono deadline = sonde_mono_earlier(engine->wake, end_of(engine));
    if (engine->handing_out)
        return (struct sonde_mono){ASK_AGAIN_NS};
    if (engine->flight.expiries.count > 0) {
        uint32_t first = base_queue_top(&engine->flight.expiries);
        deadline = sonde_mono_earlier(deadline,
                                      (struct sonde_mono){engine->flight.slots[first].expiry_ns});
        if (engine->done)
            deadline = sonde_mono_earlier(deadline, engine->give_up);
    }
    return deadline;
}

bool sonde_engine_finished(const struct sonde_engine *engine)
{
    return engine->done && !engine->holding && !engine->handing_out &&
           engine->flight.open_count == 0;
}

void sonde_engine_stop(struct sonde_engine *engine, struct sonde_mono now)
{
    struct sonde_span patience = engine->strategy.ops->patience(engine->strategy.self);
    struct flight_slot *slot;
    engine->done = true;
    if (engine->holding)
        engine_close_unleased(engine, &engine->held, SONDE_UNFINISHED, 0);
    engine->holding = engine->handing_out = false;
    while ((slot = flight_first_built(&engine->flight)))
        engine_close(engine, slot, SONDE_UNFINISHED, now);
    while ((slot = flight_first_expiry(&engine->flight))) {
        /* the end is planned from due times: what left a little late is excused from so much */
        int64_t excused_ns = slot->lag_ns < patience.ns / 8 ? slot->lag_ns : patience.ns / 8;
        bool waited = now.ns - slot->sent_ns >= patience.ns - excused_ns;
        engine_close(engine, slot, waited ? SONDE_TIMED_OUT : SONDE_UNFINISHED, now);
    }
    engine->wake = SONDE_NEVER;
}

bool sonde_engine_reads_matter(const struct sonde_engine *engine)
{
    return engine->reads_matter;
}

void sonde_engine_counters(const struct sonde_engine *engine,
                           struct sonde_engine_counters *counters)
{
    *counters = engine->counters;
}
