#define _GNU_SOURCE

#include "lab/init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/machine_files.h"

/* As shells say it. */
enum { CANNOT_RUN = 126, NOT_FOUND = 127, SIGNALLED = 128 };

struct init {
    int control;
    int terminal;
    int children; /* signalfd of SIGCHLD */
    pid_t command;
    sigset_t mask;             /* of whoever called us, for the command */
    struct sigaction on_child; /* likewise */
    const struct lab_stage_config *config;
};

_Noreturn static void end(const struct init *init, int exit_status)
{
    const struct lab_init_report report = {.exit_status = exit_status};
    (void)send(init->control, &report, sizeof report, MSG_NOSIGNAL);
    _exit(0);
}

static void complain(const struct init *init, int error)
{
    if (init->config->cannot_run)
        init->config->cannot_run(init->config->command[0], error);
}

/* Who is not in the foreground yet may go there with SIGTTOU blocked (tcsetpgrp(3)). */
static void lead_group(int terminal)
{
    sigset_t stop;
    if (setpgid(0, 0) != 0 || terminal < 0)
        return;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    (void)tcsetpgrp(terminal, getpid());
}

_Noreturn static void become_command(const struct init *init)
{
    if (init->config->leads_group)
        lead_group(init->terminal);
    sigaction(SIGCHLD, &init->on_child, NULL);
    sigprocmask(SIG_SETMASK, &init->mask, NULL);
    execvp(init->config->command[0], init->config->command);
    const int error = errno;
    complain(init, error);
    _exit(error == ENOENT ? NOT_FOUND : CANNOT_RUN);
}

static void start(struct init *init)
{
    init->command = fork();
    if (init->command == 0)
        become_command(init);
    if (init->command < 0) {
        complain(init, errno);
        end(init, CANNOT_RUN);
    }
}

/* Shells with job control give their commands process groups. */
static void send_signal(const struct init *init, int number)
{
    if (init->command <= 0)
        return;
    const bool leads = getpgid(init->command) == init->command;
    (void)kill(leads ? -init->command : init->command, number);
}

/* Returns false when the stage is gone. */
static bool obey(struct init *init)
{
    struct lab_init_order order;
    const ssize_t length = recv(init->control, &order, sizeof order, MSG_DONTWAIT);
    if (length < 0)
        return errno == EINTR || errno == EAGAIN;
    if (length != (ssize_t)sizeof order)
        return false;
    if (order.kind == LAB_INIT_SIGNAL)
        send_signal(init, order.signal);
    else if (init->command == 0)
        start(init);
    return true;
}

/* Orphans become our children. */
static void reap(const struct init *init)
{
    struct signalfd_siginfo news;
    (void)!read(init->children, &news, sizeof news);
    int status;
    pid_t child;
    while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
        if (child == init->command && WIFEXITED(status))
            end(init, WEXITSTATUS(status));
        if (child == init->command && WIFSIGNALED(status))
            end(init, SIGNALLED + WTERMSIG(status));
    }
}

void lab_init_run(int control, int terminal, const struct lab_stage_config *config)
{
    struct init init = {.control = control, .terminal = terminal, .config = config};
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t child;

    /* Whoever dies before this closes the other end of `control`. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &init.mask);
    sigaction(SIGCHLD, &usual, &init.on_child);
    init.children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (init.children < 0)
        end(&init, CANNOT_RUN);
    lab_machine_files_mount_proc();
    for (;;) {
        struct pollfd wanted[] = {{.fd = control, .events = POLLIN},
                                  {.fd = init.children, .events = POLLIN}};
        if (poll(wanted, 2, -1) < 0 && errno != EINTR)
            end(&init, CANNOT_RUN);
        if (wanted[0].revents && !obey(&init))
            _exit(0);
        if (wanted[1].revents)
            reap(&init);
    }
}
