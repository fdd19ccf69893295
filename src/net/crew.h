/*
 * A crew: several threads that do one piece of work together, again and again, while the caller
 * waits. So whoever shares its work with them gives up nothing: results are there when the call
 * returns, nothing is queued, and the others touch nothing between two calls.
 *
 * The work is a row of items. Whoever is free takes the next few, the more the more there are, and
 * the caller does so too: threads that sleep, or that the machine has no time for, cost nothing but
 * their help. Idle threads look out for work for a moment and then sleep.
 */
#ifndef NET_CREW_H
#define NET_CREW_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/thread.h"

#define NET_CREW_MEMBERS 16u     /* at most, the caller included */
#define NET_CREW_ITEMS   0xffffu /* at most, of a piece of work */
#define NET_CREW_LINE    64u     /* bytes: what is written by several is kept apart */

/*
 * Does items [from, to). `member` is 0 for the caller; no two that work at the same time have the
 * same number.
 */
typedef void net_crew_part(void *self, unsigned member, uint32_t from, uint32_t to);

struct net_crew;

struct net_crew_member {
    struct net_crew *crew;
    unsigned number;
    struct net_thread thread;
};

struct net_crew {
    net_crew_part *part; /* of the work that is being done */
    void *self;
    _Atomic unsigned members; /* the caller, and threads that run */
    uint8_t apart[NET_CREW_LINE];
    _Atomic uint32_t rest; /* what nobody has taken yet: first item << 16 | last + 1 */
    uint8_t apart_too[NET_CREW_LINE];
    _Atomic uint32_t left;     /* items that are not done yet */
    _Atomic bool awaited;      /* the caller sleeps until all are done */
    _Atomic uint32_t sleepers; /* threads that sleep until there is work */
    _Atomic bool over;
    sem_t work;
    sem_t done;
    struct net_crew_member others[NET_CREW_MEMBERS - 1];
};

/* A crew of the caller alone. It must stay where it is until closed. Returns 0 or -errno. */
int net_crew_open(struct net_crew *crew);

/*
 * Starts threads until there are `members` or the system refuses more; to be called once. See
 * thread.h for when.
 */
void net_crew_start(struct net_crew *crew, unsigned members);

/* Ends the threads. */
void net_crew_close(struct net_crew *crew);

/* Whether there is anybody but the caller. */
static inline bool net_crew_is_several(const struct net_crew *crew)
{
    return crew->members > 1;
}

/* Does items [0, count). When it returns all are done. */
void net_crew_do(struct net_crew *crew, net_crew_part *part, void *self, uint32_t count);

/*
 * Takes the next items out of *rest, for one of `members` who take from it. False: there are none.
 * Parts become smaller towards the end, so that all are ready at about the same time.
 */
bool net_crew_take(_Atomic uint32_t *rest, unsigned members, uint32_t *from, uint32_t *to);

#endif
