#include "net/crew.h"

#include <errno.h>

#include "net/poller.h"

/*
 * How long an idle thread looks out for work, and the caller for the others' last items, before
 * they sleep: to be woken up takes the better part of it.
 */
#define LOOKOUT_NS (100 * SONDE_NS_PER_US)
#define LAST_NS    (30 * SONDE_NS_PER_US)

#define FIRST_SHIFT 16
#define END_MASK    0xffffu

bool net_crew_take(_Atomic uint32_t *rest, unsigned members, uint32_t *from, uint32_t *to)
{
    uint32_t seen = atomic_load(rest);
    uint32_t first, end, part;

    do {
        first = seen >> FIRST_SHIFT;
        end = seen & END_MASK;
        if (first >= end)
            return false;
        part = (end - first) / (2 * members);
        part += part == 0;
        /* Whatever has happened to the word meanwhile: what it says now is what may be taken. */
    } while (!atomic_compare_exchange_weak(rest, &seen, (first + part) << FIRST_SHIFT | end));
    *from = first;
    *to = first + part;
    return true;
}

static bool has_work(struct net_crew *crew)
{
    uint32_t rest = atomic_load(&crew->rest);
    return rest >> FIRST_SHIFT < (rest & END_MASK);
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) < 0 && errno == EINTR)
        ;
}

/* The last one to be ready wakes the caller, if it sleeps. */
static void work(struct net_crew *crew, unsigned member)
{
    uint32_t from, to;

    while (net_crew_take(&crew->rest, crew->members, &from, &to)) {
        crew->part(crew->self, member, from, to);
        if (atomic_fetch_sub(&crew->left, to - from) == to - from &&
            atomic_exchange(&crew->awaited, false))
            sem_post(&crew->done);
    }
}

/* --- the others ------------------------------------------------------------------------------- */

static bool look_out(struct net_crew *crew)
{
    struct sonde_mono end = sonde_mono_add(net_now(), (struct sonde_span){LOOKOUT_NS});

    do {
        if (has_work(crew) || atomic_load(&crew->over))
            return true;
    } while (sonde_mono_before(net_now(), end));
    return false;
}

/* Takes one from the number of sleepers. False: all that were there are being woken up. */
static bool stay_awake(struct net_crew *crew)
{
    uint32_t sleepers = atomic_load(&crew->sleepers);

    while (sleepers > 0)
        if (atomic_compare_exchange_weak(&crew->sleepers, &sleepers, sleepers - 1))
            return true;
    return false;
}

/* Who has put itself down as a sleeper looks once more: only then the caller has seen it. */
static void rest(struct net_crew *crew)
{
    if (look_out(crew))
        return;
    atomic_fetch_add(&crew->sleepers, 1);
    if ((has_work(crew) || atomic_load(&crew->over)) && stay_awake(crew))
        return;
    wait_for(&crew->work);
}

static void be_member(void *self)
{
    const struct net_crew_member *member = self;
    struct net_crew *crew = member->crew;

    while (!atomic_load(&crew->over)) {
        rest(crew); /* first: what it waits for comes when all members are there */
        work(crew, member->number);
    }
}

static void wake(struct net_crew *crew)
{
    for (uint32_t i = atomic_exchange(&crew->sleepers, 0); i > 0; i--)
        sem_post(&crew->work);
}

/* --- the caller ------------------------------------------------------------------------------- */

static bool all_done(struct net_crew *crew)
{
    struct sonde_mono end = sonde_mono_add(net_now(), (struct sonde_span){LAST_NS});

    do {
        if (atomic_load(&crew->left) == 0)
            return true;
    } while (sonde_mono_before(net_now(), end));
    return false;
}

void net_crew_do(struct net_crew *crew, net_crew_part *part, void *self, uint32_t count)
{
    if (count == 0)
        return;
    if (!net_crew_is_several(crew)) {
        part(self, 0, 0, count);
        return;
    }
    crew->part = part; /* read by nobody but who has taken items */
    crew->self = self;
    atomic_store(&crew->left, count);
    atomic_store(&crew->rest, count); /* from 0 on */
    wake(crew);
    work(crew, 0);
    /* Who was last the time before may wake us only now: then it was for nothing. */
    while (!all_done(crew)) {
        atomic_store(&crew->awaited, true);
        if (atomic_load(&crew->left) == 0 && atomic_exchange(&crew->awaited, false))
            return;
        wait_for(&crew->done);
    }
}

int net_crew_open(struct net_crew *crew)
{
    *crew = (struct net_crew){.members = 1};
    if (sem_init(&crew->work, 0, 0) < 0 || sem_init(&crew->done, 0, 0) < 0)
        return -errno;
    return 0;
}

void net_crew_start(struct net_crew *crew, unsigned members)
{
    if (members > NET_CREW_MEMBERS)
        members = NET_CREW_MEMBERS;
    for (unsigned i = 1; i < members; i++) {
        struct net_crew_member *member = &crew->others[i - 1];

        member->crew = crew;
        member->number = i;
        if (net_thread_start(&member->thread, "sonde-send", be_member, member) != 0)
            return;
        crew->members = i + 1;
    }
}

void net_crew_close(struct net_crew *crew)
{
    atomic_store(&crew->over, true);
    wake(crew);
    for (unsigned i = 1; i < crew->members; i++)
        net_thread_join(&crew->others[i - 1].thread);
    crew->members = 1;
    sem_destroy(&crew->work);
    sem_destroy(&crew->done);
}
