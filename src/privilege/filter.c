#define _GNU_SOURCE

#include "privilege.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "generated/programs.h"
#include "program.h"

#define PROGRAM(stage)                                                                             \
    {                                                                                              \
        stage##_program, sizeof(stage##_program) / sizeof(stage##_program[0])                      \
    }

int privilege_filter(struct privilege *privilege, enum privilege_stage stage)
{
    static const struct {
        const struct sock_filter *instructions;
        size_t length;
    } programs[] = {
        [PRIVILEGE_RESOLVE] = PROGRAM(resolve),
        [PRIVILEGE_LOOP] = PROGRAM(loop),
        [PRIVILEGE_LOOP_NAMES] = PROGRAM(loop_names),
    };
    struct sock_filter program[PRIVILEGE_PROGRAM_MAX];
    const size_t length = programs[stage].length;
    const unsigned self = (unsigned)getpid();

    for (size_t i = 0; i < length; i++) {
        program[i] = programs[stage].instructions[i];
        if (program[i].k == PRIVILEGE_SELF)
            program[i].k = self;
    }
    struct sock_fprog load = {.len = (unsigned short)length, .filter = program};
    const long refused = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                 (unsigned long)SECCOMP_FILTER_FLAG_TSYNC, &load);
    if (refused == 0)
        return 0;
    privilege->operation = "load the system-call filter";
    return refused < 0 ? -errno : -EBUSY; /* a thread with another filter, by its id */
}
