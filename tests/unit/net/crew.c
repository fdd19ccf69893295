#include "net/crew.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define ITEMS 64

struct work {
    atomic_uint done[ITEMS]; /* how often each item was */
    atomic_uint by[NET_CREW_MEMBERS];
    atomic_uint at_once[NET_CREW_MEMBERS]; /* who works under this number */
    useconds_t pause;
};

static void part(void *self, unsigned member, uint32_t from, uint32_t to)
{
    struct work *work = self;

    cr_assert_eq(atomic_fetch_add(&work->at_once[member], 1), 0u, "number %u twice", member);
    for (uint32_t i = from; i < to; i++)
        atomic_fetch_add(&work->done[i], 1);
    atomic_fetch_add(&work->by[member], to - from);
    if (work->pause)
        usleep(work->pause);
    atomic_fetch_sub(&work->at_once[member], 1);
}

static void check(struct net_crew *crew, struct work *work, uint32_t count)
{
    memset(work->done, 0, sizeof work->done);
    net_crew_do(crew, part, work, count);
    for (uint32_t i = 0; i < ITEMS; i++)
        cr_assert_eq(work->done[i], i < count ? 1u : 0u, "item %u of %u", i, count);
}

/* Everything is taken once, in order, and ever less at a time. */
Test(net_crew, parts_are_the_whole)
{
    for (unsigned members = 1; members <= NET_CREW_MEMBERS; members++)
        for (uint32_t count = 0; count <= 200; count++) {
            _Atomic uint32_t rest = count;
            uint32_t from, to, next = 0, last = count;

            while (net_crew_take(&rest, members, &from, &to)) {
                cr_assert_eq(from, next);
                cr_assert(to > from && to <= count && to - from <= last);
                last = to - from;
                next = to;
            }
            cr_assert_eq(next, count);
            cr_assert(count == 0 || last == 1);
        }
}

Test(net_crew, as_many_items_as_there_may_be)
{
    _Atomic uint32_t rest = NET_CREW_ITEMS;
    uint32_t from, to, next = 0;

    while (net_crew_take(&rest, 4, &from, &to)) {
        cr_assert_eq(from, next);
        next = to;
    }
    cr_assert_eq(next, NET_CREW_ITEMS);
}

Test(net_crew, the_caller_alone)
{
    struct net_crew crew;
    struct work work = {0};

    cr_assert_eq(net_crew_open(&crew), 0);
    cr_expect_not(net_crew_is_several(&crew));
    check(&crew, &work, 0);
    check(&crew, &work, 7);
    cr_expect_eq(work.by[0], 7u);
    net_crew_close(&crew);
}

/* One piece of work after another, of all sizes, at once and after pauses in which all sleep. */
Test(net_crew, everything_is_done_once, .timeout = 60)
{
    struct net_crew crew;
    struct work work = {0};

    cr_assert_eq(net_crew_open(&crew), 0);
    net_crew_start(&crew, 4);
    cr_assert(net_crew_is_several(&crew));
    for (uint32_t i = 0; i < 20000; i++) {
        check(&crew, &work, i % (ITEMS + 1));
        if (i % 500 == 0)
            usleep(i % 1000 ? 90 : 1000);
    }
    net_crew_close(&crew);
}

/* Who is slow is waited for, asleep; and the others take their part. */
Test(net_crew, others_take_their_part, .timeout = 60)
{
    struct net_crew crew;
    struct work work = {.pause = 2000};
    unsigned others = 0;

    cr_assert_eq(net_crew_open(&crew), 0);
    net_crew_start(&crew, 3);
    for (int i = 0; i < 20; i++)
        check(&crew, &work, 12);
    for (unsigned i = 1; i < 3; i++)
        others += work.by[i];
    cr_expect_gt(others, 0u);
    cr_expect_lt(others, 240u);
    net_crew_close(&crew);
}

Test(net_crew, ends_asleep_and_awake, .timeout = 60)
{
    for (int i = 0; i < 100; i++) {
        struct net_crew crew;
        struct work work = {0};

        cr_assert_eq(net_crew_open(&crew), 0);
        net_crew_start(&crew, 1 + (unsigned)i % (NET_CREW_MEMBERS + 2)); /* more than may be */
        check(&crew, &work, ITEMS);
        if (i % 3 == 0)
            usleep(300);
        net_crew_close(&crew);
    }
}
