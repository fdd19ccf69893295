/* What a search for the path MTU has found: for people, and for programs. */
#ifndef REPORT_MTU_H
#define REPORT_MTU_H

#include "report.h"
#include "sonde/mtu.h"

struct report_mtu {
    bool json; /* one object: docs/json.md; else text */
    uint16_t flow;
    bool several_flows; /* the flow is told: there will be others */
    const struct sonde_mtu_config *config;
    const struct sonde_mtu_result *result;
    struct sonde_span spent;
};

/*
 * Writes the result to run->out and flushes it. The run has one target. Returns 0; -ENOMEM; or the
 * negative errno of a failed write.
 */
int report_mtu(const struct report_run *run, const struct report_mtu *what);

#endif
