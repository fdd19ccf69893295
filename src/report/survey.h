/*
 * The report of a survey: who answers, as it becomes known, and what it came to at the end. It
 * keeps no host: lines are those of a listed sweep (sweep.h), as far as their fields are known.
 */
#ifndef REPORT_SURVEY_H
#define REPORT_SURVEY_H

#include <stdbool.h>
#include <stdio.h>

#include "report/sweep.h"
#include "sonde/survey.h"

struct report_survey_config {
    FILE *out; /* hosts */
    FILE *err; /* text and CSV: the summary; how far it is */
    struct report_clock clock;
    enum report_sweep_form form;
    enum report_sweep_selection selection;
    struct report_sweep_fields fields; /* those of report_survey_knows */
    bool quiet;                        /* no line for each host */
    bool progress;                     /* a line on err that is written again and again */
    bool strangers;                    /* networks of other people are asked */
    bool exclusions;                   /* somebody was left out who does not want to be asked */
    const char *transport;
    const char *resume;                /* the file from which it can go on; NULL: none */
    struct sonde_survey_config survey; /* as the survey was made */
};

struct report_survey;

/* Whether a survey knows this of a host. */
bool report_survey_knows(enum report_sweep_field field);

/* Returns 0 or -ENOMEM. */
int report_survey_create(struct report_survey **report, const struct report_survey_config *config);
void report_survey_destroy(struct report_survey *report);

/* The survey lives as long as the report. */
void report_survey_begin(struct report_survey *report, const struct sonde_survey *survey,
                         struct sonde_mono now);
void report_survey_answer(struct report_survey *report, const struct sonde_survey_answer *answer);
void report_survey_status(struct report_survey *report, struct sonde_mono now);

/* Brings out what was written. Returns 0 or the negative errno of the first failure. */
int report_survey_flush(struct report_survey *report);

/* Writes the progress line anew when it is time; *again is when it will be so next. */
void report_survey_progress(struct report_survey *report, struct sonde_mono now,
                            struct sonde_mono *again);

void report_survey_end(struct report_survey *report, struct sonde_mono now,
                       const struct sonde_transport_counters *transport);

#endif
