#include "base/target_set.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

#include "base/random.h"

static struct base_target_range range_of(const char *text)
{
    struct base_target_range range;
    enum base_target_text verdict = base_target_range_parse(text, &range);
    cr_assert(verdict == BASE_TARGET_OK || verdict == BASE_TARGET_HOST_BITS, "%s: %d", text,
              verdict);
    return range;
}

static void add(struct base_target_set *set, const char *text)
{
    struct base_target_range range = range_of(text);
    cr_assert_eq(base_target_set_add(set, &range), 0);
}

static void exclude(struct base_target_set *set, const char *text)
{
    struct base_target_range range = range_of(text);
    cr_assert_eq(base_target_set_exclude(set, &range), 0);
}

static void expect_at(const struct base_target_set *set, uint64_t index, const char *text)
{
    char got[SONDE_ADDRESS_TEXT];
    struct sonde_address address = base_target_set_at(set, index), expected;
    cr_assert(sonde_address_parse(text, &expected));
    cr_expect_str_eq(sonde_address_format(&address, got), text);
    cr_expect_eq(address.scope, expected.scope);
    uint64_t found = UINT64_MAX;
    cr_expect(base_target_set_find(set, &expected, &found), "%s is not found", text);
    cr_expect_eq(found, index);
}

static bool holds(const struct base_target_set *set, const char *text)
{
    struct sonde_address address;
    uint64_t index;
    cr_assert(sonde_address_parse(text, &address));
    return base_target_set_find(set, &address, &index);
}

Test(base_target_set, an_empty_set)
{
    struct base_target_set set = {0};
    struct base_target_range range;
    const char *what;
    cr_assert_eq(base_target_set_seal(&set), 0);
    cr_expect_eq(set.addresses, 0);
    cr_expect_not(holds(&set, "192.0.2.1"));
    cr_expect_not(base_target_set_special(&set, &range, &what));
    base_target_set_destroy(&set);
}

Test(base_target_set, all_of_ipv4_is_one_range)
{
    struct base_target_set set = {0};
    add(&set, "0.0.0.0/0");
    add(&set, "255.255.255.255");
    add(&set, "10.0.0.0/8");
    cr_assert_eq(base_target_set_seal(&set), 0);
    cr_expect_eq(set.addresses, UINT64_C(1) << 32);
    cr_expect_eq(set.count, 1);
    expect_at(&set, 0, "0.0.0.0");
    expect_at(&set, UINT32_MAX, "255.255.255.255");
    expect_at(&set, 0x0a000001, "10.0.0.1");
    base_target_set_destroy(&set);
}

Test(base_target_set, the_largest_set)
{
    struct base_target_set set = {0};
    add(&set, "::/65");
    cr_assert_eq(base_target_set_seal(&set), 0);
    cr_expect_eq(set.addresses, BASE_TARGET_SET_MAX);
    expect_at(&set, BASE_TARGET_SET_MAX - 1, "::7fff:ffff:ffff:ffff");
    add(&set, "2001:db8::1");
    cr_expect_eq(base_target_set_seal(&set), -E2BIG, "one more than there is an index for");
    base_target_set_destroy(&set);

    static const char *const too_large[] = {"::/0", "::/64", "::-0:0:0:1::5"};
    for (size_t i = 0; i < 3; i++) {
        add(&set, too_large[i]);
        cr_expect_eq(base_target_set_seal(&set), -E2BIG, "%s", too_large[i]);
        base_target_set_destroy(&set);
    }
    add(&set, "::/0");
    exclude(&set, "::/1");
    exclude(&set, "8000::-ffff:ffff:ffff:fffe:ffff:ffff:ffff:ffff");
    exclude(&set, "ffff:ffff:ffff:ffff::/65");
    cr_assert_eq(base_target_set_seal(&set), 0, "what is excluded is not counted");
    cr_expect_eq(set.addresses, BASE_TARGET_SET_MAX);
    expect_at(&set, BASE_TARGET_SET_MAX - 1, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    base_target_set_destroy(&set);
}

Test(base_target_set, the_ends_of_the_address_space_do_not_meet)
{
    struct base_target_set set = {0};
    add(&set, "255.255.255.255");
    add(&set, "0.0.0.0");
    add(&set, "::");
    add(&set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    cr_assert_eq(base_target_set_seal(&set), 0);
    cr_expect_eq(set.addresses, 4);
    cr_expect_eq(set.count, 4);
    expect_at(&set, 0, "0.0.0.0");
    expect_at(&set, 1, "255.255.255.255");
    expect_at(&set, 2, "::");
    expect_at(&set, 3, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    base_target_set_destroy(&set);

    add(&set, "255.255.255.0/24");
    exclude(&set, "255.255.255.255");
    exclude(&set, "255.255.255.0");
    add(&set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0/112");
    exclude(&set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:1-ffff");
    cr_assert_eq(base_target_set_seal(&set), 0);
    cr_expect_eq(set.addresses, 255);
    expect_at(&set, 253, "255.255.255.254");
    expect_at(&set, 254, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0");
    base_target_set_destroy(&set);
}

Test(base_target_set, scopes_are_links_of_their_own)
{
    struct base_target_set set = {0};
    add(&set, "fe80::1-fe80::4");
    add(&set, "fe80::1%2-4");
    add(&set, "fe80::1%3-4");
    exclude(&set, "fe80::2"); /* on every link */
    exclude(&set, "fe80::4%3");
    cr_assert_eq(base_target_set_seal(&set), 0);
    cr_expect_eq(set.addresses, 8);
    expect_at(&set, 0, "fe80::1");
    expect_at(&set, 3, "fe80::1%2");
    expect_at(&set, 5, "fe80::4%2");
    expect_at(&set, 7, "fe80::3%3");
    cr_expect_not(holds(&set, "fe80::2%2"));
    cr_expect_not(holds(&set, "fe80::4%3"));
    cr_expect_not(holds(&set, "fe80::1%4"));
    base_target_set_destroy(&set);
}

Test(base_target_set, special_ranges)
{
    static const struct {
        const char *add, *first, *last, *word;
    } cases[] = {
        {"0.0.0.0/0", "0.0.0.0", "0.255.255.255", "this network"},
        {"1.0.0.0-239.0.0.1", "224.0.0.0", "239.0.0.1", "multicast"},
        {"255.255.255.255", "255.255.255.255", "255.255.255.255", "broadcast"},
        {"239.255.255.255-240.0.0.0", "239.255.255.255", "239.255.255.255", "multicast"},
        {"::-::5", "::", "::", "unspecified"},
        {"ff02::1%3", "ff02::1%3", "ff02::1%3", "multicast"},
        {"1.0.0.0-223.255.255.255", NULL, NULL, NULL},
        {"::1-::ffff", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct base_target_set set = {0};
        struct base_target_range range;
        const char *what;
        char text[SONDE_ADDRESS_TEXT];
        add(&set, cases[i].add);
        cr_assert_eq(base_target_set_seal(&set), 0);
        bool found = base_target_set_special(&set, &range, &what);
        cr_assert_eq(found, cases[i].first != NULL, "%s", cases[i].add);
        if (found) {
            cr_expect_str_eq(sonde_address_format(&range.first, text), cases[i].first);
            cr_expect_str_eq(sonde_address_format(&range.last, text), cases[i].last);
            cr_expect_not_null(strstr(what, cases[i].word), "%s", what);
        }
        base_target_set_destroy(&set);
    }
}

Test(base_target_set, networks_of_other_people)
{
    static const struct {
        const char *add, *exclude;
        bool ours;
    } cases[] = {
        {"10.0.0.0/8", NULL, true},
        {"10.0.0.0-11.0.0.0", NULL, false},
        {"9.255.255.255-10.0.0.1", NULL, false},
        {"9.0.0.0-11.255.255.255", "9.0.0.0/8", false},
        {"9.0.0.0-10.255.255.255", "9.0.0.0/8", true},
        {"127.0.0.1", NULL, true},
        {"169.254.1.1", NULL, true},
        {"172.16.0.0/12", NULL, true},
        {"172.16.0.0/11", NULL, false},
        {"192.168.0.0/16", NULL, true},
        {"192.0.2.1", NULL, false},
        {"100.64.0.0/10", NULL, true},
        {"198.18.0.0/15", NULL, true},
        {"::1", NULL, true},
        {"::2", NULL, false},
        {"fe80::1%3", NULL, true},
        {"fd00::/66", NULL, true},
        {"fe00::1", NULL, false},
        {"2001:db8::1", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct base_target_set set = {0};
        add(&set, "10.1.2.3");
        add(&set, cases[i].add);
        if (cases[i].exclude)
            exclude(&set, cases[i].exclude);
        cr_assert_eq(base_target_set_seal(&set), 0);
        cr_expect_eq(base_target_set_is_ours(&set), cases[i].ours, "%s", cases[i].add);
        base_target_set_destroy(&set);
    }
}

/* --- beside a set that is a table of bits ----------------------------------------------------- */

#define WIDTH  96
#define SPACES 6

/* Where the little worlds begin: both ends of both families, and across bit 64. */
static const char *const bases[SPACES] = {
    "0.0.0.0",
    "127.255.255.208",
    "255.255.255.160",
    "::",
    "2001:db8::ffff:ffff:ffff:ffd0",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffa0",
};

static struct sonde_address world(unsigned space, unsigned index)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(bases[space], &address));
    unsigned carry = index;
    for (size_t i = sonde_address_length(&address); i > 0; i--) {
        carry += address.bytes[i - 1];
        address.bytes[i - 1] = (uint8_t)carry;
        carry >>= 8;
    }
    return address;
}

static void play_brute_force(uint64_t seed)
{
    struct base_random random;
    base_random_seed(&random, seed);
    struct base_target_set set = {0};
    bool in[SPACES][WIDTH] = {0}, out[SPACES][WIDTH] = {0};
    for (unsigned n = (unsigned)base_random_below(&random, 40); n > 0; n--) {
        unsigned space = (unsigned)base_random_below(&random, SPACES);
        unsigned first = (unsigned)base_random_below(&random, WIDTH);
        unsigned room = WIDTH - first < 12 ? WIDTH - first : 12;
        unsigned last = first + (unsigned)base_random_below(&random, room);
        struct base_target_range range = {world(space, first), world(space, last)};
        bool excluded = base_random_below(&random, 3) == 0;
        cr_assert_eq(excluded ? base_target_set_exclude(&set, &range)
                              : base_target_set_add(&set, &range),
                     0);
        for (unsigned i = first; i <= last; i++)
            (excluded ? out : in)[space][i] = true;
    }
    cr_assert_eq(base_target_set_seal(&set), 0);
    uint64_t count = 0;
    for (unsigned space = 0; space < SPACES; space++) {
        for (unsigned i = 0; i < WIDTH; i++) {
            struct sonde_address address = world(space, i);
            uint64_t index;
            bool held = in[space][i] && !out[space][i];
            cr_assert_eq(base_target_set_find(&set, &address, &index), held);
            if (!held)
                continue;
            cr_assert_eq(index, count);
            struct sonde_address same = base_target_set_at(&set, count++);
            cr_assert(sonde_address_equal(&same, &address));
        }
    }
    cr_assert_eq(set.addresses, count);
    for (size_t i = 1; i < set.count; i++)
        cr_assert_gt(set.before[i], set.before[i - 1], "an empty range");
    base_target_set_destroy(&set);
}

Test(base_target_set, the_same_as_a_table_of_bits)
{
    for (uint64_t seed = 0; seed < 3000; seed++)
        play_brute_force(seed);
}
