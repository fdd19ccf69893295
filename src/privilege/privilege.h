/*
 * Privilege: take what is needed, use it, give it up for good, verify.
 *
 * The order of a run, each step once:
 *
 *     privilege_begin()    first thing in main(): what do we have? Everything but the means to open
 *                          sockets is given up here, and nothing is in effect
 *     privilege_raise()    the means are in effect …
 *                          … sockets are opened, marked, bound
 *     privilege_lower()    … and no longer in effect
 *     privilege_drop()     nothing is left, and nothing can be regained; verified by reading back
 *                          … threads are started: they inherit this state
 *     privilege_filter(PRIVILEGE_RESOLVE)   only if a name must be looked up
 *     privilege_filter(PRIVILEGE_LOOP)      before the first byte is read from the network
 *
 * All functions return 0 or a negative errno, and on failure `operation` says what was refused, in
 * words that fit "cannot OPERATION: strerror". A failure of privilege_drop() or privilege_filter()
 * must end the program: it is not in the state that it promises.
 *
 * The capability sets belong to the calling thread: until privilege_drop() has returned there must
 * be only one. Those that it starts then inherit them, as well as no_new_privs; filters are loaded
 * for all threads. See capabilities(7), Documentation/userspace-api/no_new_privs.rst and
 * seccomp_filter.rst.
 */
#ifndef PRIVILEGE_PRIVILEGE_H
#define PRIVILEGE_PRIVILEGE_H

#include <stdbool.h>

/* Where the privilege comes from that the program was started with. */
enum privilege_origin {
    PRIVILEGE_NONE,       /* there is none: datagram sockets only */
    PRIVILEGE_ROOT,       /* started by root */
    PRIVILEGE_SET_USER,   /* the set-user-id bit of a file that belongs to root */
    PRIVILEGE_CAPABILITY, /* capabilities of the file (cap_net_raw+p), or ambient ones */
};

struct privilege {
    enum privilege_origin origin;
    /* The invoking user is root (real user id 0): the limits that protect others do not apply. */
    bool user_is_root;
    bool raw;              /* CAP_NET_RAW can be raised, and this network obeys it: raw sockets */
    bool admin;            /* CAP_NET_ADMIN can be raised: marks, hardware stamps, large buffers */
    bool bounding;         /* CAP_SETPCAP: the bounding set can be emptied */
    const char *operation; /* after a failure: what was refused. A constant. */
};

enum privilege_stage {
    /*
     * From the drop until the sockets' users are ready: what getaddrinfo and the modules behind it
     * need (files read only, sockets of the families unix, inet, inet6, netlink; code may be
     * mapped, because those modules are shared objects). Opening epoll, signal and timer
     * descriptors still works.
     */
    PRIVILEGE_RESOLVE,
    /*
     * The loop: descriptors that are open are used and closed, memory is taken and given back, time
     * is read and waited for, signals are handled. Nothing is opened; no page becomes executable.
     * What is read lazily must be read before: the time zone (tzset), interface names.
     */
    PRIVILEGE_LOOP,
    /* The loop with names looked up meanwhile (c-ares): also files read only, and sockets of inet
     * and inet6 of the types datagram and stream. */
    PRIVILEGE_LOOP_NAMES,
};

/*
 * Learns what the program was started with, fills *privilege, and at once
 *  - gives up the set-user-id and set-group-id identity: all user and group ids become the real
 *    ones (supplementary groups are the invoking user's already),
 *  - reduces the permitted set to CAP_NET_RAW, CAP_NET_ADMIN and CAP_SETPCAP, as far as they are
 *    there, and empties the effective, inheritable and ambient sets.
 * A CAP_NET_RAW that opens no raw socket here, because the network belongs to another user
 * namespace, is given up as well: in any but the first one a socket is opened and closed to learn
 * that.
 * From here on files are opened with the rights of the invoking user (for root: without the
 * capability to pass over file permissions).
 */
int privilege_begin(struct privilege *privilege);

/* Puts CAP_NET_RAW and CAP_NET_ADMIN in effect, as far as they are there: 0 also if none is. */
int privilege_raise(struct privilege *privilege);

/* Takes them out of effect again; they can still be raised. */
int privilege_lower(struct privilege *privilege);

/*
 * For good: empties the effective, permitted, inheritable and ambient sets and, with CAP_SETPCAP,
 * the bounding set; locks the secure bits so that user id 0 means nothing; sets no_new_privs; a
 * process that was privileged is no longer dumpable, so that nobody takes its sockets through
 * ptrace. Then reads everything back: -EPERM if anything is left.
 *
 * Without CAP_SETPCAP (file capability cap_net_raw+p, or nothing) the kernel does not let the
 * bounding set be touched. That set limits what execve() can give, and with no_new_privs execve()
 * gives nothing, to root neither. A file capability cap_net_raw,cap_setpcap+p empties it as well.
 *
 * raw, admin and bounding are false afterwards; origin and user_is_root stay.
 */
int privilege_drop(struct privilege *privilege);

/*
 * Loads the system-call filter of a stage for all threads of the process. Filters add up: a later
 * stage only narrows, and an earlier one may be left out. Needs no_new_privs, that is
 * privilege_drop() before (otherwise -EACCES). -EBUSY: a thread has another filter than this one.
 *
 * No thread can be started behind a filter. One that was started before must have run already:
 * what its C library does first is not allowed behind a filter, either. Its end is.
 *
 * A call or an argument that the stage does not know answers ENOSYS, so that a C library which
 * tries a newer call first falls back to the older one; running another program and tracing a
 * process kill the process (SIGSYS), because no honest path leads there. raise() and abort() work;
 * signals to other processes do not.
 *
 * In a build with a sanitizer or coverage the filter is a token that refuses execveat alone: their
 * run-time libraries write files, trace threads and run a symbolizer at any time.
 */
int privilege_filter(struct privilege *privilege, enum privilege_stage stage);

#endif
