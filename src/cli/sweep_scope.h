/* How large a sweep will be and which way it goes: known before names are, and before sockets are
 * opened. */
#ifndef CLI_SWEEP_SCOPE_H
#define CLI_SWEEP_SCOPE_H

#include <net/if.h>
#include <stdbool.h>

#include "cli/sweep_items.h"

/*
 * The set of all that is given in numbers, less what is excluded in numbers: sealed, for the caller
 * to destroy. Returns 0, -ENOMEM, or -E2BIG.
 */
int sweep_scope_of(const struct sweep_settings *settings, const struct sweep_items *items,
                   const struct sweep_items *excluded, struct base_target_set *set);

/*
 * Whether the ring transport can ask all of the set: samples of it go out through one device, and
 * that is not the loopback device. *device is that device, or "" for the one of the default route,
 * with which addresses that go another way are refused and not sent the wrong way.
 */
bool sweep_scope_ring(const struct sweep_settings *settings, const struct base_target_set *set,
                      char device[static IF_NAMESIZE]);

#endif
