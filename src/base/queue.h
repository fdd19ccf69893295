/*
 * A priority queue of small numbers, ordered by a key that lives elsewhere.
 *
 * Keys that rise as they are put in are the rule here: what has one period falls due, and what has
 * one timeout expires, in the order in which it was put in. Such ids stand in a few lanes, which
 * are sorted lists; putting in and taking out costs the same however many there are. What fits into
 * no lane goes into a heap, in O(log n). The order is exact in any case.
 *
 * Equal keys leave in the order in which they were put in, unless the heap holds some of them; and
 * always in an order that depends on nothing but what was done before. An id costs 8 bytes, 4 more
 * when it has to go into the heap.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define BASE_QUEUE_LANES 4
#define BASE_QUEUE_MOST  (UINT32_MAX - 3) /* ids */

/* The key of an id in the queue. It changes only right before base_queue_update. */
typedef int64_t base_queue_key(const void *owner, uint32_t id);

struct base_queue_lane {
    uint32_t first;
    uint32_t last;
    int64_t first_key;
    int64_t last_key;
};

struct base_queue {
    base_queue_key *key;
    const void *owner;
    uint32_t count;
    uint32_t capacity;
    struct base_queue_place *places; /* by id */
    struct base_queue_lane lanes[BASE_QUEUE_LANES];
    uint32_t *heap;
    uint32_t heap_count;
};

void base_queue_init(struct base_queue *queue, base_queue_key *key, const void *owner);
void base_queue_destroy(struct base_queue *queue);

/* Makes room for the ids below `capacity`, so that push cannot fail. Returns 0 or -ENOMEM. */
int base_queue_reserve(struct base_queue *queue, uint32_t capacity);

/* The id must not be in the queue, and there must be room for it. */
void base_queue_push(struct base_queue *queue, uint32_t id);

bool base_queue_holds(const struct base_queue *queue, uint32_t id);

/* The id with the smallest key; the queue must not be empty. */
uint32_t base_queue_top(const struct base_queue *queue);

/* Takes out an id that is in the queue. */
void base_queue_remove(struct base_queue *queue, uint32_t id);

/* Puts an id that is in the queue where its changed key belongs, behind its equals. */
void base_queue_update(struct base_queue *queue, uint32_t id);

/* Takes out all of them. */
void base_queue_clear(struct base_queue *queue);

#endif
