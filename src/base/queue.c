#include "base/queue.h"

#include <errno.h>
#include <stdlib.h>

/* Instead of the id before, which is less than these: */
#define NOBODY  UINT32_MAX       /* it is the first of its lane (after: the last) */
#define IN_HEAP (UINT32_MAX - 1) /* `after` is its position there */
#define ABSENT  (UINT32_MAX - 2)

struct base_queue_place {
    uint32_t before;
    uint32_t after;
};

void base_queue_init(struct base_queue *queue, base_queue_key *key, const void *owner)
{
    *queue = (struct base_queue){.key = key, .owner = owner};
    for (unsigned i = 0; i < BASE_QUEUE_LANES; i++)
        queue->lanes[i].first = queue->lanes[i].last = NOBODY;
}

void base_queue_destroy(struct base_queue *queue)
{
    free(queue->places);
    free(queue->heap);
    base_queue_init(queue, queue->key, queue->owner);
}

int base_queue_reserve(struct base_queue *queue, uint32_t capacity)
{
    if (capacity <= queue->capacity)
        return 0;
    if (capacity > BASE_QUEUE_MOST)
        return -ENOMEM;
    struct base_queue_place *places = reallocarray(queue->places, capacity, sizeof *places);
    if (!places)
        return -ENOMEM;
    queue->places = places;
    uint32_t *heap = reallocarray(queue->heap, capacity, sizeof *heap);
    if (!heap)
        return -ENOMEM;
    queue->heap = heap;
    for (uint32_t i = queue->capacity; i < capacity; i++)
        places[i].before = ABSENT;
    queue->capacity = capacity;
    return 0;
}

static int64_t key_of(const struct base_queue *queue, uint32_t id)
{
    return queue->key(queue->owner, id);
}

bool base_queue_holds(const struct base_queue *queue, uint32_t id)
{
    return queue->places[id].before != ABSENT;
}

/* --- the heap -------------------------------------------------------------------------------- */

static bool comes_first(const struct base_queue *queue, uint32_t a, uint32_t b)
{
    int64_t key_a = key_of(queue, a);
    int64_t key_b = key_of(queue, b);
    return key_a != key_b ? key_a < key_b : a < b;
}

static void put(struct base_queue *queue, uint32_t position, uint32_t id)
{
    queue->heap[position] = id;
    queue->places[id] = (struct base_queue_place){IN_HEAP, position};
}

static uint32_t sift_up(struct base_queue *queue, uint32_t position, uint32_t id)
{
    while (position > 0) {
        uint32_t parent = (position - 1) / 2;
        if (!comes_first(queue, id, queue->heap[parent]))
            break;
        put(queue, position, queue->heap[parent]);
        position = parent;
    }
    return position;
}

static uint32_t sift_down(struct base_queue *queue, uint32_t position, uint32_t id)
{
    for (;;) {
        uint64_t left = 2 * (uint64_t)position + 1;
        if (left >= queue->heap_count)
            return position;
        uint32_t child = (uint32_t)left;
        if (left + 1 < queue->heap_count &&
            comes_first(queue, queue->heap[child + 1], queue->heap[child]))
            child++;
        if (!comes_first(queue, queue->heap[child], id))
            return position;
        put(queue, position, queue->heap[child]);
        position = child;
    }
}

/* The id may stand at this position, or has to go up or down from there. */
static void settle(struct base_queue *queue, uint32_t position, uint32_t id)
{
    uint32_t up = sift_up(queue, position, id);
    put(queue, up == position ? sift_down(queue, position, id) : up, id);
}

static void remove_from_heap(struct base_queue *queue, uint32_t id)
{
    uint32_t last = queue->heap[--queue->heap_count];
    if (last != id)
        settle(queue, queue->places[id].after, last);
}

/* --- the lanes ------------------------------------------------------------------------------- */

static bool is_empty(const struct base_queue_lane *lane)
{
    return lane->first == NOBODY;
}

/* Where a key may stand last: behind the largest there is; else where nobody stands; else NULL. */
static struct base_queue_lane *lane_for(struct base_queue *queue, int64_t key)
{
    struct base_queue_lane *best = NULL, *empty = NULL;
    for (unsigned i = 0; i < BASE_QUEUE_LANES; i++) {
        struct base_queue_lane *lane = &queue->lanes[i];
        if (is_empty(lane))
            empty = empty ? empty : lane;
        else if (lane->last_key <= key && (!best || lane->last_key > best->last_key))
            best = lane;
    }
    return best ? best : empty;
}

static void append(struct base_queue *queue, struct base_queue_lane *lane, uint32_t id, int64_t key)
{
    queue->places[id] = (struct base_queue_place){lane->last, NOBODY};
    if (is_empty(lane)) {
        lane->first = id;
        lane->first_key = key;
    } else {
        queue->places[lane->last].after = id;
    }
    lane->last = id;
    lane->last_key = key;
}

static void set_first(struct base_queue *queue, uint32_t old, uint32_t id)
{
    struct base_queue_lane *lane = queue->lanes;
    while (lane->first != old)
        lane++;
    lane->first = id;
    if (id != NOBODY)
        lane->first_key = key_of(queue, id);
}

static void set_last(struct base_queue *queue, uint32_t old, uint32_t id)
{
    struct base_queue_lane *lane = queue->lanes;
    while (lane->last != old)
        lane++;
    lane->last = id;
    if (id != NOBODY)
        lane->last_key = key_of(queue, id);
}

static void remove_from_lane(struct base_queue *queue, uint32_t id)
{
    struct base_queue_place place = queue->places[id];
    if (place.before == NOBODY)
        set_first(queue, id, place.after);
    else
        queue->places[place.before].after = place.after;
    if (place.after == NOBODY)
        set_last(queue, id, place.before);
    else
        queue->places[place.after].before = place.before;
}

/* --- both ------------------------------------------------------------------------------------ */

void base_queue_push(struct base_queue *queue, uint32_t id)
{
    int64_t key = key_of(queue, id);
    struct base_queue_lane *lane = lane_for(queue, key);
    if (lane)
        append(queue, lane, id, key);
    else
        settle(queue, queue->heap_count++, id);
    queue->count++;
}

uint32_t base_queue_top(const struct base_queue *queue)
{
    uint32_t top = NOBODY;
    int64_t key = INT64_MAX;
    for (unsigned i = 0; i < BASE_QUEUE_LANES; i++) {
        const struct base_queue_lane *lane = &queue->lanes[i];
        if (!is_empty(lane) && (top == NOBODY || lane->first_key < key)) {
            top = lane->first;
            key = lane->first_key;
        }
    }
    if (queue->heap_count > 0 && (top == NOBODY || key_of(queue, queue->heap[0]) < key))
        top = queue->heap[0];
    return top;
}

void base_queue_remove(struct base_queue *queue, uint32_t id)
{
    if (queue->places[id].before == IN_HEAP)
        remove_from_heap(queue, id);
    else
        remove_from_lane(queue, id);
    queue->places[id].before = ABSENT;
    queue->count--;
}

void base_queue_update(struct base_queue *queue, uint32_t id)
{
    base_queue_remove(queue, id);
    base_queue_push(queue, id);
}

void base_queue_clear(struct base_queue *queue)
{
    while (queue->count > 0)
        base_queue_remove(queue, base_queue_top(queue));
}
