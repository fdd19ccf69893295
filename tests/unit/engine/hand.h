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
    uint16_t payload_bytes;
    bool dont_fragment;
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
    *probe = (struct sonde_probe){.number = bench->handed_out++,
                                  .due = now,
                                  .timeout = {TIMEOUT_NS},
                                  .hop_limit = 64,
                                  .payload_bytes = bench->payload_bytes,
                                  .dont_fragment = bench->dont_fragment};
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
static const uint16_t identifiers[] = {4711};
static const struct sonde_address here = {SONDE_IPV4, {192, 0, 2, 1}, 0};
static const struct sonde_address there = {SONDE_IPV4, {192, 0, 2, 2}, 0};
static const struct sonde_address router = {SONDE_IPV4, {192, 0, 2, 254}, 0};

static inline struct bench *bench_new(uint16_t payload_bytes, uint64_t to_send)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->payload_bytes = payload_bytes;
    bench->to_send = to_send;
    bench->patience = (struct sonde_span){TIMEOUT_NS};
    bench->end = SONDE_NEVER;
    struct sonde_engine_config config = {.key = "a secret of ours",
                                         .linger = {10000 * MS},
                                         .identifiers = identifiers,
                                         .identifier_count = 1};
    cr_assert_eq(sonde_engine_create(&bench->engine, &config, (struct sonde_strategy){&ops, bench},
                                     (struct sonde_observer){bench, sent, heard}),
                 0);
    struct sonde_engine_target target = {.address = there, .source = here, .mtu = 1500};
    cr_assert_eq(sonde_engine_add_target(bench->engine, &target), 0);
    return bench;
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

/* Wraps a message into IPv4 and hands it to the engine as received at `ns`. */
static inline void receive(struct bench *bench, const struct packet_icmp *message,
                           const struct sonde_address *from, int64_t ns)
{
    uint8_t icmp_bytes[1500];
    struct packet_writer icmp = packet_writer_over(icmp_bytes, sizeof icmp_bytes);
    cr_assert_eq(packet_icmp_write(&icmp, message, from, &here), 0);
    struct packet_writer writer = packet_writer_over(bench->answer, sizeof bench->answer);
    cr_assert_eq(
        packet_ipv4_write(
            &writer, &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + packet_written(&icmp)),
                                           .ttl = 60,
                                           .protocol = 1,
                                           .source = *from,
                                           .destination = here}),
        0);
    packet_write_bytes(&writer, icmp_bytes, packet_written(&icmp));
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
