/* The numbers of a target and of the measurement as members of a JSON object. */
#ifndef REPORT_JSON_SUMMARY_H
#define REPORT_JSON_SUMMARY_H

#include "json.h"

void json_summary_of_target(const struct report_state *state, uint32_t target, json_t *object);
void json_summary_of_measurement(const struct report_measurement *measurement, json_t *object);

#endif
