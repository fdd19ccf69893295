#include "net/origin.h"

#include <stdio.h>
#include <string.h>

#include "base/printable.h"

#define FIELDS 3 /* AS numbers, prefix, country */

const char *net_origin_question(const struct sonde_address *address,
                                char text[static NET_ORIGIN_QUESTION])
{
    size_t used = 0;
    if (address->family == SONDE_IPV4) {
        const uint8_t *b = address->bytes;
        snprintf(text, NET_ORIGIN_QUESTION, "%u.%u.%u.%u.origin.asn.cymru.com", b[3], b[2], b[1],
                 b[0]);
        return text;
    }
    for (size_t i = 16; i-- > 0; used += 4)
        snprintf(text + used, NET_ORIGIN_QUESTION - used, "%x.%x.", address->bytes[i] & 0xf,
                 address->bytes[i] >> 4);
    snprintf(text + used, NET_ORIGIN_QUESTION - used, "origin6.asn.cymru.com");
    return text;
}

/* The field at *at, without the blanks around it; *at moves behind it. */
static size_t next_field(const char *record, size_t length, size_t *at, const char **field)
{
    while (*at < length && record[*at] == ' ')
        ++*at;
    *field = record + *at;
    const char *bar = memchr(record + *at, '|', length - *at);
    size_t end = bar ? (size_t)(bar - record) : length;
    const size_t start = *at;
    *at = bar ? end + 1 : length;
    while (end > start && record[end - 1] == ' ')
        end--;
    return end - start;
}

bool net_origin_read(const char *record, size_t length, char *text, size_t size)
{
    size_t at = 0, used = 0;
    for (int i = 0; i < FIELDS && at < length; i++) {
        const char *field;
        char printable[128];
        size_t bytes = next_field(record, length, &at, &field);
        if (i == 0 && (bytes == 0 || field[0] < '0' || field[0] > '9'))
            return false; /* "NA": nobody announces it */
        if (i == 0) {
            const char *blank = memchr(field, ' ', bytes);
            bytes = blank ? (size_t)(blank - field) : bytes;
        }
        if (bytes == 0)
            continue;
        base_printable(field, bytes, printable, sizeof printable);
        const int written =
            snprintf(text + used, size - used, "%s%s", i == 0 ? "AS" : " ", printable);
        if (written < 0 || (size_t)written >= size - used) {
            text[used] = '\0'; /* all of it or nothing */
            return used > 0;
        }
        used += (size_t)written;
    }
    return used > 0;
}
