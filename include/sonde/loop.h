/* The loop: the one place that knows both an engine and a transport. */
#ifndef SONDE_LOOP_H
#define SONDE_LOOP_H

#include <stdbool.h>

#include "sonde/engine.h"
#include "sonde/transport.h"

/* How soon arriving datagrams are read. Stamps do not depend on it, only who waits for whom. */
enum sonde_loop_pace {
    SONDE_LOOP_RELAXED, /* with the next send, as long as they are stamped: fewer wake-ups */
    SONDE_LOOP_PROMPT,  /* when they arrive */
    SONDE_LOOP_EAGER,   /* looked for right after sending, before sleeping: flood, adaptive */
};

/* What the loop tells its owner. Members may be NULL. */
struct sonde_loop_hooks {
    void *self;
    /* A signal of the process arrived. True ends the loop. */
    bool (*signal)(void *self, int number, struct sonde_mono now);
    /*
     * Once a turn, after the outcomes and before sleeping. Sets *again to when it must be called
     * next at the latest; SONDE_NEVER is fine. True ends the loop.
     */
    bool (*turn)(void *self, struct sonde_mono now, struct sonde_mono *again);
};

/*
 * Runs until the engine has finished, or the signal hook ends it. Open probes are then left as they
 * are: sonde_engine_stop gives them a verdict. Returns 0 or a negative errno of the transport.
 */
int sonde_loop_run(struct sonde_engine *engine, const struct sonde_transport *transport,
                   const struct sonde_loop_hooks *hooks, enum sonde_loop_pace pace);

#endif
