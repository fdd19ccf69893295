#include "base/queue.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/random.h"

#define IDS 500

struct owner {
    int64_t keys[IDS];
};

static int64_t key(const void *owner, uint32_t id)
{
    return ((const struct owner *)owner)->keys[id];
}

static void make(struct base_queue *queue, struct owner *owner)
{
    memset(owner, 0, sizeof *owner);
    base_queue_init(queue, key, owner);
    cr_assert_eq(base_queue_reserve(queue, IDS), 0);
}

static void push(struct base_queue *queue, struct owner *owner, uint32_t id, int64_t value)
{
    owner->keys[id] = value;
    base_queue_push(queue, id);
}

static uint32_t pop(struct base_queue *queue)
{
    const uint32_t id = base_queue_top(queue);
    base_queue_remove(queue, id);
    cr_assert_not(base_queue_holds(queue, id));
    return id;
}

Test(base_queue, equal_keys_leave_in_the_order_in_which_they_came)
{
    struct owner owner;
    struct base_queue queue;
    make(&queue, &owner);
    for (uint32_t i = 0; i < 20; i++)
        push(&queue, &owner, (i * 7) % 20, 5);
    base_queue_update(&queue, 7);
    cr_assert_eq(queue.count, 20);
    for (uint32_t i = 0; i < 20; i++)
        if (i != 1)
            cr_expect_eq(pop(&queue), (i * 7) % 20);
    cr_expect_eq(pop(&queue), 7);
    cr_expect_eq(queue.count, 0);
    base_queue_destroy(&queue);
}

Test(base_queue, extreme_keys)
{
    struct owner owner;
    struct base_queue queue;
    make(&queue, &owner);
    push(&queue, &owner, 0, INT64_MAX);
    push(&queue, &owner, 1, INT64_MIN);
    push(&queue, &owner, 2, 0);
    push(&queue, &owner, 3, INT64_MAX);
    cr_expect_eq(pop(&queue), 1);
    cr_expect_eq(pop(&queue), 2);
    cr_expect_eq(pop(&queue), 0);
    cr_expect_eq(pop(&queue), 3);
    base_queue_destroy(&queue);
}

/* Each id comes back a period of its own later. */
static void go_round(const int64_t *periods, uint32_t count)
{
    struct owner owner;
    struct base_queue queue;
    make(&queue, &owner);
    for (uint32_t id = 0; id < IDS; id++)
        push(&queue, &owner, id, id / 10);
    int64_t last = 0;
    for (int step = 0; step < 20 * IDS; step++) {
        const uint32_t id = base_queue_top(&queue);
        cr_assert_geq(owner.keys[id], last);
        last = owner.keys[id];
        owner.keys[id] += periods[id % count];
        base_queue_update(&queue, id);
        cr_assert_eq(queue.heap_count, 0);
    }
    cr_assert_eq(queue.count, IDS);
    base_queue_destroy(&queue);
}

Test(base_queue, what_rises_needs_no_heap)
{
    go_round((const int64_t[]){1000}, 1);
    go_round((const int64_t[]){1000, 60, 170}, 3);
}

/* The smallest key of those that are in, the slow way. */
static int64_t smallest(const struct owner *owner, const bool *in)
{
    int64_t least = INT64_MAX;
    for (uint32_t id = 0; id < IDS; id++)
        if (in[id] && owner->keys[id] < least)
            least = owner->keys[id];
    return least;
}

static void check(const struct base_queue *queue, const struct owner *owner, const bool *in)
{
    uint32_t count = 0;
    for (uint32_t id = 0; id < IDS; id++) {
        cr_assert_eq(base_queue_holds(queue, id), in[id]);
        count += in[id];
    }
    cr_assert_eq(queue->count, count);
    if (count == 0)
        return;
    cr_assert(in[base_queue_top(queue)]);
    cr_assert_eq(owner->keys[base_queue_top(queue)], smallest(owner, in));
}

/* A key that mostly rises, by `rise` a step, and varies by as much as `spread`. */
static void shake(uint64_t seed, int64_t rise, uint64_t spread)
{
    struct owner owner;
    struct base_queue queue;
    bool in[IDS] = {false};
    struct base_random random;
    uint32_t most_in_heap = 0;
    make(&queue, &owner);
    base_random_seed(&random, seed);
    for (int64_t step = 0; step < 20000; step++) {
        const uint32_t id = (uint32_t)base_random_below(&random, IDS);
        const int64_t value = step * rise + (int64_t)base_random_below(&random, spread) - 50;
        if (!in[id]) {
            push(&queue, &owner, id, value);
            in[id] = true;
        } else if (base_random_below(&random, 2)) {
            owner.keys[id] = value;
            base_queue_update(&queue, id);
        } else {
            base_queue_remove(&queue, id);
            in[id] = false;
        }
        if (step % 10 == 0)
            check(&queue, &owner, in);
        most_in_heap = queue.heap_count > most_in_heap ? queue.heap_count : most_in_heap;
    }
    cr_assert_gt(most_in_heap, 10);
    while (queue.count > 0) {
        in[pop(&queue)] = false;
        check(&queue, &owner, in);
    }
    base_queue_destroy(&queue);
}

Test(base_queue, random_operations_keep_the_order)
{
    shake(42, 0, 100);
    shake(43, 0, 1000000);
    shake(44, 1, 5000);
    shake(45, -1, 200);
}

Test(base_queue, clearing_takes_out_all)
{
    struct owner owner;
    struct base_queue queue;
    make(&queue, &owner);
    for (uint32_t id = 0; id < IDS; id++)
        push(&queue, &owner, id, (int64_t)(id * 7919 % IDS));
    cr_assert_gt(queue.heap_count, 0);
    base_queue_clear(&queue);
    cr_assert_eq(queue.count, 0);
    for (uint32_t id = 0; id < IDS; id++)
        cr_assert_not(base_queue_holds(&queue, id));
    base_queue_destroy(&queue);
}

Test(base_queue, reserving_keeps_what_is_there)
{
    struct owner owner;
    struct base_queue queue;
    memset(&owner, 0, sizeof owner);
    base_queue_init(&queue, key, &owner);
    cr_assert_eq(base_queue_reserve(&queue, 4), 0);
    push(&queue, &owner, 3, 3);
    cr_expect_eq(base_queue_reserve(&queue, 1), 0);
    cr_expect_eq(queue.capacity, 4);
    cr_assert_eq(base_queue_reserve(&queue, IDS), 0);
    push(&queue, &owner, IDS - 1, 2);
    cr_expect_eq(pop(&queue), IDS - 1);
    cr_expect_eq(pop(&queue), 3);
    base_queue_destroy(&queue);
    cr_expect_eq(queue.capacity, 0);
}
