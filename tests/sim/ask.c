#include "ask.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sonde/loop.h"

struct asker {
    struct ask *ask;
    size_t next;
};

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct asker *asker = self;
    struct ask *ask = asker->ask;
    *wake = SONDE_NEVER;
    if (asker->next == ask->count)
        return SONDE_NEXT_DONE;
    wake->ns = (int64_t)asker->next * ask->gap_ns;
    if (wake->ns > now.ns)
        return SONDE_NEXT_WAIT;
    *probe = ask->probes[asker->next];
    probe->number = asker->next++;
    probe->due = *wake;
    if (probe->timeout.ns == 0)
        probe->timeout = sonde_span_s(1);
    if (probe->hop_limit == 0)
        probe->hop_limit = 64;
    return SONDE_NEXT_PROBE;
}

static struct sonde_mono end(void *self)
{
    (void)self;
    return SONDE_NEVER;
}

static struct sonde_span patience(void *self)
{
    (void)self;
    return sonde_span_s(1);
}

static void outcome(void *self, const struct sonde_outcome *heard)
{
    struct asker *asker = self;
    struct ask_answer *answer = &asker->ask->answers[heard->number];
    if (!sonde_outcome_is_final(heard->kind)) {
        answer->notices++;
        return;
    }
    answer->finals++;
    answer->outcome = *heard;
    answer->outcome.ip = answer->outcome.icmp = answer->outcome.extensions =
        (struct sonde_bytes){NULL, 0};
}

/* Probes enter in the order in which they were asked, unless they are fragmented. */
static void on_truth(void *self, const struct sonde_sim_truth *truth)
{
    struct asker *asker = self;
    if (truth->number == 0 || truth->number > asker->ask->count ||
        truth->fate == SONDE_SIM_DUPLICATE || truth->fate == SONDE_SIM_RECEIVE_DROPPED)
        return;
    struct ask_answer *answer = &asker->ask->answers[truth->number - 1];
    size_t bytes = truth->packet.length;
    memcpy(answer->packet, truth->packet.data,
           bytes < sizeof answer->packet ? bytes : sizeof answer->packet);
    answer->fate = truth->fate;
    answer->delay_ns = truth->out.ns - truth->at.ns;
    snprintf(answer->decided, sizeof answer->decided, "%s", truth->node ? truth->node : "");
    size_t used = 0;
    for (size_t i = 0; i < truth->way_count && used < sizeof answer->way; i++)
        used += (size_t)snprintf(answer->way + used, sizeof answer->way - used, " %s",
                                 truth->way[i].node);
}

static void add_target(struct ask *ask, struct sonde_engine *engine,
                       const struct sonde_transport *transport)
{
    struct sonde_route route = {0};
    cr_assert_eq(sonde_sim_resolve(transport, ask->host, ask->family, &ask->address), 0);
    cr_assert_eq(transport->ops->route(transport->self, &ask->address, &route), 0);
    struct sonde_engine_target target = {
        .address = ask->address, .source = route.source, .mtu = route.mtu};
    cr_assert_eq(sonde_engine_add_target(engine, &target), 0);
}

void ask_run(struct ask *ask)
{
    static const struct sonde_strategy_ops ops = {next, end, patience, outcome};
    char path[512];
    const char *scenario = ask->scenario;
    if (!strchr(scenario, '\n')) {
        snprintf(path, sizeof path, "%s/../docs/scenarios/%s", TESTS_DIR, scenario);
        scenario = path;
    }
    struct sonde_transport transport;
    struct sonde_sim_error error;
    cr_assert_eq(sonde_sim_open(scenario, ask->seed, &transport, &error), 0, "%s:%u: %s",
                 error.file, error.line, error.message);
    cr_assert_leq(ask->count, ASK_MAX);
    struct asker asker = {.ask = ask};
    memset(ask->answers, 0, sizeof ask->answers);
    sonde_sim_listen(&transport, on_truth, &asker);
    memcpy(ask->config.key, "not much of one", sizeof ask->config.key);
    ask->config.linger = sonde_span_s(10);
    ask->config.identifiers = transport.identifiers;
    ask->config.identifier_count = transport.identifier_count;
    memcpy(ask->identifiers, transport.identifiers,
           sizeof(uint16_t) * (transport.identifier_count < 64 ? transport.identifier_count : 64));
    struct sonde_engine *engine;
    cr_assert_eq(sonde_engine_create(&engine, &ask->config, (struct sonde_strategy){&ops, &asker},
                                     (struct sonde_observer){0}),
                 0);
    add_target(ask, engine, &transport);
    struct sonde_loop_hooks hooks = {0};
    cr_assert_eq(sonde_loop_run(engine, &transport, &hooks, SONDE_LOOP_PROMPT), 0);
    sonde_engine_counters(engine, &ask->counters);
    sonde_engine_destroy(engine);
    transport.ops->close(transport.self);
    for (size_t i = 0; i < ask->count; i++)
        cr_assert_eq(ask->answers[i].finals, 1, "probe %zu has %u final outcomes", i,
                     ask->answers[i].finals);
}
