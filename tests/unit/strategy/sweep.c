#include "sweep_hand.h"

Test(strategy_sweep, what_makes_no_sense_is_refused)
{
    struct sonde_sweep *sweep;
    struct sonde_sweep_config config = {.hosts = 1, .backoff = 1};
    cr_assert_eq(sonde_sweep_create(&sweep, &config), 0);
    sonde_sweep_destroy(sweep);
    sonde_sweep_destroy(NULL);
    config.hosts = 0;
    cr_assert_eq(sonde_sweep_create(&sweep, &config), -EINVAL);
    config = (struct sonde_sweep_config){.hosts = 1, .backoff = 0.5};
    cr_assert_eq(sonde_sweep_create(&sweep, &config), -EINVAL);
    config = (struct sonde_sweep_config){.hosts = 1, .backoff = 1, .gap_ns = 1};
    cr_assert_eq(sonde_sweep_create(&sweep, &config), -EINVAL);
    config = (struct sonde_sweep_config){.hosts = 1, .mode = SONDE_SWEEP_COUNT};
    cr_assert_eq(sonde_sweep_create(&sweep, &config), -EINVAL);
    config = (struct sonde_sweep_config){.hosts = 1, .mode = SONDE_SWEEP_LOOP, .period = {-1}};
    cr_assert_eq(sonde_sweep_create(&sweep, &config), -EINVAL);
}

Test(strategy_sweep, hosts_are_asked_in_order_in_exact_slots)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .hosts = 1000, .gap_ns = S, .gap_slots = 3, .probe = {.hop_limit = 9}});
    for (uint32_t i = 0; i < 1000; i++) {
        int64_t due = 7 + (int64_t)i * S / 3;
        if (i > 0)
            cr_assert_eq(wait_at(sweep, due - 1), due);
        struct sonde_probe probe = probe_at(sweep, i > 0 ? due : 7);
        cr_assert_eq(probe.target, i);
        cr_assert_eq(probe.due.ns, due);
        cr_assert_eq(probe.number, 0);
        cr_assert_eq(probe.hop_limit, 9);
    }
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, one_that_answers_is_not_asked_again)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.hosts = 1, .retries = 3});
    struct sonde_probe probe = probe_at(sweep, 0);
    cr_assert_eq(wait_at(sweep, 0), SONDE_NEVER.ns);
    tell(sweep, &probe, SONDE_REPLY, 20 * MS);
    assert_done(sweep, 20 * MS, SONDE_NEVER.ns);
    const struct sonde_sweep_host *host = sonde_sweep_host(sweep, 0);
    cr_assert_eq(host->state, SONDE_SWEEP_ANSWERED);
    cr_assert_eq(host->rtt_last_ns, 20 * MS);
    cr_assert_eq(figures_of(sweep).answered, 1);
    cr_assert_eq(figures_of(sweep).waiting, 0);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, retries_come_with_the_timeout_that_backs_off)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .hosts = 1, .retries = 2, .backoff = 1.5, .gap_ns = MS, .gap_slots = 1});
    struct sonde_probe probe = probe_at(sweep, 0);
    cr_assert_eq(probe.timeout.ns, 500 * MS);
    tell(sweep, &probe, SONDE_TIMED_OUT, -1);
    probe = probe_at(sweep, 500 * MS);
    cr_assert_eq(probe.due.ns, 500 * MS);
    cr_assert_eq(probe.number, 1);
    cr_assert_eq(probe.timeout.ns, 750 * MS);
    tell(sweep, &probe, SONDE_TIMED_OUT, -1);
    probe = probe_at(sweep, 1250 * MS);
    cr_assert_eq(probe.timeout.ns, 1125 * MS);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->state, SONDE_SWEEP_WAITING);
    tell(sweep, &probe, SONDE_TIMED_OUT, -1);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->state, SONDE_SWEEP_SILENT);
    assert_done(sweep, 2375 * MS, SONDE_NEVER.ns);
    cr_assert_eq(figures_of(sweep).sent, 3);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, an_error_waits_for_its_timeout_and_decides_in_the_end)
{
    struct sonde_sweep *sweep =
        sweep_new((struct sonde_sweep_config){.hosts = 3, .retries = 1, .gap_ns = 0});
    struct sonde_probe probes[3];
    for (int i = 0; i < 3; i++)
        probes[i] = probe_at(sweep, 0);
    tell(sweep, &probes[0], SONDE_UNREACHABLE, 5 * MS);
    tell(sweep, &probes[1], SONDE_SEND_FAILED, -1);
    tell(sweep, &probes[2], SONDE_REPLY, 5 * MS);
    cr_assert_eq(wait_at(sweep, 5 * MS), 500 * MS);
    probes[0] = probe_at(sweep, 500 * MS);
    probes[1] = probe_at(sweep, 500 * MS);
    tell(sweep, &probes[0], SONDE_TIMED_OUT, -1);
    tell(sweep, &probes[1], SONDE_SEND_FAILED, -1);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->state, SONDE_SWEEP_REFUSED);
    cr_assert_eq(sonde_sweep_host(sweep, 1)->state, SONDE_SWEEP_UNSENT);
    cr_assert_eq(figures_of(sweep).errors, 3);
    cr_assert_eq(figures_of(sweep).refused, 1);
    cr_assert_eq(figures_of(sweep).unsent, 1);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, a_huge_backoff_is_held)
{
    struct sonde_sweep *sweep =
        sweep_new((struct sonde_sweep_config){.hosts = 1, .retries = 9, .backoff = 1e300});
    struct sonde_probe probe = probe_at(sweep, 0);
    tell(sweep, &probe, SONDE_TIMED_OUT, -1);
    cr_assert_eq(probe_at(sweep, 500 * MS).timeout.ns, 3600 * S);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, a_period_counts_from_due_times)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.mode = SONDE_SWEEP_COUNT,
                                                                      .hosts = 2,
                                                                      .count = 3,
                                                                      .period = {S},
                                                                      .gap_ns = 10 * MS,
                                                                      .gap_slots = 1});
    for (int64_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 2; i++) {
            int64_t due = round * S + i * 10 * MS;
            struct sonde_probe probe = probe_at(sweep, due > 0 ? due + 3 * MS : 0); /* late */
            cr_assert_eq(probe.due.ns, due);
            cr_assert_eq(probe.target, i);
            cr_assert_eq(probe.number, (uint64_t)round);
            tell(sweep, &probe, i == 0 ? SONDE_REPLY : SONDE_TIMED_OUT, (round + 1) * MS);
        }
    }
    assert_done(sweep, 3 * S, SONDE_NEVER.ns);
    const struct sonde_sweep_host *host = sonde_sweep_host(sweep, 0);
    cr_assert_eq(host->received, 3);
    cr_assert_eq(host->rtt_min_ns, MS);
    cr_assert_eq(host->rtt_max_ns, 3 * MS);
    cr_assert_eq(host->rtt_sum_ns, 6 * MS);
    cr_assert_eq(sonde_sweep_host(sweep, 1)->state, SONDE_SWEEP_SILENT);
    cr_assert_eq(figures_of(sweep).skipped, 0);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, more_hosts_than_slots_in_a_period_take_turns)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.mode = SONDE_SWEEP_LOOP,
                                                                      .hosts = 7,
                                                                      .period = {3 * MS},
                                                                      .gap_ns = 10 * MS,
                                                                      .gap_slots = 7});
    for (uint32_t k = 0; k < 7000; k++) {
        struct sonde_probe probe = probe_at(sweep, (int64_t)k * 10 * MS / 7);
        cr_assert_eq(probe.target, k % 7);
        cr_assert_eq(probe.number, k / 7);
        tell(sweep, &probe, SONDE_REPLY, MS);
    }
    cr_assert_eq(figures_of(sweep).skipped, 0);
    sonde_sweep_destroy(sweep);
}

/* Five slots are a nanosecond more or less than two periods: nobody gets two turns in a row. */
Test(strategy_sweep, the_rounding_of_slots_gives_nobody_a_turn_too_many)
{
    for (int64_t period = 3571427; period <= 3571430; period++) {
        struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.mode = SONDE_SWEEP_LOOP,
                                                                          .hosts = 5,
                                                                          .period = {period},
                                                                          .gap_ns = 10 * MS,
                                                                          .gap_slots = 7});
        for (uint32_t k = 0; k < 5000; k++)
            cr_assert_eq(probe_at(sweep, (int64_t)k * 10 * MS / 7).target, k % 5);
        sonde_sweep_destroy(sweep);
    }
}

Test(strategy_sweep, an_open_probe_holds_the_verdict_up)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_COUNT, .hosts = 1, .count = 2, .period = {MS}});
    struct sonde_probe first = probe_at(sweep, 0);
    struct sonde_probe second = probe_at(sweep, MS);
    tell(sweep, &first, SONDE_TIMED_OUT, -1);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->state, SONDE_SWEEP_WAITING);
    tell(sweep, &second, SONDE_TIMED_OUT, -1);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->state, SONDE_SWEEP_SILENT);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, without_a_period_all_hosts_take_turns)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_LOOP, .hosts = 5, .gap_ns = MS, .gap_slots = 1});
    for (uint32_t k = 0; k < 500; k++)
        cr_assert_eq(probe_at(sweep, (int64_t)k * MS).target, k % 5);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, a_little_lateness_is_caught_up)
{
    struct sonde_sweep *sweep =
        sweep_new((struct sonde_sweep_config){.hosts = 200, .gap_ns = MS, .gap_slots = 1});
    probe_at(sweep, 0);
    for (int i = 1; i <= 90; i++)
        cr_assert_eq(probe_at(sweep, 90 * MS).due.ns, i * MS);
    cr_assert_eq(wait_at(sweep, 90 * MS), 91 * MS);
    cr_assert_eq(figures_of(sweep).skipped, 0);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, a_stall_is_skipped_and_counted)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_LOOP, .hosts = 10, .period = {S}, .gap_ns = MS, .gap_slots = 1});
    for (int i = 0; i < 10; i++)
        probe_at(sweep, i * MS);
    /* due at 1 s, 2 s, … 20 s, and asked at 20.5 s: nineteen times passed unused */
    for (uint32_t i = 0; i < 10; i++) {
        struct sonde_probe probe = probe_at(sweep, 20 * S + 500 * MS + i * MS);
        cr_assert_eq(probe.target, i);
        cr_assert_eq(probe.number, 1);
    }
    cr_assert_eq(figures_of(sweep).skipped, 190);
    cr_assert_eq(wait_at(sweep, 20 * S + 600 * MS), 21 * S);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, without_slots_what_is_due_leaves_at_once)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_COUNT, .hosts = 3, .count = 2, .period = {S}});
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(probe_at(sweep, 5 + i).due.ns, 5 + i);
    cr_assert_eq(wait_at(sweep, 10), S + 5);
    cr_assert_eq(probe_at(sweep, S + 6).due.ns, S + 5);
    cr_assert_eq(probe_at(sweep, 20 * S).due.ns, 20 * S);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, without_slots_a_stall_is_skipped_and_counted)
{
    struct sonde_sweep *sweep =
        sweep_new((struct sonde_sweep_config){.mode = SONDE_SWEEP_LOOP, .hosts = 3, .period = {S}});
    for (uint32_t i = 0; i < 3; i++)
        probe_at(sweep, 5);
    probe_at(sweep, S + 6);
    /* due 5 ns after 1 s (the first: 2 s) … 20 s, and asked once, right before the last of them */
    cr_assert_eq(probe_at(sweep, 20 * S).target, 1);
    cr_assert_eq(probe_at(sweep, 20 * S).target, 2);
    cr_assert_eq(probe_at(sweep, 20 * S).target, 0);
    cr_assert_eq(figures_of(sweep).skipped, 19 + 19 + 18);
    cr_assert_eq(wait_at(sweep, 20 * S), 21 * S + 5);
    sonde_sweep_destroy(sweep);
}

/* Whoever is asked a number of times is asked so often, however late. */
Test(strategy_sweep, a_count_is_put_off_not_skipped)
{
    for (uint64_t slots = 0; slots <= 1; slots++) {
        struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.mode = SONDE_SWEEP_COUNT,
                                                                          .hosts = 10,
                                                                          .count = 3,
                                                                          .period = {S},
                                                                          .gap_ns = slots * MS,
                                                                          .gap_slots = slots});
        for (int i = 0; i < 10; i++)
            probe_at(sweep, i * MS);
        for (int64_t late = 5; late <= 10; late += 5)
            for (int i = 0; i < 10; i++)
                probe_at(sweep, late * S + 300 * MS + i * MS);
        assert_done(sweep, 20 * S, SONDE_NEVER.ns);
        cr_assert_eq(figures_of(sweep).sent, 30);
        cr_assert_eq(figures_of(sweep).skipped, 0);
        sonde_sweep_destroy(sweep);
    }
}

/* More hosts than their turns: what the stall cost is the slots in it, not every due time. */
Test(strategy_sweep, a_stall_costs_no_more_than_its_slots)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_LOOP, .hosts = 10, .period = {2 * MS}, .gap_ns = MS, .gap_slots = 1});
    for (int64_t i = 0; i < 100; i++)
        probe_at(sweep, i * MS);
    for (int64_t i = 1100; i < 1500; i++)
        probe_at(sweep, i * MS);
    cr_assert_eq(figures_of(sweep).skipped, 1000);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, groups_leave_together)
{
    struct sonde_sweep *sweep = sweep_new(
        (struct sonde_sweep_config){.hosts = 25, .gap_ns = S, .gap_slots = 10000, .tick = {MS}});
    for (uint32_t i = 0; i < 10; i++)
        cr_assert_eq(probe_at(sweep, 0).due.ns, 0);
    cr_assert_eq(wait_at(sweep, 0), MS);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, enough_answers_end_it)
{
    struct sonde_sweep *sweep = sweep_new(
        (struct sonde_sweep_config){.hosts = 9, .enough = 1, .gap_ns = MS, .gap_slots = 1});
    struct sonde_probe probe = probe_at(sweep, 0);
    tell(sweep, &probe, SONDE_REPLY, 0);
    assert_done(sweep, MS, MS);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, the_deadline_ends_it)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_LOOP, .hosts = 1, .period = {S}, .deadline = {1500 * MS}});
    struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
    cr_assert_eq(strategy.ops->end(strategy.self).ns, SONDE_NEVER.ns);
    probe_at(sweep, 100);
    probe_at(sweep, S + 100);
    cr_assert_eq(strategy.ops->end(strategy.self).ns, 1500 * MS + 100);
    assert_done(sweep, S + 200, SONDE_NEVER.ns);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, figures_of_a_host_are_forgotten_but_not_its_place)
{
    struct sonde_sweep *sweep =
        sweep_new((struct sonde_sweep_config){.mode = SONDE_SWEEP_LOOP, .hosts = 1, .period = {S}});
    struct sonde_probe probe = probe_at(sweep, 0);
    sonde_sweep_host_reset(sweep, 0);
    tell(sweep, &probe, SONDE_REPLY, MS);
    probe = probe_at(sweep, S);
    cr_assert_eq(probe.number, 1);
    const struct sonde_sweep_host *host = sonde_sweep_host(sweep, 0);
    cr_assert_eq(host->sent, 1);
    cr_assert_eq(host->received, 1);
    tell(sweep, &probe, SONDE_LATE, MS);
    tell(sweep, &probe, SONDE_DUPLICATE, MS);
    cr_assert_eq(host->late, 1);
    cr_assert_eq(host->duplicates, 1);
    cr_assert_eq(figures_of(sweep).sent, 2);
    sonde_sweep_host_reset(sweep, 0);
    cr_assert_eq(host->rtt_min_ns, -1);
    cr_assert_eq(host->rtt_last_ns, -1);
    cr_assert_eq(host->state, SONDE_SWEEP_ANSWERED);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, an_answer_from_elsewhere_counts_when_it_is_wanted)
{
    for (int wanted = 0; wanted < 2; wanted++) {
        struct sonde_sweep *sweep =
            sweep_new((struct sonde_sweep_config){.hosts = 1, .reply_from_elsewhere = wanted});
        struct sonde_probe probe = probe_at(sweep, 0);
        struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
        struct sonde_outcome outcome = {
            .kind = SONDE_REPLY, .rtt_known = true, .rtt = {MS}, .foreign_source = true};
        (void)probe;
        strategy.ops->outcome(strategy.self, &outcome);
        cr_assert_eq(sonde_sweep_host(sweep, 0)->state,
                     wanted ? SONDE_SWEEP_ANSWERED : SONDE_SWEEP_SILENT);
        assert_reconciles(sweep);
        sonde_sweep_destroy(sweep);
    }
}
Test(strategy_sweep, an_adaptive_rate_begins_low)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .hosts = 100000, .gap_ns = S, .gap_slots = 10240, .adaptive = true});
    probe_at(sweep, 0);
    cr_assert_float_eq(figures_of(sweep).rate, 1020, 1);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, flows_take_turns)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){
        .mode = SONDE_SWEEP_COUNT, .hosts = 2, .count = 2, .period = {S}, .flows = 3});
    for (unsigned k = 0; k < 2; k++)
        for (unsigned host = 0; host < 2; host++) {
            struct sonde_probe probe = probe_at(sweep, k * S);
            cr_assert_eq(probe.target, host);
            cr_assert_eq(probe.flow, (host + k) % 3);
        }
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep, what_the_last_reply_was)
{
    struct sonde_sweep *sweep =
        sweep_new((struct sonde_sweep_config){.hosts = 1, .probe = {.kind = SONDE_PROBE_TCP}});
    struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->said, SONDE_SAID_NOTHING);
    probe_at(sweep, 0);
    const struct sonde_outcome outcome = {.kind = SONDE_REPLY, .said = SONDE_SAID_RST};
    strategy.ops->outcome(strategy.self, &outcome);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->said, SONDE_SAID_RST);
    sonde_sweep_host_reset(sweep, 0);
    cr_assert_eq(sonde_sweep_host(sweep, 0)->said, SONDE_SAID_RST);
    sonde_sweep_destroy(sweep);
}
