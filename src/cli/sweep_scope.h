/* How large a sweep will be: known before names are, and before sockets are opened. */
#ifndef CLI_SWEEP_SCOPE_H
#define CLI_SWEEP_SCOPE_H

#include "cli/sweep_items.h"

/*
 * The set of all that is given in numbers, less what is excluded in numbers: sealed, for the caller
 * to destroy. Returns 0, -ENOMEM, or -E2BIG.
 */
int sweep_scope_of(const struct sweep_settings *settings, const struct sweep_items *items,
                   const struct sweep_items *excluded, struct base_target_set *set);

#endif
