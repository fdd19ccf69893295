#include "sonde/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/build.h"
#include "engine/flight.h"
#include "packet/fragment.h"
#include "packet/ipv6.h"

#define MOST_LANES         65536u
#define DEFAULT_IN_FLIGHT  (1u << 20)
#define SEQUENCES          65536u
#define EXTENDED_SEQUENCES 256u      /* RFC 8335: eight bits */
#define MIN_IPV4_MTU       68u       /* RFC 791 */
#define ASK_AGAIN_NS       INT64_MIN /* wake: an outcome may have changed the strategy's mind */
#define ARENA_BYTES        (128u * 1024u)

struct sonde_engine {
    struct sonde_engine_config config;
    struct sonde_strategy strategy;
    struct sonde_observer observer;
    struct flight flight;
    bool flight_ready; /* lanes depend on the kind of the first probe */
    struct builder builder;

    struct sonde_engine_target *targets;
    uint64_t *last_numbers; /* by target: the high half of the numbers that slots keep */
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

    bool done;                 /* the strategy has nothing more to ask */
    struct sonde_mono wake;    /* when to ask the strategy again */
    struct sonde_mono give_up; /* once done: when the open probes are given up */
    bool reads_matter;
    struct sonde_engine_counters counters;
};

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
    free(engine->targets);
    free(engine->last_numbers);
    free(engine->arena);
    free(engine);
}

int sonde_engine_add_target(struct sonde_engine *engine, const struct sonde_engine_target *target)
{
    if (engine->target_count == engine->target_capacity) {
        uint32_t capacity = engine->target_capacity ? engine->target_capacity * 2 : 4;
        struct sonde_engine_target *targets =
            reallocarray(engine->targets, capacity, sizeof *targets);
        if (!targets)
            return -ENOMEM;
        engine->targets = targets;
        uint64_t *numbers = reallocarray(engine->last_numbers, capacity, sizeof *numbers);
        if (!numbers)
            return -ENOMEM;
        engine->last_numbers = numbers;
        engine->target_capacity = capacity;
    }
    engine->last_numbers[engine->target_count] = 0;
    engine->targets[engine->target_count++] = *target;
    return 0;
}

static struct answer_context context_of(struct sonde_engine *engine)
{
    return (struct answer_context){&engine->flight, &engine->config, engine->targets};
}

/* --- outcomes -------------------------------------------------------------------------------- */

/* Slots keep the low half of a number: the whole is one of the last 2^32 of its target. */
static uint64_t whole_number(const struct sonde_engine *engine, uint32_t target, uint32_t low)
{
    uint64_t last = engine->last_numbers[target];
    uint64_t number = (last & ~(uint64_t)UINT32_MAX) | low;
    return number > last ? number - (UINT64_C(1) << 32) : number;
}

static void tell(struct sonde_engine *engine, struct sonde_outcome *outcome)
{
    outcome->number = whole_number(engine, outcome->target, (uint32_t)outcome->number);
    engine->strategy.ops->outcome(engine->strategy.self, outcome);
    if (engine->observer.outcome)
        engine->observer.outcome(engine->observer.self, outcome);
    engine->wake.ns = ASK_AGAIN_NS;
}

static void close_without_answer(struct sonde_engine *engine, struct flight_slot *slot,
                                 enum sonde_outcome_kind kind, struct sonde_mono now)
{
    struct sonde_outcome outcome;
    struct answer_context context = context_of(engine);
    answer_from_slot(&context, slot, &outcome);
    outcome.kind = kind;
    flight_close(&engine->flight, slot, FLIGHT_TIMED_OUT, now);
    tell(engine, &outcome);
}

/* --- sending --------------------------------------------------------------------------------- */

static int prepare_flight(struct sonde_engine *engine, enum sonde_probe_kind kind)
{
    if (engine->flight_ready)
        return 0;
    uint32_t limit =
        engine->config.max_in_flight ? engine->config.max_in_flight : DEFAULT_IN_FLIGHT;
    int error =
        flight_init(&engine->flight, engine->config.identifiers, engine->config.identifier_count,
                    kind == SONDE_PROBE_EXTENDED_ECHO ? EXTENDED_SEQUENCES : SEQUENCES, limit,
                    engine->config.linger);
    engine->flight_ready = error == 0;
    if (error)
        flight_destroy(&engine->flight);
    return error;
}

/* The outcome of a probe that never had a lease. */
static void close_unleased(struct sonde_engine *engine, const struct sonde_probe *probe,
                           enum sonde_outcome_kind kind, int error)
{
    engine->last_numbers[probe->target] = probe->number;
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
    tell(engine, &outcome);
}

static void refuse(struct sonde_engine *engine, struct flight_slot *slot, struct sonde_mono at,
                   int error, uint32_t mtu)
{
    struct sonde_outcome outcome;
    struct answer_context context = context_of(engine);
    answer_from_slot(&context, slot, &outcome);
    outcome.kind = SONDE_SEND_FAILED;
    if (slot->state == FLIGHT_BUILT) /* else a first fragment has left */
        outcome.sent.source = SONDE_STAMP_NONE;
    outcome.error = error;
    outcome.mtu = mtu;
    flight_close(&engine->flight, slot, FLIGHT_TIMED_OUT, at);
    tell(engine, &outcome);
}

/* Appends one datagram of `length` bytes, already written at the arena's end, to the batch. */
static void append(struct sonde_engine *engine, struct sonde_datagram *datagram, size_t length)
{
    *datagram = (struct sonde_datagram){
        .token = engine->fragment_token,
        .to = engine->fragment_to,
        .bytes = engine->arena + engine->arena_used,
        .length = (uint32_t)length,
    };
    engine->fragment_token = 0;
    engine->arena_used += length;
}

/* Writes the next piece of the datagram. Returns 1, 0 behind the last, -ENOBUFS without room. */
static int next_piece(struct sonde_engine *engine, struct packet_writer *writer)
{
    if (engine->whole.length == 0)
        return packet_fragmenter_next(&engine->fragmenter, writer);
    if (engine->fragment_token == 0)
        return 0;
    packet_write_bytes(writer, engine->whole.data, engine->whole.length);
    return writer->failed ? -ENOBUFS : 1;
}

/* Moves the datagram into the batch until it, the batch or the arena ends. Returns how many. */
static size_t hand_out(struct sonde_engine *engine, struct sonde_datagram *batch, size_t capacity)
{
    size_t count = 0;
    while (engine->handing_out && count < capacity) {
        struct packet_writer writer = packet_writer_over(engine->arena + engine->arena_used,
                                                         ARENA_BYTES - engine->arena_used);
        int more = next_piece(engine, &writer);
        if (more < 0)
            return count; /* the arena is full */
        if (more == 0)
            engine->handing_out = false;
        else
            append(engine, &batch[count++], packet_written(&writer));
    }
    return count;
}

/* Builds a leased probe and starts handing it out. False when it was refused on the spot. */
static bool build_probe(struct sonde_engine *engine, const struct sonde_probe *probe,
                        struct flight_slot *slot, struct sonde_mono now)
{
    const struct sonde_engine_target *target = &engine->targets[probe->target];
    struct build_lease lease = {slot->token, flight_identifier(&engine->flight, slot),
                                slot->sequence};
    struct sonde_bytes datagram;
    int error = build_datagram(&engine->builder, probe, target, &lease, &datagram);
    engine->whole = datagram;
    bool fits = target->mtu == 0 || datagram.length <= target->mtu;
    if (error == 0 && !fits && probe->dont_fragment)
        error = -EMSGSIZE;
    if (error == 0 && !fits) {
        engine->whole.length = 0;
        error = packet_fragmenter_init(&engine->fragmenter, datagram, target->mtu,
                                       (uint32_t)lease.token);
    }
    if (error) {
        if (engine->observer.sent)
            engine->observer.sent(engine->observer.self, probe, now, -error);
        refuse(engine, slot, now, -error, error == -EMSGSIZE ? target->mtu : 0);
        return false;
    }
    engine->handing_out = true;
    engine->fragment_token = slot->token;
    engine->fragment_to = target->first_hop.family ? target->first_hop : target->address;
    return true;
}

static struct flight_slot *lease(struct sonde_engine *engine, const struct sonde_probe *probe,
                                 struct sonde_mono now)
{
    struct sonde_mono free_at;
    struct flight_slot *slot = flight_lease(&engine->flight, probe->target, now, &free_at);
    if (!slot && free_at.ns == SONDE_NEVER.ns) {
        engine->holding = false;
        if (engine->observer.sent)
            engine->observer.sent(engine->observer.self, probe, now, ENOMEM);
        close_unleased(engine, probe, SONDE_SEND_FAILED, ENOMEM);
        return NULL;
    }
    if (!slot) {
        engine->counters.leases_out += engine->wake.ns != free_at.ns;
        engine->wake = free_at;
        return NULL;
    }
    slot->number = (uint32_t)probe->number;
    slot->kind = (uint8_t)probe->kind;
    slot->payload_bytes = probe->payload_bytes;
    /* until it is sent, these hold what sending will need */
    slot->sent_ns = probe->due.ns;
    slot->expiry_ns = probe->due.ns;
    slot->stamp_ns = probe->timeout.ns;
    engine->last_numbers[probe->target] = probe->number;
    return slot;
}

/* Takes the next probe from the strategy, or the one that had to wait. False when there is none. */
static bool take_probe(struct sonde_engine *engine, struct sonde_mono now)
{
    if (engine->holding)
        return true;
    if (engine->done && engine->wake.ns != ASK_AGAIN_NS)
        return false;
    engine->done = false;
    struct sonde_mono wake = SONDE_NEVER;
    switch (engine->strategy.ops->next(engine->strategy.self, now, &engine->held, &wake)) {
    case SONDE_NEXT_PROBE:
        assert(engine->held.target < engine->target_count);
        engine->holding = true;
        return true;
    case SONDE_NEXT_WAIT:
        engine->wake = wake;
        return false;
    case SONDE_NEXT_DONE:
        engine->done = true;
        engine->wake = SONDE_NEVER;
        engine->give_up = wake;
        return false;
    }
    return false;
}

size_t sonde_engine_transmit(struct sonde_engine *engine, struct sonde_mono now,
                             struct sonde_datagram *batch, size_t capacity)
{
    engine->arena_used = 0;
    size_t count = 0;
    for (;;) {
        count += hand_out(engine, batch + count, capacity - count);
        if (engine->handing_out || count == capacity)
            return count;
        if (!take_probe(engine, now))
            return count;
        if (prepare_flight(engine, engine->held.kind) != 0) {
            engine->wake = sonde_mono_add(now, sonde_span_ms(100)); /* out of memory: again soon */
            return count;
        }
        struct flight_slot *slot = lease(engine, &engine->held, now);
        if (!slot && !engine->holding)
            continue; /* it has its outcome already */
        if (!slot)
            return count;
        engine->holding = false;
        engine->held.token = slot->token;
        build_probe(engine, &engine->held, slot, now);
    }
}

static uint32_t lag_of(struct sonde_mono sent, int64_t due_ns)
{
    int64_t lag = sonde_saturating_sub(sent.ns, due_ns);
    return lag < 0 ? 0 : lag > UINT32_MAX ? UINT32_MAX : (uint32_t)lag;
}

static void transmitted(struct sonde_engine *engine, const struct sonde_datagram *datagram)
{
    struct flight_slot *slot = flight_by_token(&engine->flight, datagram->token);
    if (!slot || slot->state != FLIGHT_BUILT)
        return;
    struct sonde_probe probe = {
        .token = slot->token,
        .target = slot->target,
        .number = whole_number(engine, slot->target, slot->number),
        .due = {slot->expiry_ns},
        .timeout = {slot->stamp_ns},
        .kind = slot->kind,
        .payload_bytes = slot->payload_bytes,
    };
    slot->lag_ns = lag_of(datagram->sent, slot->expiry_ns);
    slot->sent_ns = datagram->sent.ns;
    if (engine->observer.sent)
        engine->observer.sent(engine->observer.self, &probe, datagram->sent, datagram->error);
    if (datagram->error)
        refuse(engine, slot, datagram->sent, datagram->error, datagram->mtu);
    else
        flight_open(&engine->flight, slot, sonde_mono_add(datagram->sent, probe.timeout));
}

void sonde_engine_transmitted(struct sonde_engine *engine, const struct sonde_datagram *batch,
                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (batch[i].token != 0) {
            engine->last_token = batch[i].token;
            transmitted(engine, &batch[i]);
        } else if (batch[i].error) {
            /* a later fragment was refused: the datagram will never be whole */
            struct flight_slot *slot = flight_by_token(&engine->flight, engine->last_token);
            if (slot && slot->state == FLIGHT_OPEN)
                refuse(engine, slot, batch[i].sent, batch[i].error, batch[i].mtu);
        }
    }
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
        close_without_answer(engine, slot, SONDE_TIMED_OUT, (struct sonde_mono){slot->expiry_ns});
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
            outcome->kind = slot->state == FLIGHT_TIMED_OUT ? SONDE_LATE : SONDE_DUPLICATE;
            slot->state = FLIGHT_ANSWERED;
        }
        break;
    case FLIGHT_FREE:
    case FLIGHT_BUILT:
        engine->counters.foreign++; /* an answer to what has not been sent */
        return;
    }
    tell(engine, outcome);
}

void sonde_engine_receive(struct sonde_engine *engine, const struct sonde_event *event)
{
    if (!engine->flight_ready)
        return;
    struct flight_slot *slot = NULL;
    struct sonde_outcome outcome;
    struct answer_context context = context_of(engine);
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
        close_without_answer(engine, slot, SONDE_TIMED_OUT, now);
    if ((engine->done && now.ns >= engine->give_up.ns) || now.ns >= end_of(engine).ns)
        sonde_engine_stop(engine, now);
}

struct sonde_mono sonde_engine_deadline(const struct sonde_engine *engine)
{
    struct sonde_mono deadline = sonde_mono_earlier(engine->wake, end_of(engine));
    if (engine->handing_out)
        return (struct sonde_mono){ASK_AGAIN_NS};
    if (engine->flight.expiries.count > 0) {
        uint32_t first = base_heap_top(&engine->flight.expiries);
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
        close_unleased(engine, &engine->held, SONDE_UNFINISHED, 0);
    engine->holding = engine->handing_out = false;
    while ((slot = flight_first_built(&engine->flight)))
        close_without_answer(engine, slot, SONDE_UNFINISHED, now);
    while ((slot = flight_first_expiry(&engine->flight))) {
        /* the end is planned from due times: what left a little late is excused from so much */
        int64_t excused_ns = slot->lag_ns < patience.ns / 8 ? slot->lag_ns : patience.ns / 8;
        bool waited = now.ns - slot->sent_ns >= patience.ns - excused_ns;
        close_without_answer(engine, slot, waited ? SONDE_TIMED_OUT : SONDE_UNFINISHED, now);
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
