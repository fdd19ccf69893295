#include "strategy/mtu_sizes.h"

#include <criterion/criterion.h>

#define ENOUGH 3

/* A path that carries `limit` bytes; `names` what its router says (-1: larger ones vanish). */
struct way {
    uint16_t limit;
    int names;
    unsigned lose; /* every so many-th answer is lost; 0: none */
};

struct search {
    struct mtu_sizes sizes;
    unsigned volleys;
    unsigned probes;
};

static void ask(struct search *search, const struct way *way, uint16_t bytes)
{
    search->probes++;
    const bool lost = way->lose > 0 && search->probes % way->lose == 0;
    if (bytes <= way->limit && !lost)
        mtu_sizes_pass(&search->sizes, bytes);
    else if (bytes > way->limit && way->names >= 0 && !lost)
        mtu_sizes_refuse(&search->sizes, bytes, (uint32_t)way->names);
    else
        mtu_sizes_silent(&search->sizes, bytes);
}

static void find(struct search *search, const struct way *way, uint16_t least, uint16_t most)
{
    *search = (struct search){.volleys = 0};
    mtu_sizes_init(&search->sizes, least, most, ENOUGH);
    for (search->volleys = 0; search->volleys < 100; search->volleys++) {
        uint16_t chosen[MTU_VOLLEY];
        const size_t count = mtu_sizes_choose(&search->sizes, chosen);
        if (count == 0)
            return;
        for (size_t i = 0; i < count; i++) {
            cr_assert(chosen[i] >= least && chosen[i] <= most, "%u", chosen[i]);
            ask(search, way, chosen[i]);
        }
    }
}

Test(strategy_mtu_sizes, the_largest_that_may_be_tried)
{
    struct search search;
    find(&search, &(struct way){.limit = 1500}, 68, 1500);
    cr_expect(mtu_sizes_found(&search.sizes));
    cr_expect_eq(search.sizes.passed, 1500);
    cr_expect_eq(search.volleys, 1);
    find(&search, &(struct way){.limit = 65535}, 68, 65535);
    cr_expect(mtu_sizes_found(&search.sizes));
    cr_expect_eq(search.sizes.passed, 65535);
}

Test(strategy_mtu_sizes, a_router_that_tells)
{
    struct search search;
    find(&search, &(struct way){.limit = 1400, .names = 1400}, 68, 1500);
    cr_expect(mtu_sizes_found(&search.sizes));
    cr_expect_eq(search.sizes.passed, 1400);
    cr_expect_leq(search.volleys, 2);
}

Test(strategy_mtu_sizes, every_limit_behind_a_black_hole)
{
    for (unsigned limit = 68; limit <= 1500; limit++) {
        struct search search;
        find(&search, &(struct way){.limit = (uint16_t)limit, .names = -1}, 68, 1500);
        cr_assert(mtu_sizes_found(&search.sizes), "%u", limit);
        cr_assert_eq(search.sizes.passed, limit, "%u: %u", limit, search.sizes.passed);
        cr_assert_leq(search.volleys, 6, "%u: %u volleys", limit, search.volleys);
    }
}

Test(strategy_mtu_sizes, large_limits_behind_a_black_hole)
{
    for (unsigned limit = 1501; limit <= 65535; limit += 997) {
        struct search search;
        find(&search, &(struct way){.limit = (uint16_t)limit, .names = -1}, 1280, 65535);
        cr_assert(mtu_sizes_found(&search.sizes), "%u", limit);
        cr_assert_eq(search.sizes.passed, limit, "%u: %u", limit, search.sizes.passed);
    }
}

Test(strategy_mtu_sizes, liars_are_found_out)
{
    static const int named[] = {0, 1, 67, 68, 296, 1279, 1401, 1450, 1499, 1500, 65535};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        struct search search;
        find(&search, &(struct way){.limit = 1400, .names = named[i]}, 68, 1500);
        cr_assert(mtu_sizes_found(&search.sizes), "names %d", named[i]);
        cr_assert_eq(search.sizes.passed, 1400, "names %d: %u", named[i], search.sizes.passed);
    }
}

/* With every fourth answer gone the result is never too large, and the sizes stay consistent. */
Test(strategy_mtu_sizes, lost_answers_do_not_make_it_larger)
{
    for (unsigned limit = 100; limit <= 1500; limit += 7) {
        struct search search;
        find(&search, &(struct way){.limit = (uint16_t)limit, .names = -1, .lose = 4}, 68, 1500);
        cr_assert_leq(search.sizes.passed, limit);
        cr_assert_gt(search.sizes.believed, search.sizes.passed);
    }
}
