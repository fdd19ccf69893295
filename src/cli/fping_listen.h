/*
 * What fping says while a sweep runs, and what it counts.
 *
 * It hears the run (struct sweep_listener) and writes lines through report/fping_text.h. An ICMP
 * error is a verdict for the engine; for fping a probe with an error is one without a reply, which
 * is told when its time is over.
 */
#ifndef CLI_FPING_LISTEN_H
#define CLI_FPING_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/fping_options.h"
#include "cli/fping_targets.h"
#include "cli/sweep_run.h"
#include "report/fping_text.h"

/* A probe that will have no reply, but whose time is not over yet. */
struct fping_deferred {
    int64_t due_ns;
    uint32_t host;
    uint64_t number;
};

struct fping_listener {
    const struct fping_settings *settings;
    const struct sonde_transport *transport;
    struct report_fping_form form;
    struct fping_targets *targets;
    struct sonde_mono start; /* of everything, names included */
    struct report_fping_totals totals;
    bool charts;                     /* netdata has been told of them */
    struct fping_deferred *deferred; /* by due time, from `first` on */
    size_t first;
    size_t deferred_count; /* the end of the row */
    size_t deferred_capacity;
    int status; /* the exit code, when the run is over */
};

/* For sweep_run; its `self` is a struct fping_listener. */
extern const struct sweep_listener fping_sweep_listener;

void fping_listener_destroy(struct fping_listener *listener);

#endif
