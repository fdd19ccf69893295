/* What the forms of a sweep's report share. */
#ifndef REPORT_SWEEP_INSIDE_H
#define REPORT_SWEEP_INSIDE_H

#include "state.h"
#include "sweep.h"

#define REPORT_SWEEP_REASON_TEXT 200

/* Figures of a host over all intervals that were told and forgotten. */
struct report_sweep_totals {
    uint64_t sent;
    uint64_t received;
    uint64_t lost; /* without an answer, for whatever reason */
    int64_t rtt_sum_ns;
    int64_t rtt_min_ns; /* -1: none */
    int64_t rtt_max_ns;
};

struct report_sweep {
    struct report_sweep_config config;
    struct report_state state;         /* of the streams and the clock; nothing else */
    struct report_sweep_fields fields; /* to be told in JSON and CSV, in their order */
    const struct sonde_sweep *sweep;
    struct report_sweep_totals *totals; /* by_interval; else NULL */
    struct sonde_mono start;
    struct sonde_mono next_progress;
    uint64_t duplicates;
    uint64_t late;
    struct sonde_self self; /* its counts follow */
    uint64_t self_counts[SONDE_HISTOGRAM_BUCKETS];
    bool progress_shown;
};

/* A host, and the moment that something is told of it. */
struct report_sweep_row {
    uint32_t host;
    struct sonde_mono at;
    struct sonde_sweep_host figures;
    const struct sonde_outcome *outcome; /* that decided it; NULL: not at hand */
};

struct report_sweep_value {
    enum { REPORT_SWEEP_NONE, REPORT_SWEEP_INTEGER, REPORT_SWEEP_REAL, REPORT_SWEEP_WORDS } kind;
    uint64_t integer;
    double real;
    const char *words; /* in `text`, or a constant */
    char text[REPORT_LABEL];
};

const char *report_sweep_field_name(enum report_sweep_field field);

/* The value of a field; *value must live as long as it is used. */
void report_sweep_value(const struct report_sweep *report, const struct report_sweep_row *row,
                        enum report_sweep_field field, struct report_sweep_value *value);

/* "name (number)" or the number. Returns text. */
const char *report_sweep_label(const struct report_sweep *report, uint32_t host,
                               char text[static REPORT_LABEL]);

/* What became of a probe that was not answered, in words. Returns text. */
const char *report_sweep_reason(const struct report_sweep *report,
                                const struct sonde_outcome *outcome,
                                char text[static REPORT_SWEEP_REASON_TEXT]);

const char *report_sweep_state_word(enum sonde_sweep_state state);

/* The figures of a host with what earlier intervals have told. */
struct sonde_sweep_host report_sweep_total(const struct report_sweep *report, uint32_t host);

/* Fills report->fields: those that were asked for, or those that fit the form. */
void report_sweep_choose_fields(struct report_sweep *report);

/* One form each: a row of a host; a probe's outcome (text, JSON); begin and end. */
void report_sweep_text_row(struct report_sweep *report, const struct report_sweep_row *row);
void report_sweep_text_figures(struct report_sweep *report, const struct report_sweep_row *row);
void report_sweep_text_probe(struct report_sweep *report, const struct sonde_outcome *outcome);
void report_sweep_text_end(struct report_sweep *report, struct sonde_mono now,
                           const struct report_measurement *measurement);
void report_sweep_json_begin(struct report_sweep *report, struct sonde_mono now);
void report_sweep_json_row(struct report_sweep *report, const struct report_sweep_row *row,
                           const char *type);
void report_sweep_json_probe(struct report_sweep *report, const struct sonde_outcome *outcome);
void report_sweep_json_end(struct report_sweep *report, struct sonde_mono now,
                           const struct report_measurement *measurement);
void report_sweep_csv_begin(struct report_sweep *report);
void report_sweep_csv_row(struct report_sweep *report, const struct report_sweep_row *row);

/* Takes the progress line off the terminal, before something else is written. */
void report_sweep_clear_progress(struct report_sweep *report);

#endif
