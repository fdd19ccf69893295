#include "base/target_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16

/* An address as a number. 32-bit machines have no 128-bit type. */
struct number {
    uint64_t high;
    uint64_t low;
};

static uint64_t load(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] << 56 | (uint64_t)bytes[1] << 48 | (uint64_t)bytes[2] << 40 |
           (uint64_t)bytes[3] << 32 | (uint64_t)bytes[4] << 24 | (uint64_t)bytes[5] << 16 |
           (uint64_t)bytes[6] << 8 | (uint64_t)bytes[7];
}

static void store(uint8_t *bytes, uint64_t value)
{
    bytes[0] = (uint8_t)(value >> 56);
    bytes[1] = (uint8_t)(value >> 48);
    bytes[2] = (uint8_t)(value >> 40);
    bytes[3] = (uint8_t)(value >> 32);
    bytes[4] = (uint8_t)(value >> 24);
    bytes[5] = (uint8_t)(value >> 16);
    bytes[6] = (uint8_t)(value >> 8);
    bytes[7] = (uint8_t)value;
}

static struct number number_of(const struct sonde_address *address)
{
    uint64_t first = load(address->bytes);
    if (address->family == SONDE_IPV4)
        return (struct number){0, first >> 32};
    return (struct number){first, load(address->bytes + 8)};
}

/* The address of the family and scope of `like` with this number. */
static struct sonde_address address_of(struct number number, const struct sonde_address *like)
{
    struct sonde_address address = {.family = like->family, .scope = like->scope};
    if (like->family == SONDE_IPV4) {
        store(address.bytes, number.low << 32);
    } else {
        store(address.bytes, number.high);
        store(address.bytes + 8, number.low);
    }
    return address;
}

static struct number plus(struct number number, uint64_t addend)
{
    struct number sum = {number.high, number.low + addend};
    sum.high += sum.low < addend;
    return sum;
}

/* a - b, where b is not greater. */
static struct number minus(struct number a, struct number b)
{
    return (struct number){a.high - b.high - (a.low < b.low), a.low - b.low};
}

static struct sonde_address after(const struct sonde_address *address)
{
    return address_of(plus(number_of(address), 1), address);
}

static struct sonde_address ahead_of(const struct sonde_address *address)
{
    return address_of(minus(number_of(address), (struct number){0, 1}), address);
}

/* --- order: by family, then by scope, then by number ------------------------------------------ */

static int compare(const struct sonde_address *a, const struct sonde_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope < b->scope ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static bool same_space(const struct sonde_address *a, const struct sonde_address *b)
{
    return a->family == b->family && a->scope == b->scope;
}

static int compare_ranges(const void *a, const void *b)
{
    return compare(&((const struct base_target_range *)a)->first,
                   &((const struct base_target_range *)b)->first);
}

/* How many of the sorted, disjoint ranges end before the address. */
static size_t ranges_before(const struct base_target_range *ranges, size_t count,
                            const struct sonde_address *address)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&ranges[middle].last, address) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- making ----------------------------------------------------------------------------------- */

static int append(struct base_target_range **ranges, size_t *count, size_t *capacity,
                  const struct base_target_range *range)
{
    if (*count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : FIRST_CAPACITY;
        if (more > SIZE_MAX / sizeof(**ranges))
            return -ENOMEM;
        struct base_target_range *moved = realloc(*ranges, more * sizeof(**ranges));
        if (!moved)
            return -ENOMEM;
        *ranges = moved;
        *capacity = more;
    }
    (*ranges)[(*count)++] = *range;
    return 0;
}

int base_target_set_add(struct base_target_set *set, const struct base_target_range *range)
{
    return append(&set->ranges, &set->count, &set->capacity, range);
}

int base_target_set_exclude(struct base_target_set *set, const struct base_target_range *range)
{
    return append(&set->excluded, &set->excluded_count, &set->excluded_capacity, range);
}

/* Sorts, and joins what overlaps or touches. Returns how many are left. */
static size_t join(struct base_target_range *ranges, size_t count)
{
    if (count == 0)
        return 0;
    qsort(ranges, count, sizeof(*ranges), compare_ranges);
    size_t last = 0;
    for (size_t i = 1; i < count; i++) {
        struct base_target_range *open = &ranges[last];
        bool overlaps = compare(&ranges[i].first, &open->last) <= 0;
        bool touches = false;
        if (!overlaps && same_space(&ranges[i].first, &open->last)) {
            /* open->last is not the highest address: ranges[i].first is higher */
            struct sonde_address next = after(&open->last);
            touches = compare(&next, &ranges[i].first) == 0;
        }
        if (!overlaps && !touches)
            ranges[++last] = ranges[i];
        else if (compare(&open->last, &ranges[i].last) < 0)
            open->last = ranges[i].last;
    }
    return last + 1;
}

/* Appends what is left of the range without what is excluded from it in the scope. */
static int append_rest(struct base_target_set *rest, struct base_target_range range,
                       const struct base_target_set *set, uint32_t scope)
{
    struct sonde_address from = range.first, to = range.last;
    from.scope = to.scope = scope;
    size_t i = ranges_before(set->excluded, set->excluded_count, &from);
    for (; i < set->excluded_count; i++) {
        struct base_target_range cut = set->excluded[i];
        if (!same_space(&cut.first, &to) || compare(&cut.first, &to) > 0)
            break;
        cut.first.scope = cut.last.scope = range.first.scope;
        if (compare(&cut.first, &range.first) > 0) {
            struct base_target_range piece = {range.first, ahead_of(&cut.first)};
            int error = base_target_set_add(rest, &piece);
            if (error)
                return error;
        }
        if (compare(&cut.last, &range.last) >= 0)
            return 0;
        range.first = after(&cut.last);
    }
    return base_target_set_add(rest, &range);
}

/*
 * Takes out of every range what is excluded: in its own scope, or in none, which stands for all.
 */
static int take_out(struct base_target_set *set, bool own_scope)
{
    struct base_target_set rest = {0};
    for (size_t i = 0; i < set->count; i++) {
        uint32_t scope = own_scope ? set->ranges[i].first.scope : 0;
        int error = append_rest(&rest, set->ranges[i], set, scope);
        if (error) {
            free(rest.ranges);
            return error;
        }
    }
    free(set->ranges);
    set->ranges = rest.ranges;
    set->count = rest.count;
    set->capacity = rest.capacity;
    return 0;
}

static int count_addresses(struct base_target_set *set)
{
    free(set->before);
    set->addresses = 0;
    set->before = calloc(set->count ? set->count : 1, sizeof(*set->before));
    if (!set->before)
        return -ENOMEM;
    for (size_t i = 0; i < set->count; i++) {
        struct number span =
            minus(number_of(&set->ranges[i].last), number_of(&set->ranges[i].first));
        set->before[i] = set->addresses;
        if (span.high != 0 || span.low >= BASE_TARGET_SET_MAX - set->addresses)
            return -E2BIG;
        set->addresses += span.low + 1;
    }
    return 0;
}

int base_target_set_seal(struct base_target_set *set)
{
    set->count = join(set->ranges, set->count);
    set->excluded_count = join(set->excluded, set->excluded_count);
    int error = 0;
    if (set->excluded_count > 0) {
        error = take_out(set, true);
        if (!error)
            error = take_out(set, false);
    }
    return error ? error : count_addresses(set);
}

void base_target_set_destroy(struct base_target_set *set)
{
    free(set->ranges);
    free(set->before);
    free(set->excluded);
    *set = (struct base_target_set){0};
}

/* --- asking ----------------------------------------------------------------------------------- */

struct sonde_address base_target_set_at(const struct base_target_set *set, uint64_t index)
{
    size_t low = 0, high = set->count; /* before[low] <= index < before[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (set->before[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    const struct sonde_address *first = &set->ranges[low].first;
    return address_of(plus(number_of(first), index - set->before[low]), first);
}

bool base_target_set_find(const struct base_target_set *set, const struct sonde_address *address,
                          uint64_t *index)
{
    size_t i = ranges_before(set->ranges, set->count, address);
    if (i == set->count || compare(&set->ranges[i].first, address) > 0)
        return false;
    struct number offset = minus(number_of(address), number_of(&set->ranges[i].first));
    *index = set->before[i] + offset.low;
    return true;
}

struct special {
    struct base_target_range range;
    const char *what;
};

static const struct special specials[] = {
    {{{SONDE_IPV4, {0}, 0}, {SONDE_IPV4, {0, 255, 255, 255}, 0}},
     "\"this network\" (0.0.0.0/8, RFC 791)"},
    {{{SONDE_IPV4, {224}, 0}, {SONDE_IPV4, {239, 255, 255, 255}, 0}},
     "multicast (224.0.0.0/4, RFC 5771)"},
    {{{SONDE_IPV4, {240}, 0}, {SONDE_IPV4, {255, 255, 255, 255}, 0}},
     "class E and the limited broadcast address (240.0.0.0/4, RFC 1112)"},
    {{{SONDE_IPV6, {0}, 0}, {SONDE_IPV6, {0}, 0}}, "the unspecified address (::, RFC 4291)"},
    {{{SONDE_IPV6, {0xff}, 0},
      {SONDE_IPV6,
       {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
       0}},
     "multicast (ff00::/8, RFC 4291)"},
};

bool base_target_set_special(const struct base_target_set *set, struct base_target_range *range,
                             const char **what)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t k = 0; k < sizeof(specials) / sizeof(specials[0]); k++) {
            struct base_target_range met = specials[k].range;
            met.first.scope = met.last.scope = set->ranges[i].first.scope;
            if (compare(&met.first, &set->ranges[i].first) < 0)
                met.first = set->ranges[i].first;
            if (compare(&met.last, &set->ranges[i].last) > 0)
                met.last = set->ranges[i].last;
            if (!same_space(&met.first, &met.last) || compare(&met.first, &met.last) > 0)
                continue;
            *range = met;
            *what = specials[k].what;
            return true;
        }
    }
    return false;
}

/* No two of them are neighbours, so that a range of ours is in one. */
static const struct base_target_range ours[] = {
    {{SONDE_IPV4, {10}, 0}, {SONDE_IPV4, {10, 255, 255, 255}, 0}},
    {{SONDE_IPV4, {100, 64}, 0}, {SONDE_IPV4, {100, 127, 255, 255}, 0}},
    {{SONDE_IPV4, {127}, 0}, {SONDE_IPV4, {127, 255, 255, 255}, 0}},
    {{SONDE_IPV4, {169, 254}, 0}, {SONDE_IPV4, {169, 254, 255, 255}, 0}},
    {{SONDE_IPV4, {172, 16}, 0}, {SONDE_IPV4, {172, 31, 255, 255}, 0}},
    {{SONDE_IPV4, {192, 168}, 0}, {SONDE_IPV4, {192, 168, 255, 255}, 0}},
    {{SONDE_IPV4, {198, 18}, 0}, {SONDE_IPV4, {198, 19, 255, 255}, 0}},
    {{SONDE_IPV6, {[15] = 1}, 0}, {SONDE_IPV6, {[15] = 1}, 0}},
    {{SONDE_IPV6, {0xfc}, 0},
     {SONDE_IPV6,
      {253, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
      0}},
    {{SONDE_IPV6, {0xfe, 0x80}, 0},
     {SONDE_IPV6,
      {254, 191, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
      0}},
};

static bool is_ours(const struct base_target_range *range)
{
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        struct base_target_range block = ours[i];
        block.first.scope = block.last.scope = range->first.scope;
        if (same_space(&block.first, &range->first) && compare(&block.first, &range->first) <= 0 &&
            compare(&range->last, &block.last) <= 0)
            return true;
    }
    return false;
}

bool base_target_set_is_ours(const struct base_target_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (!is_ours(&set->ranges[i]))
            return false;
    return true;
}
