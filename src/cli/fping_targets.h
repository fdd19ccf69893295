/* From the hosts that fping is given to targets: names, files, prefixes and ranges. */
#ifndef CLI_FPING_TARGETS_H
#define CLI_FPING_TARGETS_H

#include <stdint.h>

#include "cli/fping_options.h"
#include "report/fping_text.h"
#include "sonde/engine.h"
#include "sonde/transport.h"

#define FPING_GENERATED_MAX (UINT32_C(1) << 20) /* hosts of one --generate */

struct fping_targets {
    struct sonde_engine_target *targets;
    struct report_fping_host *hosts; /* the same ones */
    uint32_t count;
    uint32_t capacity;
    uint64_t unknown; /* names without an address; told already */
    int width;        /* of the longest label */
};

/*
 * Reads all hosts and finds their addresses, and with -n or -d their names. A name without address
 * is told by `form`, and the others go on. Returns 0, or an exit code with its cause told on
 * form->err. There may be no target at all.
 */
int fping_targets_find(const struct fping_settings *settings, const char *program,
                       const struct report_fping_form *form,
                       const struct sonde_transport *transport, struct fping_targets *targets);

void fping_targets_free(struct fping_targets *targets);

#endif
