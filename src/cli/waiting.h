/*
 * Outcomes that wait for a name before they are printed, in their order.
 *
 * Names are looked up beside the measurement. A line may wait for the name in it, but not for long,
 * and nothing else waits for the line: figures are kept when an outcome comes.
 */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

#include <stdbool.h>

#include "sonde/probe.h"

struct waiting;

/* Is the name still being looked up? Asking starts the look-up. */
typedef bool waiting_is_pending(void *self, const struct sonde_address *address);
typedef void waiting_deliver(void *self, const struct sonde_outcome *outcome);

/* Returns NULL when there is no memory. */
struct waiting *waiting_create(waiting_is_pending *is_pending, waiting_deliver *deliver,
                               void *self);
void waiting_destroy(struct waiting *waiting);

/*
 * Delivers the outcome now if its name is settled and none waits before it; otherwise keeps a copy,
 * bytes included. When too many wait, or memory is short, the oldest is delivered as it is.
 */
void waiting_push(struct waiting *waiting, const struct sonde_outcome *outcome,
                  struct sonde_mono now);

/* Delivers what need not wait any longer. Returns when to call again at the latest. */
struct sonde_mono waiting_turn(struct waiting *waiting, struct sonde_mono now);

bool waiting_is_empty(const struct waiting *waiting);

#endif
