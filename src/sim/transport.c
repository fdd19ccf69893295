#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "sim/dice.h"
#include "sim/network.h"
#include "sim/scenario.h"
#include "sonde/sim.h"
#include "sonde/transport.h"

#define DEFAULT_MTU         1500
#define DEFAULT_IDENTIFIERS 16
#define DEFAULT_EPOCH_S     1704067200 /* 2024-01-01T00:00:00Z */
#define DEVICE              1

/* A send stamp that waits to be told. */
struct pending_stamp {
    uint64_t token;
    int64_t sent;
    int64_t tell; /* ns: not before */
};

struct stamps {
    struct pending_stamp *ring;
    size_t first;
    size_t count;
    size_t capacity; /* a power of two */
};

struct deliveries {
    struct sim_delivery *first;
    struct sim_delivery **end;
    uint64_t count;
};

struct sim_transport {
    struct sim_scenario scenario;
    struct sim_network *network;
    struct sonde_wall epoch;
    uint64_t seed;
    int64_t now;
    const struct sim_setting *observer[SIM_PROPERTIES]; /* in force … */
    int64_t observer_until;                             /* … until then */
    uint32_t suspends;                                  /* happenings before are past */
    uint32_t signals;                                   /* likewise, for receive */
    struct deliveries arrived;                          /* in our receive queue */
    struct deliveries lent;                             /* shown by the last receive */
    struct stamps stamps;
    uint64_t sends;
    uint64_t arrivals;
    struct sonde_transport_counters counters;
    uint16_t *identifiers;
    sonde_sim_hear *hear;
    void *hear_self;
};

static const struct sim_setting *const *observer(struct sim_transport *sim)
{
    if (sim->now >= sim->observer_until)
        sim->observer_until = sim_scenario_in_force(&sim->scenario, 0, sim->now, sim->observer);
    return sim->observer;
}

static int64_t number_or(const struct sim_setting *setting, int64_t otherwise)
{
    return setting ? setting->number[0] : otherwise;
}

/* --- queues ----------------------------------------------------------------------------------- */

static void append(struct deliveries *queue, struct sim_delivery *delivery)
{
    if (!queue->first)
        queue->end = &queue->first;
    delivery->next_free = NULL;
    *queue->end = delivery;
    queue->end = &delivery->next_free;
    queue->count++;
}

static struct sim_delivery *shift(struct deliveries *queue)
{
    struct sim_delivery *first = queue->first;
    queue->first = first->next_free;
    queue->count--;
    return first;
}

static void release_all(struct sim_transport *sim, struct deliveries *queue)
{
    while (queue->first)
        sim_network_release(sim->network, shift(queue));
}

static int push_stamp(struct stamps *stamps, struct pending_stamp stamp)
{
    if (stamps->count == stamps->capacity) {
        size_t capacity = stamps->capacity ? stamps->capacity * 2 : 64;
        struct pending_stamp *ring = calloc(capacity, sizeof(*ring));
        if (!ring)
            return -ENOMEM;
        for (size_t i = 0; i < stamps->count; i++)
            ring[i] = stamps->ring[(stamps->first + i) & (stamps->capacity - 1)];
        free(stamps->ring);
        *stamps = (struct stamps){.ring = ring, .count = stamps->count, .capacity = capacity};
    }
    stamps->ring[(stamps->first + stamps->count++) & (stamps->capacity - 1)] = stamp;
    return 0;
}

static int64_t stamp_due(const struct stamps *stamps)
{
    return stamps->count ? stamps->ring[stamps->first].tell : INT64_MAX;
}

/* --- the clock -------------------------------------------------------------------------------- */

/* The happening of that kind at or behind `*index`; NULL when there are no more. */
static const struct sim_happening *upcoming(const struct sim_transport *sim, uint32_t *index,
                                            enum sim_happening_kind kind)
{
    for (; *index < sim->scenario.happening_count; (*index)++)
        if (sim->scenario.happenings[*index].kind == kind)
            return &sim->scenario.happenings[*index];
    return NULL;
}

static int64_t signal_due(struct sim_transport *sim)
{
    const struct sim_happening *signal = upcoming(sim, &sim->signals, SIM_HAPPENS_SIGNAL);
    return signal ? signal->at : INT64_MAX;
}

static void drop(struct sim_transport *sim, struct sim_delivery *delivery)
{
    sim->counters.receive_drops++;
    if (sim->hear)
        sim->hear(sim->hear_self, &(struct sonde_sim_truth){
                                      .fate = SONDE_SIM_RECEIVE_DROPPED,
                                      .harm = delivery->harm,
                                      .number = delivery->number,
                                      .at = {delivery->at},
                                      .out = {delivery->out},
                                      .to = delivery->to,
                                      .node = delivery->node,
                                      .answer = {delivery->bytes, delivery->length},
                                  });
    sim_network_release(sim->network, delivery);
}

/* Moves the clock on. A suspension on the way holds this process up, not the network: what arrives
 * meanwhile waits in the receive queue under its own stamp. */
static void advance(struct sim_transport *sim, int64_t to)
{
    const struct sim_happening *suspend;
    while ((suspend = upcoming(sim, &sim->suspends, SIM_HAPPENS_SUSPEND)) && suspend->at <= to) {
        int64_t awake = sonde_saturating_add(suspend->at, suspend->value);
        to = to < awake ? awake : to;
        sim->suspends++;
    }
    if (to > sim->now)
        sim->now = to;
    const struct sim_setting *const *p = observer(sim);
    struct sim_delivery *delivery;
    while ((delivery = sim_network_take(sim->network, (struct sonde_mono){sim->now}))) {
        struct sim_dice dice = sim_dice_take(sim->seed, SIM_RECEIVE_DROP, sim->arrivals++);
        if ((p[SIM_RECEIVE_QUEUE] &&
             sim->arrived.count >= (uint64_t)p[SIM_RECEIVE_QUEUE]->number[0]) ||
            sim_dice_chance(dice, SIM_THROW_RECEIVE_DROP, p[SIM_RECEIVE_DROP]))
            drop(sim, delivery);
        else
            append(&sim->arrived, delivery);
    }
}

static struct sonde_mono sim_now(void *self)
{
    return (struct sonde_mono){((struct sim_transport *)self)->now};
}

static struct sonde_wall sim_wall(void *self, struct sonde_mono at)
{
    const struct sim_transport *sim = self;
    struct sonde_wall wall = {sonde_saturating_add(sim->epoch.ns, at.ns)};
    for (uint32_t i = 0; i < sim->scenario.happening_count; i++) {
        const struct sim_happening *happening = &sim->scenario.happenings[i];
        if (happening->kind == SIM_HAPPENS_CLOCK_STEP && happening->at <= at.ns)
            wall.ns = sonde_saturating_add(wall.ns, happening->value);
    }
    return wall;
}

static int sim_wait(void *self, struct sonde_mono until, bool receive_early)
{
    struct sim_transport *sim = self;
    int64_t target = until.ns < signal_due(sim) ? until.ns : signal_due(sim);
    if (receive_early || target == INT64_MAX) {
        int64_t arrival = sim->arrived.first ? sim->now : sim_network_next(sim->network).ns;
        int64_t stamp = stamp_due(&sim->stamps);
        target = arrival < target ? arrival : target;
        target = stamp < target ? stamp : target;
    }
    if (target == INT64_MAX)
        return -EDEADLK;
    advance(sim, target);
    return 0;
}

/* --- datagrams -------------------------------------------------------------------------------- */

/* Sends one datagram at the present time. Returns the positive errno, or 0. */
static int send_one(struct sim_transport *sim, struct sonde_datagram *datagram)
{
    const struct sim_setting *const *p = observer(sim);
    struct sim_dice dice = sim_dice_take(sim->seed, SIM_SEND_ERROR, sim->sends++);
    int64_t mtu = number_or(p[SIM_DEVICE_MTU], DEFAULT_MTU);
    datagram->mtu = 0;
    if (sim_dice_chance(dice, SIM_THROW_SEND_ERROR, p[SIM_SEND_ERROR]))
        return (int)p[SIM_SEND_ERROR]->number[0];
    if (datagram->length > mtu) {
        datagram->mtu = (uint32_t)mtu;
        return EMSGSIZE;
    }
    int64_t late = number_or(p[SIM_STAMPS], 0);
    if (datagram->token && late < 0)
        sim->counters.stamps_missing++;
    if (datagram->token && late >= 0) {
        struct pending_stamp stamp = {datagram->token, sim->now,
                                      sonde_saturating_add(sim->now, late)};
        if (push_stamp(&sim->stamps, stamp))
            return ENOMEM;
    }
    return -sim_network_send(sim->network, (struct sonde_mono){sim->now},
                             (struct sonde_bytes){datagram->bytes, datagram->length});
}

static void sim_send(void *self, struct sonde_datagram *batch, size_t count)
{
    struct sim_transport *sim = self;
    for (size_t i = 0; i < count; i++) {
        batch[i].sent.ns = sim->now;
        batch[i].error = send_one(sim, &batch[i]);
        int64_t cost = number_or(observer(sim)[SIM_SEND_COST], 0);
        if (cost)
            advance(sim, sonde_saturating_add(sim->now, cost));
    }
}

/* Addresses from the IP header; one that is cut off leaves the family. */
static void show(const struct sim_delivery *delivery, struct sonde_event *event)
{
    bool v4 = delivery->family == SONDE_IPV4;
    size_t width = v4 ? 4 : 16;
    size_t source = v4 ? 12 : 8;
    event->kind = SONDE_EVENT_DATAGRAM;
    event->stamp = (struct sonde_stamp){{delivery->out}, SONDE_STAMP_VIRTUAL};
    event->layer = SONDE_LAYER_IP;
    event->bytes = (struct sonde_bytes){delivery->bytes, delivery->length};
    event->from.family = delivery->family;
    if (delivery->length >= source + 2 * width) {
        enum sonde_family family = (enum sonde_family)delivery->family;
        event->from = sonde_address_from_bytes(family, delivery->bytes + source);
        event->to = sonde_address_from_bytes(family, delivery->bytes + source + width);
    }
}

/* The next event that is due: send stamps before datagrams before signals of the same time. */
static bool next_event(struct sim_transport *sim, struct sonde_event *event)
{
    int64_t stamp = stamp_due(&sim->stamps);
    int64_t arrival = sim->arrived.first ? sim->arrived.first->out : INT64_MAX;
    int64_t signal = signal_due(sim);
    *event = (struct sonde_event){.read = {sim->now}, .hop_limit = -1, .traffic_class = -1};
    if (stamp <= sim->now && stamp <= arrival && stamp <= signal) {
        struct pending_stamp *first = &sim->stamps.ring[sim->stamps.first];
        event->kind = SONDE_EVENT_SENT_STAMP;
        event->token = first->token;
        event->stamp = (struct sonde_stamp){{first->sent}, SONDE_STAMP_VIRTUAL};
        sim->stamps.first = (sim->stamps.first + 1) & (sim->stamps.capacity - 1);
        sim->stamps.count--;
        return true;
    }
    if (arrival <= sim->now && arrival <= signal) {
        struct sim_delivery *delivery = shift(&sim->arrived);
        append(&sim->lent, delivery);
        show(delivery, event);
        return true;
    }
    if (signal > sim->now)
        return false;
    event->kind = SONDE_EVENT_SIGNAL;
    event->signal = (int)sim->scenario.happenings[sim->signals++].value;
    return true;
}

static int sim_receive(void *self, struct sonde_event *events, size_t capacity)
{
    struct sim_transport *sim = self;
    size_t count = 0;
    release_all(sim, &sim->lent);
    advance(sim, sim->now);
    while (count < capacity && next_event(sim, &events[count]))
        count++;
    return (int)count;
}

/* --- the rest of the seam --------------------------------------------------------------------- */

static int sim_route(void *self, const struct sonde_address *to, struct sonde_route *route)
{
    struct sim_transport *sim = self;
    if (to->family != SONDE_IPV4 && to->family != SONDE_IPV6)
        return -EAFNOSUPPORT;
    const struct sim_prefix *prefix = sim_scenario_prefix(&sim->scenario, to);
    *route = (struct sonde_route){.device = DEVICE};
    route->mtu = (uint32_t)number_or(observer(sim)[SIM_DEVICE_MTU], DEFAULT_MTU);
    route->broadcast = prefix && sim->scenario.nodes[prefix->node].kind == SIM_GROUP &&
                       to->family == SONDE_IPV4 && !sonde_address_is_multicast(to);
    return sim_scenario_own_address(&sim->scenario, (enum sonde_family)to->family, &route->source)
               ? 0
               : -ENETUNREACH;
}

static void sim_counters(void *self, struct sonde_transport_counters *counters)
{
    const struct sim_transport *sim = self;
    *counters = sim->counters;
    for (uint32_t i = 0; i < sim->scenario.happening_count; i++)
        counters->clock_steps += sim->scenario.happenings[i].kind == SIM_HAPPENS_CLOCK_STEP &&
                                 sim->scenario.happenings[i].at <= sim->now;
}

static void sim_close(void *self)
{
    struct sim_transport *sim = self;
    if (sim->network) {
        release_all(sim, &sim->arrived);
        release_all(sim, &sim->lent);
    }
    sim_network_destroy(sim->network);
    sim_scenario_destroy(&sim->scenario);
    free(sim->stamps.ring);
    free(sim->identifiers);
    free(sim);
}

static const struct sonde_transport_ops sim_ops = {
    .now = sim_now,
    .wall = sim_wall,
    .wait = sim_wait,
    .send = sim_send,
    .receive = sim_receive,
    .route = sim_route,
    .counters = sim_counters,
    .close = sim_close,
};

/* --- opening ---------------------------------------------------------------------------------- */

static int read_scenario(struct sim_scenario *scenario, const char *path_or_text,
                         struct sonde_sim_error *error)
{
    if (strchr(path_or_text, '\n'))
        return sim_scenario_parse(scenario, "scenario", path_or_text, strlen(path_or_text), error);
    return sim_scenario_load(scenario, path_or_text, error);
}

static int no_memory(struct sonde_sim_error *error)
{
    *error = (struct sonde_sim_error){.file = "scenario", .message = "not enough memory"};
    return -ENOMEM;
}

int sonde_sim_open(const char *path_or_text, uint64_t seed, struct sonde_transport *out,
                   struct sonde_sim_error *error)
{
    struct sim_transport *sim = calloc(1, sizeof(*sim));
    if (!sim)
        return no_memory(error);
    int result = read_scenario(&sim->scenario, path_or_text, error);
    if (result) {
        free(sim);
        return result;
    }
    sim->seed = seed;
    sim->observer_until = INT64_MIN;
    const struct sim_setting *const *p = observer(sim);
    sim->epoch.ns = number_or(p[SIM_CLOCK], DEFAULT_EPOCH_S * SONDE_NS_PER_S);
    size_t identifiers = (size_t)number_or(p[SIM_IDENTIFIERS], DEFAULT_IDENTIFIERS);
    sim->identifiers = calloc(identifiers, sizeof(*sim->identifiers));
    if (!sim->identifiers || sim_network_create(&sim->network, &sim->scenario, seed, sim->epoch)) {
        sim_close(sim);
        return no_memory(error);
    }
    for (size_t i = 0; i < identifiers; i++)
        sim->identifiers[i] = (uint16_t)(i + 1);
    *out = (struct sonde_transport){.ops = &sim_ops,
                                    .self = sim,
                                    .name = "sim",
                                    .identifiers = sim->identifiers,
                                    .identifier_count = identifiers};
    return 0;
}

int sonde_sim_resolve(const struct sonde_transport *transport, const char *name,
                      enum sonde_family family, struct sonde_address *address)
{
    const struct sim_transport *sim = transport->self;
    uint32_t node = *name ? sim_scenario_named(&sim->scenario, name) : SIM_NOBODY;
    if (node == SIM_NOBODY)
        return -ENOENT;
    const struct sim_prefix *prefix = sim_scenario_address(&sim->scenario, node, family);
    if (!prefix)
        return -EAFNOSUPPORT;
    *address = prefix->address;
    size_t width = sonde_address_length(address);
    if (prefix->bits < width * 8)
        address->bytes[width - 1] |= 1;
    return 0;
}

const char *sonde_sim_reverse(const struct sonde_transport *transport,
                              const struct sonde_address *address)
{
    const struct sim_transport *sim = transport->self;
    const struct sim_prefix *prefix = sim_scenario_prefix(&sim->scenario, address);
    if (!prefix || prefix->node == 0 || prefix->bits < sonde_address_length(address) * 8)
        return NULL;
    const struct sim_setting *p[SIM_PROPERTIES];
    sim_scenario_in_force(&sim->scenario, prefix->node, 0, p);
    return p[SIM_REVERSE] ? sim->scenario.text + p[SIM_REVERSE]->list_first
                          : sim->scenario.nodes[prefix->node].name;
}

void sonde_sim_listen(const struct sonde_transport *transport, sonde_sim_hear *hear, void *self)
{
    struct sim_transport *sim = transport->self;
    sim->hear = hear;
    sim->hear_self = self;
    sim_network_listen(sim->network, hear, self);
}

const char *sonde_sim_fate_name(enum sonde_sim_fate fate)
{
    static const char *const names[SONDE_SIM_FATES] = {
        [SONDE_SIM_REPLY] = "reply",
        [SONDE_SIM_ERROR] = "error",
        [SONDE_SIM_DUPLICATE] = "duplicate",
        [SONDE_SIM_GARBAGE] = "garbage",
        [SONDE_SIM_STRAY] = "stray",
        [SONDE_SIM_FOREIGN] = "foreign",
        [SONDE_SIM_HOSTILE] = "hostile",
        [SONDE_SIM_LOST] = "lost",
        [SONDE_SIM_LOST_IN_BURST] = "lost-in-burst",
        [SONDE_SIM_QUEUE_FULL] = "queue-full",
        [SONDE_SIM_LINK_DOWN] = "link-down",
        [SONDE_SIM_NO_HOST] = "no-host",
        [SONDE_SIM_DEAD] = "dead",
        [SONDE_SIM_UNANSWERED] = "unanswered",
        [SONDE_SIM_BLACK_HOLE] = "black-hole",
        [SONDE_SIM_FILTERED] = "filtered",
        [SONDE_SIM_MUTE] = "mute",
        [SONDE_SIM_RATIONED] = "rationed",
        [SONDE_SIM_MALFORMED] = "malformed",
        [SONDE_SIM_HELD] = "held",
        [SONDE_SIM_RECEIVE_DROPPED] = "receive-dropped",
    };
    return (unsigned)fate < SONDE_SIM_FATES ? names[fate] : "unknown";
}
