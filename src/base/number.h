/* Numbers and durations from text, exactly: no rounding, no overflow, no trailing rubbish. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

#include "sonde/time.h"

enum base_number_result {
    BASE_NUMBER_OK,
    BASE_NUMBER_MALFORMED,    /* not a number, or something behind it */
    BASE_NUMBER_OUT_OF_RANGE, /* a number, but not between the bounds */
};

/* Reads a decimal integer, or a hexadecimal one behind "0x". */
enum base_number_result base_parse_integer(const char *text, int64_t min, int64_t max,
                                           int64_t *value);

/*
 * Reads a duration: a decimal number ("1", "0.2", ".5"), optionally with a unit (ns, us, ms, s, m,
 * h) right behind it; without one it counts in `unit`. Digits beyond the nanosecond are cut off.
 */
enum base_number_result base_parse_duration(const char *text, struct sonde_span unit,
                                            struct sonde_span min, struct sonde_span max,
                                            struct sonde_span *value);

#endif
