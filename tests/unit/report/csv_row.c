#include "report/csv_row.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(report_csv_row, quotes_where_they_are_needed)
{
    char *text = NULL;
    size_t bytes = 0;
    struct csv_row row = {.out = open_memstream(&text, &bytes)};
    const struct sonde_address none = {0};
    csv_field(&row, "plain text");
    csv_field(&row, "a,b");
    csv_field(&row, "\"a\"");
    csv_field(&row, "a\r\nb");
    csv_field(&row, "");
    csv_end_row(&row);
    csv_address(&row, &none);
    csv_number(&row, "%d", -1);
    csv_end_row(&row);
    fclose(row.out);
    cr_expect_str_eq(text, "plain text,\"a,b\",\"\"\"a\"\"\",\"a\r\nb\",\r\n,-1\r\n");
    free(text);
}
