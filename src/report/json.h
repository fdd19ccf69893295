/* JSON lines: what the reports made of objects share. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <jansson.h>

#include "state.h"

/*
 * Writes the object as one line and releases it. NULL, or an object that cannot be written, is
 * remembered as the report's error (ENOMEM). `flags` are jansson's.
 */
void report_json_line(struct report_state *state, json_t *object, size_t flags);

/* Set a member; a failure shows in report_json_line. What is negative, or NULL, is left out. */
void report_json_count(json_t *object, const char *key, uint64_t value);
void report_json_text(json_t *object, const char *key, const char *text);
void report_json_flag(json_t *object, const char *key, bool value);
void report_json_real(json_t *object, const char *key, double value);
void report_json_span(json_t *object, const char *key, struct sonde_span span);

/* An address in numeric form; left out when its family is NONE. */
void report_json_address(json_t *object, const char *key, const struct sonde_address *address);

/* "time": the time of day at this moment of the transport's clock. */
void report_json_time(const struct report_state *state, json_t *object, struct sonde_mono at);

/* A line's object with its "type" and "time", for report_json_line. */
json_t *report_json_typed(const struct report_state *state, const char *type, struct sonde_mono at);

#endif
