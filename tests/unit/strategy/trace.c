#include "sonde/trace.h"

#include <criterion/criterion.h>
#include <errno.h>

#define MS SONDE_NS_PER_MS

struct bench {
    struct sonde_trace *trace;
    struct sonde_strategy strategy;
    int64_t now_ns;
    int64_t wake_ns;
    struct sonde_probe probe;
};

static struct bench bench_new(struct sonde_trace_config config)
{
    struct bench bench = {0};
    if (config.probe.timeout.ns == 0)
        config.probe.timeout.ns = 3000 * MS;
    if (config.rounds == 0 && config.interval.ns == 0)
        config.rounds = 1;
    cr_assert_eq(sonde_trace_create(&bench.trace, &config), 0);
    bench.strategy = sonde_trace_strategy(bench.trace);
    return bench;
}

static enum sonde_next next(struct bench *bench)
{
    struct sonde_mono wake;
    enum sonde_next next = bench->strategy.ops->next(
        bench->strategy.self, (struct sonde_mono){bench->now_ns}, &bench->probe, &wake);
    bench->wake_ns = wake.ns;
    return next;
}

static struct sonde_trace_place place_of(struct bench *bench, uint64_t number)
{
    struct sonde_trace_place place;
    cr_assert(sonde_trace_place(bench->trace, number, &place));
    return place;
}

/* The next probe, whenever it is due, has to ask this. */
static void assert_asks(struct bench *bench, unsigned hop, unsigned query)
{
    enum sonde_next what = next(bench);
    if (what == SONDE_NEXT_WAIT) {
        bench->now_ns = bench->wake_ns;
        what = next(bench);
    }
    cr_assert_eq(what, SONDE_NEXT_PROBE, "%d", what);
    struct sonde_trace_place place = place_of(bench, bench->probe.number);
    cr_assert_eq(bench->probe.hop_limit, hop, "hop %u", bench->probe.hop_limit);
    cr_assert_eq(place.hop, hop);
    cr_assert_eq(place.query, query, "query %u", place.query);
}

/* Sends as long as something is due, passing the time between probes. Returns how many. */
static unsigned ask_all(struct bench *bench)
{
    unsigned count = 0;
    for (;;) {
        switch (next(bench)) {
        case SONDE_NEXT_PROBE:
            count++;
            break;
        case SONDE_NEXT_WAIT:
            if (bench->wake_ns > bench->now_ns + 5 * MS)
                return count;
            bench->now_ns = bench->wake_ns;
            break;
        case SONDE_NEXT_DONE:
            return count;
        }
    }
}

static struct sonde_address address(unsigned id)
{
    const uint8_t bytes[4] = {10, 0, (uint8_t)(id >> 8), (uint8_t)id};
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

static void tell(struct bench *bench, uint64_t number, struct sonde_outcome outcome)
{
    outcome.number = number;
    bench->strategy.ops->outcome(bench->strategy.self, &outcome);
}

static void answer(struct bench *bench, uint64_t number, enum sonde_outcome_kind kind, unsigned who)
{
    tell(bench, number,
         (struct sonde_outcome){
             .kind = kind, .from = address(who), .rtt_known = true, .rtt = {10 * MS}});
}

static struct sonde_trace_end ended(struct bench *bench)
{
    struct sonde_trace_end end;
    sonde_trace_ended(bench->trace, &end);
    return end;
}

Test(strategy_trace, refuses_what_makes_no_sense)
{
    struct sonde_trace *trace;
    struct sonde_trace_config good = {.rounds = 1, .probe = {.timeout = {MS}}};
    struct sonde_trace_config bad[] = {good, good, good, good};
    bad[0].first_hop = 31;
    bad[1].queries = SONDE_TRACE_QUERIES_MAX + 1;
    bad[2].rounds = 2;
    bad[3].probe.timeout.ns = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(sonde_trace_create(&trace, &bad[i]), -EINVAL, "%zu", i);
    cr_assert_eq(sonde_trace_create(&trace, &good), 0);
    sonde_trace_destroy(trace);
}

Test(strategy_trace, the_first_query_of_every_hop_comes_first)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .first_hop = 2, .last_hop = 4, .queries = 2, .probe = {.flow = 9, .traffic_class = 4}});
    for (unsigned query = 0; query < 2; query++)
        for (unsigned hop = 2; hop <= 4; hop++)
            assert_asks(&bench, hop, query);
    cr_assert_eq(bench.probe.number, 5);
    cr_assert_eq(bench.probe.flow, 9);
    cr_assert_eq(bench.probe.traffic_class, 4);
    cr_assert_eq(bench.probe.due.ns, 5 * MS, "a gap apart");
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, or_all_queries_of_a_hop)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .last_hop = 3, .queries = 2, .order = SONDE_TRACE_BY_HOP, .gap = {-1}});
    for (unsigned hop = 1; hop <= 3; hop++)
        for (unsigned query = 0; query < 2; query++)
            assert_asks(&bench, hop, query);
    cr_assert_eq(bench.probe.due.ns, 0, "no gap");
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, nothing_beyond_the_target_is_asked)
{
    struct bench bench = bench_new((struct sonde_trace_config){.queries = 2});
    for (unsigned hop = 1; hop <= 5; hop++)
        assert_asks(&bench, hop, 0);
    answer(&bench, 3, SONDE_REPLY, 4);
    answer(&bench, 2, SONDE_REPLY, 4);
    for (unsigned hop = 1; hop <= 3; hop++)
        assert_asks(&bench, hop, 1);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(ended(&bench).reason, SONDE_TRACE_REACHED);
    cr_assert_eq(ended(&bench).hop, 3);
    cr_assert_eq(ended(&bench).asked, 5);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, an_unreachable_ends_it_and_is_kept)
{
    struct bench bench = bench_new((struct sonde_trace_config){.queries = 1});
    for (unsigned hop = 1; hop <= 3; hop++)
        assert_asks(&bench, hop, 0);
    tell(&bench, 2,
         (struct sonde_outcome){
             .kind = SONDE_UNREACHABLE, .from = address(8), .icmp_type = 3, .icmp_code = 13});
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    answer(&bench, 1, SONDE_TIME_EXCEEDED, 2);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(bench.wake_ns, bench.now_ns, "all is answered");
    struct sonde_trace_end end = ended(&bench);
    cr_assert_eq(end.reason, SONDE_TRACE_UNREACHABLE);
    cr_assert_eq(end.icmp_code, 13);
    struct sonde_address from = address(8);
    cr_assert(sonde_address_equal(&end.from, &from));
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, an_answer_of_the_target_outweighs_an_error_of_the_round)
{
    for (unsigned first = 0; first < 2; first++) {
        struct bench bench = bench_new(
            (struct sonde_trace_config){.queries = 2, .last_hop = 1, .order = SONDE_TRACE_BY_HOP});
        assert_asks(&bench, 1, 0);
        assert_asks(&bench, 1, 1);
        const uint64_t number = bench.probe.number;
        answer(&bench, number - first, SONDE_REPLY, 9);
        answer(&bench, number - 1 + first, SONDE_TOO_BIG, 8);
        cr_assert_eq(ended(&bench).reason, SONDE_TRACE_REACHED, "reply to query %u", 1 - first);
        struct sonde_address from = address(9);
        struct sonde_trace_end end = ended(&bench);
        cr_assert(sonde_address_equal(&end.from, &from));
        sonde_trace_destroy(bench.trace);
    }
}

Test(strategy_trace, silent_probes_are_waited_for_as_the_path_is_slow)
{
    struct bench bench = bench_new((struct sonde_trace_config){.last_hop = 3, .queries = 1});
    cr_assert_eq(ask_all(&bench), 3);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(bench.wake_ns, 2 * MS + 3000 * MS, "nothing has answered");
    answer(&bench, 2, SONDE_REPLY, 3);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(bench.wake_ns, 1 * MS + 250 * MS, "the floor");
    tell(
        &bench, 0,
        (struct sonde_outcome){
            .kind = SONDE_TIME_EXCEEDED, .from = address(1), .rtt_known = true, .rtt = {200 * MS}});
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(bench.wake_ns, 1 * MS + 600 * MS, "three times the slowest");
    cr_assert_eq(bench.strategy.ops->patience(bench.strategy.self).ns, 600 * MS);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, what_lies_beyond_the_end_is_not_waited_for)
{
    struct bench bench = bench_new((struct sonde_trace_config){.last_hop = 9, .queries = 1});
    cr_assert_eq(ask_all(&bench), 9);
    answer(&bench, 1, SONDE_REPLY, 2);
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(bench.wake_ns, bench.now_ns);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, silence_ends_the_path)
{
    struct bench bench =
        bench_new((struct sonde_trace_config){.silent_hops = 2, .queries = 1, .gap = {300 * MS}});
    assert_asks(&bench, 1, 0);
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    for (unsigned hop = 2; hop <= 3; hop++)
        assert_asks(&bench, hop, 0);
    cr_assert_eq(next(&bench), SONDE_NEXT_WAIT, "for the gap");
    bench.now_ns = bench.wake_ns;
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(ended(&bench).reason, SONDE_TRACE_SILENCE);
    cr_assert_eq(ended(&bench).hop, 1);
    answer(&bench, 2, SONDE_TIME_EXCEEDED, 3);
    cr_assert_eq(next(&bench), SONDE_NEXT_PROBE, "it was not the end after all");
    cr_assert_eq(bench.probe.hop_limit, 4);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, silence_is_also_what_the_engine_says)
{
    struct bench bench = bench_new((struct sonde_trace_config){.silent_hops = 2, .queries = 1});
    cr_assert_eq(ask_all(&bench), 30);
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    cr_assert_eq(ended(&bench).reason, SONDE_TRACE_OPEN);
    for (uint64_t number = 1; number < 30; number++)
        tell(&bench, number, (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
    cr_assert_eq(ended(&bench).reason, SONDE_TRACE_SILENCE);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_long_way_is_asked_as_far_as_it_may_go)
{
    struct bench bench = bench_new((struct sonde_trace_config){.last_hop = 255, .queries = 1});
    cr_assert_eq(ask_all(&bench), 30);
    answer(&bench, 9, SONDE_TIME_EXCEEDED, 10);
    cr_assert_eq(ask_all(&bench), 10);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_loop_ends_it_after_its_second_turn)
{
    struct bench bench = bench_new((struct sonde_trace_config){.queries = 2, .last_hop = 8});
    for (unsigned hop = 1; hop <= 8; hop++)
        assert_asks(&bench, hop, 0);
    for (unsigned hop = 1; hop <= 8; hop++)
        answer(&bench, hop - 1, SONDE_TIME_EXCEEDED, hop == 1 ? 1 : 2 + hop % 2);
    cr_assert_eq(ask_all(&bench), 5);
    struct sonde_trace_end end = ended(&bench);
    cr_assert_eq(end.reason, SONDE_TRACE_LOOP);
    cr_assert_eq(end.hop, 5);
    cr_assert_eq(end.loop_hop, 2);
    cr_assert_eq(end.loop_length, 2);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, rounds_begin_on_time_and_ask_what_there_is)
{
    struct bench bench =
        bench_new((struct sonde_trace_config){.queries = 1, .rounds = 3, .interval = {1000 * MS}});
    cr_assert_eq(ask_all(&bench), 30);
    for (unsigned hop = 1; hop <= 30; hop++)
        answer(&bench, hop - 1, hop < 3 ? SONDE_TIME_EXCEEDED : SONDE_REPLY, hop < 3 ? hop : 3);
    for (unsigned round = 1; round < 3; round++) {
        cr_assert_eq(next(&bench), SONDE_NEXT_WAIT);
        cr_assert_eq(bench.wake_ns, round * 1000 * MS);
        bench.now_ns = bench.wake_ns + 2 * MS; /* woken late */
        cr_assert_eq(ask_all(&bench), 3);
        struct sonde_trace_place place = place_of(&bench, 29 + 3 * round);
        cr_assert_eq(place.round, round);
        cr_assert_eq(place.hop, 3);
        cr_assert_eq(place.nth, round);
        cr_assert_eq(bench.probe.due.ns, round * 1000 * MS + 2 * MS, "its place in the round");
    }
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(sonde_trace_skipped(bench.trace), 0);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, rounds_slept_through_are_skipped)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .queries = 1, .last_hop = 2, .rounds = 3, .interval = {1000 * MS}});
    cr_assert_eq(ask_all(&bench), 2);
    bench.now_ns = 7500 * MS;
    cr_assert_eq(ask_all(&bench), 2);
    cr_assert_eq(place_of(&bench, 2).round, 1);
    cr_assert_eq(sonde_trace_skipped(bench.trace), 6);
    cr_assert_eq(next(&bench), SONDE_NEXT_WAIT);
    cr_assert_eq(bench.wake_ns, 8000 * MS, "in step with the start");
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_round_fits_into_its_interval)
{
    struct bench bench =
        bench_new((struct sonde_trace_config){.queries = 1, .rounds = 2, .interval = {10 * MS}});
    for (unsigned hop = 1; hop <= 30; hop++)
        assert_asks(&bench, hop, 0);
    cr_assert_lt(bench.now_ns, 10 * MS);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_path_that_grows_is_asked_further)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .queries = 1, .last_hop = 9, .rounds = 9, .interval = {1000 * MS}, .silent_hops = 3});
    assert_asks(&bench, 1, 0);
    assert_asks(&bench, 2, 0);
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    answer(&bench, 1, SONDE_REPLY, 2);
    cr_assert_eq(ask_all(&bench), 0);
    bench.now_ns = 1000 * MS;
    cr_assert_eq(ask_all(&bench), 2);
    answer(&bench, 3, SONDE_TIME_EXCEEDED, 7);
    bench.now_ns += 5 * MS;
    cr_assert_eq(next(&bench), SONDE_NEXT_PROBE);
    cr_assert_eq(bench.probe.hop_limit, 3, "in the same round");
    cr_assert_eq(bench.probe.due.ns, bench.now_ns, "it could not be known before");
    cr_assert_eq(ask_all(&bench), 2, "not further than silence may last");
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, an_end_that_is_silent_for_long_may_be_none)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .queries = 1, .last_hop = 9, .rounds = 99, .interval = {1000 * MS}, .silent_hops = 3});
    assert_asks(&bench, 1, 0);
    answer(&bench, 0, SONDE_REPLY, 1);
    unsigned asked[8];
    for (unsigned round = 1; round < 6; round++) {
        bench.now_ns = round * 1000 * MS;
        asked[round] = ask_all(&bench);
    }
    cr_assert_eq(asked[1], 1);
    cr_assert_eq(asked[3], 1, "lost a few times");
    cr_assert_eq(asked[5], 4);
    sonde_trace_destroy(bench.trace);
}

static void syn_ack(struct bench *bench, uint64_t number)
{
    tell(bench, number,
         (struct sonde_outcome){.kind = SONDE_REPLY,
                                .said = SONDE_SAID_SYN_ACK,
                                .from = address(3),
                                .rtt_known = true,
                                .rtt = {10 * MS}});
}

Test(strategy_trace, half_open_connections_are_asked_one_by_one)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .queries = 3, .last_hop = 2, .probe = {.kind = SONDE_PROBE_TCP}});
    cr_assert_eq(ask_all(&bench), 6); /* numbers 1, 3, 5 ask the target */
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    answer(&bench, 2, SONDE_TIME_EXCEEDED, 1);
    answer(&bench, 4, SONDE_TIME_EXCEEDED, 1);
    syn_ack(&bench, 1);
    cr_assert_eq(next(&bench), SONDE_NEXT_WAIT, "cookies would answer all the same");
    cr_assert_eq(bench.wake_ns, 5 * MS + 12500 * SONDE_NS_PER_US + 10 * MS);
    bench.now_ns = bench.wake_ns;
    cr_assert_eq(next(&bench), SONDE_NEXT_PROBE);
    cr_assert_eq(place_of(&bench, 6).query, 1);
    cr_assert(place_of(&bench, 3).superseded);
    cr_assert(place_of(&bench, 5).superseded);
    cr_assert_not(place_of(&bench, 4).superseded);
    cr_assert_eq(next(&bench), SONDE_NEXT_WAIT, "until that is answered, or known to be silent");
    cr_assert_eq(bench.wake_ns, bench.now_ns + 250 * MS);
    syn_ack(&bench, 6);
    assert_asks(&bench, 2, 2);
    syn_ack(&bench, 7);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(bench.wake_ns, bench.now_ns, "nobody waits for what was superseded");
    tell(&bench, 3, (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_connection_further_out_may_have_hidden_the_target)
{
    struct bench bench = bench_new((struct sonde_trace_config){
        .queries = 1, .last_hop = 4, .probe = {.kind = SONDE_PROBE_TCP}});
    cr_assert_eq(ask_all(&bench), 4);
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    syn_ack(&bench, 2); /* hop 3, while hop 2 is silent */
    cr_assert_eq(next(&bench), SONDE_NEXT_WAIT);
    assert_asks(&bench, 2, 0);
    syn_ack(&bench, 4);
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(ended(&bench).hop, 2);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_syn_that_left_alone_and_is_lost_is_lost)
{
    struct bench bench = bench_new((struct sonde_trace_config){.queries = 1,
                                                               .last_hop = 1,
                                                               .rounds = 9,
                                                               .interval = {1000 * MS},
                                                               .probe = {.kind = SONDE_PROBE_TCP}});
    for (unsigned round = 0; round < 3; round++) {
        bench.now_ns = round * 1000 * MS;
        cr_assert_eq(next(&bench), SONDE_NEXT_PROBE);
        if (round != 1)
            syn_ack(&bench, round);
        cr_assert_eq(next(&bench), SONDE_NEXT_WAIT);
        bench.now_ns += 500 * MS;
        cr_assert_eq(next(&bench), SONDE_NEXT_WAIT);
    }
    cr_assert_not(place_of(&bench, 1).superseded);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, a_machine_that_cannot_send_gives_up)
{
    struct bench bench = bench_new((struct sonde_trace_config){0});
    for (unsigned i = 0; i < 3; i++) {
        assert_asks(&bench, i + 1, 0);
        tell(&bench, i, (struct sonde_outcome){.kind = SONDE_SEND_FAILED, .error = ENETUNREACH});
    }
    cr_assert_eq(next(&bench), SONDE_NEXT_DONE);
    cr_assert_eq(ended(&bench).reason, SONDE_TRACE_SEND_FAILED);
    cr_assert_eq(ended(&bench).error, ENETUNREACH);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, the_deadline_counts_from_the_start)
{
    struct bench bench = bench_new((struct sonde_trace_config){.deadline = {500 * MS}});
    cr_assert_eq(bench.strategy.ops->end(bench.strategy.self).ns, SONDE_NEVER.ns);
    bench.now_ns = 70 * MS;
    next(&bench);
    cr_assert_eq(bench.strategy.ops->end(bench.strategy.self).ns, 570 * MS);
    sonde_trace_destroy(bench.trace);
}

Test(strategy_trace, what_nobody_asked_is_no_answer)
{
    struct bench bench = bench_new((struct sonde_trace_config){.last_hop = 2, .queries = 1});
    answer(&bench, 0, SONDE_REPLY, 1);
    assert_asks(&bench, 1, 0);
    answer(&bench, 0, SONDE_TIME_EXCEEDED, 1);
    answer(&bench, 0, SONDE_REPLY, 2);
    cr_assert_eq(ended(&bench).reason, SONDE_TRACE_OPEN, "one final outcome");
    struct sonde_trace_place place;
    cr_assert_not(sonde_trace_place(bench.trace, 1, &place));
    sonde_trace_destroy(bench.trace);
}
