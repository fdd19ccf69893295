#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/prefixes.h"

static struct sonde_address address(const char *text)
{
    struct sonde_address parsed = {0};

    cr_assert(sonde_address_parse(text, &parsed), "%s", text);
    return parsed;
}

static void add(struct net_prefixes *prefixes, const char *text, unsigned length, uint32_t metric,
                uint32_t value)
{
    struct sonde_address parsed = address(text);

    cr_assert_eq(net_prefixes_add(prefixes, &parsed, length, metric, value), 0);
}

static uint32_t find(const struct net_prefixes *prefixes, const char *text)
{
    struct sonde_address parsed = address(text);
    return net_prefixes_find(prefixes, &parsed);
}

Test(net_prefixes, empty_finds_nothing)
{
    struct net_prefixes prefixes = {0};

    cr_assert_eq(find(&prefixes, "1.2.3.4"), NET_PREFIXES_NONE);
    cr_assert_eq(net_prefixes_build(&prefixes), 0);
    cr_assert_eq(find(&prefixes, "1.2.3.4"), NET_PREFIXES_NONE);
    net_prefixes_clear(&prefixes);
}

Test(net_prefixes, the_longest_and_then_the_cheapest)
{
    struct net_prefixes prefixes = {0};

    add(&prefixes, "10.1.0.0", 16, 0, 2);
    add(&prefixes, "0.0.0.0", 0, 100, 1);
    add(&prefixes, "10.1.2.3", 32, 0, 4);
    add(&prefixes, "10.1.2.77", 24, 9, 5); /* bits behind the length do not matter */
    add(&prefixes, "10.1.2.0", 24, 3, 3);
    add(&prefixes, "0.0.0.0", 0, 200, 6);
    add(&prefixes, "255.0.0.0", 8, 0, 7);
    cr_assert_eq(net_prefixes_build(&prefixes), 0);
    cr_assert_eq(find(&prefixes, "0.0.0.0"), 1);
    cr_assert_eq(find(&prefixes, "10.0.255.255"), 1);
    cr_assert_eq(find(&prefixes, "10.1.0.0"), 2);
    cr_assert_eq(find(&prefixes, "10.1.1.255"), 2);
    cr_assert_eq(find(&prefixes, "10.1.2.2"), 3);
    cr_assert_eq(find(&prefixes, "10.1.2.3"), 4);
    cr_assert_eq(find(&prefixes, "10.1.2.4"), 3);
    cr_assert_eq(find(&prefixes, "10.1.3.0"), 2);
    cr_assert_eq(find(&prefixes, "10.2.0.0"), 1);
    cr_assert_eq(find(&prefixes, "255.255.255.255"), 7);
    net_prefixes_clear(&prefixes);
    cr_assert_eq(find(&prefixes, "10.1.2.3"), NET_PREFIXES_NONE);
}

Test(net_prefixes, ipv6)
{
    struct net_prefixes prefixes = {0};

    add(&prefixes, "fe80::", 64, 0, 1);
    add(&prefixes, "2001:db8::", 32, 0, 2);
    add(&prefixes, "2001:db8::1:0", 112, 0, 3);
    add(&prefixes, "2001:db8::ffff:ffff:ffff:ffff", 128, 0, 4);
    add(&prefixes, "ffff::", 16, 0, 5);
    cr_assert_eq(net_prefixes_build(&prefixes), 0);
    cr_assert_eq(find(&prefixes, "fe80::ffff"), 1);
    cr_assert_eq(find(&prefixes, "fe80:0:0:1::"), NET_PREFIXES_NONE);
    cr_assert_eq(find(&prefixes, "2001:db8::ffff"), 2);
    cr_assert_eq(find(&prefixes, "2001:db8::1:ffff"), 3);
    cr_assert_eq(find(&prefixes, "2001:db8::2:0"), 2);
    cr_assert_eq(find(&prefixes, "2001:db8::ffff:ffff:ffff:ffff"), 4);
    cr_assert_eq(find(&prefixes, "2001:db8:0:1::"), 2, "across the halves of the key");
    cr_assert_eq(find(&prefixes, "2001:db9::"), NET_PREFIXES_NONE);
    cr_assert_eq(find(&prefixes, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 5);
    net_prefixes_clear(&prefixes);
}

static bool occurs(const struct net_prefixes *prefixes, const char *first, const char *last,
                   uint32_t value)
{
    struct sonde_address from = address(first), to = address(last);
    return net_prefixes_occurs(prefixes, &from, &to, value);
}

Test(net_prefixes, occurs_between_two_addresses)
{
    struct net_prefixes prefixes = {0};

    cr_assert(occurs(&prefixes, "0.0.0.0", "255.255.255.255", NET_PREFIXES_NONE));
    cr_assert_not(occurs(&prefixes, "0.0.0.0", "255.255.255.255", 0));
    add(&prefixes, "10.0.0.0", 8, 0, 1);
    add(&prefixes, "10.1.2.3", 32, 0, 2);
    cr_assert_eq(net_prefixes_build(&prefixes), 0);
    cr_assert(occurs(&prefixes, "10.0.0.0", "10.255.255.255", 2), "one in the middle of many");
    cr_assert(occurs(&prefixes, "10.1.2.3", "10.1.2.3", 2));
    cr_assert_not(occurs(&prefixes, "10.1.2.3", "10.1.2.3", 1), "hidden by the longer one");
    cr_assert(occurs(&prefixes, "10.1.2.0", "10.1.2.3", 2), "the last one");
    cr_assert_not(occurs(&prefixes, "10.1.2.0", "10.1.2.2", 2), "one before");
    cr_assert_not(occurs(&prefixes, "10.1.2.4", "10.255.255.255", 2), "one behind");
    cr_assert(occurs(&prefixes, "10.1.2.3", "10.1.2.4", 1));
    cr_assert_not(occurs(&prefixes, "10.0.0.0", "10.255.255.255", NET_PREFIXES_NONE));
    cr_assert(occurs(&prefixes, "10.0.0.0", "11.0.0.0", NET_PREFIXES_NONE));
    cr_assert(occurs(&prefixes, "9.255.255.255", "10.0.0.0", NET_PREFIXES_NONE));
    cr_assert_not(occurs(&prefixes, "11.0.0.0", "255.255.255.255", 1));
    net_prefixes_clear(&prefixes);
}

Test(net_prefixes, occurs_in_ipv6)
{
    struct net_prefixes prefixes = {0};

    add(&prefixes, "2001:db8::", 32, 0, 1);
    add(&prefixes, "2001:db8::1:0", 112, 0, 2);
    cr_assert_eq(net_prefixes_build(&prefixes), 0);
    cr_assert(occurs(&prefixes, "2001:db8::", "2001:db8:ffff::", 2));
    cr_assert_not(occurs(&prefixes, "2001:db8::2:0", "2001:db8:ffff::", 2));
    cr_assert_not(occurs(&prefixes, "2001:db8::", "2001:db8::ffff", 2));
    net_prefixes_clear(&prefixes);
}

/* Random prefixes in a small space, so that they nest; compared with a search through all. */
Test(net_prefixes, agrees_with_a_search_through_all)
{
    srand(4);
    for (int round = 0; round < 200; round++) {
        struct net_prefixes prefixes = {0};
        struct {
            uint8_t byte;
            unsigned length;
        } rows[24];

        for (uint32_t i = 0; i < 24; i++) {
            struct sonde_address prefix = {.family = SONDE_IPV4};

            rows[i].length = (unsigned)(rand() % 9);
            rows[i].byte = (uint8_t)(rand() & 0xff & (0xff00 >> rows[i].length));
            prefix.bytes[0] = rows[i].byte;
            cr_assert_eq(net_prefixes_add(&prefixes, &prefix, rows[i].length, i, i), 0);
        }
        cr_assert_eq(net_prefixes_build(&prefixes), 0);
        for (unsigned byte = 0; byte < 256; byte++) {
            struct sonde_address at = {.family = SONDE_IPV4, .bytes = {(uint8_t)byte, 1, 2, 3}};
            uint32_t best = NET_PREFIXES_NONE;

            for (uint32_t i = 0; i < 24; i++)
                if ((byte & (0xff00u >> rows[i].length) & 0xff) == rows[i].byte &&
                    (best == NET_PREFIXES_NONE || rows[i].length > rows[best].length))
                    best = i;
            cr_assert_eq(net_prefixes_find(&prefixes, &at), best, "round %d, %u", round, byte);
        }
        net_prefixes_clear(&prefixes);
    }
}
