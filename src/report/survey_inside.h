/* What the forms of a survey's report share. */
#ifndef REPORT_SURVEY_INSIDE_H
#define REPORT_SURVEY_INSIDE_H

#include "survey.h"
#include "sweep_inside.h"

struct report_survey {
    struct report_survey_config config;
    struct report_sweep hosts;         /* the lines about hosts; it knows one host … */
    struct sonde_engine_target target; /* … this one, which is another one in each line */
    const struct sonde_survey *survey;
    struct sonde_mono start;
    struct sonde_mono next_progress;
};

/* Why probes were refused, in words. */
const char *report_survey_refusal(const struct sonde_survey_refusal *refusal);

void report_survey_json_begin(struct report_survey *report, struct sonde_mono now);
void report_survey_json_end(struct report_survey *report, struct sonde_mono now,
                            const struct report_measurement *measurement);

#endif
