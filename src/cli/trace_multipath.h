/* sonde trace --multipath. */
#ifndef CLI_TRACE_MULTIPATH_H
#define CLI_TRACE_MULTIPATH_H

#include "cli/path_ground.h"

/* Runs until all ways are found, and tells them. Returns the exit code. */
int trace_all_ways(struct path_ground *ground);

#endif
