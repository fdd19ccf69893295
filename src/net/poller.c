#include "net/poller.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MARGIN_MIN (100 * SONDE_NS_PER_US)
/* A wait that is not precise spins for this part of its length at most, and never longer. */
#define SPIN_SHARE 50
#define SPIN_MAX   (200 * SONDE_NS_PER_US)
#define MARGIN_MAX (2 * SONDE_NS_PER_MS)
#define READY_MAX  16

/* What an epoll entry of the quiet set stands for; a watched descriptor is FIRST_WATCH + its slot.
 */
enum { ENTRY_TIMER, ENTRY_SIGNAL, FIRST_WATCH };

/* What an entry of the set of all stands for. */
enum { ENTRY_QUIET, ENTRY_SOCKET };

struct sonde_mono net_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct sonde_mono){(int64_t)now.tv_sec * SONDE_NS_PER_S + now.tv_nsec};
}

static int add(int epoll, int fd, uint32_t events, uint64_t entry)
{
    struct epoll_event event = {.events = events, .data.u64 = entry};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_signals(struct net_poller *poller, const sigset_t *signals)
{
    if (sigprocmask(SIG_BLOCK, signals, &poller->mask) < 0)
        return -errno;
    poller->mask_saved = true;
    poller->signal = signalfd(-1, signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (poller->signal < 0)
        return -errno;
    return add(poller->quiet, poller->signal, EPOLLIN, ENTRY_SIGNAL);
}

static int open_descriptors(struct net_poller *poller)
{
    int error;

    poller->quiet = epoll_create1(EPOLL_CLOEXEC);
    if (poller->quiet < 0)
        return -errno;
    poller->all = epoll_create1(EPOLL_CLOEXEC);
    if (poller->all < 0)
        return -errno;
    poller->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (poller->timer < 0)
        return -errno;
    /* Edge-triggered: an expiry need not be read, and setting the timer anew forgets it. */
    error = add(poller->quiet, poller->timer, EPOLLIN | EPOLLET, ENTRY_TIMER);
    return error ? error : add(poller->all, poller->quiet, EPOLLIN, ENTRY_QUIET);
}

int net_poller_open(struct net_poller *poller, const sigset_t *signals, bool precise)
{
    int error;
    int slack;

    *poller = (struct net_poller){
        .all = -1,
        .wake = -1,
        .quiet = -1,
        .timer = -1,
        .signal = -1,
        .precise = precise,
        .armed = SONDE_NEVER,
        .alarm = SONDE_NEVER,
        .margin = {MARGIN_MIN},
    };
    error = open_descriptors(poller);
    if (!error && signals)
        error = open_signals(poller, signals);
    if (error) {
        net_poller_close(poller);
        return error;
    }
    slack = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
    if (slack > 0 && !prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL))
        poller->slack = (unsigned long)slack;
    return 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void net_poller_close(struct net_poller *poller)
{
    close_one(&poller->signal);
    close_one(&poller->timer);
    close_one(&poller->all);
    close_one(&poller->wake);
    close_one(&poller->quiet);
    if (poller->mask_saved)
        sigprocmask(SIG_SETMASK, &poller->mask, NULL);
    poller->mask_saved = false;
    if (poller->slack)
        prctl(PR_SET_TIMERSLACK, poller->slack, 0UL, 0UL, 0UL);
    poller->slack = 0;
    free(poller->watches);
    poller->watches = NULL;
    poller->watch_count = 0;
}

int net_poller_add_socket(struct net_poller *poller, int fd)
{
    if (poller->socket_count == NET_POLLER_SOCKETS)
        return -ENOSPC;
    poller->sockets[poller->socket_count++] = fd;
    return 0;
}

static int join_sockets(struct net_poller *poller)
{
    int error = 0;
    for (size_t i = 0; i < poller->socket_count && !error; i++)
        error = add(poller->all, poller->sockets[i], EPOLLIN, ENTRY_SOCKET);
    poller->sockets_joined = true;
    return error;
}

int net_poller_hand_over(struct net_poller *poller)
{
    int error;
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    /* Edge-triggered: every write is told once, and nobody need read. */
    error = add(poller->all, fd, EPOLLIN | EPOLLET, ENTRY_SOCKET);
    if (error) {
        close(fd);
        return error;
    }
    poller->wake = fd;
    poller->socket_count = 0;
    return 0;
}

void net_poller_wake(const struct net_poller *poller)
{
    static const uint64_t one = 1;

    (void)!write(poller->wake, &one, sizeof one); /* its count will not be full in our lives */
}

static size_t slot_of(const struct net_poller *poller, int fd)
{
    size_t slot = 0;
    while (slot < poller->watch_count && poller->watches[slot].fd != fd)
        slot++;
    return slot;
}

static int free_slot(struct net_poller *poller, size_t *slot)
{
    struct net_poller_watch *grown;

    *slot = slot_of(poller, -1);
    if (*slot < poller->watch_count)
        return 0;
    grown = reallocarray(poller->watches, poller->watch_count + 4, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    poller->watches = grown;
    for (size_t i = 0; i < 4; i++)
        poller->watches[poller->watch_count++].fd = -1;
    return 0;
}

int net_poller_watch(struct net_poller *poller, int fd, short events, sonde_net_ready *callback,
                     void *self)
{
    size_t slot;
    struct epoll_event event = {0};
    int operation = EPOLL_CTL_MOD;

    if (fd < 0)
        return -EBADF;
    slot = slot_of(poller, fd);
    if (slot == poller->watch_count) {
        int error = free_slot(poller, &slot);
        if (error)
            return error;
        operation = EPOLL_CTL_ADD;
    }
    if (events & POLLIN)
        event.events |= EPOLLIN;
    if (events & POLLOUT)
        event.events |= EPOLLOUT;
    event.data.u64 = FIRST_WATCH + slot;
    if (epoll_ctl(poller->quiet, operation, fd, &event) < 0)
        return -errno;
    poller->watches[slot] = (struct net_poller_watch){fd, callback, self};
    return 0;
}

int net_poller_unwatch(struct net_poller *poller, int fd)
{
    size_t slot;

    if (fd < 0)
        return -EBADF;
    slot = slot_of(poller, fd);
    if (slot == poller->watch_count)
        return -ENOENT;
    poller->watches[slot].fd = -1;
    return epoll_ctl(poller->quiet, EPOLL_CTL_DEL, fd, NULL) < 0 ? -errno : 0;
}

void net_poller_alarm(struct net_poller *poller, struct sonde_mono at,
                      sonde_net_alarm_due *callback, void *self)
{
    poller->alarm = at;
    poller->alarm_due = callback;
    poller->alarm_self = self;
}

static int arm(struct net_poller *poller, struct sonde_mono at)
{
    struct itimerspec timer = {0};

    if (at.ns == poller->armed.ns)
        return 0;
    if (at.ns != SONDE_NEVER.ns) { /* all zeros take the timer back */
        int64_t ns = at.ns > 0 ? at.ns : 1;
        timer.it_value.tv_sec = (time_t)(ns / SONDE_NS_PER_S);
        timer.it_value.tv_nsec = (long)(ns % SONDE_NS_PER_S);
    }
    if (timerfd_settime(poller->timer, TFD_TIMER_ABSTIME, &timer, NULL) < 0)
        return -errno;
    poller->armed = at;
    return 0;
}

static short poll_events(uint32_t events)
{
    short result = 0;
    if (events & EPOLLIN)
        result |= POLLIN;
    if (events & EPOLLOUT)
        result |= POLLOUT;
    if (events & EPOLLERR)
        result |= POLLERR;
    if (events & EPOLLHUP)
        result |= POLLHUP;
    return result;
}

/* Calls back for what is ready in the quiet set. The slots may change under our feet. */
static void dispatch(struct net_poller *poller, const struct epoll_event *ready, int count)
{
    for (int i = 0; i < count; i++) {
        uint64_t entry = ready[i].data.u64;
        struct net_poller_watch watch;

        if (entry == ENTRY_SIGNAL)
            poller->signal_ready = true;
        if (entry == ENTRY_TIMER)
            poller->armed = SONDE_NEVER;
        if (entry < FIRST_WATCH || entry - FIRST_WATCH >= poller->watch_count)
            continue;
        watch = poller->watches[entry - FIRST_WATCH];
        if (watch.fd >= 0)
            watch.callback(watch.self, watch.fd, poll_events(ready[i].events));
    }
}

static void ring_alarm(struct net_poller *poller)
{
    if (sonde_mono_before(net_now(), poller->alarm))
        return;
    poller->alarm = SONDE_NEVER;
    poller->alarm_due(poller->alarm_self);
}

/* epoll_wait that signals (of other threads' making) do not cut short. */
static int collect(int epoll, struct epoll_event ready[static READY_MAX], int timeout)
{
    int count;
    do {
        count = epoll_wait(epoll, ready, READY_MAX, timeout);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

enum wake { WAKE_OTHER, WAKE_DUE, WAKE_TIMER };

/* One sleep until `at`. Returns an enum wake or a negative errno. */
static int sleep_until(struct net_poller *poller, struct sonde_mono at, bool early)
{
    struct epoll_event ready[READY_MAX];
    bool due = !sonde_mono_before(net_now(), at);
    int count = due ? 0 : arm(poller, at);

    if (early && !poller->sockets_joined && count >= 0)
        count = join_sockets(poller);

    if (count < 0)
        return count;
    count = collect(early ? poller->all : poller->quiet, ready, due ? 0 : -1);
    if (early && count > 0) {
        bool quiet = false;
        for (int i = 0; i < count; i++)
            quiet = quiet || ready[i].data.u64 == ENTRY_QUIET;
        count = quiet ? collect(poller->quiet, ready, 0) : 0;
    }
    if (count < 0)
        return count;
    dispatch(poller, ready, count);
    if (due)
        return WAKE_DUE;
    return count == 1 && ready[0].data.u64 == ENTRY_TIMER ? WAKE_TIMER : WAKE_OTHER;
}

/* How late a sleep ended decides how early the next one is to end. */
static void learn_margin(struct net_poller *poller, struct sonde_mono planned)
{
    int64_t late = sonde_mono_since(net_now(), planned).ns;
    int64_t margin = poller->margin.ns - poller->margin.ns / 16;

    if (late > margin / 2)
        margin = 2 * late;
    if (margin < MARGIN_MIN)
        margin = MARGIN_MIN;
    poller->margin.ns = margin > MARGIN_MAX ? MARGIN_MAX : margin;
}

/* How long before its deadline a wait is to wake, to spin for the rest. */
static struct sonde_span head_start(const struct net_poller *poller, struct sonde_mono until)
{
    int64_t most = sonde_mono_since(until, net_now()).ns / SPIN_SHARE;

    if (most > SPIN_MAX)
        most = SPIN_MAX;
    if (poller->precise || most > poller->margin.ns)
        return poller->margin;
    return (struct sonde_span){most < 0 ? 0 : most};
}

int net_poller_wait(struct net_poller *poller, struct sonde_mono until, bool early)
{
    struct sonde_mono end = sonde_mono_earlier(until, poller->alarm);
    bool spins = poller->precise || (early && !poller->reads_matter);
    bool trim = spins && end.ns == until.ns && end.ns != SONDE_NEVER.ns;
    struct sonde_mono planned = end;
    int result;

    if (trim)
        planned.ns = sonde_saturating_sub(end.ns, head_start(poller, until).ns);
    result = sleep_until(poller, planned, early);
    if (result < 0)
        return result;
    if (trim && result == WAKE_TIMER)
        learn_margin(poller, planned);
    while (trim && result != WAKE_OTHER && sonde_mono_before(net_now(), until))
        ;
    if (poller->alarm.ns != SONDE_NEVER.ns)
        ring_alarm(poller);
    return 0;
}

int net_poller_signal(struct net_poller *poller)
{
    struct signalfd_siginfo info;
    ssize_t got;

    if (!poller->signal_ready)
        return 0;
    do {
        got = read(poller->signal, &info, sizeof info);
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof info)
        return (int)info.ssi_signo;
    poller->signal_ready = false;
    return 0;
}
