/* From the hosts of a command line to targets: names, routes, and what is allowed. */
#ifndef CLI_PING_TARGETS_H
#define CLI_PING_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/ping_options.h"
#include "report/report.h"
#include "sonde/engine.h"

struct ping_targets {
    struct sonde_engine_target *targets;
    struct report_target *reports; /* the same ones */
    uint32_t count;
    uint32_t capacity;
    bool any_named;     /* at least one was given by name */
    bool out_of_memory; /* told on stderr: the run cannot begin */
    uint32_t missing;   /* hosts that are none; told on stderr */
    struct sonde_address hops[PING_HOPS];
    size_t hop_count;
};

/*
 * Finds all hosts. One that cannot be had is told on stderr, and the others go on. Returns 0 when
 * there is at least one target, else the exit code.
 */
int ping_targets_find(struct cli_context *context, const struct ping_settings *settings,
                      const struct sonde_transport *transport, struct ping_targets *targets);

void ping_targets_free(struct ping_targets *targets);

#endif
