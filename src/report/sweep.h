/*
 * The report of a sweep: who is alive, as it becomes known or sorted at the end, for people or for
 * programs; the figures of each host by interval and at the end; and how far it is.
 *
 * What it is told it must be told in the order of struct sweep_listener (cli/sweep_run.h). Hosts
 * and their names are the caller's and live as long as the report.
 */
#ifndef REPORT_SWEEP_H
#define REPORT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/report.h"
#include "sonde/engine.h"
#include "sonde/sweep.h"

/* What can be told of a host. */
enum report_sweep_field {
    REPORT_SWEEP_TIME,    /* when it became known, RFC 3339 */
    REPORT_SWEEP_HOST,    /* as it was given, or its address */
    REPORT_SWEEP_ADDRESS, /* in numbers */
    REPORT_SWEEP_STATE,   /* alive, silent, refused, unsent, waiting */
    REPORT_SWEEP_REASON,  /* why it is not alive, in words */
    REPORT_SWEEP_SAID,    /* what the last reply was: "syn_ack", "rst" */
    REPORT_SWEEP_SENT,
    REPORT_SWEEP_RECEIVED,
    REPORT_SWEEP_LOSS, /* ratio, of the probes that have their verdict */
    REPORT_SWEEP_ERRORS,
    REPORT_SWEEP_LATE,
    REPORT_SWEEP_DUPLICATES,
    REPORT_SWEEP_RTT, /* ns, of the last answer */
    REPORT_SWEEP_RTT_MIN,
    REPORT_SWEEP_RTT_AVG,
    REPORT_SWEEP_RTT_MAX,
    REPORT_SWEEP_FIELDS,
};

struct report_sweep_fields {
    size_t count; /* 0: those that fit the form */
    uint8_t fields[REPORT_SWEEP_FIELDS];
};

/* Reads names with commas in between; false when one is unknown or comes twice. */
bool report_sweep_fields_parse(const char *text, struct report_sweep_fields *fields);

/* All names, with commas in between. Returns text. */
#define REPORT_SWEEP_FIELD_NAMES 256
const char *report_sweep_field_names(char text[static REPORT_SWEEP_FIELD_NAMES]);

enum report_sweep_selection {
    REPORT_SWEEP_ALL,
    REPORT_SWEEP_ALIVE,
    REPORT_SWEEP_UNREACHABLE,
};

enum report_sweep_form { REPORT_SWEEP_TEXT, REPORT_SWEEP_JSON, REPORT_SWEEP_CSV };

struct report_sweep_config {
    FILE *out; /* hosts */
    FILE *err; /* text and CSV: the summary; how far it is */
    struct report_clock clock;
    enum report_sweep_form form;
    enum report_sweep_selection selection;
    struct report_sweep_fields fields;
    bool quiet;       /* no line for each host, or for each probe */
    bool sorted;      /* hosts at the end, by address */
    bool progress;    /* a line on err that is written again and again */
    bool by_interval; /* report_sweep_interval will be called */
    const char *transport;
    const char *payload; /* of UDP: "dns", "ntp", "quic"; NULL: payload_bytes of a pattern */
    uint64_t payload_bytes;
    struct sonde_sweep_config sweep;           /* as the sweep was made */
    const struct sonde_engine_target *targets; /* sweep.hosts of them */
    char *const *names; /* as they were given; NULL, or one that is NULL: the address says it */
};

struct report_sweep;

/* Returns 0 or -ENOMEM. */
int report_sweep_create(struct report_sweep **report, const struct report_sweep_config *config);
void report_sweep_destroy(struct report_sweep *report);

void report_sweep_begin(struct report_sweep *report, const struct sonde_sweep *sweep,
                        struct sonde_mono now);
void report_sweep_outcome(struct report_sweep *report, const struct sonde_outcome *outcome);
/* Tells the figures of the interval that ends, and begins them anew. */
void report_sweep_interval(struct report_sweep *report, struct sonde_sweep *sweep,
                           struct sonde_mono now);
void report_sweep_status(struct report_sweep *report, struct sonde_mono now);

/* Brings out what was written. Returns 0 or the negative errno of the first failure. */
int report_sweep_flush(struct report_sweep *report);

/* Writes the progress line anew when it is time; *again is when it will be so next. */
void report_sweep_progress(struct report_sweep *report, struct sonde_mono now,
                           struct sonde_mono *again);

void report_sweep_end(struct report_sweep *report, struct sonde_mono now,
                      const struct sonde_engine_counters *engine,
                      const struct sonde_transport_counters *transport);

#endif
