/*
 * Unsigned numbers of several 64-bit limbs, lowest first: sums that cannot overflow, also where the
 * compiler has no 128-bit integers.
 */
#ifndef STATS_WIDE_H
#define STATS_WIDE_H

#include <stddef.h>
#include <stdint.h>

/* into += value, modulo 2 to the 64 × limbs. value_limbs ≤ limbs. */
void stats_wide_add(uint64_t *into, size_t limbs, const uint64_t *value, size_t value_limbs);

/* into -= value, both of `limbs` limbs; into ≥ value. */
void stats_wide_subtract(uint64_t *into, const uint64_t *value, size_t limbs);

/* Whether a < b. */
int stats_wide_less(const uint64_t *a, const uint64_t *b, size_t limbs);

/* product = a × b; it has a_limbs + b_limbs limbs and overlaps neither. */
void stats_wide_multiply(uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b,
                         size_t b_limbs);

/* value / divisor to the nearest integer, halves up. The quotient must fit; divisor is not 0. */
uint64_t stats_wide_divide(const uint64_t value[2], uint64_t divisor);

/* The nearest double, or the one beside it. */
double stats_wide_double(const uint64_t *value, size_t limbs);

#endif
