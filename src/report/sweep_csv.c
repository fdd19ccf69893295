/* A sweep told to spreadsheets: RFC 4180, a header, then one row for each host. */
#include <inttypes.h>

#include "csv_row.h"
#include "sweep_inside.h"

void report_sweep_csv_begin(struct report_sweep *report)
{
    const struct report_sweep_fields *fields = &report->fields;
    struct csv_row row = {.out = report->config.out};
    for (size_t i = 0; i < fields->count; i++)
        csv_field(&row, report_sweep_field_name(fields->fields[i]));
    csv_end_row(&row);
    report->state.dirty = true;
}

void report_sweep_csv_row(struct report_sweep *report, const struct report_sweep_row *told)
{
    const struct report_sweep_fields *fields = &report->fields;
    struct csv_row row = {.out = report->config.out};
    report_sweep_clear_progress(report);
    for (size_t i = 0; i < fields->count; i++) {
        struct report_sweep_value value;
        report_sweep_value(report, told, fields->fields[i], &value);
        switch (value.kind) {
        case REPORT_SWEEP_INTEGER:
            csv_number(&row, "%" PRIu64, value.integer);
            break;
        case REPORT_SWEEP_REAL:
            csv_number(&row, "%.9g", value.real);
            break;
        case REPORT_SWEEP_WORDS:
            csv_field(&row, value.words);
            break;
        case REPORT_SWEEP_NONE:
            csv_field(&row, "");
            break;
        }
    }
    csv_end_row(&row);
    report->state.dirty = true;
}
