/* What the tests of this room share. */
#ifndef TESTS_PACKET_HELP_H
#define TESTS_PACKET_HELP_H

#include <criterion/criterion.h>
#include <criterion/logging.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "packet/cursor.h"
#include "sonde/address.h"

/* Random numbers of a fixed seed, which is logged; SONDE_SEED in the environment sets another. */
static inline struct base_random help_random(void)
{
    const char *text = getenv("SONDE_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 0) : 20260101;
    cr_log_info("SONDE_SEED=%llu", (unsigned long long)seed);
    struct base_random random;
    base_random_seed(&random, seed);
    return random;
}

static inline uint64_t help_below(struct base_random *random, uint64_t bound)
{
    return base_random_below(random, bound);
}

static inline bool help_coin(struct base_random *random)
{
    return base_random_below(random, 2);
}

static inline void help_fill(struct base_random *random, uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)base_random_u64(random);
}

static inline struct sonde_address help_address(struct base_random *random,
                                                enum sonde_family family)
{
    uint8_t bytes[16];
    help_fill(random, bytes, sizeof(bytes));
    return sonde_address_from_bytes(family, bytes);
}

static inline struct sonde_address help_parse(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address), "%s", text);
    return address;
}

/* A copy of exactly that many bytes on the heap, where a sanitizer sees one byte too many. */
static inline struct sonde_bytes help_exact(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    cr_assert_not_null(copy);
    if (length)
        memcpy(copy, bytes, length);
    return (struct sonde_bytes){copy, length};
}

static inline void help_free(struct sonde_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static inline bool help_same(struct sonde_bytes a, struct sonde_bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* True when the slice lies in the bytes, or is empty. */
static inline bool help_inside(struct sonde_bytes slice, struct sonde_bytes bytes)
{
    if (slice.length == 0)
        return true;
    return slice.data >= bytes.data && slice.data + slice.length <= bytes.data + bytes.length;
}

#endif
