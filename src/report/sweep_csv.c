/* A sweep told to spreadsheets: RFC 4180, a header, then one row for each host. */
#include <inttypes.h>
#include <string.h>

#include "sweep_inside.h"

/* A field with a comma, a quote or a line end is quoted (RFC 4180 section 2, rules 6 and 7). */
static void put_text(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void report_sweep_csv_begin(struct report_sweep *report)
{
    const struct report_sweep_fields *fields = report_sweep_fields_of(report);
    for (size_t i = 0; i < fields->count; i++)
        fprintf(report->config.out, "%s%s", i > 0 ? "," : "",
                report_sweep_field_name(fields->fields[i]));
    fputs("\r\n", report->config.out);
    report->state.dirty = true;
}

void report_sweep_csv_row(struct report_sweep *report, const struct report_sweep_row *row)
{
    FILE *out = report->config.out;
    const struct report_sweep_fields *fields = report_sweep_fields_of(report);
    report_sweep_clear_progress(report);
    for (size_t i = 0; i < fields->count; i++) {
        struct report_sweep_value value;
        report_sweep_value(report, row, fields->fields[i], &value);
        if (i > 0)
            fputc(',', out);
        if (value.kind == REPORT_SWEEP_INTEGER)
            fprintf(out, "%" PRIu64, value.integer);
        else if (value.kind == REPORT_SWEEP_REAL)
            fprintf(out, "%.9g", value.real);
        else if (value.kind == REPORT_SWEEP_WORDS)
            put_text(out, value.words);
    }
    fputs("\r\n", out);
    report->state.dirty = true;
}
