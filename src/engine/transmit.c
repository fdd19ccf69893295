/* The sending half of the engine: from the strategy's probe to a batch of datagrams. */
#include "engine/inside.h"

#include <assert.h>
#include <errno.h>

#define DEFAULT_IN_FLIGHT  (1u << 20)
#define SEQUENCES          65536u
#define EXTENDED_SEQUENCES 256u /* RFC 8335: eight bits */

static int prepare_flight(struct sonde_engine *engine, enum sonde_probe_kind kind)
{
    if (engine->flight_ready)
        return 0;
    uint32_t limit =
        engine->config.max_in_flight ? engine->config.max_in_flight : DEFAULT_IN_FLIGHT;
    uint64_t serial = engine->flight.serial; /* of probes that were refused before */
    int error =
        flight_init(&engine->flight, engine->config.identifiers, engine->config.identifier_count,
                    kind == SONDE_PROBE_EXTENDED_ECHO ? EXTENDED_SEQUENCES : SEQUENCES, limit,
                    engine->config.linger);
    engine->flight.serial = serial;
    engine->flight_ready = error == 0;
    if (error)
        flight_destroy(&engine->flight);
    return error;
}

int sonde_engine_rename_identifier(struct sonde_engine *engine, size_t index, uint16_t identifier)
{
    if (index >= engine->config.identifier_count)
        return -EINVAL;
    int error = prepare_flight(engine, SONDE_PROBE_UDP);
    return error ? error : flight_rename(&engine->flight, index, identifier);
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

/* Builds a leased probe and starts handing it out, or refuses it on the spot. */
static void build_probe(struct sonde_engine *engine, const struct sonde_probe *probe,
                        struct flight_slot *slot, struct sonde_mono now)
{
    const struct sonde_engine_target *target = &engine->targets[probe->target];
    struct build_lease lease = {slot->token, flight_identifier(&engine->flight, slot),
                                slot->sequence};
    struct sonde_bytes datagram = {0};
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
        engine_refuse(engine, slot, now, -error, error == -EMSGSIZE ? target->mtu : 0);
        return;
    }
    engine->handing_out = true;
    engine->fragment_token = slot->token;
    engine->fragment_to = target->first_hop.family ? target->first_hop : target->address;
}

/* The held probe will never leave: there is no memory for it. */
static void refuse_held(struct sonde_engine *engine, struct sonde_mono now, int error)
{
    engine->holding = false;
    if (engine->observer.sent)
        engine->observer.sent(engine->observer.self, &engine->held, now, error);
    engine_close_unleased(engine, &engine->held, SONDE_SEND_FAILED, error);
}

/* Probes of a flow have one identifier; others share the load. */
static struct flight_wish wish_of(const struct sonde_probe *probe)
{
    bool ports = build_has_ports(probe->kind);
    bool fixed = ports || (probe->kind == SONDE_PROBE_ECHO && probe->flow > 0);
    return (struct flight_wish){.target = probe->target,
                                .lane = fixed ? probe->flow : probe->target,
                                .fixed = fixed,
                                .no_zero = ports};
}

static struct flight_slot *lease(struct sonde_engine *engine, const struct sonde_probe *probe,
                                 struct sonde_mono now)
{
    struct sonde_mono free_at;
    struct flight_wish wish = wish_of(probe);
    struct flight_slot *slot = flight_lease(&engine->flight, &wish, now, &free_at);
    if (!slot && free_at.ns == SONDE_NEVER.ns) {
        refuse_held(engine, now, ENOMEM);
        return NULL;
    }
    if (!slot) {
        engine->counters.leases_out += engine->wake.ns != free_at.ns;
        engine->wake = free_at;
        return NULL;
    }
    slot->number = probe->number & FLIGHT_NUMBER_MAX;
    slot->kind = (uint8_t)probe->kind;
    slot->port = build_port(&engine->config, probe, slot->sequence);
    if (probe->kind == SONDE_PROBE_UDP)
        engine->port_base = probe->port;
    slot->balanced = build_is_balanced(probe);
    slot->filled = probe->filled;
    slot->payload_bytes = probe->payload_bytes;
    /* until it is sent, these hold what sending will need */
    slot->sent_ns = probe->due.ns;
    slot->expiry_ns = probe->due.ns;
    slot->stamp_ns = probe->timeout.ns;
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
        int error = prepare_flight(engine, engine->held.kind);
        if (error) {
            refuse_held(engine, now, -error);
            continue;
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
        .number = slot->number,
        .due = {slot->expiry_ns},
        .timeout = {slot->stamp_ns},
        .kind = slot->kind,
        .payload_bytes = slot->payload_bytes,
        .port = slot->port,
    };
    slot->lag_ns = lag_of(datagram->sent, slot->expiry_ns);
    slot->sent_ns = datagram->sent.ns;
    if (engine->observer.sent)
        engine->observer.sent(engine->observer.self, &probe, datagram->sent, datagram->error);
    if (datagram->error)
        engine_refuse(engine, slot, datagram->sent, datagram->error, datagram->mtu);
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
                engine_refuse(engine, slot, batch[i].sent, batch[i].error, batch[i].mtu);
        }
    }
}
