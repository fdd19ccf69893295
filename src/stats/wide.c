#include "wide.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

void stats_wide_add(uint64_t *into, size_t limbs, const uint64_t *value, size_t value_limbs)
{
    bool carry = false;
    for (size_t i = 0; i < limbs && (i < value_limbs || carry); i++) {
        uint64_t sum;
        bool over = __builtin_add_overflow(into[i], i < value_limbs ? value[i] : 0, &sum);
        carry = __builtin_add_overflow(sum, (uint64_t)carry, &into[i]) || over;
    }
}

void stats_wide_subtract(uint64_t *into, const uint64_t *value, size_t limbs)
{
    bool borrow = false;
    for (size_t i = 0; i < limbs; i++) {
        uint64_t difference;
        bool under = __builtin_sub_overflow(into[i], value[i], &difference);
        borrow = __builtin_sub_overflow(difference, (uint64_t)borrow, &into[i]) || under;
    }
}

int stats_wide_less(const uint64_t *a, const uint64_t *b, size_t limbs)
{
    for (size_t i = limbs; i-- > 0;)
        if (a[i] != b[i])
            return a[i] < b[i];
    return 0;
}

/* 64 × 64 → 128 bits by halves. */
static void multiply_limb(uint64_t product[2], uint64_t a, uint64_t b)
{
    uint64_t a_low = a & UINT32_MAX, a_high = a >> 32;
    uint64_t b_low = b & UINT32_MAX, b_high = b >> 32;
    uint64_t low = a_low * b_low;
    uint64_t middle = a_high * b_low + (low >> 32);
    uint64_t middle2 = a_low * b_high + (middle & UINT32_MAX);

    product[0] = (middle2 << 32) | (low & UINT32_MAX);
    product[1] = a_high * b_high + (middle >> 32) + (middle2 >> 32);
}

void stats_wide_multiply(uint64_t *product, const uint64_t *a, size_t a_limbs, const uint64_t *b,
                         size_t b_limbs)
{
    size_t limbs = a_limbs + b_limbs;
    memset(product, 0, limbs * sizeof *product);
    for (size_t i = 0; i < a_limbs; i++) {
        for (size_t j = 0; j < b_limbs; j++) {
            uint64_t part[2];
            multiply_limb(part, a[i], b[j]);
            stats_wide_add(product + i + j, limbs - i - j, part, 2);
        }
    }
}

uint64_t stats_wide_divide(const uint64_t value[2], uint64_t divisor)
{
    uint64_t quotient = 0, rest = 0;
    for (int bit = 127; bit >= 0; bit--) {
        bool above = rest >> 63;
        rest = rest << 1 | (value[bit / 64] >> (bit % 64) & 1);
        quotient <<= 1;
        if (above || rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return rest >= divisor - rest ? quotient + 1 : quotient;
}

double stats_wide_double(const uint64_t *value, size_t limbs)
{
    double sum = 0;
    for (size_t i = limbs; i-- > 0;)
        sum = ldexp(sum, 64) + (double)value[i];
    return sum;
}
