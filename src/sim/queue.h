/*
 * The queue in front of a link with a rate: when a packet that comes at a time has left it.
 *
 * Packets are looked at in the order in which they entered the network, and the same link may see a
 * later time first (an answer that comes back from far away, then one from near by). So the queue
 * is kept as the list of its busy periods: work that comes late in the day is put where it belongs,
 * and pushes what stands behind it.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_QUEUE_PERIODS 64u /* busy periods that are remembered */
#define SIM_QUEUE_FULL    INT64_MIN

/* Zero is an empty queue. */
struct sim_queue {
    uint32_t count;
    struct sim_busy {
        int64_t from; /* ns */
        int64_t until;
    } periods[SIM_QUEUE_PERIODS]; /* in order, apart from each other */
};

/*
 * A packet comes at `at` and takes `service` ns to send. Returns when it begins to be sent, or
 * SIM_QUEUE_FULL, and then nothing has changed, when that would be after `latest`.
 */
int64_t sim_queue_pass(struct sim_queue *queue, int64_t at, int64_t service, int64_t latest);

/*
 * How long a packet that comes at `at` waits for other people's packets, when these make up the
 * share `load` (below 1) of what the link can do and each takes `service` ns. A function of time
 * alone: who comes later never leaves earlier. A packet waits with the chance `load` and on average
 * as long as in an M/D/1 queue: load / (2 (1 - load)) services.
 */
int64_t sim_queue_others(uint64_t seed, uint64_t key, int64_t at, double load, int64_t service);

#endif
