#include "trace_play.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sonde/engine.h"
#include "sonde/loop.h"

#define GALLERY TESTS_DIR "/../docs/scenarios"

static void on_sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct trace_play *play = self;
    struct sonde_trace_place place;
    (void)at;
    cr_assert(sonde_trace_place(play->strategy, probe->number, &place));
    if (error == 0)
        sonde_path_sent(play->path, &place);
    play->sent += error == 0;
}

static void on_outcome(void *self, const struct sonde_outcome *outcome)
{
    struct trace_play *play = self;
    struct sonde_trace_place place;
    cr_assert(sonde_trace_place(play->strategy, outcome->number, &place));
    sonde_path_outcome(play->path, &place, outcome);
    play->finals += sonde_outcome_is_final(outcome->kind);
    play->unfinished += outcome->kind == SONDE_UNFINISHED;
    play->timed_out += outcome->kind == SONDE_TIMED_OUT;
}

static void keep_answer(struct trace_play *play, struct trace_play_truth *mine,
                        const struct sonde_sim_truth *truth)
{
    int64_t rtt_ns = truth->out.ns - truth->at.ns;
    mine->answered++;
    if (rtt_ns > play->slowest_ns)
        play->slowest_ns = rtt_ns;
    bool ipv4 = truth->answer.data[0] >> 4 == 4;
    mine->from = sonde_address_from_bytes(ipv4 ? SONDE_IPV4 : SONDE_IPV6,
                                          truth->answer.data + (ipv4 ? 12 : 8));
}

static void on_truth(void *self, const struct sonde_sim_truth *truth)
{
    struct trace_play *play = self;
    if (truth->packet.length < 40)
        return;
    bool ipv4 = truth->packet.data[0] >> 4 == 4;
    struct trace_play_truth *mine = &play->truth[truth->packet.data[ipv4 ? 8 : 7]];
    mine->asked++;
    switch (truth->fate) {
    case SONDE_SIM_REPLY:
    case SONDE_SIM_ERROR:
        keep_answer(play, mine, truth);
        break;
    case SONDE_SIM_RATIONED:
        mine->rationed++;
        break;
    default:
        mine->lost++;
        break;
    }
}

static void add_target(const struct trace_play *play, struct sonde_engine *engine,
                       struct sonde_path_config *path)
{
    const struct sonde_transport *transport = &play->transport;
    struct sonde_engine_target target = {0};
    struct sonde_route route = {0};
    const char *host = play->host ? play->host : "far";
    cr_assert_eq(sonde_sim_resolve(transport, host, play->family, &target.address), 0, "%s", host);
    cr_assert_eq(transport->ops->route(transport->self, &target.address, &route), 0);
    target.source = route.source;
    target.mtu = route.mtu;
    path->source = route.source;
    path->destination = target.address;
    cr_assert_eq(sonde_engine_add_target(engine, &target), 0);
}

static void fill_in(struct sonde_probe *probe)
{
    if (probe->timeout.ns == 0)
        probe->timeout = sonde_span_ms(3000);
    if (probe->payload_bytes == 0)
        probe->payload_bytes = 32;
    if (probe->flow == 0)
        probe->flow = 1;
}

void trace_play_run(struct trace_play *play)
{
    char path[512];
    struct sonde_sim_error error;
    const char *scenario = play->scenario;
    if (!strchr(scenario, '\n')) {
        snprintf(path, sizeof path, GALLERY "/%s.scn", scenario);
        scenario = path;
    }
    cr_assert_eq(sonde_sim_open(scenario, play->seed, &play->transport, &error), 0, "%s:%u: %s",
                 error.file, error.line, error.message);
    fill_in(&play->trace.probe);
    if (play->trace.rounds == 0)
        play->trace.rounds = 1;
    cr_assert_eq(sonde_trace_create(&play->strategy, &play->trace), 0);
    sonde_sim_listen(&play->transport, on_truth, play);
    struct sonde_engine_config config = {.key = "not much of one",
                                         .linger = sonde_span_s(10),
                                         .identifiers = play->transport.identifiers,
                                         .identifier_count = play->transport.identifier_count};
    struct sonde_engine *engine;
    cr_assert_eq(sonde_engine_create(&engine, &config, sonde_trace_strategy(play->strategy),
                                     (struct sonde_observer){play, on_sent, on_outcome}),
                 0);
    struct sonde_path_config path_config = {.first_hop = play->trace.first_hop,
                                            .last_hop = play->trace.last_hop,
                                            .probe = play->trace.probe,
                                            .percentiles = true,
                                            .variation = true};
    add_target(play, engine, &path_config);
    cr_assert_eq(sonde_path_create(&play->path, &path_config), 0);
    struct sonde_mono start = play->transport.ops->now(play->transport.self);
    cr_assert_eq(
        sonde_loop_run(engine, &play->transport, &(struct sonde_loop_hooks){0}, SONDE_LOOP_PROMPT),
        0);
    struct sonde_mono now = play->transport.ops->now(play->transport.self);
    play->took_ns = now.ns - start.ns;
    sonde_trace_ended(play->strategy, &play->end);
    sonde_path_judge(play->path, &play->end);
    sonde_path_summarize(play->path, &play->summary);
    sonde_engine_destroy(engine);
}

void trace_play_free(struct trace_play *play)
{
    sonde_path_destroy(play->path);
    sonde_trace_destroy(play->strategy);
    play->transport.ops->close(play->transport.self);
}

const struct sonde_path_hop *trace_play_hop(const struct trace_play *play, unsigned hop)
{
    const struct sonde_path_hop *found = sonde_path_hop(play->path, (uint8_t)hop);
    cr_assert_not_null(found);
    return found;
}

const char *trace_play_who(const struct trace_play *play, unsigned hop)
{
    const struct sonde_path_hop *found = trace_play_hop(play, hop);
    return found->answered ? sonde_sim_reverse(&play->transport, &found->answer_from) : "*";
}
