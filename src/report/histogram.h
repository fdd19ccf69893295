/* A histogram of round-trip times, drawn with characters. */
#ifndef REPORT_HISTOGRAM_H
#define REPORT_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sonde/stats.h"

#define REPORT_HISTOGRAM_ROWS 20

/*
 * Draws what was counted: at most REPORT_HISTOGRAM_ROWS rows, each with its range in ms, a bar as
 * long as its share of the fullest row, and its count. Neighbouring buckets are merged, the same
 * number into each row, so that rows are of equal width within an octave and grow with the RTT
 * beyond it. The bars leave lines no longer than `columns` (0: 80). With `utf8` bars are drawn in
 * eighths of a character, else with '#'. Nothing is written for an empty histogram.
 */
void report_histogram_draw(FILE *out, const struct sonde_histogram *histogram, bool utf8,
                           uint32_t columns);

#endif
