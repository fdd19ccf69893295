/* The rules are a part of the build's tool, not of the program: they come in as text. */
#include "privilege/assemble/rules.c"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void need_the_real_filter(void)
{
    if (privilege_is_instrumented())
        cr_skip_test("the filter of an instrumented build is a token");
}

static scmp_filter_ctx context_for(uint32_t architecture)
{
    scmp_filter_ctx context = seccomp_init(privilege_default_action());
    cr_assert_not_null(context);
    if (architecture != seccomp_arch_native()) {
        cr_assert_eq(seccomp_arch_remove(context, SCMP_ARCH_NATIVE), 0);
        cr_assert_eq(seccomp_arch_add(context, architecture), 0);
    }
    return context;
}

Test(privilege_rules, rules_fit_every_architecture)
{
    static const uint32_t architectures[] = {
        SCMP_ARCH_X86_64,  SCMP_ARCH_X86,   SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,
        SCMP_ARCH_PPC64LE, SCMP_ARCH_S390X, SCMP_ARCH_MIPS64,  SCMP_ARCH_RISCV64,
    };
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++)
        for (int stage = PRIVILEGE_RESOLVE; stage <= PRIVILEGE_LOOP_NAMES; stage++) {
            scmp_filter_ctx context = context_for(architectures[i]);
            const int error = privilege_rules_add(context, (enum privilege_stage)stage);
            cr_expect_eq(error, 0, "architecture %zu, stage %d: %d", i, stage, error);
            seccomp_release(context);
        }
}

/* The rules of a stage in libseccomp's notation. */
static void rules_text(enum privilege_stage stage, char *text, size_t size)
{
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    scmp_filter_ctx context = context_for(seccomp_arch_native());
    cr_assert_eq(privilege_rules_add(context, stage), 0);
    cr_assert_eq(seccomp_export_pfc(context, fileno(file)), 0);
    seccomp_release(context);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

Test(privilege_rules, each_stage_opens_what_it_needs, .init = need_the_real_filter)
{
    static char text[1 << 16];
    rules_text(PRIVILEGE_LOOP, text, sizeof(text));
    cr_expect_not_null(strstr(text, "\"sendmmsg\""));
    cr_expect_not_null(strstr(text, "\"rt_sigreturn\""));
    cr_expect_null(strstr(text, "\"socket\""));
    cr_expect_null(strstr(text, "\"openat\""));
    cr_expect_null(strstr(text, "\"open\""));
    cr_expect_null(strstr(text, "\"clone\""));
    cr_expect_null(strstr(text, "\"prctl\""));
    rules_text(PRIVILEGE_LOOP_NAMES, text, sizeof(text));
    cr_expect_not_null(strstr(text, "\"socket\""));
    cr_expect_not_null(strstr(text, "\"openat\""));
    for (int stage = PRIVILEGE_RESOLVE; stage <= PRIVILEGE_LOOP_NAMES; stage++) {
        rules_text((enum privilege_stage)stage, text, sizeof(text));
        const char *execve = strstr(text, "\"execve\"");
        cr_assert_not_null(execve);
        const char *action = strstr(execve, "action ");
        cr_assert_not_null(action);
        cr_expect_eq(strncmp(action, "action KILL_PROCESS", 19), 0, "stage %d", stage);
    }
}
