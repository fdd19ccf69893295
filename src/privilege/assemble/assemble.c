/*
 * A tool of the build: writes the filter of every stage, assembled by libseccomp for the machine it
 * runs on, as C text to standard output.
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"

/* Writes the program of a stage to `file`. Returns 0 or a negative errno. */
static int assemble(enum privilege_stage stage, FILE *file)
{
    scmp_filter_ctx context = seccomp_init(privilege_default_action());
    if (!context)
        return -ENOMEM;
    /* A binary tree (libseccomp 2.5): the kernel takes it in half the time. */
    (void)seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    int error = privilege_rules_add(context, stage);
    if (!error)
        error = seccomp_export_bpf(context, fileno(file));
    seccomp_release(context);
    return error;
}

static int print_stage(enum privilege_stage stage, const char *name)
{
    FILE *file = tmpfile();
    if (!file)
        return -errno;
    const int error = assemble(stage, file);
    if (error) {
        fclose(file);
        return error;
    }
    rewind(file);
    printf("static const struct sock_filter %s_program[] = {\n", name);
    struct sock_filter instruction;
    size_t length = 0;
    while (fread(&instruction, sizeof(instruction), 1, file) == 1) {
        printf("    {0x%04x, %u, %u, 0x%08x},\n", (unsigned)instruction.code,
               (unsigned)instruction.jt, (unsigned)instruction.jf, (unsigned)instruction.k);
        length++;
    }
    printf("};\n");
    fclose(file);
    return length > 0 && length <= PRIVILEGE_PROGRAM_MAX ? 0 : -E2BIG;
}

int main(void)
{
    static const struct {
        enum privilege_stage stage;
        const char *name;
    } stages[] = {
        {PRIVILEGE_RESOLVE, "resolve"},
        {PRIVILEGE_LOOP, "loop"},
        {PRIVILEGE_LOOP_NAMES, "loop_names"},
    };
    printf("/* Made by src/privilege/assemble from its rules. */\n");
    for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        const int error = print_stage(stages[i].stage, stages[i].name);
        if (error) {
            fprintf(stderr, "assemble: filter %s: %s\n", stages[i].name, strerror(-error));
            return 1;
        }
    }
    return 0;
}
