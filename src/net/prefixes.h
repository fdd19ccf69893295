/*
 * Longest prefix match, made of ranges that do not overlap: one binary search for each address,
 * however many routes there are. Pure.
 */
#ifndef NET_PREFIXES_H
#define NET_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"

#define NET_PREFIXES_NONE UINT32_MAX /* no prefix covers the address */

/* Bytes of an address as numbers that compare; IPv4 fills the upper half of `high`. */
struct net_prefixes_key {
    uint64_t high, low;
};

struct net_prefix {
    struct net_prefixes_key start;
    uint32_t metric; /* of two equal prefixes the one with less counts */
    uint32_t value;
    uint8_t length; /* bits */
};

struct net_prefixes_range {
    struct net_prefixes_key start; /* up to the start of the next one */
    uint32_t value;
};

/* The prefixes of one family. All zeros is an empty one. */
struct net_prefixes {
    struct net_prefix *rows;
    size_t row_count, row_room;
    struct net_prefixes_range *ranges;
    size_t range_count;
};

/* Takes in one prefix; bits of `address` behind `length` do not matter. Returns 0 or -ENOMEM. */
int net_prefixes_add(struct net_prefixes *prefixes, const struct sonde_address *address,
                     unsigned length, uint32_t metric, uint32_t value);

/* To be called when all are in. Returns 0 or -ENOMEM; then nothing is found. */
int net_prefixes_build(struct net_prefixes *prefixes);

/* The value of the longest prefix that covers the address, or NET_PREFIXES_NONE. */
uint32_t net_prefixes_find(const struct net_prefixes *prefixes,
                           const struct sonde_address *address);

/* Whether `value` is what is found for any address from `first` to `last`, both of this family. */
bool net_prefixes_occurs(const struct net_prefixes *prefixes, const struct sonde_address *first,
                         const struct sonde_address *last, uint32_t value);

/* Frees everything; empty afterwards. */
void net_prefixes_clear(struct net_prefixes *prefixes);

#endif
