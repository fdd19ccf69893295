#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "net/poller.h"

static struct sonde_mono in_ms(int64_t ms)
{
    return sonde_mono_add(net_now(), sonde_span_ms(ms));
}

static int64_t ms_since(struct sonde_mono start)
{
    return sonde_mono_since(net_now(), start).ns / SONDE_NS_PER_MS;
}

Test(net_poller, waits_until_the_deadline_and_never_less)
{
    struct net_poller poller;

    for (int precise = 0; precise < 2; precise++) {
        cr_assert_eq(net_poller_open(&poller, NULL, precise), 0);
        for (int i = 0; i < 20; i++) {
            struct sonde_mono until = in_ms(i % 3);
            cr_assert_eq(net_poller_wait(&poller, until, i % 2), 0);
            cr_assert_not(sonde_mono_before(net_now(), until));
        }
        net_poller_close(&poller);
    }
}

Test(net_poller, a_nearer_deadline_replaces_a_farther_one)
{
    struct net_poller poller;
    struct sonde_mono start = net_now();
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(net_poller_open(&poller, NULL, false), 0);
    cr_assert_eq(net_poller_add_socket(&poller, ends[0]), 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_eq(net_poller_wait(&poller, in_ms(5000), true), 0);
    cr_assert_lt(ms_since(start), 2000, "a socket ends an early wait");
    cr_assert_eq(net_poller_wait(&poller, in_ms(30), false), 0);
    cr_assert_geq(ms_since(start), 30, "and no other");
    cr_assert_lt(ms_since(start), 2000);
    net_poller_close(&poller);
}

Test(net_poller, signals_are_blocked_told_and_unblocked)
{
    struct net_poller poller;
    sigset_t set, now;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    cr_assert_eq(net_poller_open(&poller, &set, false), 0);
    cr_assert_eq(net_poller_signal(&poller), 0);
    kill(getpid(), SIGUSR1);
    cr_assert_eq(net_poller_wait(&poller, in_ms(5000), false), 0);
    cr_assert_eq(net_poller_signal(&poller), SIGUSR1);
    cr_assert_eq(net_poller_signal(&poller), 0);
    net_poller_close(&poller);
    sigprocmask(SIG_SETMASK, NULL, &now);
    cr_assert_not(sigismember(&now, SIGUSR1));
}

Test(net_poller, timer_slack_is_set_and_restored)
{
    struct net_poller poller;
    int before = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);

    cr_assert_eq(net_poller_open(&poller, NULL, false), 0);
    cr_assert_eq(prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL), 1);
    net_poller_close(&poller);
    cr_assert_eq(prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL), before);
}

struct calls {
    struct net_poller *poller;
    int count;
    int other;
};

static void take_byte(void *self, int fd, short events)
{
    struct calls *calls = self;
    char byte;

    cr_assert(events & POLLIN);
    cr_assert_eq(read(fd, &byte, 1), 1);
    calls->count++;
}

/* Watches many more from within the callback: the table grows under it. */
static void watch_more(void *self, int fd, short events)
{
    struct calls *calls = self;

    take_byte(self, fd, events);
    for (int i = 0; i < 9; i++)
        cr_assert_eq(net_poller_watch(calls->poller, dup(calls->other), POLLIN, take_byte, calls),
                     0);
    cr_assert_eq(net_poller_unwatch(calls->poller, fd), 0);
}

Test(net_poller, watched_descriptors_call_back)
{
    struct net_poller poller;
    struct calls calls = {.poller = &poller};
    int ends[2], quiet[2];

    cr_assert_eq(pipe(ends) | pipe(quiet), 0);
    calls.other = quiet[0];
    cr_assert_eq(net_poller_open(&poller, NULL, false), 0);
    cr_assert_eq(net_poller_watch(&poller, ends[0], POLLIN, watch_more, &calls), 0);
    cr_assert_eq(write(ends[1], "xy", 2), 2);
    cr_assert_eq(net_poller_wait(&poller, in_ms(5000), false), 0);
    cr_assert_eq(calls.count, 1);
    cr_assert_eq(net_poller_wait(&poller, in_ms(20), true), 0);
    cr_assert_eq(calls.count, 1, "not watched any more");
    cr_assert_eq(net_poller_watch(&poller, ends[0], POLLIN, take_byte, &calls), 0);
    cr_assert_eq(net_poller_wait(&poller, in_ms(5000), true), 0);
    cr_assert_eq(calls.count, 2);
    cr_assert_eq(net_poller_watch(&poller, -1, POLLIN, take_byte, &calls), -EBADF);
    cr_assert_eq(net_poller_unwatch(&poller, 12345), -ENOENT);
    net_poller_close(&poller);
}

static void count_alarm(void *self)
{
    ++*(int *)self;
}

Test(net_poller, the_alarm_rings_once)
{
    struct net_poller poller;
    struct sonde_mono start = net_now();
    int rung = 0;

    cr_assert_eq(net_poller_open(&poller, NULL, false), 0);
    net_poller_alarm(&poller, in_ms(20), count_alarm, &rung);
    cr_assert_eq(net_poller_wait(&poller, in_ms(5000), true), 0);
    cr_assert(rung == 1 && ms_since(start) >= 20 && ms_since(start) < 2000);
    cr_assert_eq(net_poller_wait(&poller, in_ms(20), true), 0);
    cr_assert_eq(rung, 1);
    net_poller_alarm(&poller, in_ms(5), count_alarm, &rung);
    net_poller_alarm(&poller, SONDE_NEVER, NULL, NULL);
    cr_assert_eq(net_poller_wait(&poller, in_ms(20), false), 0);
    cr_assert_eq(rung, 1);
    net_poller_close(&poller);
}
