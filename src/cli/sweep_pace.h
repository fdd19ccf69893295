/* Whether the rate of a sweep serves all hosts as often as they are to be asked. */
#ifndef CLI_SWEEP_PACE_H
#define CLI_SWEEP_PACE_H

#include <stdbool.h>
#include <stdio.h>

#include "sonde/sweep.h"

/*
 * One line on `err` when hosts are to be asked more often than the rate allows: how often they will
 * be, and what would mend it. `limited`: this user may not have a higher rate than `most` probes a
 * second.
 */
void sweep_pace_tell(const char *program, const struct sonde_sweep_config *sweep, bool limited,
                     uint64_t most, FILE *err);

#endif
