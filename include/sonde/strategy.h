/*
 * The strategy seam: what to ask next.
 *
 * A strategy is a pure state machine: no I/O, no clock, no printing, no allocation per probe.
 */
#ifndef SONDE_STRATEGY_H
#define SONDE_STRATEGY_H

#include "sonde/probe.h"

enum sonde_next {
    SONDE_NEXT_PROBE, /* *probe is filled (all but token; its target is one that the engine knows);
                     it is due now or earlier */
    SONDE_NEXT_WAIT,  /* ask again at *wake, or after any outcome */
    SONDE_NEXT_DONE,  /* no more probes; at *wake the run ends, whatever is still open */
};

struct sonde_strategy_ops {
    /*
     * What is to be sent at `now`? Called again until it does not answer SONDE_NEXT_PROBE. A probe
     * that was handed out will be told exactly one final outcome. `*wake` is set for WAIT and DONE;
     * SONDE_NEVER is allowed ("only an outcome changes anything", "each probe has its own
     * timeout").
     */
    enum sonde_next (*next)(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake);

    /* When the run ends at the latest, whatever is still open or waiting; SONDE_NEVER. */
    struct sonde_mono (*end)(void *self);

    /*
     * How long an answer that is still to be expected may take. When the run ends, open probes that
     * have waited for so long are timed out, the younger ones unfinished.
     */
    struct sonde_span (*patience)(void *self);

    /* An outcome or a notice. The bytes it points to are valid during the call. */
    void (*outcome)(void *self, const struct sonde_outcome *outcome);
};

struct sonde_strategy {
    const struct sonde_strategy_ops *ops;
    void *self;
};

#endif
