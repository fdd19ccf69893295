#include <criterion/criterion.h>

#include "sonde/echo.h"

#define MS SONDE_NS_PER_MS

static struct sonde_echo *echo_new(struct sonde_echo_config config)
{
    struct sonde_echo *echo;
    if (config.probe.timeout.ns == 0)
        config.probe.timeout.ns = 10000 * MS;
    cr_assert_eq(sonde_echo_create(&echo, &config), 0);
    return echo;
}

static enum sonde_next next(struct sonde_echo *echo, int64_t now_ns, struct sonde_probe *probe,
                            int64_t *wake_ns)
{
    struct sonde_strategy strategy = sonde_echo_strategy(echo);
    struct sonde_mono wake;
    enum sonde_next next =
        strategy.ops->next(strategy.self, (struct sonde_mono){now_ns}, probe, &wake);
    *wake_ns = wake.ns;
    return next;
}

static void tell(struct sonde_echo *echo, struct sonde_outcome outcome)
{
    struct sonde_strategy strategy = sonde_echo_strategy(echo);
    strategy.ops->outcome(strategy.self, &outcome);
}

static struct sonde_outcome reply(uint32_t target, int64_t rtt_ns)
{
    return (struct sonde_outcome){
        .kind = SONDE_REPLY, .target = target, .rtt_known = true, .rtt = {rtt_ns}};
}

static int64_t patience(struct sonde_echo *echo)
{
    struct sonde_strategy strategy = sonde_echo_strategy(echo);
    return strategy.ops->patience(strategy.self).ns;
}

Test(strategy_echo, probes_carry_the_template_and_their_number)
{
    struct sonde_echo *echo = echo_new((struct sonde_echo_config){
        .targets = 1, .interval = {MS}, .count = 2, .probe = {.hop_limit = 7}});
    struct sonde_probe probe;
    int64_t wake;
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(probe.hop_limit, 7);
    cr_assert_eq(probe.number, 0);
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake, MS);
    cr_assert_eq(next(echo, MS, &probe, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(probe.number, 1);
    cr_assert_eq(next(echo, MS, &probe, &wake), SONDE_NEXT_DONE);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, patience_is_the_timeout_until_every_target_has_answered)
{
    struct sonde_echo *echo =
        echo_new((struct sonde_echo_config){.targets = 2, .interval = {100 * MS}});
    cr_assert_eq(patience(echo), 10000 * MS);
    tell(echo, reply(0, 3 * MS));
    cr_assert_eq(patience(echo), 10000 * MS);
    tell(echo, reply(1, 3 * MS));
    cr_assert_eq(patience(echo), 100 * MS, "an interval at least");
    tell(echo, reply(1, 300 * MS));
    cr_assert_eq(patience(echo), 600 * MS, "twice the longest RTT");
    tell(echo, reply(0, INT64_MAX));
    cr_assert_eq(patience(echo), 10000 * MS, "no longer than the timeout");
    sonde_echo_destroy(echo);
}

Test(strategy_echo, patience_is_the_timeout_where_that_is_to_be_waited_out)
{
    struct sonde_echo_config config = {.targets = 1,
                                       .interval = {100 * MS},
                                       .count = 1,
                                       .wait_out = true,
                                       .probe = {.timeout = {10000 * MS}}};
    struct sonde_echo *echo;
    cr_assert_eq(sonde_echo_create(&echo, &config), 0);
    struct sonde_strategy strategy = sonde_echo_strategy(echo);
    strategy.ops->outcome(
        strategy.self,
        &(struct sonde_outcome){.kind = SONDE_REPLY, .rtt_known = true, .rtt = {20 * MS}});
    cr_assert_eq(patience(echo), 10000 * MS);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, the_run_ends_a_patience_after_the_last_probe)
{
    struct sonde_echo *echo =
        echo_new((struct sonde_echo_config){.targets = 1, .interval = {1000 * MS}, .count = 1});
    struct sonde_probe probe;
    int64_t wake;
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_DONE);
    cr_assert_eq(wake, 10000 * MS);
    tell(echo, reply(0, 5 * MS));
    cr_assert_eq(next(echo, 6 * MS, &probe, &wake), SONDE_NEXT_DONE);
    cr_assert_eq(wake, 1000 * MS);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, what_left_late_is_waited_for_as_long)
{
    struct sonde_echo *echo =
        echo_new((struct sonde_echo_config){.targets = 1, .interval = {2 * MS}, .count = 2});
    struct sonde_probe probe;
    int64_t wake;
    next(echo, 0, &probe, &wake);
    tell(echo, reply(0, MS / 2));
    cr_assert_eq(next(echo, 50 * MS, &probe, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(probe.due.ns, 2 * MS);
    cr_assert_eq(next(echo, 50 * MS, &probe, &wake), SONDE_NEXT_DONE);
    cr_assert_eq(wake, 52 * MS);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, the_deadline_is_kept)
{
    struct sonde_echo *echo = echo_new(
        (struct sonde_echo_config){.targets = 1, .interval = {1000 * MS}, .deadline = {1500 * MS}});
    struct sonde_probe probe;
    int64_t wake;
    next(echo, 0, &probe, &wake);
    next(echo, 1000 * MS, &probe, &wake);
    cr_assert_eq(next(echo, 1000 * MS, &probe, &wake), SONDE_NEXT_DONE);
    struct sonde_strategy strategy = sonde_echo_strategy(echo);
    cr_assert_eq(strategy.ops->end(strategy.self).ns, 1500 * MS);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, enough_answers_of_every_target_end_it)
{
    struct sonde_echo *echo =
        echo_new((struct sonde_echo_config){.targets = 2, .interval = {1000 * MS}, .answers = 2});
    struct sonde_probe probe;
    int64_t wake;
    for (int i = 0; i < 3; i++)
        tell(echo, reply(0, MS));
    tell(echo, reply(1, MS));
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_PROBE);
    tell(echo, reply(1, MS));
    cr_assert_eq(next(echo, 5, &probe, &wake), SONDE_NEXT_DONE);
    cr_assert_eq(wake, 5);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, an_error_ends_it_only_when_asked_to)
{
    for (int asked = 0; asked < 2; asked++) {
        struct sonde_echo *echo = echo_new((struct sonde_echo_config){
            .targets = 1, .interval = {1000 * MS}, .end_at_error = asked});
        struct sonde_probe probe;
        int64_t wake;
        tell(echo, (struct sonde_outcome){.kind = SONDE_REDIRECT});
        tell(echo, (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
        cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_PROBE);
        tell(echo, (struct sonde_outcome){.kind = SONDE_UNREACHABLE});
        cr_assert_eq(next(echo, 1000 * MS, &probe, &wake),
                     asked ? SONDE_NEXT_DONE : SONDE_NEXT_PROBE);
        sonde_echo_destroy(echo);
    }
}

Test(strategy_echo, a_flood_sends_at_the_answer)
{
    struct sonde_echo *echo = echo_new((struct sonde_echo_config){
        .mode = SONDE_ECHO_ADAPTIVE, .targets = 1, .interval = {10 * MS}});
    struct sonde_probe probe;
    int64_t wake;
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_PROBE);
    cr_assert_eq(next(echo, 0, &probe, &wake), SONDE_NEXT_WAIT);
    cr_assert_eq(wake, 10 * MS);
    struct sonde_outcome answer = reply(0, 1000);
    answer.received = (struct sonde_stamp){{1000}, SONDE_STAMP_KERNEL};
    tell(echo, answer);
    cr_assert_eq(next(echo, 2000, &probe, &wake), SONDE_NEXT_PROBE);
    answer.number = 1;
    answer.received = (struct sonde_stamp){{INT64_MAX}, SONDE_STAMP_HARDWARE}; /* another clock */
    tell(echo, answer);
    cr_assert_eq(next(echo, 3000, &probe, &wake), SONDE_NEXT_PROBE);
    sonde_echo_destroy(echo);
}

Test(strategy_echo, refuses_what_cannot_be)
{
    struct sonde_echo *echo;
    cr_assert_neq(sonde_echo_create(&echo, &(struct sonde_echo_config){.targets = 0}), 0);
}

Test(strategy_echo, flows_take_turns)
{
    struct sonde_echo *echo = echo_new((struct sonde_echo_config){
        .targets = 2, .interval = {MS}, .count = 3, .flows = 2, .probe = {.flow = 5}});
    struct sonde_probe probe;
    int64_t wake;
    for (int64_t k = 0; k < 3; k++)
        for (int i = 0; i < 2; i++) {
            cr_assert_eq(next(echo, k * MS, &probe, &wake), SONDE_NEXT_PROBE);
            cr_assert_eq(probe.flow, 5 + (probe.target + probe.number) % 2);
        }
    sonde_echo_destroy(echo);
}
