/*
 * Threads of a transport.
 *
 * They are started when every privilege has been given up, before any system-call filter is loaded:
 * capability sets and no_new_privs are inherited then, and the filter reaches all threads
 * (SECCOMP_FILTER_FLAG_TSYNC). They run with every signal blocked: signals are told by the poller.
 */
#ifndef NET_THREAD_H
#define NET_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

typedef void net_thread_run(void *self);

struct net_thread {
    bool running; /* started and not joined */
    pthread_t id;
    sem_t ready;
    const char *name;
    net_thread_run *run;
    void *self;
};

/*
 * Starts a thread that runs run(self) on a small stack. `name` is for people (15 bytes; a static
 * string). Returns when the thread has done all that its C library does at a start, because a
 * filter may be loaded next: 0, or a negative errno; then nothing runs. *thread stays where it is
 * until joined.
 */
int net_thread_start(struct net_thread *thread, const char *name, net_thread_run *run, void *self);

/* Waits for the end of run(self), which the caller has brought about. Nothing, when not running. */
void net_thread_join(struct net_thread *thread);

/* How many processors this process may use, 1 at least. To be asked before a filter is loaded. */
unsigned net_thread_processors(void);

#endif
