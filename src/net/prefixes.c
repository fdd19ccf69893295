#include "net/prefixes.h"

#include <errno.h>
#include <stdlib.h>

#define NESTED_MAX 129 /* lengths there are: no prefix has more around it */

static struct net_prefixes_key key_of(const struct sonde_address *address)
{
    struct net_prefixes_key key = {0, 0};

    for (size_t i = 0; i < 8; i++) {
        key.high = key.high << 8 | address->bytes[i];
        key.low = key.low << 8 | address->bytes[8 + i];
    }
    return key;
}

static int compare_keys(struct net_prefixes_key a, struct net_prefixes_key b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

/* The bits behind the first `length`. */
static struct net_prefixes_key host_bits(unsigned length)
{
    return (struct net_prefixes_key){
        .high = length >= 64 ? 0 : UINT64_MAX >> length,
        .low = length >= 128  ? 0
               : length <= 64 ? UINT64_MAX
                              : UINT64_MAX >> (length - 64),
    };
}

int net_prefixes_add(struct net_prefixes *prefixes, const struct sonde_address *address,
                     unsigned length, uint32_t metric, uint32_t value)
{
    struct net_prefixes_key start = key_of(address);

    if (prefixes->row_count == prefixes->row_room) {
        size_t room = prefixes->row_room ? 2 * prefixes->row_room : 16;
        struct net_prefix *grown = reallocarray(prefixes->rows, room, sizeof *grown);

        if (!grown)
            return -ENOMEM;
        prefixes->rows = grown;
        prefixes->row_room = room;
    }
    start.high &= ~host_bits(length).high;
    start.low &= ~host_bits(length).low;
    prefixes->rows[prefixes->row_count++] = (struct net_prefix){
        .start = start, .metric = metric, .value = value, .length = (uint8_t)length};
    return 0;
}

/* What is around comes before what is inside; of equal ones, the one that counts. */
static int compare_rows(const void *a, const void *b)
{
    const struct net_prefix *one = a, *other = b;
    int order = compare_keys(one->start, other->start);

    if (order)
        return order;
    if (one->length != other->length)
        return one->length < other->length ? -1 : 1;
    return one->metric < other->metric ? -1 : one->metric > other->metric;
}

/* A range that begins where the last one does takes its place. */
static void begin_range(struct net_prefixes *prefixes, struct net_prefixes_key start,
                        uint32_t value)
{
    size_t last = prefixes->range_count - 1;

    if (compare_keys(prefixes->ranges[last].start, start) != 0)
        last = prefixes->range_count++;
    prefixes->ranges[last] = (struct net_prefixes_range){start, value};
}

static struct net_prefixes_key end_of(const struct net_prefix *row)
{
    struct net_prefixes_key bits = host_bits(row->length);
    return (struct net_prefixes_key){row->start.high | bits.high, row->start.low | bits.low};
}

/* Leaves the innermost prefix: behind it, the one around it counts again. */
static void leave(struct net_prefixes *prefixes, const struct net_prefix *const *around,
                  size_t depth)
{
    struct net_prefixes_key next = end_of(around[depth - 1]);

    if (++next.low == 0 && ++next.high == 0)
        return; /* nothing is behind it */
    begin_range(prefixes, next, depth > 1 ? around[depth - 2]->value : NET_PREFIXES_NONE);
}

int net_prefixes_build(struct net_prefixes *prefixes)
{
    const struct net_prefix *around[NESTED_MAX];
    size_t depth = 0;

    free(prefixes->ranges);
    /* A prefix begins a range and ends one; the first one is before all. */
    prefixes->ranges = calloc(2 * prefixes->row_count + 1, sizeof *prefixes->ranges);
    prefixes->range_count = 0;
    if (!prefixes->ranges)
        return -ENOMEM;
    if (prefixes->row_count)
        qsort(prefixes->rows, prefixes->row_count, sizeof *prefixes->rows, compare_rows);
    prefixes->range_count = 1;
    prefixes->ranges[0] = (struct net_prefixes_range){{0, 0}, NET_PREFIXES_NONE};
    for (size_t i = 0; i < prefixes->row_count; i++) {
        const struct net_prefix *row = &prefixes->rows[i];

        while (depth && compare_keys(end_of(around[depth - 1]), row->start) < 0)
            leave(prefixes, around, depth--);
        if (depth && around[depth - 1]->length == row->length)
            continue; /* the same prefix once more */
        begin_range(prefixes, row->start, row->value);
        around[depth++] = row;
    }
    while (depth)
        leave(prefixes, around, depth--);
    return 0;
}

/* The range that a key is in; there is one. */
static size_t range_of(const struct net_prefixes *prefixes, struct net_prefixes_key key)
{
    size_t low = 0, high = prefixes->range_count;

    while (high - low > 1) { /* ranges[low] begins at or before the key */
        size_t middle = low + (high - low) / 2;

        if (compare_keys(prefixes->ranges[middle].start, key) <= 0)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t net_prefixes_find(const struct net_prefixes *prefixes, const struct sonde_address *address)
{
    if (!prefixes->range_count)
        return NET_PREFIXES_NONE;
    return prefixes->ranges[range_of(prefixes, key_of(address))].value;
}

bool net_prefixes_occurs(const struct net_prefixes *prefixes, const struct sonde_address *first,
                         const struct sonde_address *last, uint32_t value)
{
    struct net_prefixes_key end = key_of(last);

    if (!prefixes->range_count)
        return value == NET_PREFIXES_NONE;
    for (size_t i = range_of(prefixes, key_of(first));
         i < prefixes->range_count && compare_keys(prefixes->ranges[i].start, end) <= 0; i++)
        if (prefixes->ranges[i].value == value)
            return true;
    return false;
}

void net_prefixes_clear(struct net_prefixes *prefixes)
{
    free(prefixes->rows);
    free(prefixes->ranges);
    *prefixes = (struct net_prefixes){0};
}
