#define _GNU_SOURCE

#include "net/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

#define STACK_BYTES (256u << 10)

static void *begin(void *self)
{
    struct net_thread *thread = self;

    (void)pthread_setname_np(pthread_self(), thread->name);
    sem_post(&thread->ready);
    thread->run(thread->self);
    return NULL;
}

static int create(struct net_thread *thread)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int error = pthread_attr_init(&attributes);

    if (error)
        return -error;
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* inherited, before a first signal can come */
    error = pthread_create(&thread->id, &attributes, begin, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -error;
}

int net_thread_start(struct net_thread *thread, const char *name, net_thread_run *run, void *self)
{
    int error;

    *thread = (struct net_thread){.name = name, .run = run, .self = self};
    if (sem_init(&thread->ready, 0, 0) < 0)
        return -errno;
    error = create(thread);
    if (error) {
        sem_destroy(&thread->ready);
        return error;
    }
    thread->running = true;
    while (sem_wait(&thread->ready) < 0 && errno == EINTR)
        ;
    return 0;
}

void net_thread_join(struct net_thread *thread)
{
    if (!thread->running)
        return;
    pthread_join(thread->id, NULL);
    sem_destroy(&thread->ready);
    thread->running = false;
}

unsigned net_thread_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1; /* more than the set can name: whoever has them can do without a thread here */
    return (unsigned)CPU_COUNT(&set);
}
