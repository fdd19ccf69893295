#define _GNU_SOURCE

#include "net/queue.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

static struct net_queue queue;

static void make(void)
{
    cr_assert_eq(net_queue_open(&queue, 4096), 0);
}

static void end(void)
{
    net_queue_close(&queue);
}

TestSuite(net_queue, .init = make, .fini = end);

static bool put(size_t bytes, uint8_t value)
{
    void *room = net_queue_put(&queue, bytes);
    if (!room)
        return false;
    cr_assert_eq((uintptr_t)room % NET_QUEUE_ALIGN, 0u);
    memset(room, value, bytes);
    return true;
}

Test(net_queue, is_empty_at_first)
{
    cr_expect(net_queue_is_empty(&queue));
    cr_expect_null(net_queue_take(&queue));
    net_queue_release(&queue);
    cr_expect_null(net_queue_take(&queue));
}

Test(net_queue, nothing_is_seen_before_it_is_shown)
{
    cr_assert(put(10, 1) && put(20, 2));
    cr_expect_null(net_queue_take(&queue));
    net_queue_show(&queue);
    cr_assert(put(30, 3));
    cr_expect(!net_queue_is_empty(&queue));
    const uint8_t *first = net_queue_take(&queue);
    const uint8_t *second = net_queue_take(&queue);
    cr_assert(first && second);
    cr_expect(first[0] == 1 && first[9] == 1 && second[0] == 2 && second[19] == 2);
    cr_expect_null(net_queue_take(&queue));
}

Test(net_queue, what_was_taken_stays_until_released)
{
    while (put(240, 7)) /* sixteen fill it */
        ;
    net_queue_show(&queue);
    const uint8_t *first = net_queue_take(&queue);
    cr_assert_not_null(first);
    cr_expect(!put(240, 8));
    cr_expect_eq(first[239], 7);
    net_queue_release(&queue);
    cr_expect(put(240, 8));
    cr_expect(!put(240, 9));
}

Test(net_queue, the_longest_fits_wherever_it_begins)
{
    const size_t longest = net_queue_longest(&queue);
    cr_expect_null(net_queue_put(&queue, longest + 1));
    for (size_t before = 0; before < 4096; before += 16) {
        cr_assert(before == 0 || put(before < longest ? before : longest, 1));
        net_queue_show(&queue);
        while (net_queue_take(&queue))
            ;
        net_queue_release(&queue);
        cr_assert(put(longest, 2), "after %zu bytes", before);
        net_queue_show(&queue);
        const uint8_t *record = net_queue_take(&queue);
        cr_assert(record && record[0] == 2 && record[longest - 1] == 2);
        net_queue_release(&queue);
    }
}

Test(net_queue, positions_wrap_around)
{
    /* Close before the end of what a position can count. */
    queue.filled = queue.taken = queue.seen = (size_t)0 - 4096;
    queue.free_until = 0;
    queue.shown = queue.released = queue.filled;
    for (int i = 0; i < 100; i++) {
        cr_assert(put(500, (uint8_t)i));
        net_queue_show(&queue);
        const uint8_t *record = net_queue_take(&queue);
        cr_assert(record && record[0] == i && record[499] == i);
        net_queue_release(&queue);
    }
}

enum { RECORDS = 200000 };

static size_t length_of(uint32_t number)
{
    return 4 + number * 2654435761u % 700;
}

static void *fill(void *self)
{
    for (uint32_t number = 0; number < RECORDS;) {
        uint8_t *room = net_queue_put(&queue, length_of(number));
        if (room) {
            memset(room, (int)(number & 0xff), length_of(number));
            memcpy(room, &number, sizeof number);
            number++;
        }
        if (!room || number % 3 == 0)
            net_queue_show(&queue);
        if (!room)
            sched_yield();
    }
    net_queue_show(&queue);
    return self;
}

Test(net_queue, two_threads)
{
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, fill, NULL), 0);
    for (uint32_t expected = 0; expected < RECORDS;) {
        const uint8_t *record = net_queue_take(&queue);
        if (!record) {
            net_queue_release(&queue);
            sched_yield();
            continue;
        }
        uint32_t number;
        memcpy(&number, record, sizeof number);
        cr_assert_eq(number, expected);
        const size_t last = length_of(number) - 1;
        cr_assert(last < 4 || record[last] == (number & 0xff));
        if (++expected % 5 == 0)
            net_queue_release(&queue);
    }
    pthread_join(thread, NULL);
    cr_expect(net_queue_is_empty(&queue));
}
