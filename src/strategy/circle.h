/* Routing loops: the same addresses at the same distance from each other, twice around. */
#ifndef STRATEGY_CIRCLE_H
#define STRATEGY_CIRCLE_H

#include <stdbool.h>
#include <stddef.h>

#include "sonde/address.h"

/*
 * Looks for the first A B A B (or longer) in a row of addresses, family NONE where nobody answered.
 * One address twice in a row is none: that is a router which forwards hop limit 0, or a tunnel's.
 */
bool strategy_circle_find(const struct sonde_address *addresses, size_t count, size_t *first,
                          size_t *length);

#endif
