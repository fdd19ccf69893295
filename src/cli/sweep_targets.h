/* From what was written down to hosts: names resolved, ranges taken apart, each address once. */
#ifndef CLI_SWEEP_TARGETS_H
#define CLI_SWEEP_TARGETS_H

#include <stdint.h>

#include "cli/sweep_items.h"
#include "sonde/engine.h"
#include "sonde/transport.h"

#define SWEEP_LISTED_MAX (UINT32_C(1) << 20) /* hosts that each have a state of their own */

struct sweep_targets {
    struct sonde_engine_target *targets;
    char **names; /* as they were given, NULL for addresses; NULL: there are none at all */
    uint32_t count;
    uint64_t missing; /* names without an address, and words that are no host; told already */
    struct base_target_set set; /* of all that is to be asked: sealed */
};

/*
 * Resolves the names of `items` and of `excluded`, and fills the set. What cannot be had is told on
 * stderr and the others go on. Returns 0, or an exit code: nothing is left to be asked, or what
 * must not be asked.
 */
int sweep_targets_resolve(const char *program, const struct sweep_settings *settings,
                          const struct sonde_transport *transport, struct sweep_items *items,
                          struct sweep_items *excluded, struct sweep_targets *targets);

/* Lists the hosts of the set in the order of the items: SWEEP_LISTED_MAX at most. Returns 0 or an
 * exit code. */
int sweep_targets_list(const char *program, const struct sweep_settings *settings,
                       const struct sonde_transport *transport, const struct sweep_items *items,
                       struct sweep_targets *targets);

void sweep_targets_free(struct sweep_targets *targets);

#endif
