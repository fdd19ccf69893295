/* sonde trace --multipath. */
#ifndef CLI_TRACE_MULTIPATH_H
#define CLI_TRACE_MULTIPATH_H

#include "cli/path_ground.h"

/* Runs until all ways are found, and tells them. Returns the exit code. */
int trace_all_ways(struct path_ground *ground);

/*
 * Finds all ways, and flows of which each router that answers is passed by one at least: up to
 * `capacity`. Returns 0, or the exit code with the cause told on stderr.
 */
int trace_find_flows(struct path_ground *ground, uint16_t *flows, size_t capacity, size_t *count);

#endif
