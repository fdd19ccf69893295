/* The unchanged engine and sweep strategy over thousands of scripted hosts, held against the truth.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/sim.h"
#include "sonde/sweep.h"

#define MS    SONDE_NS_PER_MS
#define HOSTS 6000u

/* One host as the network knows it. */
struct truth {
    unsigned asked;
    unsigned answered; /* answers that came out in time */
    unsigned copies;   /* answers at all */
    int64_t last_ns;
};

struct stage {
    struct sonde_sweep_config config;
    struct sonde_transport transport;
    struct sonde_sweep *sweep;
    struct truth *truth;
    struct sonde_engine_target *targets;
    struct sonde_engine_counters counters;
    uint64_t told;
    uint64_t finals;
};

/* 10.1.0.0 is host 0. */
static struct sonde_address address_of(uint32_t host)
{
    const uint8_t bytes[4] = {10, 1, (uint8_t)(host >> 8), (uint8_t)host};
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

static void assert_reconciles(const struct stage *stage)
{
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(stage->sweep, &figures);
    cr_assert_eq(figures.sent,
                 figures.received + figures.timed_out + figures.errors + figures.open);
    cr_assert_eq(stage->config.hosts, figures.answered + figures.silent + figures.refused +
                                          figures.unsent + figures.waiting);
}

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct stage *stage = self;
    (void)probe;
    (void)at;
    (void)error;
    stage->told++;
    assert_reconciles(stage);
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct stage *stage = self;
    stage->finals += sonde_outcome_is_final(outcome->kind);
    assert_reconciles(stage);
}

static void on_truth(void *self, const struct sonde_sim_truth *truth)
{
    struct stage *stage = self;
    if (truth->packet.length < 20)
        return;
    const uint8_t *to = truth->packet.data + 16;
    const uint32_t host = (uint32_t)to[2] << 8 | to[3];
    if (to[0] != 10 || to[1] != 1 || host >= stage->config.hosts)
        return;
    struct truth *mine = &stage->truth[host];
    mine->asked += truth->at.ns != mine->last_ns; /* a duplicate is told at the same time */
    mine->last_ns = truth->at.ns;
    if (truth->fate != SONDE_SIM_REPLY && truth->fate != SONDE_SIM_DUPLICATE)
        return;
    mine->copies++;
    mine->answered += truth->fate == SONDE_SIM_REPLY &&
                      truth->out.ns - truth->at.ns <= stage->config.probe.timeout.ns;
}

static void play(struct stage *stage, const char *scenario)
{
    struct sonde_sim_error error;
    cr_assert_eq(sonde_sim_open(scenario, 4, &stage->transport, &error), 0, "%s:%u: %s", error.file,
                 error.line, error.message);
    struct sonde_transport *transport = &stage->transport;
    stage->truth = calloc(stage->config.hosts, sizeof *stage->truth);
    stage->targets = calloc(stage->config.hosts, sizeof *stage->targets);
    cr_assert(stage->truth && stage->targets);
    for (uint32_t i = 0; i < stage->config.hosts; i++) {
        struct sonde_route route;
        stage->truth[i].last_ns = -1;
        stage->targets[i].address = address_of(i);
        cr_assert_eq(transport->ops->route(transport->self, &stage->targets[i].address, &route), 0);
        stage->targets[i].source = route.source;
    }
    if (stage->config.backoff == 0)
        stage->config.backoff = 1;
    stage->config.probe.hop_limit = 64;
    stage->config.probe.payload_bytes = 56;
    if (stage->config.probe.timeout.ns == 0)
        stage->config.probe.timeout = sonde_span_ms(500);
    cr_assert_eq(sonde_sweep_create(&stage->sweep, &stage->config), 0);
    sonde_sim_listen(transport, on_truth, stage);
    struct sonde_engine_config config = {.key = "not much of one",
                                         .linger = sonde_span_s(1),
                                         .identifiers = transport->identifiers,
                                         .identifier_count = transport->identifier_count};
    struct sonde_engine *engine;
    cr_assert_eq(sonde_engine_create(&engine, &config, sonde_sweep_strategy(stage->sweep),
                                     (struct sonde_observer){stage, on_sent, on_outcome}),
                 0);
    cr_assert_eq(sonde_engine_lend_targets(engine, stage->targets, stage->config.hosts), 0);
    const struct sonde_loop_hooks hooks = {0};
    cr_assert_eq(sonde_loop_run(engine, transport, &hooks, SONDE_LOOP_RELAXED), 0);
    sonde_engine_stop(engine, transport->ops->now(transport->self));
    sonde_engine_counters(engine, &stage->counters);
    sonde_engine_destroy(engine);
    assert_reconciles(stage);
}

static void close_stage(struct stage *stage)
{
    sonde_sweep_destroy(stage->sweep);
    stage->transport.ops->close(stage->transport.self);
    free(stage->truth);
    free(stage->targets);
}

Test(sim_sweep, alive_is_who_answered)
{
    struct stage stage = {.config = {.hosts = HOSTS,
                                     .retries = 2,
                                     .backoff = 1.5,
                                     .gap_ns = SONDE_NS_PER_S,
                                     .gap_slots = 20000,
                                     .tick = {MS}}};
    play(&stage,
         "host crowd 10.1.0.0/16 alive 50% delay 20ms spread 100ms loss 10% duplicate 1%\n");
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(stage.sweep, &figures);
    uint32_t alive = 0;
    uint64_t asked = 0;
    for (uint32_t i = 0; i < HOSTS; i++) {
        const struct sonde_sweep_host *host = sonde_sweep_host(stage.sweep, i);
        cr_assert_eq(host->state == SONDE_SWEEP_ANSWERED, stage.truth[i].answered > 0, "host %u",
                     i);
        cr_assert_eq(host->received, stage.truth[i].answered > 0);
        cr_assert_eq(host->sent, stage.truth[i].asked, "host %u", i);
        cr_assert_eq(host->sent, host->received + host->timed_out);
        cr_assert_eq(host->duplicates, stage.truth[i].copies - stage.truth[i].answered);
        alive += stage.truth[i].answered > 0;
        asked += stage.truth[i].asked;
    }
    cr_assert_gt(alive, HOSTS * 48 / 100);
    cr_assert_lt(alive, HOSTS * 52 / 100);
    cr_assert_eq(figures.answered, alive);
    cr_assert_eq(figures.silent, HOSTS - alive);
    cr_assert_eq(figures.sent, asked);
    cr_assert_eq(figures.open, 0);
    cr_assert_eq(stage.finals, asked);
    cr_assert_eq(stage.told, asked);
    cr_assert_eq(figures.skipped, 0);
    close_stage(&stage);
}

Test(sim_sweep, every_host_is_asked_every_period)
{
    struct stage stage = {.config = {.mode = SONDE_SWEEP_COUNT,
                                     .hosts = HOSTS,
                                     .count = 20,
                                     .period = {SONDE_NS_PER_S},
                                     .gap_ns = SONDE_NS_PER_S,
                                     .gap_slots = 10000}};
    play(&stage, "host crowd 10.1.0.0/16 alive 50% delay 20ms spread 900ms loss 5%\n");
    for (uint32_t i = 0; i < HOSTS; i++) {
        const struct sonde_sweep_host *host = sonde_sweep_host(stage.sweep, i);
        cr_assert_eq(host->sent, 20);
        cr_assert_eq(stage.truth[i].asked, 20);
        cr_assert_eq(stage.truth[i].last_ns, (int64_t)i * 100000 + 19 * SONDE_NS_PER_S);
        cr_assert_eq(host->received, stage.truth[i].answered, "host %u", i);
        cr_assert_eq(host->timed_out, 20 - stage.truth[i].answered);
        const unsigned late = stage.truth[i].copies - stage.truth[i].answered;
        cr_assert(host->late == late || host->late + 1 == late); /* the run may be over before */
    }
    close_stage(&stage);
}

Test(sim_sweep, an_interrupted_run_keeps_its_books)
{
    struct stage stage = {.config = {.mode = SONDE_SWEEP_LOOP,
                                     .hosts = HOSTS,
                                     .period = {SONDE_NS_PER_S},
                                     .gap_ns = SONDE_NS_PER_S,
                                     .gap_slots = 5000,
                                     .deadline = {3500 * MS}}};
    play(&stage, "host crowd 10.1.0.0/16 alive 50% delay 20ms spread 900ms\n");
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(stage.sweep, &figures);
    cr_assert_eq(figures.sent, 5000 * 35 / 10);
    cr_assert_gt(figures.open, 0);
    uint64_t answered = 0, sent = 0;
    for (uint32_t i = 0; i < HOSTS; i++) {
        answered += sonde_sweep_host(stage.sweep, i)->received > 0;
        sent += stage.truth[i].asked;
    }
    cr_assert_eq(figures.answered, answered);
    cr_assert_eq(figures.sent, sent);
    close_stage(&stage);
}

/* A link that carries 2,000 probes a second: asked for 10,000, most would be lost. */
Test(sim_sweep, an_adaptive_rate_stays_near_what_the_network_bears)
{
    const char *scenario = "host crowd 10.1.0.0/16 delay 20ms\n"
                           "link observer > crowd rate 1.5Mbit queue 20ms\n";
    uint32_t answered[2];
    for (int adaptive = 0; adaptive < 2; adaptive++) {
        struct stage stage = {.config = {.hosts = 20000,
                                         .gap_ns = SONDE_NS_PER_S,
                                         .gap_slots = 10000,
                                         .adaptive = adaptive}};
        play(&stage, scenario);
        struct sonde_sweep_figures figures;
        sonde_sweep_figures(stage.sweep, &figures);
        answered[adaptive] = figures.answered;
        cr_assert_eq(figures.rate_cuts > 0, adaptive);
        close_stage(&stage);
    }
    cr_assert_lt(answered[0], 20000 * 30 / 100);
    cr_assert_gt(answered[1], 20000 * 60 / 100, "%u of 20000 answered", answered[1]);
}
