/* The path MTU strategy in scripted networks: the size, the place, and how long it takes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/mtu.h"
#include "sonde/sim.h"

#define GALLERY TESTS_DIR "/../docs/scenarios/"
#define HEADERS 28 /* of IPv4 and ICMP, or UDP */

struct stage {
    const char *scenario; /* a file of the gallery, or a text with a line break */
    const char *host;
    enum sonde_probe_kind kind;
    uint64_t seed;

    struct sonde_mtu *mtu;
    struct sonde_mtu_result result;
    int64_t took_ns;
};

static void hear(void *self, const struct sonde_outcome *outcome)
{
    (void)self, (void)outcome;
}

static void play(struct stage *stage)
{
    char path[512];
    struct sonde_sim_error problem;
    struct sonde_transport transport;
    struct sonde_engine *engine;
    struct sonde_engine_target target = {0};
    struct sonde_route route = {0};
    snprintf(path, sizeof path, GALLERY "%s.scn", stage->scenario);
    cr_assert_eq(sonde_sim_open(strchr(stage->scenario, '\n') ? stage->scenario : path, stage->seed,
                                &transport, &problem),
                 0, "%s:%u: %s", problem.file, problem.line, problem.message);
    const struct sonde_mtu_config config = {
        .least = 68,
        .most = 1500,
        .header_bytes = HEADERS,
        .gap = sonde_span_ms(1),
        .probe = {.kind = stage->kind, .timeout = sonde_span_s(2), .port = 33434, .flow = 1},
    };
    cr_assert_eq(sonde_mtu_create(&stage->mtu, &config), 0);
    const struct sonde_engine_config engine_config = {
        .key = "not much of one",
        .linger = sonde_span_s(10),
        .identifiers = transport.identifiers,
        .identifier_count = transport.identifier_count,
    };
    cr_assert_eq(sonde_engine_create(&engine, &engine_config, sonde_mtu_strategy(stage->mtu),
                                     (struct sonde_observer){.outcome = hear}),
                 0);
    cr_assert_eq(sonde_sim_resolve(&transport, stage->host, SONDE_IPV4, &target.address), 0);
    cr_assert_eq(transport.ops->route(transport.self, &target.address, &route), 0);
    target.source = route.source;
    cr_assert_eq(sonde_engine_add_target(engine, &target), 0);
    const struct sonde_mono start = transport.ops->now(transport.self);
    cr_assert_eq(
        sonde_loop_run(engine, &transport, &(struct sonde_loop_hooks){0}, SONDE_LOOP_PROMPT), 0);
    stage->took_ns = sonde_mono_since(transport.ops->now(transport.self), start).ns;
    sonde_mtu_read(stage->mtu, &stage->result);
    sonde_engine_destroy(engine);
    transport.ops->close(transport.self);
}

static void end(struct stage *stage)
{
    sonde_mtu_destroy(stage->mtu);
}

static const enum sonde_probe_kind kinds[] = {SONDE_PROBE_ECHO, SONDE_PROBE_UDP};

Test(sim_mtu, routers_that_tell)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct stage stage = {.scenario = "tunnel-mtu", .host = "far", .kind = kinds[i]};
        play(&stage);
        cr_expect_eq(stage.result.end, SONDE_MTU_FOUND);
        cr_expect_eq(stage.result.size, 1280);
        cr_expect_eq(stage.result.endpoint, 6);
        cr_assert_eq(stage.result.step_count, 2);
        cr_expect_eq(stage.result.steps[0].by, SONDE_MTU_BY_ROUTER);
        cr_expect_eq(stage.result.steps[0].size, 1480);
        cr_expect_eq(stage.result.steps[0].after_hop, 2);
        cr_expect_eq(stage.result.steps[1].size, 1280);
        cr_expect_eq(stage.result.steps[1].after_hop, 4);
        cr_expect_eq(stage.result.hops[1].arrived, 1500);
        cr_expect_eq(stage.result.hops[3].arrived, 1480);
        cr_expect_eq(stage.result.hops[5].arrived, 1280);
        end(&stage);
    }
}

Test(sim_mtu, a_black_hole_has_a_size_and_a_place_within_three_seconds)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            struct stage stage = {
                .scenario = "black-hole", .host = "far", .kind = kinds[i], .seed = seed};
            play(&stage);
            cr_expect_eq(stage.result.end, SONDE_MTU_FOUND);
            cr_expect_eq(stage.result.size, 1400);
            cr_assert_eq(stage.result.step_count, 1);
            cr_expect_eq(stage.result.steps[0].by, SONDE_MTU_BY_SILENCE);
            cr_expect_eq(stage.result.steps[0].after_hop, 2);
            cr_expect_leq(stage.took_ns, 3 * SONDE_NS_PER_S);
            end(&stage);
        }
    }
}

Test(sim_mtu, loss_is_no_black_hole)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct stage stage = {
            .scenario = "router r 198.18.1.1\nhost far 198.18.0.9 delay 5ms loss 10% via r\n",
            .host = "far",
            .seed = seed};
        play(&stage);
        cr_expect_eq(stage.result.end, SONDE_MTU_FOUND, "seed %lu", (unsigned long)seed);
        cr_expect_eq(stage.result.size, 1500, "seed %lu", (unsigned long)seed);
        end(&stage);
    }
}

Test(sim_mtu, a_mute_host_is_stood_in_for)
{
    struct stage stage = {
        .scenario =
            "router a 198.18.1.1\nrouter b 198.18.2.1\nhost far 198.18.0.9 loss 100% via a b\n"
            "link a b mtu 1300\n",
        .host = "far"};
    play(&stage);
    cr_expect_eq(stage.result.end, SONDE_MTU_PARTIAL);
    cr_expect_eq(stage.result.endpoint, 2);
    cr_expect_eq(stage.result.size, 1300);
    end(&stage);
}

Test(sim_mtu, nobody_at_all)
{
    struct stage stage = {.scenario = "host far 198.18.0.9 loss 100%\n", .host = "far"};
    play(&stage);
    cr_expect_eq(stage.result.end, SONDE_MTU_SILENT);
    cr_expect_eq(stage.result.size, 0);
    end(&stage);
}
