#define _GNU_SOURCE

#include "privilege.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <linux/securebits.h>

/* User id 0 gives no capability, neither through execve() nor by a change of ids; all locked. */
#define SECURE_BITS                                                                                \
    (SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                               \
     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |       \
     SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

static int refused(struct privilege *privilege, const char *operation, int error)
{
    privilege->operation = operation;
    return error > 0 ? -error : -EPERM;
}

static bool has(cap_t set, cap_value_t capability, cap_flag_t flag)
{
    cap_flag_value_t value = CAP_CLEAR;
    return cap_get_flag(set, capability, flag, &value) == 0 && value == CAP_SET;
}

/*
 * Makes the capabilities that *privilege says are there permitted, nothing inheritable (by which
 * the kernel empties the ambient set too), and effective those of the sockets or of the bounding
 * set.
 */
static int install(const struct privilege *privilege, bool raise_sockets, bool raise_bounding)
{
    const struct {
        cap_value_t capability;
        bool permitted;
        bool effective;
    } wanted[] = {
        {CAP_NET_RAW, privilege->raw, raise_sockets},
        {CAP_NET_ADMIN, privilege->admin, raise_sockets},
        {CAP_SETPCAP, privilege->bounding, raise_bounding},
    };
    int error = 0;
    cap_t set = cap_init();
    if (!set)
        return errno;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && !error; i++) {
        const cap_value_t capability = wanted[i].capability;
        if (!wanted[i].permitted)
            continue;
        if (cap_set_flag(set, CAP_PERMITTED, 1, &capability, CAP_SET) ||
            (wanted[i].effective && cap_set_flag(set, CAP_EFFECTIVE, 1, &capability, CAP_SET)))
            error = errno;
    }
    if (!error && cap_set_proc(set))
        error = errno;
    cap_free(set);
    return error;
}

/*
 * All ids become the real ones. Leaving effective user id 0 would clear the permitted set; "keep
 * capabilities" holds it (capabilities(7), "Effect of user ID changes").
 */
static int give_up_identity(struct privilege *privilege)
{
    const uid_t user = getuid();
    const gid_t group = getgid();

    if (privilege->origin == PRIVILEGE_SET_USER && prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L))
        return refused(privilege, "keep capabilities", errno);
    if (setresgid(group, group, group))
        return refused(privilege, "give up the set-group-id identity", errno);
    if (setresuid(user, user, user))
        return refused(privilege, "give up the set-user-id identity", errno);
    if (privilege->origin == PRIVILEGE_SET_USER && prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L))
        return refused(privilege, "end keeping capabilities", errno);
    return 0;
}

static bool identity_is_real(void)
{
    uid_t user[3];
    gid_t group[3];
    return getresuid(&user[0], &user[1], &user[2]) == 0 && user[1] == user[0] &&
           user[2] == user[0] && getresgid(&group[0], &group[1], &group[2]) == 0 &&
           group[1] == group[0] && group[2] == group[0];
}

/* The number of the first user namespace (linux/proc_ns.h); without /proc, it is not known. */
#define FIRST_USER_NAMESPACE 0xeffffffdu

static bool is_first_user_namespace(void)
{
    struct stat space;
    return stat("/proc/self/ns/user", &space) == 0 && space.st_ino == FIRST_USER_NAMESPACE;
}

/*
 * A capability may be one of a user namespace to which the network does not belong, as in a
 * container without root on the host's network (user_namespaces(7)). Only trying tells.
 */
static int learn_whose_network(struct privilege *privilege)
{
    const int error = install(privilege, true, false);
    if (error)
        return error;
    const int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (raw >= 0)
        close(raw);
    else if (errno == EPERM || errno == EACCES)
        privilege->raw = false;
    return 0;
}

int privilege_begin(struct privilege *privilege)
{
    *privilege = (struct privilege){.user_is_root = getuid() == 0};

    cap_t found = cap_get_proc();
    if (!found)
        return refused(privilege, "read the capabilities", errno);
    privilege->raw = has(found, CAP_NET_RAW, CAP_PERMITTED);
    privilege->admin = has(found, CAP_NET_ADMIN, CAP_PERMITTED);
    privilege->bounding = has(found, CAP_SETPCAP, CAP_PERMITTED);
    cap_free(found);

    if (privilege->user_is_root)
        privilege->origin = PRIVILEGE_ROOT;
    else if (geteuid() == 0)
        privilege->origin = PRIVILEGE_SET_USER;
    else if (privilege->raw || privilege->admin || privilege->bounding)
        privilege->origin = PRIVILEGE_CAPABILITY;

    if (!identity_is_real()) {
        const int error = give_up_identity(privilege);
        if (error)
            return error;
    }
    const bool doubtful = privilege->raw && !is_first_user_namespace();
    int error = doubtful ? learn_whose_network(privilege) : 0;
    if (error)
        return refused(privilege, "raise the capabilities", error);
    error = install(privilege, false, false);
    return error ? refused(privilege, "lower the capabilities", error) : 0;
}

int privilege_raise(struct privilege *privilege)
{
    const int error = install(privilege, true, false);
    return error ? refused(privilege, "raise the capabilities", error) : 0;
}

int privilege_lower(struct privilege *privilege)
{
    const int error = install(privilege, false, false);
    return error ? refused(privilege, "lower the capabilities", error) : 0;
}

/* Needs CAP_SETPCAP in effect. */
static int empty_bounding_set(struct privilege *privilege)
{
    int error = install(privilege, false, true);
    if (error)
        return refused(privilege, "raise CAP_SETPCAP", error);
    /* Past the last capability that this kernel knows it answers EINVAL. */
    cap_value_t capability = 0;
    while (cap_drop_bound(capability) == 0)
        capability++;
    if (capability == 0 || errno != EINVAL)
        return refused(privilege, "empty the capability bounding set", errno);
    /* Bits that somebody has locked otherwise stay as they are: no_new_privs covers them. */
    if (prctl(PR_SET_SECUREBITS, (unsigned long)SECURE_BITS, 0L, 0L, 0L) && errno != EPERM)
        return refused(privilege, "lock the secure bits", errno);
    return 0;
}

/*
 * Reads back what one call tells; the bounding set, which takes forty, was emptied by calls that
 * each said so. The ambient set cannot hold what is not both permitted and inheritable
 * (capabilities(7)): the kernel empties it with those.
 */
static int verify(struct privilege *privilege)
{
    cap_t none = cap_init();
    cap_t left = cap_get_proc();
    const bool empty = none && left && cap_compare(none, left) == 0;
    cap_free(none);
    cap_free(left);
    if (!empty)
        return refused(privilege, "give up every capability", EPERM);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L) != 1)
        return refused(privilege, "set no_new_privs", EPERM);
    if (!identity_is_real())
        return refused(privilege, "give up the set-user-id identity", EPERM);
    return 0;
}

int privilege_drop(struct privilege *privilege)
{
    const bool was_privileged = privilege->raw || privilege->admin || privilege->bounding ||
                                privilege->origin != PRIVILEGE_NONE;

    if (privilege->bounding) {
        const int error = empty_bounding_set(privilege);
        if (error)
            return error;
    }
    privilege->raw = privilege->admin = privilege->bounding = false;
    const int error = install(privilege, false, false);
    if (error)
        return refused(privilege, "give up every capability", error);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L))
        return refused(privilege, "set no_new_privs", errno);
    if (was_privileged && prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L))
        return refused(privilege, "close the process to tracing", errno);
    return verify(privilege);
}
