#include "play.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "sonde/loop.h"

struct stage {
    struct play *play;
    const struct sonde_transport *transport;
};

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct stage *stage = self;
    if (error == 0)
        sonde_stats_sent(&stage->play->stats);
    if (probe->number >= stage->play->capacity)
        return;
    struct play_probe *mine = play_probe(stage->play, probe->target, probe->number);
    mine->due_ns = probe->due.ns;
    mine->sent_ns = at.ns;
    mine->error = error;
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct stage *stage = self;
    struct play *play = stage->play;
    sonde_stats_outcome(&play->stats, outcome);
    struct {
        uint64_t hash, kind, target, number, rtt, at;
    } words = {play->hash,
               outcome->kind,
               outcome->target,
               outcome->number,
               (uint64_t)outcome->rtt.ns,
               (uint64_t)outcome->received.at.ns};
    play->hash = base_siphash((const uint8_t[16]){1}, &words, sizeof words);
    play->outcomes++;
    if (outcome->number >= play->capacity)
        return;
    struct play_probe *probe = play_probe(play, outcome->target, outcome->number);
    if (sonde_outcome_is_final(outcome->kind)) {
        probe->finals++;
        probe->final = outcome->kind;
        probe->rtt_ns = outcome->rtt_known ? outcome->rtt.ns : -1;
    }
    probe->duplicates += outcome->kind == SONDE_DUPLICATE;
    probe->late += outcome->kind == SONDE_LATE;
    probe->corrupt += outcome->kind == SONDE_CORRUPT;
}

/* Which probe is it? The token in the payload tells nobody but the engine; the lease does. */
static bool lease_of(struct sonde_bytes packet, uint16_t *identifier, uint16_t *sequence)
{
    struct packet_ipv4 ip4;
    struct packet_ipv6 ip6;
    struct packet_icmp message;
    if (packet_ipv4_parse(packet, &ip4) == 0)
        return ip4.fragment_offset == 0 && ip4.protocol == PACKET_ICMPV4 &&
               packet_icmp_parse(SONDE_IPV4, ip4.payload, &message) == 0 &&
               packet_icmp_lease(&message, identifier, sequence);
    return packet_ipv6_parse(packet, &ip6) == 0 && ip6.next_header == PACKET_ICMPV6 &&
           packet_icmp_parse(SONDE_IPV6, ip6.payload, &message) == 0 &&
           packet_icmp_lease(&message, identifier, sequence);
}

static void on_truth(void *self, const struct sonde_sim_truth *truth)
{
    struct stage *stage = self;
    struct play *play = stage->play;
    uint16_t identifier, sequence;
    if (!lease_of(truth->packet, &identifier, &sequence))
        return;
    /* A probe's number is the sequence number of its own lane, as long as that does not wrap. */
    uint32_t target = (uint32_t)(identifier - stage->transport->identifiers[0]);
    uint64_t number = (uint64_t)sequence - 1;
    if (target >= play->host_count || number >= play->capacity)
        return;
    struct play_probe *probe = play_probe(play, target, number);
    bool comes_back = truth->fate == SONDE_SIM_REPLY || truth->fate == SONDE_SIM_DUPLICATE ||
                      truth->fate == SONDE_SIM_ERROR;
    probe->entered += truth->number != probe->packet;
    probe->packet = truth->number;
    if (truth->harm & SONDE_SIM_CORRUPT) {
        probe->broken++;
    } else if (!comes_back ||
               (truth->harm & (SONDE_SIM_CUT | SONDE_SIM_MANGLED | SONDE_SIM_FORGED))) {
        probe->unreadable += comes_back;
    } else {
        int64_t delay_ns = truth->out.ns - truth->at.ns;
        if (probe->intact++ == 0 || delay_ns < probe->first_ns) {
            probe->first_ns = delay_ns;
            probe->first_is_error = truth->fate == SONDE_SIM_ERROR;
        }
    }
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    const struct stage *stage = self;
    (void)now;
    return number == stage->play->stop_at_signal;
}

static void add_targets(struct play *play, struct sonde_engine *engine,
                        const struct sonde_transport *transport)
{
    for (uint32_t i = 0; i < play->host_count; i++) {
        struct sonde_engine_target target = {.mtu = 1500};
        if (play->hosts)
            target.address = play->hosts[i];
        else
            cr_assert_eq(
                sonde_sim_resolve(transport, play->host, SONDE_FAMILY_NONE, &target.address), 0,
                "no host %s", play->host);
        struct sonde_route route = {0};
        cr_assert_eq(transport->ops->route(transport->self, &target.address, &route), 0);
        target.source = route.source;
        target.mtu = route.mtu;
        cr_assert_eq(sonde_engine_add_target(engine, &target), 0);
    }
}

void play_run(struct play *play)
{
    char path[512];
    const char *scenario = play->scenario;
    if (!strchr(scenario, '\n')) {
        snprintf(path, sizeof path, "%s/sim/scenarios/%s", TESTS_DIR, scenario);
        scenario = path;
    }
    struct sonde_transport transport;
    struct sonde_sim_error error;
    cr_assert_eq(sonde_sim_open(scenario, play->seed, &transport, &error), 0, "%s:%u: %s",
                 error.file, error.line, error.message);
    if (!play->hosts)
        play->host_count = 1;
    if (play->capacity == 0)
        play->capacity = play->echo.count ? play->echo.count : 1;
    play->probes = calloc(play->host_count * play->capacity, sizeof *play->probes);
    cr_assert_not_null(play->probes);
    sonde_stats_init(&play->stats, 0);

    play->echo.targets = play->host_count;
    if (play->echo.probe.timeout.ns == 0)
        play->echo.probe.timeout = sonde_span_ms(1000);
    if (play->echo.probe.hop_limit == 0)
        play->echo.probe.hop_limit = 64;
    if (play->echo.probe.payload_bytes == 0)
        play->echo.probe.payload_bytes = 56;
    struct sonde_echo *echo;
    cr_assert_eq(sonde_echo_create(&echo, &play->echo), 0);
    struct stage stage = {.play = play, .transport = &transport};
    sonde_sim_listen(&transport, on_truth, &stage);
    struct sonde_engine_config config = {.key = "not much of one",
                                         .linger = sonde_span_s(10),
                                         .identifiers = transport.identifiers,
                                         .identifier_count = transport.identifier_count};
    struct sonde_engine *engine;
    cr_assert_eq(sonde_engine_create(&engine, &config, sonde_echo_strategy(echo),
                                     (struct sonde_observer){&stage, on_sent, on_outcome}),
                 0);
    add_targets(play, engine, &transport);
    struct sonde_loop_hooks hooks = {.self = &stage, .signal = on_signal};
    play->result = sonde_loop_run(engine, &transport, &hooks, SONDE_LOOP_PROMPT);
    sonde_engine_stop(engine, transport.ops->now(transport.self));
    sonde_engine_counters(engine, &play->counters);
    transport.ops->counters(transport.self, &play->transport_counters);
    play->skipped = sonde_echo_skipped(echo);
    sonde_engine_destroy(engine);
    sonde_echo_destroy(echo);
    transport.ops->close(transport.self);
}

void play_free(struct play *play)
{
    free(play->probes);
}
