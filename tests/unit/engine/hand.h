/* The engine with its hands held: datagrams are taken from it and answers are made by the test. */
#ifndef TESTS_ENGINE_HAND_H
#define TESTS_ENGINE_HAND_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "sonde/engine.h"

#define MS         SONDE_NS_PER_MS
#define TIMEOUT_NS (1000 * MS)

struct bench {
    struct sonde_engine *engine;
    uint64_t to_send; /* the strategy hands out so many probes, all due at once */
    uint64_t handed_out;
    struct sonde_span patience;
    struct sonde_mono end;
    struct sonde_probe shape; /* of the probes: all but number, due, timeout */
    struct sonde_outcome heard[64];
    size_t heard_count;
    size_t failed_sends;
    bool quiet; /* outcomes are counted, not kept */
    uint64_t finals;
    struct sonde_datagram batch[64];
    struct sonde_bytes probe; /* a copy of the last datagram */
    uint8_t probe_bytes[2048];
    uint8_t answer[2048];
};

static inline enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                                   struct sonde_mono *wake)
{
    struct bench *bench = self;
    *wake = SONDE_NEVER;
    if (bench->handed_out == bench->to_send)
        return SONDE_NEXT_DONE;
    *probe = bench->shape;
    probe->number = bench->handed_out++;
    probe->due = now;
    probe->timeout.ns = TIMEOUT_NS;
    probe->hop_limit = 64;
    return SONDE_NEXT_PROBE;
}

static inline struct sonde_mono end(void *self)
{
    return ((struct bench *)self)->end;
}

static inline struct sonde_span patience(void *self)
{
    return ((struct bench *)self)->patience;
}

static inline void strategy_outcome(void *self, const struct sonde_outcome *outcome)
{
    (void)self;
    (void)outcome;
}

static inline void heard(void *self, const struct sonde_outcome *outcome)
{
    struct bench *bench = self;
    bench->finals += sonde_outcome_is_final(outcome->kind);
    if (bench->quiet)
        return;
    cr_assert_lt(bench->heard_count, 64);
    bench->heard[bench->heard_count++] = *outcome;
}

static inline void sent(void *self, const struct sonde_probe *probe, struct sonde_mono at,
                        int error)
{
    (void)probe;
    (void)at;
    ((struct bench *)self)->failed_sends += error != 0;
}

static const struct sonde_strategy_ops ops = {next, end, patience, strategy_outcome};
static const uint16_t identifiers[] = {4711, 4712, 4713, 4714};
static const struct sonde_address here = {SONDE_IPV4, {192, 0, 2, 1}, 0};
static const struct sonde_address there = {SONDE_IPV4, {192, 0, 2, 2}, 0};
static const struct sonde_address router = {SONDE_IPV4, {192, 0, 2, 254}, 0};

/* With the first `lanes` identifiers, and what else `config` says. */
static inline struct bench *bench_of(struct sonde_engine_config config, size_t lanes,
                                     struct sonde_probe shape, uint64_t to_send)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->shape = shape;
    bench->to_send = to_send;
    bench->patience = (struct sonde_span){TIMEOUT_NS};
    bench->end = SONDE_NEVER;
    memcpy(config.key, "a secret of ours", sizeof config.key);
    config.linger.ns = 10000 * MS;
    config.identifiers = identifiers;
    config.identifier_count = lanes;
    cr_assert_eq(sonde_engine_create(&bench->engine, &config, (struct sonde_strategy){&ops, bench},
                                     (struct sonde_observer){bench, sent, heard}),
                 0);
    struct sonde_engine_target target = {.address = there, .source = here, .mtu = 1500};
    cr_assert_eq(sonde_engine_add_target(bench->engine, &target), 0);
    return bench;
}

/* Echo requests of one identifier. */
static inline struct bench *bench_new(uint16_t payload_bytes, uint64_t to_send)
{
    return bench_of((struct sonde_engine_config){0}, 1,
                    (struct sonde_probe){.payload_bytes = payload_bytes}, to_send);
}

static inline void bench_free(struct bench *bench)
{
    sonde_engine_destroy(bench->engine);
    free(bench);
}

/* Sends everything that is due; keeps a copy of the last datagram. */
static inline size_t send_at(struct bench *bench, int64_t ns, int error)
{
    size_t count = sonde_engine_transmit(bench->engine, (struct sonde_mono){ns}, bench->batch, 64);
    for (size_t i = 0; i < count; i++) {
        bench->batch[i].sent = (struct sonde_mono){ns};
        bench->batch[i].error = error;
        bench->probe = (struct sonde_bytes){bench->probe_bytes, bench->batch[i].length};
        memcpy(bench->probe_bytes, bench->batch[i].bytes, bench->batch[i].length);
    }
    sonde_engine_transmitted(bench->engine, bench->batch, count);
    return count;
}

static inline struct packet_icmp probe_message(struct bench *bench)
{
    struct packet_ipv4 ip;
    struct packet_icmp message;
    cr_assert_eq(packet_ipv4_parse(bench->probe, &ip), 0);
    cr_assert_eq(packet_icmp_parse(SONDE_IPV4, ip.payload, &message), 0);
    return message;
}

/* Puts an IPv4 header in front of bytes and hands them to the engine as received at `ns`. */
static inline void receive_upper(struct bench *bench, uint8_t protocol, struct sonde_bytes upper,
                                 const struct sonde_address *from, int64_t ns)
{
    struct packet_writer writer = packet_writer_over(bench->answer, sizeof bench->answer);
    cr_assert_eq(packet_ipv4_write(
                     &writer, &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + upper.length),
                                                    .ttl = 60,
                                                    .protocol = protocol,
                                                    .source = *from,
                                                    .destination = here}),
                 0);
    packet_write_bytes(&writer, upper.data, upper.length);
    struct sonde_event event = {.kind = SONDE_EVENT_DATAGRAM,
                                .stamp = {{ns}, SONDE_STAMP_USER},
                                .read = {ns},
                                .layer = SONDE_LAYER_IP,
                                .bytes = packet_written_from(&writer, 0),
                                .from = *from,
                                .hop_limit = -1,
                                .traffic_class = -1};
    sonde_engine_receive(bench->engine, &event);
}

static inline void receive(struct bench *bench, const struct packet_icmp *message,
                           const struct sonde_address *from, int64_t ns)
{
    uint8_t bytes[1500];
    struct packet_writer icmp = packet_writer_over(bytes, sizeof bytes);
    cr_assert_eq(packet_icmp_write(&icmp, message, from, &here), 0);
    receive_upper(bench, 1, packet_written_from(&icmp, 0), from, ns);
}

static inline struct packet_icmp reply_to(struct bench *bench)
{
    struct packet_icmp message = probe_message(bench);
    message.type = 0;
    return message;
}

static inline struct packet_icmp error_about(struct bench *bench, uint8_t type, uint8_t code)
{
    return (struct packet_icmp){.family = SONDE_IPV4,
                                .type = type,
                                .code = code,
                                .form = PACKET_ICMP_ERROR,
                                .error = {.quote = bench->probe}};
}

static inline uint64_t foreign(struct bench *bench)
{
    struct sonde_engine_counters counters;
    sonde_engine_counters(bench->engine, &counters);
    return counters.foreign;
}

#endif
