#define _GNU_SOURCE

#include "net/thread.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct seen {
    atomic_bool stop;
    sigset_t blocked;
    char name[16];
    bool ran;
};

static void look(void *self)
{
    struct seen *seen = self;
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
    while (!atomic_load(&seen->stop))
        sched_yield();
    seen->ran = true;
}

Test(net_thread, runs_until_joined)
{
    struct net_thread thread = {0};
    struct seen seen = {0};
    sigset_t before, after;
    net_thread_join(&thread); /* nothing to join */
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    cr_assert_eq(net_thread_start(&thread, "sonde-test", look, &seen), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    atomic_store(&seen.stop, true);
    net_thread_join(&thread);
    net_thread_join(&thread);
    cr_assert(seen.ran);
    cr_expect_str_eq(seen.name, "sonde-test");
    for (int number = 1; number < SIGSYS; number++) {
        cr_expect_eq(sigismember(&before, number), sigismember(&after, number));
        if (number != SIGKILL && number != SIGSTOP)
            cr_expect_eq(sigismember(&seen.blocked, number), 1, "signal %d", number);
    }
}

#ifndef __SANITIZE_ADDRESS__ /* whose allocator does not fail, but ends the program */
Test(net_thread, that_cannot_be_started)
{
    struct net_thread thread;
    struct seen seen = {0};
    const struct rlimit none = {0, 0};
    cr_assert_eq(setrlimit(RLIMIT_AS, &none), 0); /* no room for a stack */
    const int error = net_thread_start(&thread, "sonde-test", look, &seen);
    cr_assert_eq(error, -EAGAIN, "%d", error);
    net_thread_join(&thread);
}
#endif

Test(net_thread, processors)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    cr_assert_geq(net_thread_processors(), 1u);
    const int here = sched_getcpu();
    CPU_SET((size_t)here, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_assert_eq(net_thread_processors(), 1u);
}
