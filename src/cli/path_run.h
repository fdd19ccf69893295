/* The frame of `sonde trace` and `sonde mtu`. */
#ifndef CLI_PATH_RUN_H
#define CLI_PATH_RUN_H

#include "cli/command.h"
#include "cli/path_ground.h"
#include "report/report.h"

/* What a command does, once the ground is there. Returns the exit code. */
typedef int path_work(struct path_ground *ground);

/*
 * Reads the command line, opens the ground, works, and closes. Returns the exit code.
 */
int path_run(struct cli_context *context, unsigned command, path_work *work, int argc, char **argv);

/* A run of a strategy that tells nothing while it works. */
struct path_look {
    bool interrupted; /* a signal asked for the end */
    struct sonde_span spent;
};

/*
 * Runs a strategy against one target until it is done or a signal ends it; names of who answers
 * begin to be looked up. Returns 0 or a negative errno.
 */
int path_look(struct path_ground *ground, const struct sonde_engine_target *target,
              struct sonde_strategy strategy, struct path_look *look);

/* What reports need to know of a run, which has this one target. */
struct report_run path_report_run(struct path_ground *ground, const struct report_target *target);

#endif
