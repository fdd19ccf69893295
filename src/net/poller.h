/*
 * Waiting: sockets, signals, other descriptors and the clock, in one place.
 *
 * A deadline is a timerfd in the epoll set, not epoll's own timeout: the kernel lets a timeout of
 * select, poll and epoll be late by a thousandth of its length (fs/select.c), which for one second
 * is a millisecond. It works on kernels before epoll_pwait2 (5.11) as well.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/net.h"
#include "sonde/time.h"

#define NET_POLLER_SOCKETS 512

struct net_poller_watch {
    int fd; /* -1: free */
    sonde_net_ready *callback;
    void *self;
};

struct net_poller {
    int all; /* epoll: quiet and the sockets; only for waits that datagrams may end */
    int sockets[NET_POLLER_SOCKETS]; /* join `all` at the first such wait: until then the kernel
                                        need not call anybody for a datagram */
    size_t socket_count;
    bool sockets_joined;
    int wake;  /* eventfd in `all`, -1: none */
    int quiet; /* epoll: timer, signals, watched descriptors */
    int timer;
    int signal;               /* signalfd, -1: none */
    bool signal_ready;        /* it may have something to read */
    bool precise;             /* spin for the last stretch */
    bool reads_matter;        /* times are taken when reading: only a precise wait spins */
    bool mask_saved;          /* mask is what to restore */
    sigset_t mask;            /* of blocked signals, before */
    unsigned long slack;      /* the thread's timer slack, before; 0: unknown */
    struct sonde_mono armed;  /* what the timer is set to */
    struct sonde_span margin; /* how long before its deadline a wait wakes, to spin for the rest */
    struct sonde_mono alarm;
    sonde_net_alarm_due *alarm_due;
    void *alarm_self;
    struct net_poller_watch *watches;
    size_t watch_count; /* slots, used or free */
};

/* The monotonic clock, now. */
struct sonde_mono net_now(void);

/*
 * Makes the descriptors, blocks `signals` (NULL: none) in this thread and sets its timer slack to
 * one nanosecond. Returns 0 or a negative errno; then nothing is left open and close need not be
 * called.
 */
int net_poller_open(struct net_poller *poller, const sigset_t *signals, bool precise);

/* Undoes all that open did. */
void net_poller_close(struct net_poller *poller);

/* A socket whose readiness ends a wait that may end early. Returns 0 or a negative errno. */
int net_poller_add_socket(struct net_poller *poller, int fd);

/*
 * Another thread reads the sockets: they end no wait any more, but net_poller_wake does, which any
 * thread may call. Before the first wait. Returns 0 or a negative errno; then all is as before.
 */
int net_poller_hand_over(struct net_poller *poller);
void net_poller_wake(const struct net_poller *poller);

/* As sonde_net_watch, sonde_net_unwatch and sonde_net_alarm say. */
int net_poller_watch(struct net_poller *poller, int fd, short events, sonde_net_ready *callback,
                     void *self);
int net_poller_unwatch(struct net_poller *poller, int fd);
void net_poller_alarm(struct net_poller *poller, struct sonde_mono at,
                      sonde_net_alarm_due *callback, void *self);

/*
 * Sleeps until `until`, a signal, a watched descriptor, the alarm, or, with `early`, something on a
 * socket. Calls the callbacks that are due. Returns 0 or a negative errno.
 */
int net_poller_wait(struct net_poller *poller, struct sonde_mono until, bool early);

/* The next signal that arrived, 0: none. */
int net_poller_signal(struct net_poller *poller);

#endif
