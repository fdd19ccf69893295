/*
 * A queue of records of any length between two threads: one puts in, one takes out, neither waits
 * for the other or takes a lock. What was taken stays where it is until it is released.
 */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_QUEUE_ALIGN 16u /* of records */
#define NET_QUEUE_LINE  64u /* of a cache: what one thread writes lies on lines of its own */

struct net_queue {
    uint8_t *memory;
    size_t size; /* a power of two; positions below count bytes for ever, modulo what they hold */

    /* Of the thread that puts in; `shown` is read by the other. */
    _Alignas(NET_QUEUE_LINE) _Atomic size_t shown; /* up to here records are complete */
    size_t filled;                                 /* up to here there are some */
    size_t free_until;                             /* `released`, as last looked at, plus size */

    /* Of the thread that takes out; `released` is read by the other. */
    _Alignas(NET_QUEUE_LINE) _Atomic size_t released; /* up to here room is free again */
    size_t taken;
    size_t seen; /* `shown`, as last looked at */
};

/* Room for `bytes`, a power of two. Returns 0 or a negative errno. Before any second thread. */
int net_queue_open(struct net_queue *queue, size_t bytes);
void net_queue_close(struct net_queue *queue);

/* The longest record there is always room for in an empty queue. */
static inline size_t net_queue_longest(const struct net_queue *queue)
{
    return queue->size / 2 - NET_QUEUE_ALIGN;
}

/* Room for the next record, to be filled in before it is shown. NULL: the queue is full. */
void *net_queue_put(struct net_queue *queue, size_t bytes);

/*
 * Shows all records that were put in to the other thread. This and the look for records are in one
 * order that all threads agree on (memory_order_seq_cst): who then looks for a sleeper, and who
 * says that it sleeps and then looks for records, cannot miss each other.
 */
void net_queue_show(struct net_queue *queue);

/* Takes the next record out; valid until released. NULL: there is none. */
void *net_queue_take(struct net_queue *queue);

/* Gives all records back that were taken. */
void net_queue_release(struct net_queue *queue);

/* True when there is nothing to take just now. */
bool net_queue_is_empty(struct net_queue *queue);

#endif
