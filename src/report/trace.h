/*
 * Reports of a trace: lines for people while it runs, a table at its end, JSON lines, CSV.
 *
 * Calls, in this order: create; begin; outcome as things happen, with a turn and a flush in every
 * turn of the loop; end; flush; destroy. Statistics and path are brought up to date before an
 * outcome is told here.
 */
#ifndef REPORT_TRACE_H
#define REPORT_TRACE_H

#include "report.h"
#include "sonde/path.h"
#include "sonde/trace.h"

enum report_trace_form {
    REPORT_TRACE_LINES, /* a line for each hop, as soon as it is complete */
    REPORT_TRACE_TABLE, /* at the end */
    REPORT_TRACE_JSON,  /* an object for each outcome, for each hop at the end: docs/json.md */
    REPORT_TRACE_CSV,   /* a row for each hop, at the end */
};

/*
 * Where an address is at home ("AS64500 DE"), or NULL: not known, or not wanted. Valid until the
 * next call.
 */
typedef const char *report_origin(void *self, const struct sonde_address *address);

/* Whether name or origin of an address are still being looked up. */
typedef bool report_pending(void *self, const struct sonde_address *address);

struct report_trace_config {
    enum report_trace_form form;
    const struct sonde_trace_config *trace; /* with its defaults filled in */
    const struct sonde_trace *strategy;
    struct sonde_path *path; /* judged here, when something is shown */
    uint32_t datagram_bytes; /* of a probe, IP header included; 0: not known */
    report_origin *origin;   /* NULL: none. With run.name_self */
    report_pending *pending; /* NULL: nothing ever is. With run.name_self */
};

struct report_trace;

/* run has one target. What run and config point to lives as long as the report. 0 or -ENOMEM. */
int report_trace_create(struct report_trace **report, const struct report_run *run,
                        const struct report_trace_config *config);
void report_trace_destroy(struct report_trace *report);

void report_trace_begin(struct report_trace *report);
void report_trace_outcome(struct report_trace *report, const struct sonde_trace_place *place,
                          const struct sonde_outcome *outcome);

/*
 * Writes what has become complete. With `patient` false a line no longer waits for names. Returns
 * whether lines still wait for a name.
 */
bool report_trace_turn(struct report_trace *report, bool patient);

/* SIGQUIT: how it stands, on run.err. */
void report_trace_progress(struct report_trace *report);

void report_trace_end(struct report_trace *report, const struct report_measurement *measurement);

/* As flush of struct report_ops. */
int report_trace_flush(struct report_trace *report);

#endif
