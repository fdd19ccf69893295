/* A run to report: a clock that stands still, one or more targets, streams in memory. */
#ifndef TEST_REPORT_BENCH_H
#define TEST_REPORT_BENCH_H

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "packet/icmp_types.h"
#include "report/report.h"

#define BENCH_TARGETS 3
#define BENCH_SLOTS   64

struct bench {
    char *out_text, *err_text;
    size_t out_size, err_size;
    FILE *out, *err;
    struct sonde_mono now;
    const char *name; /* what the reverse lookup answers; NULL: nothing */
    struct report_target targets[BENCH_TARGETS];
    struct sonde_target_stats stats[BENCH_TARGETS];
    struct sonde_histogram histograms[BENCH_TARGETS];
    struct sonde_sequence sequences[BENCH_TARGETS];
    struct sonde_sequence_slot slots[BENCH_TARGETS][BENCH_SLOTS];
    uint64_t counts[BENCH_TARGETS][SONDE_HISTOGRAM_BUCKETS];
    uint64_t lag_counts[SONDE_HISTOGRAM_BUCKETS];
    struct sonde_self self;
    struct report_run run;
    struct report report;
    uint8_t bytes[2048];
};

typedef int bench_create(struct report *report, const struct report_run *run);

static inline struct sonde_mono bench_now(void *self)
{
    return ((struct bench *)self)->now;
}

/* The wall clock reads 1,600,000,000 s when the monotonic one reads 0. */
static inline struct sonde_wall bench_wall(void *self, struct sonde_mono at)
{
    (void)self;
    return (struct sonde_wall){INT64_C(1600000000) * SONDE_NS_PER_S + at.ns};
}

static inline const char *bench_name(void *self, const struct sonde_address *address)
{
    (void)address;
    return ((struct bench *)self)->name;
}

static inline struct sonde_address bench_address(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address), "%s is no address", text);
    return address;
}

/* Three targets, of which the run has one; change `run` and `targets` before bench_open. */
static inline struct bench *bench_create_idle(void)
{
    static const char *const names[] = {"192.0.2.1", "two.example", "192.0.2.3"};
    static const char *const numbers[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
    struct bench *bench = calloc(1, sizeof *bench);
    cr_assert_not_null(bench);
    bench->out = open_memstream(&bench->out_text, &bench->out_size);
    bench->err = open_memstream(&bench->err_text, &bench->err_size);
    for (int i = 0; i < BENCH_TARGETS; i++) {
        sonde_stats_init(&bench->stats[i].stats, 0);
        sonde_histogram_init(&bench->histograms[i], SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST,
                             bench->counts[i], SONDE_HISTOGRAM_BUCKETS);
        sonde_sequence_init(&bench->sequences[i], bench->slots[i], BENCH_SLOTS, 0);
        bench->stats[i].histogram = &bench->histograms[i];
        bench->stats[i].sequence = &bench->sequences[i];
        bench->targets[i] = (struct report_target){
            .name = names[i], .address = bench_address(numbers[i]), .stats = &bench->stats[i]};
    }
    sonde_self_init(&bench->self, bench->lag_counts);
    bench->run = (struct report_run){
        .out = bench->out,
        .err = bench->err,
        .program = "ping",
        .clock = {.self = bench, .now = bench_now, .wall = bench_wall},
        .name = bench_name,
        .name_self = bench,
        .targets = bench->targets,
        .target_count = 1,
        .payload_bytes = 56,
        .interval = sonde_span_s(1),
        .timeout = sonde_span_s(2),
        .transport = "raw",
        .stamps = "kernel",
        .plain = true,
    };
    return bench;
}

static inline void bench_open(struct bench *bench, bench_create *create)
{
    cr_assert_eq(create(&bench->report, &bench->run), 0);
}

/* Everything written so far; the stream is emptied. */
static inline const char *bench_out(struct bench *bench)
{
    cr_assert_eq(bench->report.ops->flush(bench->report.self), 0);
    fflush(bench->out);
    static char copy[1 << 16];
    cr_assert_lt(bench->out_size, sizeof copy);
    memcpy(copy, bench->out_text, bench->out_size);
    copy[bench->out_size] = '\0';
    rewind(bench->out);
    return copy;
}

static inline const char *bench_err(struct bench *bench)
{
    fflush(bench->err);
    static char copy[1 << 16];
    memcpy(copy, bench->err_text, bench->err_size);
    copy[bench->err_size] = '\0';
    rewind(bench->err);
    return copy;
}

static inline void bench_close(struct bench *bench)
{
    if (bench->report.ops)
        bench->report.ops->destroy(bench->report.self);
    fclose(bench->out);
    fclose(bench->err);
    free(bench->out_text);
    free(bench->err_text);
    free(bench);
}

/* Probe `number` leaves its target `number` seconds after the start. */
static inline void bench_send(struct bench *bench, uint32_t target, uint64_t number)
{
    struct sonde_probe probe = {.token = number + 1, .target = target, .number = number};
    bench->now.ns = (int64_t)number * SONDE_NS_PER_S;
    sonde_stats_sent(&bench->stats[target].stats);
    bench->report.ops->sent(bench->report.self, &probe, bench->now, 0);
}

/* What came back for it after `rtt_ns`: 64 bytes from the target itself. */
static inline struct sonde_outcome bench_reply(struct bench *bench, uint32_t target,
                                               uint64_t number, int64_t rtt_ns)
{
    struct sonde_mono sent = {(int64_t)number * SONDE_NS_PER_S};
    bool ipv6 = bench->targets[target].address.family == SONDE_IPV6;
    return (struct sonde_outcome){
        .kind = SONDE_REPLY,
        .token = number + 1,
        .target = target,
        .number = number,
        .identifier = 4711,
        .sequence = (uint16_t)(number + 1),
        .due = sent,
        .sent = {sent, SONDE_STAMP_KERNEL},
        .received = {sonde_mono_add(sent, (struct sonde_span){rtt_ns}), SONDE_STAMP_KERNEL},
        .rtt_known = true,
        .rtt = {rtt_ns},
        .from = bench->targets[target].address,
        .hop_limit = 61,
        .traffic_class = 0,
        .icmp_type = ipv6 ? PACKET_ICMPV6_ECHO_REPLY : PACKET_ICMPV4_ECHO_REPLY,
        .icmp = {bench->bytes, 64},
    };
}

/* An ICMP error from a router. */
static inline struct sonde_outcome bench_error(struct bench *bench, uint64_t number,
                                               enum sonde_outcome_kind kind, uint8_t type,
                                               uint8_t code)
{
    struct sonde_outcome outcome = bench_reply(bench, 0, number, 1000000);
    bool ipv6 = bench->targets[0].address.family == SONDE_IPV6;
    outcome.kind = kind;
    outcome.from = bench_address(ipv6 ? "2001:db8::9" : "10.9.9.9");
    outcome.icmp_type = type;
    outcome.icmp_code = code;
    return outcome;
}

/* A final outcome without an answer. */
static inline struct sonde_outcome bench_nothing(struct bench *bench, uint32_t target,
                                                 uint64_t number, enum sonde_outcome_kind kind)
{
    struct sonde_outcome outcome = bench_reply(bench, target, number, 0);
    outcome.kind = kind;
    outcome.rtt_known = false;
    outcome.rtt.ns = 0;
    outcome.received = (struct sonde_stamp){.source = SONDE_STAMP_NONE};
    outcome.from = (struct sonde_address){0};
    outcome.hop_limit = -1;
    outcome.traffic_class = -1;
    outcome.icmp = (struct sonde_bytes){NULL, 0};
    return outcome;
}

static inline void bench_tell(struct bench *bench, struct sonde_outcome outcome)
{
    sonde_target_stats_outcome(&bench->stats[outcome.target], &outcome);
    sonde_self_outcome(&bench->self, &outcome);
    bench->report.ops->outcome(bench->report.self, &outcome);
}

/* Sent and answered. */
static inline void bench_echo(struct bench *bench, uint32_t target, uint64_t number, int64_t rtt_ns)
{
    bench_send(bench, target, number);
    bench_tell(bench, bench_reply(bench, target, number, rtt_ns));
}

static inline void bench_summary(struct bench *bench)
{
    struct report_measurement measurement = {.self = &bench->self};
    bench->report.ops->summary(bench->report.self, &measurement);
}

#define bench_expect(bench, text) cr_assert_str_eq(bench_out(bench), (text))

/* Opens the text report and lets it tell of the first target. */
static inline void bench_start_text(struct bench *bench)
{
    bench_open(bench, report_text_create);
    bench->report.ops->begin(bench->report.self);
    bench->report.ops->start(bench->report.self, 0);
}

#endif
