/* Rows of comma-separated values: RFC 4180. */
#ifndef REPORT_CSV_ROW_H
#define REPORT_CSV_ROW_H

#include <stdbool.h>
#include <stdio.h>

#include "sonde/address.h"

/* Zero but for `out`. */
struct csv_row {
    FILE *out;
    bool begun; /* the next field is not the first of its row */
};

/* A field with a comma, a quote or a line end is quoted (section 2, rules 6 and 7). */
void csv_field(struct csv_row *row, const char *text);

__attribute__((format(printf, 2, 3))) void csv_number(struct csv_row *row, const char *format, ...);

/* Empty for no address. */
void csv_address(struct csv_row *row, const struct sonde_address *address);

void csv_end_row(struct csv_row *row);

#endif
