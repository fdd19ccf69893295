#include "base/random.h"

#include <errno.h>
#include <math.h>
#include <sys/random.h>
#include <sys/types.h>

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void base_random_seed(struct base_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        random->state[i] = splitmix64(&seed);
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

uint64_t base_random_u64(struct base_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t base_random_below(struct base_random *random, uint64_t bound)
{
    /* Values under `rest` would make the low results more likely: draw again. */
    uint64_t rest = -bound % bound;
    uint64_t value;
    do
        value = base_random_u64(random);
    while (value < rest);
    return value % bound;
}

double base_random_unit(struct base_random *random)
{
    return (double)(base_random_u64(random) >> 11) * 0x1.0p-53;
}

double base_random_exponential(struct base_random *random, double mean)
{
    return -mean * log1p(-base_random_unit(random));
}

int base_random_secret(void *buffer, size_t length)
{
    uint8_t *at = buffer;
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        }
    }
    return 0;
}
