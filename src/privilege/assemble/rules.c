/*
 * The system-call filters. Rules with arguments only where the argument is what makes a call
 * harmful: the kernel then need not run the filter for the others (since 5.11).
 */
#define _GNU_SOURCE

#include "rules.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

/* Set in programs that count coverage; the address alone is of interest. */
extern void __gcov_init(void *) __attribute__((weak));
extern void llvm_gcov_init(void (*)(void), void (*)(void)) __attribute__((weak));

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

/* Where execve and ptrace would lead no honest path goes. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
};

/* Every stage, whatever the arguments. Names that an architecture lacks are passed over. */
static const int always[] = {
    /* descriptors that are open */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat), /* fstat of newer C libraries; localtime() looks at the zone's file */
    SCMP_SYS(stat),
    SCMP_SYS(statx),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(connect),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    /* waiting */
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
#ifdef __SNR_epoll_pwait2
    SCMP_SYS(epoll_pwait2),
#endif
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    /* the clock, where the vDSO must ask the kernel */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    /* memory (mmap and mprotect have rules of their own) */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(sysinfo), /* qsort() asks how much memory there is */
    /* signals and the end */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
#if __SIZEOF_LONG__ == 4 /* with calls of their own for 64-bit times and offsets */
    SCMP_SYS(_llseek),
    SCMP_SYS(fcntl64),
    SCMP_SYS(fstat64),
    SCMP_SYS(fstatat64),
    SCMP_SYS(stat64),
    SCMP_SYS(send),
    SCMP_SYS(recv),
    SCMP_SYS(sigreturn),
    SCMP_SYS(clock_gettime64),
    SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(ppoll_time64),
    SCMP_SYS(recvmmsg_time64),
    SCMP_SYS(futex_time64),
    SCMP_SYS(timerfd_settime64),
#endif
};

/* getaddrinfo() and the shared objects that serve it; opening what the loop waits with. */
static const int resolve[] = {
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(lstat),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(getcwd),
    SCMP_SYS(pread64),
    SCMP_SYS(dup),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(signalfd4),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(bind),
    SCMP_SYS(shutdown),
    SCMP_SYS(getpeername),
    SCMP_SYS(socketpair),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(uname),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(getppid),
    SCMP_SYS(prlimit64),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(seccomp), /* the next stage */
    SCMP_SYS(prctl),
#if __SIZEOF_LONG__ == 4
    SCMP_SYS(mmap2),
    SCMP_SYS(_newselect),
    SCMP_SYS(pselect6_time64),
    SCMP_SYS(lstat64),
    SCMP_SYS(statfs64),
    SCMP_SYS(fstatfs64),
    SCMP_SYS(getuid32),
    SCMP_SYS(geteuid32),
    SCMP_SYS(getgid32),
    SCMP_SYS(getegid32),
    SCMP_SYS(getresuid32),
    SCMP_SYS(getresgid32),
    SCMP_SYS(ugetrlimit),
#endif
};

/* Harmless questions about terminals, and the return of ours from a shell that had its foreground
 * (TIOCSPGRP, which reaches the own session only); interfaces and sockets while names are resolved.
 */
static const unsigned terminal_requests[] = {TCGETS, TIOCGWINSZ, TIOCSPGRP};
static const unsigned resolve_requests[] = {FIONREAD,     FIONBIO,     SIOCGIFNAME, SIOCGIFINDEX,
                                            SIOCGIFFLAGS, SIOCGIFCONF, SIOCGIFADDR};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int add_all(void *context, unsigned action, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int error = seccomp_rule_add(context, action, calls[i], 0);
        if (error)
            return error;
    }
    return 0;
}

static struct scmp_arg_cmp argument_is(unsigned argument, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

/* Of the bits in `mask`, those of `value` are set and no others. */
static struct scmp_arg_cmp bits_are(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

static int allow_if(void *context, int call, struct scmp_arg_cmp condition)
{
    return seccomp_rule_add(context, SCMP_ACT_ALLOW, call, 1, condition);
}

/* Requests are compared as 32 bits: some C libraries pass them as a signed int. */
static int allow_requests(void *context, const unsigned *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int error = allow_if(context, SCMP_SYS(ioctl), bits_are(1, 0xffffffffU, requests[i]));
        if (error)
            return error;
    }
    return 0;
}

static int allow_reading_files(void *context)
{
    const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
    const int error = allow_if(context, SCMP_SYS(open), bits_are(1, writing, O_RDONLY));
    if (error)
        return error;
    return allow_if(context, SCMP_SYS(openat), bits_are(2, writing, O_RDONLY));
}

/* The process itself, so that raise() and abort() do what they say. */
static int allow_own_signals(void *context)
{
    static const int calls[] = {SCMP_SYS(tgkill), SCMP_SYS(kill), SCMP_SYS(tkill)};
    for (size_t i = 0; i < COUNT(calls); i++) {
        const int error = allow_if(context, calls[i], argument_is(0, PRIVILEGE_SELF));
        if (error)
            return error;
    }
    return 0;
}

/* Memory that is never executed. Where mmap() takes a pointer to its arguments nothing is seen. */
static int allow_data_pages(void *context)
{
    const int call = SCMP_SYS(mmap2) > 0 ? SCMP_SYS(mmap2) : SCMP_SYS(mmap);
#ifdef __s390__
    int error = seccomp_rule_add(context, SCMP_ACT_ALLOW, call, 0);
#else
    int error = allow_if(context, call, bits_are(2, PROT_EXEC, 0));
#endif
    if (error)
        return error;
    return allow_if(context, SCMP_SYS(mprotect), bits_are(2, PROT_EXEC, 0));
}

/*
 * Sockets of the families that name services speak. Types are not looked at: raw sockets of inet
 * need the capability that is gone, and netlink has no other type. Where sockets are opened through
 * socketcall() (32-bit x86, s390) the family is out of the filter's sight.
 */
static int allow_resolver_sockets(void *context)
{
    static const scmp_datum_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    for (size_t i = 0; i < COUNT(families); i++) {
        const int error = allow_if(context, SCMP_SYS(socket), argument_is(0, families[i]));
        if (error)
            return error;
    }
    return 0;
}

/* Sockets on which name servers are asked: UDP and TCP. */
static int allow_name_server_sockets(void *context)
{
    static const scmp_datum_t families[] = {AF_INET, AF_INET6};
    static const scmp_datum_t types[] = {SOCK_DGRAM, SOCK_STREAM};
    const scmp_datum_t type = ~(scmp_datum_t)(SOCK_CLOEXEC | SOCK_NONBLOCK) & UINT32_MAX;
    for (size_t i = 0; i < COUNT(families) * COUNT(types); i++) {
        const int error = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                           argument_is(0, families[i / COUNT(types)]),
                                           bits_are(1, type, types[i % COUNT(types)]));
        if (error)
            return error;
    }
    return 0;
}

static int add_resolve_rules(void *context)
{
    int error = add_all(context, SCMP_ACT_ALLOW, resolve, COUNT(resolve));
    if (!error)
        error = allow_requests(context, resolve_requests, COUNT(resolve_requests));
    if (!error)
        error = allow_reading_files(context);
    if (!error)
        error = allow_resolver_sockets(context);
    return error;
}

static int add_loop_rules(void *context, bool names)
{
    int error = allow_data_pages(context);
    if (!error && names)
        error = allow_reading_files(context);
    if (!error && names)
        error = allow_name_server_sockets(context);
    return error;
}

bool privilege_is_instrumented(void)
{
    return SANITIZED || __gcov_init || llvm_gcov_init;
}

unsigned privilege_default_action(void)
{
    return privilege_is_instrumented() ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS);
}

int privilege_rules_add(void *context, enum privilege_stage stage)
{
    if (privilege_is_instrumented())
        return seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(execveat), 0);

    int error = add_all(context, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly));
    if (!error)
        error = add_all(context, SCMP_ACT_ALLOW, always, COUNT(always));
    if (!error)
        error = allow_requests(context, terminal_requests, COUNT(terminal_requests));
    if (!error)
        error = allow_own_signals(context);
    if (error)
        return error;
    if (stage == PRIVILEGE_RESOLVE)
        return add_resolve_rules(context);
    return add_loop_rules(context, stage == PRIVILEGE_LOOP_NAMES);
}
