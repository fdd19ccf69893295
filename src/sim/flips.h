/* Bits that corrupting links have flipped. */
#ifndef SIM_FLIPS_H
#define SIM_FLIPS_H

#include <stddef.h>
#include <stdint.h>

#define SIM_FLIPS_MAX 4u /* corrupting links that count */

/* Positions in some run of bytes; zero is none. */
struct sim_flips {
    uint32_t count;
    uint32_t bits[SIM_FLIPS_MAX];
};

/* One more, of a run of `bytes`, chosen by a random number. */
static inline void sim_flips_add(struct sim_flips *flips, uint64_t random, size_t bytes)
{
    if (bytes && flips->count < SIM_FLIPS_MAX)
        flips->bits[flips->count++] = (uint32_t)(random % (bytes * 8));
}

/* Flips them, as far as the bytes are there. */
static inline void sim_flips_apply(const struct sim_flips *flips, uint8_t *bytes, size_t length)
{
    for (uint32_t i = 0; i < flips->count; i++)
        if (flips->bits[i] / 8 < length)
            bytes[flips->bits[i] / 8] ^= (uint8_t)(1u << flips->bits[i] % 8);
}

#endif
