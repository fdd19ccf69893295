#define _GNU_SOURCE

#include "net/queue.h"

#include <errno.h>
#include <sys/mman.h>

/* In front of every record. */
struct head {
    size_t bytes;  /* of head and record, rounded up */
    bool is_a_gap; /* the rest up to the end of the memory, too short for what came next */
};

_Static_assert(sizeof(struct head) <= NET_QUEUE_ALIGN, "a head fits before an aligned record");

int net_queue_open(struct net_queue *queue, size_t bytes)
{
    *queue = (struct net_queue){.size = bytes, .free_until = bytes};
    queue->memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (queue->memory != MAP_FAILED)
        return 0;
    queue->memory = NULL;
    return -errno;
}

void net_queue_close(struct net_queue *queue)
{
    if (queue->memory)
        munmap(queue->memory, queue->size);
    queue->memory = NULL;
}

static struct head *head_at(const struct net_queue *queue, size_t position)
{
    return (struct head *)(void *)(queue->memory + (position & (queue->size - 1)));
}

static bool has_room(struct net_queue *queue, size_t bytes)
{
    if (queue->free_until - queue->filled >= bytes)
        return true;
    /* Acquire: the other thread has done with the bytes before they are written again. */
    queue->free_until = atomic_load_explicit(&queue->released, memory_order_acquire) + queue->size;
    return queue->free_until - queue->filled >= bytes;
}

void *net_queue_put(struct net_queue *queue, size_t bytes)
{
    size_t whole = (NET_QUEUE_ALIGN + bytes + NET_QUEUE_ALIGN - 1) & ~(size_t)(NET_QUEUE_ALIGN - 1);
    size_t to_end = queue->size - (queue->filled & (queue->size - 1));
    size_t gap = to_end < whole ? to_end : 0;
    struct head *head;

    if (bytes > net_queue_longest(queue) || !has_room(queue, gap + whole))
        return NULL;
    if (gap) {
        *head_at(queue, queue->filled) = (struct head){gap, true};
        queue->filled += gap;
    }
    head = head_at(queue, queue->filled);
    *head = (struct head){whole, false};
    queue->filled += whole;
    return (uint8_t *)head + NET_QUEUE_ALIGN;
}

void net_queue_show(struct net_queue *queue)
{
    atomic_store(&queue->shown, queue->filled);
}

bool net_queue_is_empty(struct net_queue *queue)
{
    if (queue->taken == queue->seen)
        queue->seen = atomic_load(&queue->shown);
    return queue->taken == queue->seen;
}

void *net_queue_take(struct net_queue *queue)
{
    struct head *head;

    if (net_queue_is_empty(queue))
        return NULL;
    head = head_at(queue, queue->taken);
    queue->taken += head->bytes;
    if (head->is_a_gap) { /* a record follows it always */
        head = head_at(queue, queue->taken);
        queue->taken += head->bytes;
    }
    return (uint8_t *)head + NET_QUEUE_ALIGN;
}

void net_queue_release(struct net_queue *queue)
{
    atomic_store_explicit(&queue->released, queue->taken, memory_order_release);
}
