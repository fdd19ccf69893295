/*
 * A set of addresses: ranges added and ranges taken away, and then a row of addresses that can be
 * counted and asked for the n-th.
 *
 * Memory grows with the number of ranges, not of addresses: 0.0.0.0/0 is one range.
 */
#ifndef BASE_TARGET_SET_H
#define BASE_TARGET_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"

/* The most addresses that a set may hold: an index fits 63 bits. */
#define BASE_TARGET_SET_MAX (UINT64_C(1) << 63)

struct base_target_range {
    struct sonde_address first;
    struct sonde_address last; /* of the same family and scope, not before first */
};

/* Zero is an empty set. */
struct base_target_set {
    struct base_target_range *ranges; /* after seal: sorted, disjoint, IPv4 before IPv6 */
    uint64_t *before;                 /* after seal: addresses in the ranges before each */
    size_t count;
    size_t capacity;
    struct base_target_range *excluded;
    size_t excluded_count;
    size_t excluded_capacity;
    uint64_t addresses; /* after seal */
};

/* What a text was not. */
enum base_target_text {
    BASE_TARGET_OK,
    BASE_TARGET_NO_ADDRESS, /* neither a prefix nor a range: a name, perhaps */
    BASE_TARGET_BAD_LENGTH, /* "/33" */
    BASE_TARGET_HOST_BITS,  /* 192.0.2.1/24 where the prefix is 192.0.2.0/24: *range is right */
    BASE_TARGET_BACKWARD,   /* the last one is before the first */
    BASE_TARGET_TWO_FAMILIES,
};

/*
 * Reads "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9", "192.0.2.1-9" (last part alone), and
 * the same for IPv6. HOST_BITS fills *range as well.
 */
enum base_target_text base_target_range_parse(const char *text, struct base_target_range *range);

/* Both return 0 or -ENOMEM. A range may overlap what is there already. */
int base_target_set_add(struct base_target_set *set, const struct base_target_range *range);
int base_target_set_exclude(struct base_target_set *set, const struct base_target_range *range);

/*
 * Ends the making of the set: sorts, joins overlapping ranges, takes out what is excluded, counts.
 * Returns 0, -ENOMEM, or -E2BIG when there are more than BASE_TARGET_SET_MAX addresses.
 */
int base_target_set_seal(struct base_target_set *set);

/* The address number `index`, less than set->addresses, in rising order. O(log ranges). */
struct sonde_address base_target_set_at(const struct base_target_set *set, uint64_t index);

/* Whether the sealed set holds the address, and its number. */
bool base_target_set_find(const struct base_target_set *set, const struct sonde_address *address,
                          uint64_t *index);

/*
 * The first range of the sealed set that no survey should meet by accident: multicast, 0.0.0.0/8,
 * 240.0.0.0/4 with the limited broadcast address, the unspecified address of IPv6. *what says which
 * in words. False when there is none.
 */
bool base_target_set_special(const struct base_target_set *set, struct base_target_range *range,
                             const char **what);

/*
 * Whether the sealed set holds no address of networks that other people may have: only loopback,
 * link-local, private (RFC 1918, RFC 4193), shared (RFC 6598) and benchmarking ones (RFC 2544).
 */
bool base_target_set_is_ours(const struct base_target_set *set);

void base_target_set_destroy(struct base_target_set *set);

#endif
