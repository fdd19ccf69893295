#include <sys/resource.h>

#include "hand.h"

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

Test(engine_engine, an_error_after_the_reply_is_no_duplicate)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct packet_icmp reply = reply_to(bench), error = error_about(bench, 3, 3);
    receive(bench, &reply, &there, MS);
    receive(bench, &error, &router, 2 * MS);
    receive(bench, &reply, &there, 3 * MS);
    cr_assert_eq(bench->heard_count, 3);
    cr_assert_eq(bench->heard[0].kind, SONDE_REPLY);
    cr_assert_eq(bench->heard[1].kind, SONDE_LATER_ERROR);
    cr_assert_not(sonde_outcome_is_final(bench->heard[1].kind));
    cr_assert_eq(bench->heard[1].icmp_type, 3);
    cr_assert_eq(bench->heard[1].icmp_code, 3);
    cr_assert_eq(bench->heard[2].kind, SONDE_DUPLICATE);
    bench_free(bench);
}

Test(engine_engine, an_error_after_the_timeout_is_late)
{
    struct bench *bench = bench_new(56, 1);
    send_at(bench, 0, 0);
    struct packet_icmp error = error_about(bench, 3, 1);
    sonde_engine_expire(bench->engine, (struct sonde_mono){TIMEOUT_NS});
    receive(bench, &error, &router, TIMEOUT_NS + 1);
    receive(bench, &error, &router, TIMEOUT_NS + 2);
    cr_assert_eq(bench->heard_count, 3);
    cr_assert_eq(bench->heard[1].kind, SONDE_LATE);
    cr_assert_eq(bench->heard[2].kind, SONDE_LATER_ERROR);
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

/* CVE-2025-47268, CVE-2025-48964: a forged time in the payload never enters a figure. */
/* CVE-2022-23093: a quoted header with options is longer than twenty bytes. */
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

#ifndef __SANITIZE_ADDRESS__ /* whose allocator does not fail, but ends the program */
Test(engine_engine, without_memory_nothing_is_sent_and_nobody_waits)
{
    static uint16_t many[65536];
    for (unsigned i = 0; i < 65536; i++)
        many[i] = (uint16_t)i;
    struct bench *bench = bench_new(56, 2);
    sonde_engine_destroy(bench->engine);
    struct sonde_engine_config config = {.identifiers = many, .identifier_count = 65536};
    struct sonde_engine_target target = {.address = there, .source = here, .mtu = 1500};
    cr_assert_eq(sonde_engine_create(&bench->engine, &config, (struct sonde_strategy){&ops, bench},
                                     (struct sonde_observer){bench, sent, heard}),
                 0);
    cr_assert_eq(sonde_engine_add_target(bench->engine, &target), 0);

    struct rlimit before, none;
    cr_assert_eq(getrlimit(RLIMIT_AS, &before), 0);
    none = (struct rlimit){0, before.rlim_max};
    cr_assert_eq(setrlimit(RLIMIT_AS, &none), 0);
    size_t count = send_at(bench, 0, 0);
    cr_assert_eq(setrlimit(RLIMIT_AS, &before), 0);
    cr_assert_eq(count, 0);
    cr_assert_eq(bench->heard_count, 2);
    for (uint64_t i = 0; i < 2; i++) {
        cr_assert_eq(bench->heard[i].kind, SONDE_SEND_FAILED);
        cr_assert_eq(bench->heard[i].error, ENOMEM);
        cr_assert_eq(bench->heard[i].number, i);
    }
    cr_assert_neq(bench->heard[0].token, bench->heard[1].token);
    cr_assert(sonde_engine_finished(bench->engine));
    bench_free(bench);
}
#endif

Test(engine_engine, too_long_is_fragmented_or_refused_with_the_mtu)
{
    struct bench *bench = bench_new(1473, 1);
    cr_assert_eq(send_at(bench, 0, 0), 2, "two fragments");
    bench_free(bench);

    bench = bench_new(1473, 1);
    bench->shape.dont_fragment = true;
    cr_assert_eq(send_at(bench, 0, 0), 0);
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_SEND_FAILED);
    cr_assert_eq(bench->heard[0].error, EMSGSIZE);
    cr_assert_eq(bench->heard[0].mtu, 1500);
    bench_free(bench);
}

Test(engine_engine, tells_how_long_a_datagram_is)
{
    struct bench *bench = bench_new(56, 1);
    struct sonde_probe probe = bench->shape;
    size_t count = sonde_engine_transmit(bench->engine, (struct sonde_mono){0}, bench->batch, 64);
    cr_assert_eq(count, 1);
    cr_expect_eq(sonde_engine_datagram_bytes(bench->engine, &probe), (int)bench->batch[0].length);
    probe.payload_bytes = 65508;
    cr_expect_eq(sonde_engine_datagram_bytes(bench->engine, &probe), -EMSGSIZE);
    probe.target = 1;
    cr_expect_eq(sonde_engine_datagram_bytes(bench->engine, &probe), -EINVAL);
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

/* One probe that is due at 0. */
static void send_late(struct bench *bench, int64_t ns)
{
    size_t count = sonde_engine_transmit(bench->engine, (struct sonde_mono){0}, bench->batch, 64);
    cr_assert_eq(count, 1);
    bench->batch[0].sent = (struct sonde_mono){ns};
    bench->batch[0].error = 0;
    sonde_engine_transmitted(bench->engine, bench->batch, count);
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

    bench = bench_new(56, 1);
    bench->patience = (struct sonde_span){100 * MS};
    send_late(bench, 20 * MS);
    sonde_engine_stop(bench->engine, (struct sonde_mono){105 * MS});
    cr_assert_eq(bench->heard[0].kind, SONDE_UNFINISHED, "it left too late to be called lost");
    bench_free(bench);

    bench = bench_new(56, 1);
    bench->patience = (struct sonde_span){100 * MS};
    send_late(bench, MS);
    sonde_engine_stop(bench->engine, (struct sonde_mono){100 * MS});
    cr_assert_eq(bench->heard[0].kind, SONDE_TIMED_OUT, "a little late does not matter");
    bench_free(bench);
}

Test(engine_engine, the_end_comes_although_a_probe_waits_for_a_lease)
{
    struct bench *bench = bench_new(56, 70000); /* one identifier has 65,536 leases */
    bench->end = (struct sonde_mono){500 * MS};
    bench->quiet = true;
    while (send_at(bench, 0, 0) > 0)
        ;
    cr_assert_eq(bench->handed_out, 65537);
    cr_assert_leq(sonde_engine_deadline(bench->engine).ns, 500 * MS);
    sonde_engine_expire(bench->engine, (struct sonde_mono){500 * MS});
    cr_assert(sonde_engine_finished(bench->engine));
    cr_assert_eq(bench->finals, 65537, "the waiting probe has its outcome, too");
    bench_free(bench);
}

Test(engine_engine, stopping_in_the_middle_of_a_batch_leaves_nothing_open)
{
    struct bench *bench = bench_new(60000, 3);
    struct sonde_datagram batch[5];
    cr_assert_eq(sonde_engine_transmit(bench->engine, (struct sonde_mono){0}, batch, 5), 5);
    sonde_engine_stop(bench->engine, (struct sonde_mono){0});
    cr_assert_eq(bench->heard_count, 1);
    cr_assert_eq(bench->heard[0].kind, SONDE_UNFINISHED);
    cr_assert(sonde_engine_finished(bench->engine));
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

Test(engine_engine, lent_targets_are_asked_and_learned_of_where_they_are)
{
    struct bench *bench = bench_new(1400, 1);
    const struct sonde_engine_config config = {.key = "a secret of ours",
                                               .identifiers = identifiers,
                                               .identifier_count = 1,
                                               .discover_mtu = true};
    struct sonde_engine_target target = {.address = there, .source = here, .mtu = 1500};
    cr_assert_eq(sonde_engine_lend_targets(bench->engine, &target, 1), -EINVAL);
    sonde_engine_destroy(bench->engine);
    cr_assert_eq(sonde_engine_create(&bench->engine, &config, (struct sonde_strategy){&ops, bench},
                                     (struct sonde_observer){bench, sent, heard}),
                 0);
    cr_assert_eq(sonde_engine_lend_targets(bench->engine, &target, 0), -EINVAL);
    cr_assert_eq(sonde_engine_lend_targets(bench->engine, &target, 1), 0);
    cr_assert_eq(sonde_engine_add_target(bench->engine, &target), -EINVAL);
    cr_assert_eq(send_at(bench, 0, 0), 1);
    struct packet_icmp too_big = error_about(bench, 3, 4);
    too_big.error.mtu = 1400;
    receive(bench, &too_big, &router, MS);
    cr_assert_eq(bench->heard[0].kind, SONDE_TOO_BIG);
    cr_assert_eq(target.mtu, 1400);
    bench_free(bench);
}
