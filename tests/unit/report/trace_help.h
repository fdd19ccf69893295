/* A trace to report: every probe is answered at once by a world that is made by hand. */
#ifndef TEST_REPORT_TRACE_HELP_H
#define TEST_REPORT_TRACE_HELP_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "report/trace_inside.h"

#define MS SONDE_NS_PER_MS

/* What becomes of the nth probe (from 0) with this hop limit. */
typedef struct sonde_outcome trace_world(unsigned hop, unsigned nth);

struct trace_bench {
    char *text;
    size_t bytes;
    struct sonde_mono now;
    const char *name, *origin; /* of every address; NULL: none */
    struct report_target target;
    struct report_run run;
    struct sonde_trace_config config;
    struct sonde_trace *strategy;
    struct sonde_path *path;
    struct report_trace *report;
};

static inline struct sonde_mono trace_bench_now(void *self)
{
    return ((struct trace_bench *)self)->now;
}

static inline struct sonde_wall trace_bench_wall(void *self, struct sonde_mono at)
{
    (void)self;
    return (struct sonde_wall){at.ns};
}

static inline const char *trace_bench_name(void *self, const struct sonde_address *address)
{
    (void)address;
    return ((struct trace_bench *)self)->name;
}

static inline const char *trace_bench_origin(void *self, const struct sonde_address *address)
{
    (void)address;
    return ((struct trace_bench *)self)->origin;
}

static inline struct sonde_address trace_bench_address(unsigned hop, unsigned who)
{
    const uint8_t bytes[4] = {10, 0, (uint8_t)hop, (uint8_t)who};
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

/* A router at this hop. */
static inline struct sonde_outcome trace_bench_router(unsigned hop, unsigned who)
{
    return (struct sonde_outcome){.kind = SONDE_TIME_EXCEEDED,
                                  .from = trace_bench_address(hop, who),
                                  .icmp_type = 11,
                                  .hop_limit = 255 - (int)hop + 1,
                                  .traffic_class = 0,
                                  .rtt_known = true,
                                  .rtt = {hop * MS}};
}

static inline struct sonde_outcome trace_bench_host(unsigned hop)
{
    struct sonde_outcome outcome = trace_bench_router(hop, 9);
    outcome.kind = SONDE_REPLY;
    outcome.said = SONDE_SAID_ICMP_REPLY;
    outcome.icmp_type = 0;
    outcome.hop_limit = 64 - (int)hop + 1;
    return outcome;
}

static inline struct sonde_outcome trace_bench_silence(void)
{
    return (struct sonde_outcome){.kind = SONDE_TIMED_OUT, .hop_limit = -1, .traffic_class = -1};
}

/* Asks until the trace is done. */
static inline void trace_bench_play(struct trace_bench *bench, trace_world *world)
{
    const struct sonde_strategy strategy = sonde_trace_strategy(bench->strategy);
    for (;;) {
        struct sonde_probe probe;
        struct sonde_mono wake;
        const enum sonde_next next = strategy.ops->next(strategy.self, bench->now, &probe, &wake);
        if (next == SONDE_NEXT_DONE)
            return;
        if (next == SONDE_NEXT_WAIT) {
            cr_assert_neq(wake.ns, SONDE_NEVER.ns, "everything is answered");
            bench->now = wake;
            continue;
        }
        struct sonde_trace_place place;
        cr_assert(sonde_trace_place(bench->strategy, probe.number, &place));
        sonde_path_sent(bench->path, &place);
        struct sonde_outcome outcome = world(place.hop, place.nth);
        outcome.number = probe.number;
        outcome.sent = (struct sonde_stamp){bench->now, SONDE_STAMP_KERNEL};
        outcome.received = outcome.sent;
        strategy.ops->outcome(strategy.self, &outcome);
        sonde_path_outcome(bench->path, &place, &outcome);
        report_trace_outcome(bench->report, &place, &outcome);
        report_trace_turn(bench->report, true);
    }
}

/* Everything that is told of a trace; run, config, name and origin may be set before. */
static inline const char *trace_bench_told(struct trace_bench *bench, enum report_trace_form form,
                                           trace_world *world)
{
    const struct report_measurement measurement = {0};
    if (bench->config.first_hop == 0)
        bench->config.first_hop = 1;
    if (bench->config.last_hop == 0)
        bench->config.last_hop = 30;
    if (bench->config.queries == 0)
        bench->config.queries = 3;
    if (bench->config.rounds == 0)
        bench->config.rounds = 1;
    bench->config.interval = sonde_span_s(1);
    bench->config.probe.timeout = sonde_span_s(3);
    bench->target = (struct report_target){"far.example", .address = trace_bench_address(0, 9)};
    bench->run.out = open_memstream(&bench->text, &bench->bytes);
    bench->run.err = stderr;
    bench->run.clock = (struct report_clock){bench, trace_bench_now, trace_bench_wall};
    bench->run.name = trace_bench_name;
    bench->run.name_self = bench;
    bench->run.targets = &bench->target;
    bench->run.target_count = 1;
    bench->run.transport = "sim";
    const struct sonde_path_config path = {.first_hop = bench->config.first_hop,
                                           .last_hop = bench->config.last_hop,
                                           .destination = bench->target.address,
                                           .probe = bench->config.probe,
                                           .percentiles = true};
    cr_assert_eq(sonde_trace_create(&bench->strategy, &bench->config), 0);
    cr_assert_eq(sonde_path_create(&bench->path, &path), 0);
    const struct report_trace_config config = {.form = form,
                                               .trace = &bench->config,
                                               .strategy = bench->strategy,
                                               .path = bench->path,
                                               .datagram_bytes = 60,
                                               .origin = trace_bench_origin};
    cr_assert_eq(report_trace_create(&bench->report, &bench->run, &config), 0);
    report_trace_begin(bench->report);
    trace_bench_play(bench, world);
    report_trace_end(bench->report, &measurement);
    cr_assert_eq(report_trace_flush(bench->report), 0);
    fflush(bench->run.out);
    return bench->text;
}

static inline void trace_bench_close(struct trace_bench *bench)
{
    report_trace_destroy(bench->report);
    sonde_path_destroy(bench->path);
    sonde_trace_destroy(bench->strategy);
    fclose(bench->run.out);
    free(bench->text);
}

/* Tells a world and compares the whole text. */
#define expect_told(bench, form, world, expected)                                                  \
    do {                                                                                           \
        const char *told = trace_bench_told(bench, form, world);                                   \
        cr_expect_str_eq(told, expected, "told:\n%s", told);                                       \
        trace_bench_close(bench);                                                                  \
    } while (0)

#endif
