/* Privilege can only be given up once: each case runs in a process of its own. */
#ifndef TESTS_PRIVILEGE_CHILD_H
#define TESTS_PRIVILEGE_CHILD_H

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs body(out) in a forked process, `out` being results for the parent. Returns the wait status.
 */
static inline int in_child(void (*body)(int out), char *results, size_t size)
{
    int pipes[2];
    if (pipe(pipes))
        abort();
    const pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        close(pipes[0]);
        body(pipes[1]);
        _exit(0);
    }
    close(pipes[1]);
    size_t length = 0;
    ssize_t got;
    while (length + 1 < size && (got = read(pipes[0], results + length, size - length - 1)) > 0)
        length += (size_t)got;
    results[length] = '\0';
    close(pipes[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}

#endif
