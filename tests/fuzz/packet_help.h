/* What the fuzz targets of the packet room share. */
#ifndef FUZZ_PACKET_HELP_H
#define FUZZ_PACKET_HELP_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packet/cursor.h"
#include "sonde/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            __builtin_trap();                                                                      \
    } while (0)

/* A copy of exactly that many bytes, so that the sanitizer sees one byte too many. */
static inline struct sonde_bytes exact_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    MUST(copy);
    if (size)
        memcpy(copy, data, size);
    return (struct sonde_bytes){copy, size};
}

static inline void drop(struct sonde_bytes bytes)
{
    free((void *)(uintptr_t)bytes.data);
}

static inline bool same(struct sonde_bytes a, struct sonde_bytes b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* True when `longer` begins with `bytes`. */
static inline bool begins(struct sonde_bytes longer, struct sonde_bytes bytes)
{
    if (longer.length > bytes.length)
        longer.length = bytes.length;
    return same(longer, bytes);
}

static inline bool inside(struct sonde_bytes slice, struct sonde_bytes bytes)
{
    if (slice.length == 0)
        return true;
    return slice.data >= bytes.data && slice.length <= bytes.length &&
           (size_t)(slice.data - bytes.data) <= bytes.length - slice.length;
}

static inline enum sonde_family family_of(uint8_t byte)
{
    return byte & 1 ? SONDE_IPV6 : SONDE_IPV4;
}

#endif
