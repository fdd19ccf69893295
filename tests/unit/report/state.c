#include "report/state.h"

#include "bench.h"

Test(report_state, sequence_numbers_as_ping)
{
    cr_assert_eq(report_sequence(0), 1);
    cr_assert_eq(report_sequence(65534), 65535);
    cr_assert_eq(report_sequence(65535), 0);
    cr_assert_eq(report_sequence(UINT64_MAX), 0);
}

Test(report_state, names_are_made_printable)
{
    struct bench *bench = bench_create_idle();
    struct report_state state;
    bench->run.target_count = 2;
    bench->targets[0].name = "a\nb";
    bench->targets[1].name = NULL;
    cr_assert_eq(report_state_init(&state, &bench->run), 0);
    cr_assert_str_eq(state.names[0], "a\\x0ab");
    cr_assert_str_eq(state.names[1], "");
    report_state_destroy(&state);
    bench_close(bench);
}

Test(report_state, no_targets)
{
    struct bench *bench = bench_create_idle();
    bench->run.target_count = 0;
    bench->run.plain = false;
    bench_open(bench, report_text_create);
    bench->report.ops->progress(bench->report.self);
    bench_summary(bench);
    bench_expect(bench, "measurement: send stamps none; receive stamps none; 0 dropped in our "
                        "receive queue\n");
    bench_close(bench);
}

Test(report_state, what_is_a_reply)
{
    struct bench *bench = bench_create_idle();
    static const enum sonde_outcome_kind notices[] = {SONDE_LATE, SONDE_DUPLICATE, SONDE_CORRUPT};
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 1);
    cr_assert(report_is_reply(&outcome));
    for (size_t i = 0; i < 3; i++) {
        outcome = bench_reply(bench, 0, 0, 1);
        outcome.kind = notices[i];
        cr_assert(report_is_reply(&outcome));
        outcome = bench_error(bench, 0, notices[i], 11, 0);
        cr_assert_not(report_is_reply(&outcome));
    }
    outcome = bench_nothing(bench, 0, 0, SONDE_TIMED_OUT);
    cr_assert_not(report_is_reply(&outcome));
    bench_close(bench);
}

Test(report_state, rtt_of_a_corrupt_reply)
{
    struct bench *bench = bench_create_idle();
    struct sonde_span rtt;
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 5000);
    outcome.rtt_known = false;
    cr_assert_not(report_rtt(&outcome, &rtt));
    outcome.kind = SONDE_CORRUPT;
    cr_assert(report_rtt(&outcome, &rtt));
    cr_assert_eq(rtt.ns, 5000);
    outcome.received.source = SONDE_STAMP_HARDWARE; /* of two clocks: no difference */
    cr_assert_not(report_rtt(&outcome, &rtt));
    outcome.received.source = SONDE_STAMP_NONE;
    cr_assert_not(report_rtt(&outcome, &rtt));
    bench_close(bench);
}

/* A device's clock tells no time of day. */
Test(report_state, when)
{
    struct bench *bench = bench_create_idle();
    struct report_state state = {.run = bench->run};
    struct sonde_outcome outcome = bench_reply(bench, 0, 0, 5000);
    bench->now.ns = 77;
    cr_assert_eq(report_when(&state, &outcome).ns, 5000);
    outcome.received.source = SONDE_STAMP_HARDWARE;
    cr_assert_eq(report_when(&state, &outcome).ns, 77);
    outcome.received.source = SONDE_STAMP_NONE;
    cr_assert_eq(report_when(&state, &outcome).ns, 77);
    bench_close(bench);
}

Test(report_state, pipe)
{
    struct bench *bench = bench_create_idle();
    struct report_state state;
    cr_assert_eq(report_state_init(&state, &bench->run), 0);
    for (int i = 0; i < 5; i++)
        sonde_stats_sent(&bench->stats[0].stats);
    struct sonde_outcome outcome = bench_reply(bench, 0, 2, 1);
    report_state_outcome(&state, &outcome);
    cr_assert_eq(state.ledgers[0].pipe, 3);
    cr_assert_eq(state.ledgers[0].answered, 3);
    outcome.number = 4;
    report_state_outcome(&state, &outcome);
    cr_assert_eq(state.ledgers[0].pipe, 3);
    cr_assert_eq(state.ledgers[0].answered, 5);
    outcome.number = 9; /* an answer before its question */
    report_state_outcome(&state, &outcome);
    cr_assert_eq(state.ledgers[0].pipe, 3);
    report_state_destroy(&state);
    bench_close(bench);
}
