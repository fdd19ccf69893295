#include <errno.h>

#include "json.h"

void report_json_line(struct report_state *state, json_t *object, size_t flags)
{
    if (!object) {
        state->error = state->error != 0 ? state->error : ENOMEM;
        return;
    }
    if (state->error == 0) {
        errno = 0;
        if (json_dumpf(object, state->run.out, flags) != 0 || fputc('\n', state->run.out) == EOF)
            state->error = errno != 0 ? errno : EIO;
        state->dirty = true;
    }
    json_decref(object);
}

void report_json_count(json_t *object, const char *key, uint64_t value)
{
    json_int_t held = value > INT64_MAX ? INT64_MAX : (json_int_t)value;
    json_object_set_new_nocheck(object, key, json_integer(held));
}

/* Text is printable here, so that it is UTF-8 and nothing needs to be escaped but quotes. */
void report_json_text(json_t *object, const char *key, const char *text)
{
    char printable[REPORT_LABEL];
    if (!text)
        return;
    report_printable(text, printable, sizeof printable);
    json_object_set_new_nocheck(object, key, json_string(printable));
}

void report_json_flag(json_t *object, const char *key, bool value)
{
    json_object_set_new_nocheck(object, key, json_boolean(value));
}

void report_json_real(json_t *object, const char *key, double value)
{
    json_object_set_new_nocheck(object, key, json_real(value));
}

void report_json_span(json_t *object, const char *key, struct sonde_span span)
{
    json_object_set_new_nocheck(object, key, json_integer(span.ns));
}

void report_json_address(json_t *object, const char *key, const struct sonde_address *address)
{
    char text[SONDE_ADDRESS_TEXT];
    if (address->family != SONDE_FAMILY_NONE)
        report_json_text(object, key, sonde_address_format(address, text));
}

void report_json_time(const struct report_state *state, json_t *object, struct sonde_mono at)
{
    char time[REPORT_TIME];
    report_json_text(object, "time", report_time(report_wall(state, at), time));
}

json_t *report_json_typed(const struct report_state *state, const char *type, struct sonde_mono at)
{
    json_t *object = json_object();
    report_json_text(object, "type", type);
    report_json_time(state, object, at);
    return object;
}
