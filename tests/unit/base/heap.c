#include "base/heap.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/random.h"

#define IDS 500

struct owner {
    int64_t keys[IDS];
    uint32_t positions[IDS];
};

static int64_t key(const void *owner, uint32_t id)
{
    return ((const struct owner *)owner)->keys[id];
}

static void moved(void *owner, uint32_t id, uint32_t position)
{
    ((struct owner *)owner)->positions[id] = position;
}

static const struct base_heap_ops ops = {key, moved};

static void make(struct base_heap *heap, struct owner *owner)
{
    memset(owner, 0xff, sizeof *owner); /* every position: BASE_HEAP_ABSENT */
    base_heap_init(heap, &ops, owner);
    cr_assert_eq(base_heap_reserve(heap, IDS), 0);
}

static void push(struct base_heap *heap, struct owner *owner, uint32_t id, int64_t value)
{
    owner->keys[id] = value;
    base_heap_push(heap, id);
}

static void check(const struct base_heap *heap, const struct owner *owner)
{
    for (uint32_t i = 0; i < heap->count; i++) {
        cr_assert_eq(owner->positions[heap->ids[i]], i);
        if (i > 0)
            cr_assert_leq(owner->keys[heap->ids[(i - 1) / 2]], owner->keys[heap->ids[i]]);
    }
}

Test(base_heap, equal_keys_leave_in_the_order_of_their_ids)
{
    struct owner owner;
    struct base_heap heap;
    make(&heap, &owner);
    for (uint32_t i = 0; i < 20; i++)
        push(&heap, &owner, (i * 7) % 20, 5);
    for (uint32_t i = 0; i < 20; i++) {
        cr_expect_eq(base_heap_top(&heap), i);
        base_heap_remove(&heap, 0);
        cr_expect_eq(owner.positions[i], BASE_HEAP_ABSENT);
    }
    cr_expect_eq(heap.count, 0);
    base_heap_destroy(&heap);
}

Test(base_heap, extreme_keys)
{
    struct owner owner;
    struct base_heap heap;
    make(&heap, &owner);
    push(&heap, &owner, 0, INT64_MAX);
    push(&heap, &owner, 1, INT64_MIN);
    push(&heap, &owner, 2, 0);
    cr_expect_eq(base_heap_top(&heap), 1);
    base_heap_remove(&heap, 0);
    cr_expect_eq(base_heap_top(&heap), 2);
    base_heap_destroy(&heap);
}

Test(base_heap, random_operations_keep_order_and_positions)
{
    struct owner owner;
    struct base_heap heap;
    make(&heap, &owner);
    struct base_random random;
    base_random_seed(&random, 42);
    for (int step = 0; step < 20000; step++) {
        const uint32_t id = (uint32_t)base_random_below(&random, IDS);
        const int64_t value = (int64_t)base_random_below(&random, 100) - 50;
        if (owner.positions[id] == BASE_HEAP_ABSENT) {
            push(&heap, &owner, id, value);
        } else if (base_random_below(&random, 2)) {
            owner.keys[id] = value;
            base_heap_update(&heap, owner.positions[id]);
        } else {
            base_heap_remove(&heap, owner.positions[id]);
            cr_assert_eq(owner.positions[id], BASE_HEAP_ABSENT);
        }
        if (step % 50 == 0)
            check(&heap, &owner);
    }
    int64_t last = INT64_MIN;
    while (heap.count > 0) {
        const uint32_t id = base_heap_top(&heap);
        cr_assert_geq(owner.keys[id], last);
        last = owner.keys[id];
        base_heap_remove(&heap, 0);
    }
    base_heap_destroy(&heap);
}

Test(base_heap, reserving_less_keeps_what_is_there)
{
    struct owner owner;
    struct base_heap heap;
    make(&heap, &owner);
    push(&heap, &owner, 3, 3);
    cr_expect_eq(base_heap_reserve(&heap, 1), 0);
    cr_expect_eq(heap.capacity, IDS);
    cr_expect_eq(base_heap_top(&heap), 3);
    base_heap_destroy(&heap);
    cr_expect_eq(heap.capacity, 0);
}
