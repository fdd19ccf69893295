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
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, &load)) {
        privilege->operation = "load the system-call filter";
        return -errno;
    }
    return 0;
}
