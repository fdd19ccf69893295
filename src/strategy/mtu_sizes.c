#include "strategy/mtu_sizes.h"

#include <string.h>

/*
 * MTUs that links and tunnels have, worth asking first (RFC 1191 section 7.1, and the sizes of
 * PPPoE, GRE, IPsec, WireGuard, VXLAN … below 1,500 and 9,000).
 */
static const uint16_t plateaus[] = {
    68,   296,  508,  576,  1006, 1280, 1300, 1320, 1340, 1358, 1372, 1380, 1390, 1400,
    1412, 1420, 1430, 1438, 1440, 1442, 1446, 1450, 1454, 1456, 1460, 1462, 1464, 1468,
    1472, 1476, 1480, 1484, 1488, 1492, 1496, 1500, 2002, 4352, 8950, 9000, 9180, 16384,
};

void mtu_sizes_init(struct mtu_sizes *sizes, uint16_t least, uint16_t most, uint8_t enough)
{
    *sizes = (struct mtu_sizes){
        .least = least,
        .most = most,
        .enough = enough,
        .believed = (uint32_t)most + 1,
    };
}

struct mtu_size *mtu_sizes_at(struct mtu_sizes *sizes, uint16_t bytes)
{
    uint32_t at = 0;
    while (at < sizes->count && sizes->sizes[at].bytes < bytes)
        at++;
    if (at < sizes->count && sizes->sizes[at].bytes == bytes)
        return &sizes->sizes[at];
    if (sizes->count == MTU_SIZES_MAX)
        return NULL;
    memmove(&sizes->sizes[at + 1], &sizes->sizes[at], (sizes->count - at) * sizeof *sizes->sizes);
    sizes->count++;
    sizes->sizes[at] = (struct mtu_size){.bytes = bytes};
    return &sizes->sizes[at];
}

/* The smallest size that does not come through, as far as it is believed. */
static void judge(struct mtu_sizes *sizes)
{
    sizes->believed = (uint32_t)sizes->most + 1;
    for (uint32_t i = sizes->count; i-- > 0;) {
        const struct mtu_size *size = &sizes->sizes[i];
        if (size->bytes <= sizes->passed)
            return;
        if (size->fate == MTU_REFUSED || (size->fate == MTU_OPEN && size->tries >= sizes->enough))
            sizes->believed = size->bytes;
    }
}

void mtu_sizes_pass(struct mtu_sizes *sizes, uint16_t bytes)
{
    struct mtu_size *size = mtu_sizes_at(sizes, bytes);
    if (size)
        size->fate = MTU_PASSED;
    if (bytes > sizes->passed)
        sizes->passed = bytes;
    if (sizes->hint <= sizes->passed)
        sizes->hint = 0;
    judge(sizes);
}

void mtu_sizes_refuse(struct mtu_sizes *sizes, uint16_t bytes, uint32_t named)
{
    struct mtu_size *size = mtu_sizes_at(sizes, bytes);
    if (size && size->fate != MTU_PASSED)
        size->fate = MTU_REFUSED;
    if (named >= sizes->least && named < bytes && named > sizes->passed &&
        (sizes->hint == 0 || named < sizes->hint))
        sizes->hint = (uint16_t)named;
    judge(sizes);
}

void mtu_sizes_silent(struct mtu_sizes *sizes, uint16_t bytes)
{
    struct mtu_size *size = mtu_sizes_at(sizes, bytes);
    if (!size || size->fate != MTU_OPEN)
        return;
    size->tries = (uint8_t)(size->tries + (size->tries < UINT8_MAX));
    if (sizes->hint == bytes && size->tries >= sizes->enough)
        sizes->hint = 0;
    judge(sizes);
}

bool mtu_sizes_found(const struct mtu_sizes *sizes)
{
    return sizes->passed > 0 && sizes->believed == (uint32_t)sizes->passed + 1;
}

/* The smallest size above what came through that was asked in vain, but not often enough. */
static uint32_t first_suspect(const struct mtu_sizes *sizes)
{
    for (uint32_t i = 0; i < sizes->count; i++) {
        const struct mtu_size *size = &sizes->sizes[i];
        if (size->bytes > sizes->passed && size->bytes < sizes->believed && size->fate == MTU_OPEN)
            return size->bytes;
    }
    return sizes->believed;
}

struct choice {
    struct mtu_sizes *sizes;
    uint16_t *chosen;
    size_t count;
};

static void choose(struct choice *choice, uint32_t bytes)
{
    if (choice->count == MTU_VOLLEY)
        return;
    struct mtu_size *size = mtu_sizes_at(choice->sizes, (uint16_t)bytes);
    if (!size)
        return;
    if (size->fate == MTU_NOT_TRIED)
        size->fate = MTU_OPEN;
    choice->chosen[choice->count++] = (uint16_t)bytes;
}

/* Sizes between two bounds, both not included: those that links have, then evenly spread ones. */
static void choose_between(struct choice *choice, uint32_t low, uint32_t high)
{
    const size_t most = MTU_VOLLEY - choice->count;
    size_t inside = 0;
    for (size_t i = 0; i < sizeof plateaus / sizeof *plateaus; i++)
        inside += plateaus[i] > low && plateaus[i] < high;
    const size_t known = inside < most / 2 ? inside : most / 2;
    size_t seen = 0;
    /* evenly among the plateaus */
    for (size_t i = 0; i < sizeof plateaus / sizeof *plateaus && inside > 0; i++) {
        if (plateaus[i] <= low || plateaus[i] >= high)
            continue;
        if (seen * known / inside != (seen + 1) * known / inside)
            choose(choice, plateaus[i]);
        seen++;
    }
    const uint32_t rest = (uint32_t)(MTU_VOLLEY - choice->count);
    if (high - low - 1 <= rest) {
        for (uint32_t bytes = low + 1; bytes < high; bytes++)
            choose(choice, bytes);
        return;
    }
    for (uint32_t i = 1; i <= rest; i++)
        choose(choice, low + (uint32_t)((uint64_t)(high - low) * i / (rest + 1)));
}

size_t mtu_sizes_choose(struct mtu_sizes *sizes, uint16_t chosen[MTU_VOLLEY])
{
    struct choice choice = {sizes, chosen, 0};
    const uint32_t low = sizes->passed;
    if (low == 0) {
        choose(&choice, sizes->least);
        choose(&choice, sizes->most);
        return choice.count;
    }
    if (mtu_sizes_found(sizes))
        return 0;
    const uint32_t suspect = first_suspect(sizes);
    for (uint8_t tries = 1; suspect < sizes->believed && tries < sizes->enough; tries++)
        choose(&choice, suspect); /* all that is needed to believe its silence */
    if (sizes->hint > low && sizes->hint < suspect) {
        choose(&choice, sizes->hint);
        choose(&choice, (uint32_t)sizes->hint + 1);
        return choice.count;
    }
    /* the next byte decides when somebody answers for it */
    if (low + 1 < suspect)
        choose(&choice, low + 1);
    if (low + 2 < suspect)
        choose_between(&choice, low + 1, suspect);
    return choice.count;
}
