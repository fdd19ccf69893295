/*
 * measure NETNS SECONDS OUTPUT COMMAND [ARGUMENT...]
 *
 * Runs one command in the network namespace NETNS (a path) with its output in the file OUTPUT and
 * kills it after SECONDS. Prints what it cost: wall time in ns, user and system time in us, peak
 * resident memory in KiB, and the wait status.
 *
 * A program of its own because it is small: the kernel counts the memory of the process that forks
 * into the peak of the command (execve keeps the high-water mark), and a fork of a large process is
 * slow.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t late;

static void on_alarm(int number)
{
    (void)number;
    late = 1;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t microseconds(struct timeval time)
{
    return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

static int fail(const char *what)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    return 1;
}

/* The child: everything that is not the command's own was done before the clock started. */
static void run(int output, char **command)
{
    if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(126);
    execv(command[0], command);
    _exit(127);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: measure NETNS SECONDS OUTPUT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    int network = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (network < 0 || setns(network, CLONE_NEWNET) < 0)
        return fail(argv[1]);
    int output = open(argv[3], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (output < 0)
        return fail(argv[3]);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0)
        return fail("/dev/null");

    /* No SA_RESTART: the alarm must interrupt wait4. */
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned int)strtoul(argv[2], NULL, 10));

    int64_t start = now_ns();
    pid_t child = fork();
    if (child < 0)
        return fail("fork");
    if (child == 0)
        run(output, argv + 4);

    int status = 0;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR)
            return fail("wait4");
        if (late)
            kill(child, SIGKILL);
    }
    int64_t wall = now_ns() - start;
    printf("%lld %lld %lld %ld %d\n", (long long)wall, (long long)microseconds(usage.ru_utime),
           (long long)microseconds(usage.ru_stime), usage.ru_maxrss, status);
    return 0;
}
