/*
 * A binary heap of small numbers ordered by a key that lives elsewhere.
 *
 * The heap holds only 32-bit ids; the owner keeps each id's key and its position in the heap, and
 * so can move or remove any id in O(log n). Equal keys leave in the order of their ids.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#define BASE_HEAP_ABSENT UINT32_MAX

struct base_heap_ops {
    int64_t (*key)(const void *owner, uint32_t id);
    /* The id now stands at this position (BASE_HEAP_ABSENT: it left the heap). */
    void (*moved)(void *owner, uint32_t id, uint32_t position);
};

struct base_heap {
    const struct base_heap_ops *ops;
    void *owner;
    uint32_t *ids;
    uint32_t count;
    uint32_t capacity;
};

void base_heap_init(struct base_heap *heap, const struct base_heap_ops *ops, void *owner);
void base_heap_destroy(struct base_heap *heap);

/* Makes room for `capacity` ids in all, so that push cannot fail. Returns 0 or -ENOMEM. */
int base_heap_reserve(struct base_heap *heap, uint32_t capacity);

/* The id must not be in the heap, and there must be room for it. */
void base_heap_push(struct base_heap *heap, uint32_t id);

/* The id with the smallest key; the heap must not be empty. */
uint32_t base_heap_top(const struct base_heap *heap);

/* Takes the id at `position` out. */
void base_heap_remove(struct base_heap *heap, uint32_t position);

/* Puts the id at `position` where its changed key belongs. */
void base_heap_update(struct base_heap *heap, uint32_t position);

#endif
