#include "hand.h"

#include "packet/tcp.h"

static struct bench *flight_of(enum sonde_probe_kind kind, struct sonde_engine_config config,
                               uint64_t count)
{
    struct sonde_probe shape = {.kind = kind, .port = 33434, .flow = 1, .payload_bytes = 32};
    struct bench *bench = bench_of(config, 4, shape, count);
    cr_assert_eq(send_at(bench, 0, 0), count);
    return bench;
}

/* An error of `from` about a datagram, cut to `bytes`. */
static void complain(struct bench *bench, struct sonde_bytes about, size_t bytes, uint8_t type,
                     uint8_t code, const struct sonde_address *from)
{
    about.length = bytes < about.length ? bytes : about.length;
    struct packet_icmp error = {.family = SONDE_IPV4,
                                .type = type,
                                .code = code,
                                .form = PACKET_ICMP_ERROR,
                                .error = {.quote = about}};
    receive(bench, &error, from, MS);
}

static struct sonde_bytes sent_as(struct bench *bench, size_t i)
{
    return (struct sonde_bytes){bench->batch[i].bytes, bench->batch[i].length};
}

static const enum sonde_probe_kind kinds[] = {SONDE_PROBE_UDP, SONDE_PROBE_TCP, SONDE_PROBE_SCTP};

Test(engine_answer_quote, eight_bytes_are_enough)
{
    for (size_t kind = 0; kind < 3; kind++) {
        struct bench *bench = flight_of(kinds[kind], (struct sonde_engine_config){0}, 5);
        for (size_t i = 0; i < 5; i++) {
            complain(bench, sent_as(bench, i), 28, 11, 0, &router);
            cr_assert_eq(bench->heard_count, i + 1);
            cr_assert_eq(bench->heard[i].number, i);
            cr_assert_eq(bench->heard[i].kind, SONDE_TIME_EXCEEDED);
            cr_assert(bench->heard[i].quote.icmp_intact);
            cr_assert_not(bench->heard[i].quote.port_differs);
            cr_assert_not(bench->heard[i].quote.checksum_differs);
        }
        complain(bench, sent_as(bench, 0), 27, 11, 0, &router);
        cr_assert_eq(foreign(bench), 1, "less than RFC 792 promises");
        bench_free(bench);
    }
}

Test(engine_answer_quote, who_says_that_it_is_closed_is_there)
{
    for (size_t kind = 0; kind < 3; kind++) {
        struct bench *bench = flight_of(kinds[kind], (struct sonde_engine_config){0}, 4);
        complain(bench, sent_as(bench, 0), 28, 3, 3, &there);
        complain(bench, sent_as(bench, 1), 28, 3, 2, &there);
        complain(bench, sent_as(bench, 2), 28, 3, 3, &router);
        complain(bench, sent_as(bench, 3), 28, 3, 13, &there);
        cr_assert_eq(bench->heard[0].kind, SONDE_REPLY);
        cr_assert_eq(bench->heard[0].said, SONDE_SAID_PORT_CLOSED);
        cr_assert_eq(bench->heard[1].said, SONDE_SAID_PROTOCOL_CLOSED);
        cr_assert_eq(bench->heard[2].kind, SONDE_UNREACHABLE);
        cr_assert_eq(bench->heard[2].said, SONDE_SAID_NOTHING);
        cr_assert_eq(bench->heard[3].kind, SONDE_UNREACHABLE);
        bench_free(bench);
    }
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    complain(bench, sent_as(bench, 0), 100, 3, 3, &there);
    cr_assert_eq(bench->heard[0].kind, SONDE_UNREACHABLE, "an echo request has no port");
    bench_free(bench);
}

/* A quote with some 16-bit fields replaced. */
struct change {
    size_t at;
    uint16_t value;
};

static void complain_changed(struct bench *bench, size_t i, size_t bytes,
                             const struct change *changes, size_t count)
{
    uint8_t copy[128];
    struct sonde_bytes sent = sent_as(bench, i);
    cr_assert_leq(sent.length, sizeof copy);
    memcpy(copy, sent.data, sent.length);
    for (size_t k = 0; k < count; k++) {
        copy[changes[k].at] = (uint8_t)(changes[k].value >> 8);
        copy[changes[k].at + 1] = (uint8_t)changes[k].value;
    }
    complain(bench, (struct sonde_bytes){copy, sent.length}, bytes, 11, 0, &router);
}

#define ID          4
#define SOURCE      12
#define SOURCE_PORT 20
#define DEST_PORT   22
#define CHECKSUM    26
#define TCP_LOW     26
#define TOKEN       34

Test(engine_answer_quote, a_translated_source_is_recognised)
{
    const struct change source[] = {{SOURCE, 0xc633}, {SOURCE_PORT, 999}, {CHECKSUM, 0x7777}};
    struct bench *bench = flight_of(SONDE_PROBE_UDP, (struct sonde_engine_config){0}, 3);
    complain_changed(bench, 1, 28, source, 3); /* by the identification */
    cr_assert_eq(bench->heard[0].number, 1);
    cr_assert(bench->heard[0].quote.port_differs);
    cr_assert(bench->heard[0].quote.checksum_differs);
    cr_assert_not(bench->heard[0].quote.icmp_intact);
    /* and that was changed, too: by token and proof alone */
    const struct change all[] = {{SOURCE, 0xc633}, {SOURCE_PORT, 999}, {CHECKSUM, 0x7777}, {ID, 1}};
    complain_changed(bench, 2, 60, all, 4);
    cr_assert_eq(bench->heard[1].number, 2);
    bench_free(bench);
}

Test(engine_answer_quote, a_changed_identification_alone_misleads_nobody)
{
    struct bench *bench = flight_of(SONDE_PROBE_UDP, (struct sonde_engine_config){0}, 3);
    complain_changed(bench, 2, 28, (const struct change[]){{ID, 1}}, 1);
    cr_assert_eq(bench->heard[0].number, 2, "by the checksum, though probe 0 has that id");
    complain_changed(bench, 1, 60, (const struct change[]){{ID, 1}}, 1);
    cr_assert_eq(bench->heard[1].number, 1);
    bench_free(bench);
    bench = flight_of(SONDE_PROBE_TCP, (struct sonde_engine_config){0}, 3);
    complain_changed(bench, 2, 28, (const struct change[]){{ID, 1}}, 1);
    cr_assert_eq(bench->heard[0].number, 2, "by the sequence number");
    bench_free(bench);
}

Test(engine_answer_quote, what_contradicts_is_foreign)
{
    static const struct {
        enum sonde_probe_kind kind;
        size_t bytes;
        struct change change;
    } all[] = {
        {SONDE_PROBE_UDP, 28, {DEST_PORT, 33435}},
        {SONDE_PROBE_TCP, 28, {DEST_PORT, 33435}},
        {SONDE_PROBE_TCP, 28, {TCP_LOW, 0}},       /* the proof */
        {SONDE_PROBE_UDP, 60, {TOKEN, 0xabab}},    /* likewise */
        {SONDE_PROBE_UDP, 28, {SOURCE_PORT, 999}}, /* of another program here */
        {SONDE_PROBE_SCTP, 28, {SOURCE_PORT, 999}},
        {SONDE_PROBE_SCTP, 60, {36, 0xabab}}, /* the initiate tag */
        {SONDE_PROBE_TCP, 28, {8, 0x0111}},   /* another protocol */
        {SONDE_PROBE_TCP, 28, {18, 0xabab}},  /* to somebody else */
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct bench *bench = flight_of(all[i].kind, (struct sonde_engine_config){0}, 1);
        complain_changed(bench, 0, all[i].bytes, &all[i].change, 1);
        cr_assert_eq(bench->heard_count, 0, "case %zu", i);
        cr_assert_eq(foreign(bench), 1);
        bench_free(bench);
    }
}

/* RFC 4884: a short quote is filled up with zeros in front of extensions. */
Test(engine_answer_quote, zeros_behind_a_short_quote_refute_nothing)
{
    for (size_t bytes = 28; bytes < 60; bytes++) {
        struct bench *bench = flight_of(SONDE_PROBE_UDP, (struct sonde_engine_config){0}, 2);
        uint8_t copy[128] = {0};
        memcpy(copy, bench->batch[0].bytes, bytes);
        complain(bench, (struct sonde_bytes){copy, 128}, 128, 11, 0, &router);
        cr_assert_eq(bench->heard_count, 1, "%zu bytes", bytes);
        cr_assert_eq(bench->heard[0].number, 0);
        bench_free(bench);
    }
}

Test(engine_answer_quote, an_echo_request_is_known_by_its_proof_behind_a_translator)
{
    struct bench *bench = flight_of(SONDE_PROBE_ECHO, (struct sonde_engine_config){0}, 3);
    complain_changed(bench, 1, 60, (const struct change[]){{SOURCE, 0xc633}, {24, 999}}, 2);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].number, 1);
    cr_assert(bench->heard[0].quote.port_differs);
    complain_changed(bench, 1, 28, (const struct change[]){{SOURCE, 0xc633}, {24, 999}}, 2);
    cr_assert_eq(bench->heard_count, 1, "without a proof it may be anybody's");
    bench_free(bench);
}

/* --- the error queue ---------------------------------------------------------------------------
 */

static void queue(struct bench *bench, size_t i, size_t bytes, struct sonde_event event)
{
    event.kind = SONDE_EVENT_ERROR;
    event.bytes = (struct sonde_bytes){bench->batch[i].bytes + 20, bytes};
    event.to = there;
    event.stamp = (struct sonde_stamp){{MS}, SONDE_STAMP_USER};
    event.read.ns = MS;
    sonde_engine_receive(bench->engine, &event);
}

Test(engine_answer_quote, the_error_queue_of_udp_tells_by_port)
{
    struct sonde_engine_config config = {.sequence_in_port = true};
    struct bench *bench = flight_of(SONDE_PROBE_UDP, config, 4);
    struct sonde_event event = {.protocol = 17, .from = router, .icmp_type = 11};
    bench->batch[2].bytes[CHECKSUM] = bench->batch[2].bytes[CHECKSUM + 1] = 0; /* not shown */
    queue(bench, 2, 8, event);
    cr_assert_eq(bench->heard[0].number, 2);
    cr_assert_eq(bench->heard[0].kind, SONDE_TIME_EXCEEDED);
    cr_assert(bench->heard[0].from_error_queue);
    event = (struct sonde_event){.protocol = 17, .from = there, .icmp_type = 3, .icmp_code = 3};
    queue(bench, 0, 40, event);
    cr_assert_eq(bench->heard[1].number, 0);
    cr_assert_eq(bench->heard[1].said, SONDE_SAID_PORT_CLOSED);
    event = (struct sonde_event){.protocol = 17, .error = EMSGSIZE, .info = 1280};
    queue(bench, 1, 40, event);
    cr_assert_eq(bench->heard[2].kind, SONDE_SEND_FAILED);
    cr_assert_eq(bench->heard[2].mtu, 1280);
    bench_free(bench);
}

Test(engine_answer_quote, the_error_queue_of_udp_may_tell_no_more_than_the_flow)
{
    struct sonde_engine_config config = {.payload = SONDE_PAYLOAD_DNS};
    struct bench *bench = flight_of(SONDE_PROBE_UDP, config, 4);
    struct sonde_event event = {.protocol = 17, .from = there, .icmp_type = 3, .icmp_code = 3};
    for (int i = 0; i < 4; i++)
        bench->batch[i].bytes[CHECKSUM] = bench->batch[i].bytes[CHECKSUM + 1] = 0; /* not shown */
    for (size_t i = 0; i < 4; i++) {
        queue(bench, 0, 8, event);
        cr_assert_eq(bench->heard_count, i + 1);
        cr_assert_eq(bench->heard[i].number, 3 - i, "the newest that is open");
        cr_assert_eq(bench->heard[i].said, SONDE_SAID_PORT_CLOSED);
    }
    queue(bench, 0, 8, event);
    cr_assert_eq(bench->heard_count, 4, "nobody waits for one more");
    bench_free(bench);
}

Test(engine_answer_quote, the_error_queue_of_tcp_tells_by_sequence_number)
{
    struct bench *bench = flight_of(SONDE_PROBE_TCP, (struct sonde_engine_config){0}, 4);
    struct sonde_event event = {.protocol = 6, .from = router, .icmp_type = 11};
    queue(bench, 2, 8, event);
    cr_assert_eq(bench->heard[0].number, 2);
    bench->batch[1].bytes[TCP_LOW] ^= 1;
    queue(bench, 1, 8, event);
    queue(bench, 1, 3, event);
    cr_assert_eq(bench->heard_count, 1);
    bench_free(bench);
}
