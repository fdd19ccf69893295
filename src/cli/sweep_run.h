/* A sweep of listed hosts: engine, strategy and transport joined, signals obeyed. What is said
 * about it is the listener's: sonde's own report, or that of fping. */
#ifndef CLI_SWEEP_RUN_H
#define CLI_SWEEP_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/engine.h"
#include "sonde/loop.h"
#include "sonde/sweep.h"

/* Members may be NULL. All are called from within the run, figures already up to date. */
struct sweep_listener {
    /* The clock has started. */
    void (*begin)(void *self, const struct sonde_sweep *sweep, struct sonde_mono now);
    void (*sent)(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error);
    void (*outcome)(void *self, const struct sonde_outcome *outcome);
    /* Every `interval` of the run, and never late by more than one wake-up. */
    void (*interval)(void *self, struct sonde_mono now);
    /* SIGQUIT or SIGUSR1: how far are we? */
    void (*status)(void *self, struct sonde_mono now);
    /*
     * Once a turn of the loop, before it sleeps: to bring out what was written. Sets *again to when
     * it must be called next at the latest (SONDE_NEVER before the call). True ends the run.
     */
    bool (*turn)(void *self, struct sonde_mono now, struct sonde_mono *again);
    /* What belongs to no probe; right before the end. */
    void (*counters)(void *self, const struct sonde_engine_counters *engine,
                     const struct sonde_transport_counters *transport);
    /* The run is over, however it ended; every probe has its verdict. */
    void (*end)(void *self, struct sonde_mono now);
};

struct sweep_run_config {
    const char *program; /* before messages */
    const struct sonde_transport *transport;
    struct sonde_engine_config engine;
    struct sonde_sweep_config sweep;
    struct sonde_engine_target *targets; /* sweep.hosts of them; lent to the engine */
    enum sonde_loop_pace pace;
    struct sonde_span interval; /* 0: the listener's interval is not called */
    const struct sweep_listener *listener;
    void *self;
};

/*
 * Runs until the sweep is done, or SIGINT (as SIGALRM: see session_obey_interrupts) or SIGTERM ends
 * it; the listener's `end` is called in any case once it has begun, and the sweep is valid until it
 * returns. Returns 0 or a negative errno; the cause is then told on stderr already.
 */
int sweep_run(const struct sweep_run_config *config);

#endif
