#include "base/number.h"

#include <stddef.h>
#include <string.h>

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

enum base_number_result base_parse_integer(const char *text, int64_t min, int64_t max,
                                           int64_t *value)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
    if (base == 16)
        text += 2;
    if (digit_value(*text) >= base)
        return BASE_NUMBER_MALFORMED;
    int64_t number = 0;
    bool overflow = false;
    for (; digit_value(*text) < base; text++) {
        int digit = negative ? -digit_value(*text) : digit_value(*text);
        overflow |= __builtin_mul_overflow(number, base, &number);
        overflow |= __builtin_add_overflow(number, digit, &number);
    }
    if (*text != '\0')
        return BASE_NUMBER_MALFORMED;
    if (overflow || number < min || number > max)
        return BASE_NUMBER_OUT_OF_RANGE;
    *value = number;
    return BASE_NUMBER_OK;
}

static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    {"ns", 1},
    {"us", SONDE_NS_PER_US},
    {"ms", SONDE_NS_PER_MS},
    {"s", SONDE_NS_PER_S},
    {"m", 60 * SONDE_NS_PER_S},
    {"h", 3600 * SONDE_NS_PER_S},
};

static int64_t unit_named(const char *name)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(name, units[i].name) == 0)
            return units[i].ns;
    return 0;
}

enum base_number_result base_parse_duration(const char *text, struct sonde_span unit,
                                            struct sonde_span min, struct sonde_span max,
                                            struct sonde_span *value)
{
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    const char *number = text;
    size_t whole = strspn(number, "0123456789");
    const char *fraction = number + whole + (number[whole] == '.');
    size_t fraction_digits = number[whole] == '.' ? strspn(fraction, "0123456789") : 0;
    if (whole + fraction_digits == 0)
        return BASE_NUMBER_MALFORMED;
    const char *end = fraction + fraction_digits;
    int64_t unit_ns = *end == '\0' ? unit.ns : unit_named(end);
    if (unit_ns == 0)
        return BASE_NUMBER_MALFORMED;

    int64_t ns = 0;
    bool overflow = false;
    for (size_t i = 0; i < whole; i++) {
        overflow |= __builtin_mul_overflow(ns, 10, &ns);
        overflow |= __builtin_add_overflow(ns, digit_value(number[i]), &ns);
    }
    overflow |= __builtin_mul_overflow(ns, unit_ns, &ns);
    /* From the last digit to the first: nested divisions cut off exactly once. */
    int64_t part = 0;
    for (size_t i = fraction_digits; i-- > 0;)
        part = (digit_value(fraction[i]) * unit_ns + part) / 10;
    overflow |= __builtin_add_overflow(ns, part, &ns);
    if (negative && !overflow)
        ns = -ns;
    if (overflow || ns < min.ns || ns > max.ns)
        return BASE_NUMBER_OUT_OF_RANGE;
    value->ns = ns;
    return BASE_NUMBER_OK;
}
