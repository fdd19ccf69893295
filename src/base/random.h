/*
 * Reproducible random numbers: xoshiro256** (Blackman, Vigna 2018), seeded through SplitMix64. For
 * simulation and schedules; secrets come from the kernel (base_random_secret).
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct base_random {
    uint64_t state[4];
};

/* The same seed gives the same numbers on every machine. */
void base_random_seed(struct base_random *random, uint64_t seed);

uint64_t base_random_u64(struct base_random *random);

/* Uniform in [0, bound), without bias; bound must not be 0. */
uint64_t base_random_below(struct base_random *random, uint64_t bound);

/* Uniform in [0, 1), 53 bits. */
double base_random_unit(struct base_random *random);

/* Exponentially distributed with the given mean: the gaps of a Poisson process. */
double base_random_exponential(struct base_random *random, double mean);

/* Fills the buffer from the kernel's generator. Returns 0 or a negative errno. */
int base_random_secret(void *buffer, size_t length);

#endif
