/* What this machine refuses to send, and what never left when a run ended. */
#include "sweep_hand.h"

Test(strategy_sweep_refused, what_never_left_was_not_sent)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.hosts = 2});
    struct sonde_probe probe = probe_at(sweep, 0);
    struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
    struct sonde_outcome outcome = {.kind = SONDE_UNFINISHED, .target = 0};
    strategy.ops->outcome(strategy.self, &outcome);
    cr_assert_eq(figures_of(sweep).sent, 0);
    probe = probe_at(sweep, 0);
    tell(sweep, &probe, SONDE_UNFINISHED, -1);
    cr_assert_eq(figures_of(sweep).sent, 1);
    cr_assert_eq(figures_of(sweep).open, 1);
    sonde_sweep_destroy(sweep);
}

static void refuse(struct sonde_sweep *sweep, const struct sonde_probe *probe, int error)
{
    struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
    const struct sonde_outcome outcome = {.kind = SONDE_SEND_FAILED,
                                          .target = probe->target,
                                          .number = probe->number,
                                          .due = probe->due,
                                          .error = error};
    strategy.ops->outcome(strategy.self, &outcome);
}

Test(strategy_sweep_refused, full_queues_of_this_machine_put_a_host_off_and_cost_no_try)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.hosts = 1, .retries = 0});
    const int64_t delays_ms[] = {250, 500, 1000, 2000, 4000, 4000};
    int64_t at = 0;
    for (size_t i = 0; i < sizeof delays_ms / sizeof *delays_ms; i++) {
        struct sonde_probe probe = probe_at(sweep, at);
        cr_assert_eq(probe.number, 0);
        refuse(sweep, &probe, i % 2 ? EAGAIN : ENOBUFS);
        at += delays_ms[i] * MS;
        cr_assert_eq(wait_at(sweep, at - 1), at);
        cr_assert_eq(figures_of(sweep).sent, 0);
        cr_assert_eq(figures_of(sweep).waiting, 1);
    }
    struct sonde_probe probe = probe_at(sweep, at);
    tell(sweep, &probe, SONDE_REPLY, MS);
    cr_assert_eq(figures_of(sweep).sent, 1);
    cr_assert_eq(figures_of(sweep).answered, 1);
    cr_assert_eq(figures_of(sweep).errors, 0);
    sonde_sweep_destroy(sweep);
}

Test(strategy_sweep_refused, a_host_is_not_put_off_for_ever_nor_for_other_errors)
{
    struct sonde_sweep *sweep = sweep_new((struct sonde_sweep_config){.hosts = 2, .retries = 0});
    struct sonde_probe first = probe_at(sweep, 0), second = probe_at(sweep, 0);
    refuse(sweep, &second, ENETUNREACH);
    cr_assert_eq(figures_of(sweep).unsent, 1);
    int64_t at = 0;
    refuse(sweep, &first, EAGAIN);
    while (figures_of(sweep).waiting > 0 && at < 600 * S) {
        at = wait_at(sweep, at);
        first = probe_at(sweep, at);
        refuse(sweep, &first, EAGAIN);
    }
    cr_assert_eq(figures_of(sweep).unsent, 2);
    cr_assert_eq(figures_of(sweep).errors, 2);
    cr_assert(at > 240 * S && at < 360 * S);
    sonde_sweep_destroy(sweep);
}
