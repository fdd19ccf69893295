#include "csv_row.h"

#include <stdarg.h>
#include <string.h>

void csv_field(struct csv_row *row, const char *text)
{
    if (row->begun)
        fputc(',', row->out);
    row->begun = true;
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, row->out);
        return;
    }
    fputc('"', row->out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', row->out);
        fputc(*text, row->out);
    }
    fputc('"', row->out);
}

void csv_number(struct csv_row *row, const char *format, ...)
{
    char text[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    csv_field(row, text);
}

void csv_address(struct csv_row *row, const struct sonde_address *address)
{
    char text[SONDE_ADDRESS_TEXT];
    csv_field(row, address->family == SONDE_FAMILY_NONE ? "" : sonde_address_format(address, text));
}

void csv_end_row(struct csv_row *row)
{
    fputs("\r\n", row->out);
    row->begun = false;
}
