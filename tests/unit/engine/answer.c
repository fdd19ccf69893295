#include "hand.h"

Test(engine_answer, nobody_answers_for_another_without_the_proof)
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

Test(engine_answer, without_room_for_a_proof_the_address_must_agree)
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

Test(engine_answer, times_in_the_payload_are_not_believed)
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

Test(engine_answer, a_changed_payload_and_a_short_one_are_told)
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

/* Lengths around eight bytes and around where the pattern 0, 1, 2 … begins anew. */
Test(engine_answer, the_first_changed_byte_is_found_wherever_it_is)
{
    for (uint16_t length = 16; length < 600; length = (uint16_t)(length * 2 + 1)) {
        for (uint16_t changed = 16; changed <= length; changed++) {
            struct bench *bench = bench_new(length, 1);
            uint8_t payload[600];
            send_at(bench, 0, 0);
            struct packet_icmp reply = reply_to(bench);
            memcpy(payload, reply.payload.data, length);
            payload[changed] ^= 0x01; /* the last one is behind the payload */
            if (changed + 9 < length)
                payload[changed + 9] ^= 0x80;
            reply.payload.data = payload;
            receive(bench, &reply, &there, MS);
            cr_assert_eq(bench->heard[0].payload_differs, changed < length);
            if (changed < length)
                cr_assert_eq(bench->heard[0].payload_differs_at, changed);
            bench_free(bench);
        }
    }
}

Test(engine_answer, a_wrong_checksum_is_corrupt_and_the_probe_stays_open)
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

Test(engine_answer, errors_are_matched_by_their_quote)
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

Test(engine_answer, an_error_about_another_destination_is_not_ours)
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

Test(engine_answer, quoted_ip_options_do_not_confuse_it)
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

Test(engine_answer, bytes_of_any_kind_are_survived)
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

/* What the error queue of a datagram socket tells: our own message and what became of it. */
static void queued_error(struct bench *bench, struct sonde_event event)
{
    event.kind = SONDE_EVENT_ERROR;
    event.bytes = (struct sonde_bytes){bench->probe_bytes + 20, bench->probe.length - 20};
    event.to = there;
    event.stamp = (struct sonde_stamp){{2 * MS}, SONDE_STAMP_USER};
    event.read.ns = 2 * MS;
    sonde_engine_receive(bench->engine, &event);
}

Test(engine_answer, the_error_queue_is_believed_about_our_probes)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    queued_error(
        bench, (struct sonde_event){.from = router, .icmp_type = 3, .icmp_code = 4, .info = 1400});
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_TOO_BIG);
    cr_assert_eq(bench->heard[0].mtu, 1400);
    cr_assert(bench->heard[0].from_error_queue);
    cr_assert_eq(bench->heard[0].rtt.ns, 2 * MS);
    bench_free(bench);

    bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    queued_error(bench,
                 (struct sonde_event){.from = router, .icmp_type = 12, .icmp_code = 0, .info = 8});
    cr_assert_eq(bench->heard[0].kind, SONDE_PARAMETER_PROBLEM);
    cr_assert_eq(bench->heard[0].pointer, 8);
    bench_free(bench);
}

Test(engine_answer, a_local_error_of_the_queue_is_a_failed_send_told_once)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct sonde_event local = {.error = EMSGSIZE, .info = 1300};
    queued_error(bench, local);
    queued_error(bench, local);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_SEND_FAILED);
    cr_assert_eq(bench->heard[0].error, EMSGSIZE);
    cr_assert_eq(bench->heard[0].mtu, 1300);
    bench_free(bench);
}

Test(engine_answer, the_error_queue_about_others_is_foreign)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    bench->probe_bytes[20 + 7]++; /* another sequence number */
    queued_error(bench, (struct sonde_event){.from = router, .icmp_type = 3, .icmp_code = 1});
    bench->probe_bytes[20 + 7]--;
    queued_error(bench, (struct sonde_event){.from = router, .icmp_type = 8, .icmp_code = 0});
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 2);
    bench_free(bench);
}

Test(engine_answer, zeros_in_place_of_the_proof_are_a_wrong_proof)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    static const uint8_t zeros[56];
    struct packet_icmp reply = reply_to(bench);
    reply.payload = (struct sonde_bytes){zeros, sizeof zeros};
    receive(bench, &reply, &there, MS);
    cr_assert_eq(bench->heard_count, 0);
    cr_assert_eq(foreign(bench), 1);
    bench_free(bench);
}
