#define _GNU_SOURCE

#include "lab/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lab/cable.h"
#include "lab/init.h"
#include "lab/machine_files.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434 /* of every architecture */
#endif

/* --- user namespace -------------------------------------------------------------------------- */

static long number_in(const char *path)
{
    long number = -1;
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%ld", &number) != 1)
        number = -1;
    if (file)
        fclose(file);
    return number;
}

/* Which of the locks that systems put on user namespaces is it? */
static const char *user_namespace_advice(bool root)
{
    if (number_in("/proc/sys/kernel/unprivileged_userns_clone") == 0)
        return "open user namespaces to users with `sysctl kernel.unprivileged_userns_clone=1`, "
               "or run this as root";
    if (number_in("/proc/sys/user/max_user_namespaces") == 0)
        return "allow user namespaces with `sysctl user.max_user_namespaces=1000`, or run this as "
               "root";
    if (number_in("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == 1)
        return "AppArmor keeps user namespaces from users: "
               "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run this as root";
    if (root)
        return "this root has no CAP_SYS_ADMIN, and may not create user namespaces either: give a "
               "container the capability, and a seccomp profile that lets unshare(2) pass";
    return "run this as root, or where user namespaces are allowed (user_namespaces(7))";
}

static int write_file(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    const int error = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return error;
}

/* The only mapping that needs no privilege: of oneself (user_namespaces(7)). */
static int map_to_root(uid_t user, gid_t group)
{
    char users[32], groups[32];
    snprintf(users, sizeof users, "0 %u 1\n", (unsigned)user);
    snprintf(groups, sizeof groups, "0 %u 1\n", (unsigned)group);
    /* Files of a process that is not dumpable, as after set-user-id, belong to the real root. The
     * capabilities of that time are gone: those in effect now are over the new namespace alone. */
    if (prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L) != 0)
        return -errno;
    int error = write_file("/proc/self/setgroups", "deny");
    if (!error)
        error = write_file("/proc/self/uid_map", users);
    return error ? error : write_file("/proc/self/gid_map", groups);
}

static int enter_user_namespace(struct lab_stage *stage)
{
    const uid_t user = geteuid();
    const gid_t group = getegid();
    int error;

    stage->operation = "create a user namespace";
    error = unshare(CLONE_NEWUSER) == 0 ? 0 : -errno;
    if (!error) {
        stage->operation = "become root of a user namespace";
        error = map_to_root(user, group);
    }
    if (error)
        stage->advice = user_namespace_advice(user == 0);
    return error;
}

/* --- the order of things --------------------------------------------------------------------- */

static int enter_network(struct lab_stage *stage)
{
    stage->operation = "create a network namespace";
    if (unshare(CLONE_NEWNET) == 0)
        return 0;
    stage->advice = errno == ENOSPC                     ? "see `sysctl user.max_net_namespaces`"
                    : errno == EPERM || errno == EACCES ? user_namespace_advice(false)
                                                        : NULL;
    return -errno;
}

/* Root needs no user namespace, unless somebody has taken its rights away (containers do). */
static int become_powerful(struct lab_stage *stage)
{
    if (geteuid() == 0 && enter_network(stage) == 0)
        return 0;
    stage->advice = NULL;
    const int error = enter_user_namespace(stage);
    return error ? error : enter_network(stage);
}

/* The first child after unshare() is number 1 of the new namespace, and lives in the machine. */
static int start_init(struct lab_stage *stage, const struct lab_stage_config *config)
{
    int ends[2];
    stage->operation = "create a socket pair";
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return -errno;
    stage->control = ends[0];
    stage->operation = "create a process-id namespace";
    int error = unshare(CLONE_NEWPID) == 0 ? 0 : -errno;
    if (!error) {
        stage->operation = "start a process";
        stage->init = fork();
        error = stage->init < 0 ? -errno : 0;
    }
    if (stage->init == 0 && !error) {
        close(ends[0]);
        lab_init_run(ends[1], stage->terminal, config);
    }
    close(ends[1]);
    if (error)
        return error;
    stage->operation = "watch a process (pidfd_open)";
    stage->init_handle = (int)syscall(SYS_pidfd_open, stage->init, 0U);
    return stage->init_handle < 0 ? -errno : 0;
}

static const char *mount_advice(const struct lab_stage_config *config)
{
    return config->hosts ? "the names of the scenario are given to the command in /etc/hosts, "
                           "which must exist and may have to be created"
                         : NULL;
}

static int build_cable(struct lab_stage *stage, const struct lab_stage_config *config,
                       struct lab_rtnl *machine)
{
    const int error = lab_cable_build(machine, config->own, config->mtu, stage, &stage->operation);
    if (error == -EOPNOTSUPP)
        stage->advice = "the kernel has no veth devices: `modprobe veth` as root";
    else if (error == -EAFNOSUPPORT)
        stage->advice = "the kernel has no packet sockets: `modprobe af_packet` as root";
    return error;
}

static int build(struct lab_stage *stage, const struct lab_stage_config *config)
{
    struct lab_rtnl machine;
    int error = become_powerful(stage); /* and stand in the machine's network */
    if (error)
        return error;
    error = lab_machine_files_mount(config->hosts, &stage->operation);
    if (error) {
        stage->advice = mount_advice(config);
        return error;
    }
    error = lab_cable_prepare_machine(&machine, &stage->operation);
    if (error)
        return error;
    error = start_init(stage, config);
    if (!error)
        error = enter_network(stage); /* that of the wire */
    if (!error)
        error = build_cable(stage, config, &machine);
    lab_rtnl_close(&machine);
    return error;
}

/* A terminal in whose foreground we are; a copy, because the stream may be closed meanwhile. */
static int own_terminal(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (tcgetpgrp(fd) > 0 && tcgetpgrp(fd) == getpgrp())
            return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return -1;
}

int lab_stage_open(struct lab_stage *stage, const struct lab_stage_config *config)
{
    *stage = (struct lab_stage){.packets = -1,
                                .control = -1,
                                .init_handle = -1,
                                .terminal = own_terminal(),
                                .group = getpgrp()};
    const int error = build(stage, config);
    if (error) {
        const char *operation = stage->operation, *advice = stage->advice;
        lab_stage_close(stage);
        stage->operation = operation;
        stage->advice = advice;
    }
    return error;
}

/* --- while it stands ------------------------------------------------------------------------- */

static int order(const struct lab_stage *stage, const struct lab_init_order *what)
{
    return send(stage->control, what, sizeof *what, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int lab_stage_start(const struct lab_stage *stage)
{
    return order(stage, &(const struct lab_init_order){.kind = LAB_INIT_START});
}

int lab_stage_signal(const struct lab_stage *stage, int signal)
{
    return order(stage, &(const struct lab_init_order){.kind = LAB_INIT_SIGNAL, .signal = signal});
}

int lab_stage_status(const struct lab_stage *stage, int *exit_status)
{
    struct lab_init_report report;
    const ssize_t length = recv(stage->control, &report, sizeof report, MSG_DONTWAIT);
    if (length < 0)
        return errno == EINTR || errno == EAGAIN ? -EAGAIN : -EPIPE;
    if (length != (ssize_t)sizeof report)
        return -EPIPE;
    *exit_status = report.exit_status;
    return 0;
}

static void close_descriptor(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* From the background, unless the signal is blocked, that would stop us (tcsetpgrp(3)). */
static void take_back_terminal(const struct lab_stage *stage)
{
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stop, &before);
    (void)ioctl(stage->terminal, TIOCSPGRP, &stage->group);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

void lab_stage_close(struct lab_stage *stage)
{
    close_descriptor(stage->control); /* at which the init ends, if it has not */
    if (stage->init_handle >= 0) {
        struct pollfd gone = {.fd = stage->init_handle, .events = POLLIN};
        while (poll(&gone, 1, -1) < 0 && errno == EINTR)
            ;
        (void)waitpid(stage->init, NULL, WNOHANG);
    }
    close_descriptor(stage->init_handle);
    close_descriptor(stage->packets);
    if (stage->terminal >= 0)
        take_back_terminal(stage);
    close_descriptor(stage->terminal);
    *stage = (struct lab_stage){.packets = -1, .control = -1, .init_handle = -1, .terminal = -1};
}
