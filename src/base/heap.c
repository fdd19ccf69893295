#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

void base_heap_init(struct base_heap *heap, const struct base_heap_ops *ops, void *owner)
{
    *heap = (struct base_heap){.ops = ops, .owner = owner};
}

void base_heap_destroy(struct base_heap *heap)
{
    free(heap->ids);
    heap->ids = NULL;
    heap->count = heap->capacity = 0;
}

int base_heap_reserve(struct base_heap *heap, uint32_t capacity)
{
    if (capacity <= heap->capacity)
        return 0;
    uint32_t *ids = reallocarray(heap->ids, capacity, sizeof *ids);
    if (!ids)
        return -ENOMEM;
    heap->ids = ids;
    heap->capacity = capacity;
    return 0;
}

static bool comes_first(const struct base_heap *heap, uint32_t a, uint32_t b)
{
    int64_t key_a = heap->ops->key(heap->owner, a);
    int64_t key_b = heap->ops->key(heap->owner, b);
    return key_a != key_b ? key_a < key_b : a < b;
}

static void place(struct base_heap *heap, uint32_t position, uint32_t id)
{
    heap->ids[position] = id;
    heap->ops->moved(heap->owner, id, position);
}

static uint32_t sift_up(struct base_heap *heap, uint32_t position, uint32_t id)
{
    while (position > 0) {
        uint32_t parent = (position - 1) / 2;
        if (!comes_first(heap, id, heap->ids[parent]))
            break;
        place(heap, position, heap->ids[parent]);
        position = parent;
    }
    return position;
}

static uint32_t sift_down(struct base_heap *heap, uint32_t position, uint32_t id)
{
    for (;;) {
        uint64_t left = 2 * (uint64_t)position + 1;
        if (left >= heap->count)
            return position;
        uint32_t child = (uint32_t)left;
        if (left + 1 < heap->count && comes_first(heap, heap->ids[child + 1], heap->ids[child]))
            child++;
        if (!comes_first(heap, heap->ids[child], id))
            return position;
        place(heap, position, heap->ids[child]);
        position = child;
    }
}

void base_heap_push(struct base_heap *heap, uint32_t id)
{
    uint32_t position = heap->count++;
    place(heap, sift_up(heap, position, id), id);
}

uint32_t base_heap_top(const struct base_heap *heap)
{
    return heap->ids[0];
}

void base_heap_update(struct base_heap *heap, uint32_t position)
{
    uint32_t id = heap->ids[position];
    uint32_t up = sift_up(heap, position, id);
    place(heap, up == position ? sift_down(heap, position, id) : up, id);
}

void base_heap_remove(struct base_heap *heap, uint32_t position)
{
    uint32_t id = heap->ids[position];
    uint32_t last = heap->ids[--heap->count];
    if (last != id) {
        heap->ids[position] = last;
        base_heap_update(heap, position);
    }
    heap->ops->moved(heap->owner, id, BASE_HEAP_ABSENT);
}
