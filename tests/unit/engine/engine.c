/* The engine with its hands held: datagrams are taken from it and answers are made by the test. */
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
    uint16_t payload_bytes;
    bool dont_fragment;
    struct sonde_outcome heard[64];
    size_t heard_count;
    size_t failed_sends;
    struct sonde_datagram batch[64];
    struct sonde_bytes probe; /* a copy of the last datagram */
    uint8_t probe_bytes[2048];
    uint8_t answer[2048];
};

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
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

static struct sonde_span patience(void *self)
{
    return ((struct bench *)self)->patience;
}

static void strategy_outcome(void *self, const struct sonde_outcome *outcome)
{
    (void)self;
    (void)outcome;
}

static void heard(void *self, const struct sonde_outcome *outcome)
{
    struct bench *bench = self;
    cr_assert_lt(bench->heard_count, 64);
    bench->heard[bench->heard_count++] = *outcome;
}

static void sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    (void)probe;
    (void)at;
    ((struct bench *)self)->failed_sends += error != 0;
}

static const struct sonde_strategy_ops ops = {next, patience, strategy_outcome};
static const uint16_t identifiers[] = {4711};
static const struct sonde_address here = {SONDE_IPV4, {192, 0, 2, 1}, 0};
static const struct sonde_address there = {SONDE_IPV4, {192, 0, 2, 2}, 0};
static const struct sonde_address router = {SONDE_IPV4, {192, 0, 2, 254}, 0};

static struct bench *bench_new(uint16_t payload_bytes, uint64_t to_send)
{
    struct bench *bench = calloc(1, sizeof *bench);
    bench->payload_bytes = payload_bytes;
    bench->to_send = to_send;
    bench->patience = (struct sonde_span){TIMEOUT_NS};
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

static void bench_free(struct bench *bench)
{
    sonde_engine_destroy(bench->engine);
    free(bench);
}

/* Sends everything that is due; keeps a copy of the last datagram. */
static size_t send_at(struct bench *bench, int64_t ns, int error)
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

static struct packet_icmp probe_message(struct bench *bench)
{
    struct packet_ipv4 ip;
    struct packet_icmp message;
    cr_assert_eq(packet_ipv4_parse(bench->probe, &ip), 0);
    cr_assert_eq(packet_icmp_parse(SONDE_IPV4, ip.payload, &message), 0);
    return message;
}

/* Wraps a message into IPv4 and hands it to the engine as received at `ns`. */
static void receive(struct bench *bench, const struct packet_icmp *message,
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

static struct packet_icmp reply_to(struct bench *bench)
{
    struct packet_icmp message = probe_message(bench);
    message.type = 0;
    return message;
}

static struct packet_icmp error_about(struct bench *bench, uint8_t type, uint8_t code)
{
    return (struct packet_icmp){.family = SONDE_IPV4,
                                .type = type,
                                .code = code,
                                .form = PACKET_ICMP_ERROR,
                                .error = {.quote = bench->probe}};
}

static uint64_t foreign(struct bench *bench)
{
    struct sonde_engine_counters counters;
    sonde_engine_counters(bench->engine, &counters);
    return counters.foreign;
}

Test(engine_engine, a_reply_is_matched_and_timed)
{
    struct bench *bench = bench_new(56, 1);
    cr_assert_eq(send_at(bench, 5 * MS, 0), 1);
    cr_assert(!sonde_engine_finished(bench->engine));
    struct packet_icmp reply = reply_to(bench);
    receive(bench, &reply, &there, 12 * MS);
    cr_assert_eq(bench->heard_count, 1);
    const struct sonde_outcome *outcome = &bench->heard[0];
    cr_assert_eq(outcome->kind, SONDE_REPLY);
    cr_assert(outcome->rtt_known);
    cr_assert_eq(outcome->rtt.ns, 7 * MS);
    cr_assert_eq(outcome->hop_limit, 60);
    cr_assert_eq(outcome->sequence, 1);
    cr_assert(!outcome->payload_differs && !outcome->truncated && !outcome->foreign_source);
    send_at(bench, 12 * MS, 0);
    cr_assert(sonde_engine_finished(bench->engine));
    bench_free(bench);
}

Test(engine_engine, the_second_reply_is_a_duplicate_and_a_late_one_is_late)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    sonde_engine_expire(bench->engine, (struct sonde_mono){TIMEOUT_NS});
    receive(bench, &reply, &there, TIMEOUT_NS + 1);
    receive(bench, &reply, &there, TIMEOUT_NS + 2);
    cr_assert_eq(bench->heard_count, 3);
    cr_assert_eq(bench->heard[0].kind, SONDE_TIMED_OUT);
    cr_assert_eq(bench->heard[1].kind, SONDE_LATE);
    cr_assert_eq(bench->heard[1].rtt.ns, TIMEOUT_NS + 1);
    cr_assert_eq(bench->heard[2].kind, SONDE_DUPLICATE);
    bench_free(bench);
}

Test(engine_engine, the_stamp_decides_what_is_late_not_the_time_of_reading)
{
    struct bench *bench = bench_new(56, 2);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    receive(bench, &reply, &there, TIMEOUT_NS + 500); /* read before anybody called expire */
    cr_assert_eq(bench->heard[0].kind, SONDE_TIMED_OUT);
    cr_assert_eq(bench->heard[1].kind, SONDE_LATE);
    bench_free(bench);
}

Test(engine_engine, nobody_answers_for_another_without_the_proof)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    uint8_t payload[56];
    memcpy(payload, reply.payload.data, sizeof payload);
    payload[9] ^= 1; /* in the proof */
    reply.payload.data = payload;
    receive(bench, &reply, &there, MS);
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 1);
    payload[9] ^= 1;
    reply.echo.sequence++;
    receive(bench, &reply, &there, MS);
    reply.echo.sequence--;
    reply.echo.identifier++;
    receive(bench, &reply, &there, MS);
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 3);
    reply.echo.identifier--;
    receive(bench, &reply, &router, 2 * MS); /* another address, but proven */
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_REPLY);
    cr_assert(bench->heard[0].foreign_source);
    bench_free(bench);
}

Test(engine_engine, without_room_for_a_proof_the_address_must_agree)
{
    struct bench *bench = bench_new(0, 1);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    receive(bench, &reply, &router, MS);
    cr_assert_eq(bench->heard_count, 0);
    receive(bench, &reply, &there, MS);
    cr_assert_eq(bench->heard_count, 1);
    bench_free(bench);
}

/* CVE-2025-47268, CVE-2025-48964: a forged time in the payload never enters a figure. */
Test(engine_engine, times_in_the_payload_are_not_believed)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    uint8_t payload[56];
    memset(payload, 0xff, sizeof payload);
    reply.payload.data = payload;
    receive(bench, &reply, &there, MS);
    cr_assert_eq(bench->heard_count, 0, "the proof is gone: it is not our payload");
    bench_free(bench);
}

Test(engine_engine, a_changed_payload_and_a_short_one_are_told)
{
    struct bench *bench = bench_new(56, 2);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    uint8_t payload[56];
    memcpy(payload, reply.payload.data, sizeof payload);
    payload[40] = 0;
    reply.payload.data = payload;
    receive(bench, &reply, &there, MS);
    cr_assert_eq(bench->heard[0].kind, SONDE_REPLY);
    cr_assert(bench->heard[0].payload_differs);
    cr_assert_eq(bench->heard[0].payload_differs_at, 40);
    reply.payload.length = 30;
    receive(bench, &reply, &there, MS);
    cr_assert(bench->heard[1].truncated);
    bench_free(bench);
}

Test(engine_engine, a_wrong_checksum_is_corrupt_and_the_probe_stays_open)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench);
    uint8_t icmp_bytes[100];
    struct packet_writer icmp = packet_writer_over(icmp_bytes, sizeof icmp_bytes);
    cr_assert_eq(packet_icmp_write(&icmp, &reply, NULL, NULL), 0);
    icmp_bytes[50] ^= 0x10;
    struct sonde_event event = {.kind = SONDE_EVENT_DATAGRAM,
                                .stamp = {{MS}, SONDE_STAMP_USER},
                                .read = {MS},
                                .layer = SONDE_LAYER_ICMP,
                                .bytes = {icmp_bytes, packet_written(&icmp)},
                                .from = there};
    sonde_engine_receive(bench->engine, &event);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_CORRUPT);
    icmp_bytes[50] ^= 0x10;
    sonde_engine_receive(bench->engine, &event);
    cr_assert_eq(bench->heard[1].kind, SONDE_REPLY);
    bench_free(bench);
}

Test(engine_engine, errors_are_matched_by_their_quote)
{
    static const struct {
        uint8_t type, code;
        enum sonde_outcome_kind kind;
    } cases[] = {{11, 0, SONDE_TIME_EXCEEDED}, {3, 1, SONDE_UNREACHABLE},
                 {3, 4, SONDE_TOO_BIG},        {12, 0, SONDE_PARAMETER_PROBLEM},
                 {5, 1, SONDE_REDIRECT},       {4, 0, SONDE_SOURCE_QUENCH}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_new(56, 1);
        send_at(bench, 0, 0);
        struct packet_icmp error = error_about(bench, cases[i].type, cases[i].code);
        if (cases[i].kind == SONDE_TOO_BIG)
            error.error.mtu = 1280;
        if (cases[i].kind == SONDE_REDIRECT)
            error.error.gateway = router;
        receive(bench, &error, &router, 3 * MS);
        cr_assert_eq(bench->heard_count, 1);
        cr_assert_eq(bench->heard[0].kind, cases[i].kind);
        cr_assert(bench->heard[0].quote.present);
        cr_assert_eq(bench->heard[0].quote.hop_limit, 64);
        cr_assert(sonde_address_equal(&bench->heard[0].from, &router));
        bench_free(bench);
    }
}

Test(engine_engine, an_error_about_another_destination_is_not_ours)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    bench->probe_bytes[19] ^= 1; /* the quoted destination */
    struct packet_icmp error = error_about(bench, 3, 1);
    receive(bench, &error, &router, MS);
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 1);
    bench_free(bench);
}

/* CVE-2022-23093: a quoted header with options is longer than twenty bytes. */
Test(engine_engine, quoted_ip_options_do_not_confuse_it)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    uint8_t quote[200];
    memcpy(quote, bench->probe_bytes, 20);
    memset(quote + 20, 1, 40); /* no-operation options */
    memcpy(quote + 60, bench->probe_bytes + 20, 64);
    quote[0] = 0x4f;
    struct packet_icmp error = error_about(bench, 11, 0);
    for (size_t length = 0; length <= 124; length++) {
        error.error.quote = (struct sonde_bytes){quote, length};
        receive(bench, &error, &router, MS);
        if (length < 68)
            cr_assert_eq(bench->heard_count, 0, "%zu bytes of quote", length);
    }
    cr_assert_geq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_TIME_EXCEEDED);
    bench_free(bench);
}

Test(engine_engine, a_refused_send_is_an_outcome)
{
    struct bench *bench = bench_new(56, 3);
    send_at(bench, 0, ENETUNREACH);
    cr_assert_eq(bench->heard_count, 3);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(bench->heard[i].kind, SONDE_SEND_FAILED);
        cr_assert_eq(bench->heard[i].error, ENETUNREACH);
        cr_assert_eq(bench->heard[i].number, (uint64_t)i);
    }
    cr_assert_eq(bench->failed_sends, 3);
    send_at(bench, 0, 0);
    cr_assert(sonde_engine_finished(bench->engine));
    bench_free(bench);
}

Test(engine_engine, too_long_is_fragmented_or_refused_with_the_mtu)
{
    struct bench *bench = bench_new(1473, 1);
    cr_assert_eq(send_at(bench, 0, 0), 2, "two fragments");
    bench_free(bench);

    bench = bench_new(1473, 1);
    bench->dont_fragment = true;
    cr_assert_eq(send_at(bench, 0, 0), 0);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_SEND_FAILED);
    cr_assert_eq(bench->heard[0].error, EMSGSIZE);
    cr_assert_eq(bench->heard[0].mtu, 1500);
    bench_free(bench);
}

Test(engine_engine, a_lost_later_fragment_fails_the_probe)
{
    struct bench *bench = bench_new(4000, 1);
    size_t count = sonde_engine_transmit(bench->engine, (struct sonde_mono){0}, bench->batch, 64);
    cr_assert_eq(count, 3);
    cr_assert_neq(bench->batch[0].token, 0);
    cr_assert_eq(bench->batch[1].token, 0);
    bench->batch[2].error = ENOBUFS;
    sonde_engine_transmitted(bench->engine, bench->batch, count);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_SEND_FAILED);
    bench_free(bench);
}

Test(engine_engine, fragments_continue_in_the_next_batch)
{
    struct bench *bench = bench_new(60000, 1);
    struct sonde_datagram batch[10];
    size_t fragments = 0, calls = 0;
    for (size_t count;
         (count = sonde_engine_transmit(bench->engine, (struct sonde_mono){0}, batch, 10)) > 0;
         calls++) {
        fragments += count;
        sonde_engine_transmitted(bench->engine, batch, count);
    }
    cr_assert_eq(fragments, (60008 + 1479) / 1480);
    cr_assert_gt(calls, 4);
    bench_free(bench);
}

Test(engine_engine, kernel_stamps_of_both_ends_make_the_rtt)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 10 * MS, 0);
    struct sonde_event stamp = {.kind = SONDE_EVENT_SENT_STAMP,
                                .token = bench->batch[0].token,
                                .stamp = {{11 * MS}, SONDE_STAMP_KERNEL}};
    sonde_engine_receive(bench->engine, &stamp);
    struct packet_icmp reply = reply_to(bench);
    receive(bench, &reply, &there, 20 * MS); /* a user stamp: the pair must be one clock */
    cr_assert_eq(bench->heard[0].rtt.ns, 10 * MS);
    cr_assert_eq(bench->heard[0].sent.source, SONDE_STAMP_USER);
    bench_free(bench);
}

Test(engine_engine, the_end_of_a_run_tells_lost_from_unfinished)
{
    struct bench *bench = bench_new(56, 1);
    bench->patience = (struct sonde_span){100 * MS};
    send_at(bench, 0, 0);
    sonde_engine_stop(bench->engine, (struct sonde_mono){100 * MS});
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_TIMED_OUT, "it has waited for as long as is worth it");
    bench_free(bench);

    bench = bench_new(56, 1);
    bench->patience = (struct sonde_span){100 * MS};
    send_at(bench, 0, 0);
    sonde_engine_stop(bench->engine, (struct sonde_mono){99 * MS});
    cr_assert_eq(bench->heard[0].kind, SONDE_UNFINISHED, "its answer may be on the way");
    bench_free(bench);
}

Test(engine_engine, every_probe_has_exactly_one_final_outcome)
{
    struct bench *bench = bench_new(56, 40);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench); /* to the last one */
    receive(bench, &reply, &there, MS);
    sonde_engine_stop(bench->engine, (struct sonde_mono){2 * MS});
    int finals[40] = {0};
    for (size_t i = 0; i < bench->heard_count; i++)
        finals[bench->heard[i].number] += sonde_outcome_is_final(bench->heard[i].kind);
    for (int i = 0; i < 40; i++)
        cr_assert_eq(finals[i], 1, "probe %d", i);
    cr_assert(sonde_engine_finished(bench->engine));
    bench_free(bench);
}

Test(engine_engine, bytes_of_any_kind_are_survived)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    srand(1);
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[128];
        size_t length = (size_t)rand() % sizeof bytes;
        for (size_t k = 0; k < length; k++)
            bytes[k] = (uint8_t)rand();
        struct sonde_event event = {
            .kind = rand() % 2 ? SONDE_EVENT_DATAGRAM : SONDE_EVENT_ERROR,
            .layer = rand() % 2 ? SONDE_LAYER_IP : SONDE_LAYER_ICMP,
            .bytes = {bytes, length},
            .from = {.family = rand() % 2 ? SONDE_IPV4 : SONDE_IPV6},
            .to = {.family = rand() % 2 ? SONDE_IPV4 : SONDE_IPV6},
            .read = {MS},
        };
        sonde_engine_receive(bench->engine, &event);
    }
    cr_assert_eq(bench->heard_count, 0);
    bench_free(bench);
}
