/* Text of names, spans and times. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "state.h"

/* --- names ----------------------------------------------------------------------------------- */

/*
 * A whole UTF-8 character (RFC 3629) at the start of text: its length and code point; 0 when it is
 * none, or one that does not show: controls, and marks that turn the direction of writing.
 */
static size_t visible_character(const unsigned char *text)
{
    uint32_t code;
    size_t length;
    if (text[0] >= 0x20 && text[0] < 0x7f)
        return 1;
    if ((text[0] & 0xe0) == 0xc0) {
        length = 2;
        code = text[0] & 0x1fu;
    } else if ((text[0] & 0xf0) == 0xe0) {
        length = 3;
        code = text[0] & 0x0fu;
    } else if ((text[0] & 0xf8) == 0xf0) {
        length = 4;
        code = text[0] & 0x07u;
    } else {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    static const uint32_t smallest[] = {0, 0, 0xa0, 0x800, 0x10000};
    if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    if ((code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
        (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || code == 0x061c)
        return 0;
    return length;
}

void report_printable(const char *text, char *out, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;
    while (*at) {
        size_t length = visible_character(at);
        if (used + (length ? length : 4) >= size)
            break;
        if (length) {
            memcpy(out + used, at, length);
            used += length;
            at += length;
        } else {
            out[used++] = '\\';
            out[used++] = 'x';
            out[used++] = hex[*at >> 4];
            out[used++] = hex[*at & 0xf];
            at++;
        }
    }
    out[used] = '\0';
}

const char *report_name_of(const struct report_state *state, const struct sonde_address *address,
                           char text[static REPORT_LABEL])
{
    if (!state->run.name || address->family == SONDE_FAMILY_NONE)
        return NULL;
    const char *name = state->run.name(state->run.name_self, address);
    if (!name || !*name)
        return NULL;
    char number[SONDE_ADDRESS_TEXT];
    if (strcmp(name, sonde_address_format(address, number)) == 0)
        return NULL;
    report_printable(name, text, 4 * 255 + 1);
    return text;
}

const char *report_label(const struct report_state *state, const struct sonde_address *address,
                         char text[static REPORT_LABEL])
{
    char number[SONDE_ADDRESS_TEXT];
    sonde_address_format(address, number);
    if (!report_name_of(state, address, text)) {
        snprintf(text, REPORT_LABEL, "%s", number);
        return text;
    }
    size_t used = strlen(text);
    snprintf(text + used, REPORT_LABEL - used, " (%s)", number);
    return text;
}

/* --- numbers --------------------------------------------------------------------------------- */

/* To the nearest microsecond; what is negative is 0. */
static int64_t microseconds(struct sonde_span span)
{
    if (span.ns <= 0)
        return 0;
    return span.ns / 1000 + (span.ns % 1000 >= 500);
}

const char *report_ms(struct sonde_span span, char text[static REPORT_MS])
{
    int64_t us = microseconds(span);
    snprintf(text, REPORT_MS, "%" PRId64 ".%03d", us / 1000, (int)(us % 1000));
    return text;
}

const char *report_ms_short(struct sonde_span span, char text[static REPORT_MS])
{
    int64_t us = microseconds(span);
    if (us >= 99950)
        snprintf(text, REPORT_MS, "%" PRId64, us / 1000 + (us % 1000 >= 500));
    else if (us >= 9995)
        snprintf(text, REPORT_MS, "%d.%d", (int)((us + 50) / 1000), (int)((us + 50) % 1000 / 100));
    else if (us >= 1000)
        snprintf(text, REPORT_MS, "%d.%02d", (int)((us + 5) / 1000), (int)((us + 5) % 1000 / 10));
    else
        snprintf(text, REPORT_MS, "%d.%03d", 0, (int)us);
    return text;
}

const char *report_time(struct sonde_wall wall, char text[static REPORT_TIME])
{
    int64_t seconds = wall.ns / SONDE_NS_PER_S;
    int64_t rest = wall.ns % SONDE_NS_PER_S;
    if (rest < 0) {
        rest += SONDE_NS_PER_S;
        seconds--;
    }
    time_t when = (time_t)seconds;
    struct tm utc;
    if (!gmtime_r(&when, &utc)) {
        snprintf(text, REPORT_TIME, "1970-01-01T00:00:00.000000000Z");
        return text;
    }
    size_t used = strftime(text, REPORT_TIME, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + used, REPORT_TIME - used, ".%09dZ", (int)rest);
    return text;
}
