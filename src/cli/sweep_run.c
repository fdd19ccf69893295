#include "cli/sweep_run.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/session.h"

struct run {
    const struct sweep_run_config *config;
    const struct sweep_listener *listener;
    void *self;
    struct sonde_engine *engine;
    struct sonde_sweep *sweep;
    struct sonde_mono next_interval;
};

static struct sonde_mono now_of(const struct run *run)
{
    const struct sonde_transport *transport = run->config->transport;
    return transport->ops->now(transport->self);
}

static bool on_signal(void *self, int number, struct sonde_mono now)
{
    struct run *run = self;
    if (number != SIGQUIT && number != SIGUSR1)
        return true;
    if (run->listener->status)
        run->listener->status(run->self, now);
    return false;
}

/* Intervals count from the start. One that was slept through is told once, not made up for. */
static void tell_interval(struct run *run, struct sonde_mono now)
{
    const struct sonde_span interval = run->config->interval;
    run->listener->interval(run->self, now);
    int64_t missed = sonde_mono_since(now, run->next_interval).ns / interval.ns;
    run->next_interval = sonde_mono_add(run->next_interval, sonde_span_times(interval, missed + 1));
}

static bool on_turn(void *self, struct sonde_mono now, struct sonde_mono *again)
{
    struct run *run = self;
    if (!sonde_mono_before(now, run->next_interval))
        tell_interval(run, now);
    *again = SONDE_NEVER;
    const bool ends = run->listener->turn && run->listener->turn(run->self, now, again);
    *again = sonde_mono_earlier(*again, run->next_interval);
    return ends;
}

static int prepare(struct run *run)
{
    const struct sweep_run_config *config = run->config;
    int error = sonde_sweep_create(&run->sweep, &config->sweep);
    if (!error)
        error = sonde_engine_create(
            &run->engine, &config->engine, sonde_sweep_strategy(run->sweep),
            (struct sonde_observer){run->self, run->listener->sent, run->listener->outcome});
    if (!error)
        error = sonde_engine_lend_targets(run->engine, config->targets, config->sweep.hosts);
    return error;
}

static void tell_counters(const struct run *run)
{
    const struct sonde_transport *transport = run->config->transport;
    struct sonde_engine_counters engine;
    struct sonde_transport_counters counters;
    sonde_engine_counters(run->engine, &engine);
    transport->ops->counters(transport->self, &counters);
    run->listener->counters(run->self, &engine, &counters);
}

static int run_loop(struct run *run)
{
    const struct sweep_run_config *config = run->config;
    const struct sonde_mono start = now_of(run);
    const bool by_interval = config->interval.ns > 0 && run->listener->interval;
    run->next_interval = by_interval ? sonde_mono_add(start, config->interval) : SONDE_NEVER;
    if (run->listener->begin)
        run->listener->begin(run->self, run->sweep, start);
    const struct sonde_loop_hooks hooks = {run, on_signal, on_turn};
    const int error = sonde_loop_run(run->engine, config->transport, &hooks, config->pace);
    sonde_engine_stop(run->engine, now_of(run));
    session_release_signals();
    if (error)
        fprintf(stderr, "%s: the run ended early: %s\n", config->program, strerror(-error));
    if (run->listener->counters)
        tell_counters(run);
    if (run->listener->end)
        run->listener->end(run->self, now_of(run));
    return error;
}

int sweep_run(const struct sweep_run_config *config)
{
    struct run run = {.config = config, .listener = config->listener, .self = config->self};
    int error = prepare(&run);
    if (error)
        fprintf(stderr, "%s: cannot prepare the sweep: %s\n", config->program, strerror(-error));
    else
        error = run_loop(&run);
    sonde_engine_destroy(run.engine);
    sonde_sweep_destroy(run.sweep);
    return error;
}
