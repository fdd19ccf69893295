/* A sweep with its hands held: probes are taken from it and outcomes are made by the test. */
#ifndef TESTS_STRATEGY_SWEEP_HAND_H
#define TESTS_STRATEGY_SWEEP_HAND_H

#include "sonde/sweep.h"

#include <criterion/criterion.h>
#include <errno.h>

#define MS SONDE_NS_PER_MS
#define S  SONDE_NS_PER_S

static inline struct sonde_sweep *sweep_new(struct sonde_sweep_config config)
{
    struct sonde_sweep *sweep;
    if (config.probe.timeout.ns == 0)
        config.probe.timeout.ns = 500 * MS;
    if (config.backoff == 0)
        config.backoff = 1;
    cr_assert_eq(sonde_sweep_create(&sweep, &config), 0);
    return sweep;
}

static inline enum sonde_next next(struct sonde_sweep *sweep, int64_t now_ns,
                                   struct sonde_probe *probe, int64_t *wake_ns)
{
    struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
    struct sonde_mono wake;
    enum sonde_next answer =
        strategy.ops->next(strategy.self, (struct sonde_mono){now_ns}, probe, &wake);
    *wake_ns = wake.ns;
    return answer;
}

/* The probe that must be due now. */
static inline struct sonde_probe probe_at(struct sonde_sweep *sweep, int64_t now_ns)
{
    struct sonde_probe probe = {0};
    int64_t wake;
    cr_assert_eq(next(sweep, now_ns, &probe, &wake), SONDE_NEXT_PROBE, "nothing at %lld, wake %lld",
                 (long long)now_ns, (long long)wake);
    return probe;
}

static inline int64_t wait_at(struct sonde_sweep *sweep, int64_t now_ns)
{
    struct sonde_probe probe;
    int64_t wake;
    cr_assert_eq(next(sweep, now_ns, &probe, &wake), SONDE_NEXT_WAIT);
    return wake;
}

static inline void assert_done(struct sonde_sweep *sweep, int64_t now_ns, int64_t wake_ns)
{
    struct sonde_probe probe;
    int64_t wake;
    cr_assert_eq(next(sweep, now_ns, &probe, &wake), SONDE_NEXT_DONE);
    cr_assert_eq(wake, wake_ns);
}

static inline void tell(struct sonde_sweep *sweep, const struct sonde_probe *probe,
                        enum sonde_outcome_kind kind, int64_t rtt_ns)
{
    struct sonde_strategy strategy = sonde_sweep_strategy(sweep);
    const struct sonde_outcome outcome = {
        .kind = kind,
        .target = probe->target,
        .number = probe->number,
        .due = probe->due,
        .sent = {probe->due, SONDE_STAMP_VIRTUAL},
        .rtt_known = rtt_ns >= 0,
        .rtt = {rtt_ns},
    };
    strategy.ops->outcome(strategy.self, &outcome);
}

static inline void assert_reconciles(const struct sonde_sweep *sweep)
{
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(sweep, &figures);
    cr_assert_eq(figures.sent,
                 figures.received + figures.timed_out + figures.errors + figures.open);
}

static inline struct sonde_sweep_figures figures_of(const struct sonde_sweep *sweep)
{
    struct sonde_sweep_figures figures;
    assert_reconciles(sweep);
    sonde_sweep_figures(sweep, &figures);
    return figures;
}

#endif
