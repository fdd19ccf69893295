/* The numbers of a target and of the measurement as members of a JSON object. */
#ifndef REPORT_JSON_SUMMARY_H
#define REPORT_JSON_SUMMARY_H

#include "json.h"

/* Members `rtt` and, where they are kept and wanted, `percentiles`. */
void json_summary_of_rtt(const struct report_run *run, const struct sonde_target_stats *stats,
                         json_t *object);
void json_summary_of_target(const struct report_state *state, uint32_t target, json_t *object);
void json_summary_of_measurement(const struct report_measurement *measurement, json_t *object);

#endif
