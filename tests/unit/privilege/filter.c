#define _GNU_SOURCE

#include "privilege/filter.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "child.h"

#define CHECK(number, condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(number);                                                                         \
    } while (0)

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

Test(privilege_filter, rules_fit_every_architecture)
{
    static const uint32_t architectures[] = {
        SCMP_ARCH_X86_64,  SCMP_ARCH_X86,   SCMP_ARCH_AARCH64, SCMP_ARCH_ARM,
        SCMP_ARCH_PPC64LE, SCMP_ARCH_S390X, SCMP_ARCH_MIPS64,  SCMP_ARCH_RISCV64,
    };
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++)
        for (int stage = PRIVILEGE_RESOLVE; stage <= PRIVILEGE_LOOP_NAMES; stage++) {
            scmp_filter_ctx context = context_for(architectures[i]);
            const int error = privilege_rules_add(context, (enum privilege_stage)stage, 1);
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
    cr_assert_eq(privilege_rules_add(context, stage, 1), 0);
    cr_assert_eq(seccomp_export_pfc(context, fileno(file)), 0);
    seccomp_release(context);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

Test(privilege_filter, each_stage_opens_what_it_needs, .init = need_the_real_filter)
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

static void enter(enum privilege_stage stage)
{
    struct privilege privilege;
    CHECK(90, privilege_begin(&privilege) == 0);
    CHECK(91, privilege_drop(&privilege) == 0);
    CHECK(92, privilege_filter(&privilege, stage) == 0);
}

static bool refused(int result)
{
    return result == -1 && errno == ENOSYS;
}

static void loop(int out)
{
    char text[8192];
    int pipes[2];
    CHECK(1, pipe(pipes) == 0);
    const int file = open("/proc/self/status", O_RDONLY);
    CHECK(2, file >= 0);
    enter(PRIVILEGE_LOOP);

    CHECK(10, refused(open("/dev/null", O_RDONLY)));
    CHECK(11, refused(open("/dev/null", O_WRONLY)));
    CHECK(12, refused(socket(AF_INET, SOCK_DGRAM, 0)));
    CHECK(13, refused(socket(AF_UNIX, SOCK_STREAM, 0)));
    CHECK(14, refused(fork()));
    CHECK(15, refused(kill(getppid(), 0)));
    CHECK(16, mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                  MAP_FAILED);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(17, page != MAP_FAILED);
    CHECK(18, refused(mprotect(page, 4096, PROT_READ | PROT_EXEC)));
    CHECK(19, mprotect(page, 4096, PROT_READ) == 0 && munmap(page, 4096) == 0);

    struct timespec now;
    CHECK(20, clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    CHECK(21, write(pipes[1], "x", 1) == 1 && read(pipes[0], text, 1) == 1);
    char *memory = malloc(1 << 22);
    CHECK(22, memory != NULL);
    memory = realloc(memory, 1 << 23);
    CHECK(23, memory != NULL);
    free(memory);
    CHECK(24, kill(getpid(), 0) == 0);
    CHECK(25, printf("%s", "") == 0 && fflush(stdout) == 0);

    const ssize_t length = read(file, text, sizeof(text));
    CHECK(26, length > 0 && write(out, text, (size_t)length) == length);
}

Test(privilege_filter, loop_uses_what_is_open, .init = need_the_real_filter)
{
    char status[8192];
    const int result = in_child(loop, status, sizeof(status));
    cr_assert_eq(result, 0, "wait status %x", (unsigned)result);
    cr_expect_not_null(strstr(status, "Seccomp:\t2\n"), "%s", status);
}

static void loop_names(int out)
{
    (void)out;
    enter(PRIVILEGE_LOOP_NAMES);
    CHECK(10, open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
    CHECK(11, refused(open("/dev/null", O_WRONLY)));
    CHECK(12, refused(open("/dev/null", O_RDONLY | O_TRUNC)));
    CHECK(13, socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0);
    CHECK(14, refused(socket(AF_UNIX, SOCK_STREAM, 0)));
    CHECK(15, refused(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
    CHECK(16, refused(socket(AF_PACKET, SOCK_DGRAM, 0)));
}

Test(privilege_filter, loop_with_names_reads_files_and_asks_servers, .init = need_the_real_filter)
{
    char none[2];
    const int result = in_child(loop_names, none, sizeof(none));
    cr_assert_eq(result, 0, "wait status %x", (unsigned)result);
}

static void resolve_then_loop(int out)
{
    (void)out;
    struct privilege privilege;
    enter(PRIVILEGE_RESOLVE);
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    CHECK(10, getaddrinfo("127.0.0.1", "9", &hints, &found) == 0);
    freeaddrinfo(found);
    setservent(0); /* reads a file through the name service modules; present or not */
    endservent();
    CHECK(11, open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0);
    CHECK(12, refused(open("/dev/null", O_RDWR)));
    CHECK(13, refused(creat("/dev/null", 0600)));
    CHECK(14, refused(socket(AF_PACKET, SOCK_DGRAM, 0)));
    CHECK(15, socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0);
    CHECK(16, refused(unlink("/dev/null")));
    CHECK(17, privilege_filter(&privilege, PRIVILEGE_LOOP) == 0);
    CHECK(18, refused(open("/dev/null", O_RDONLY)));
    CHECK(19, privilege_filter(&privilege, PRIVILEGE_RESOLVE) != 0);
}

Test(privilege_filter, stages_narrow, .init = need_the_real_filter)
{
    char none[2];
    const int result = in_child(resolve_then_loop, none, sizeof(none));
    cr_assert_eq(result, 0, "wait status %x", (unsigned)result);
}

static void raising(int out)
{
    (void)out;
    enter(PRIVILEGE_LOOP);
    signal(SIGINT, SIG_DFL);
    raise(SIGINT);
}

Test(privilege_filter, raise_still_ends_the_process)
{
    char none[2];
    const int result = in_child(raising, none, sizeof(none));
    cr_assert(WIFSIGNALED(result) && WTERMSIG(result) == SIGINT);
}

static void run_a_program(int out)
{
    (void)out;
    enter(PRIVILEGE_RESOLVE);
    execl("/bin/true", "true", (char *)NULL);
}

Test(privilege_filter, no_program_is_run, .init = need_the_real_filter)
{
    char none[2];
    const int result = in_child(run_a_program, none, sizeof(none));
    cr_assert(WIFSIGNALED(result) && WTERMSIG(result) == SIGSYS);
}

static void without_drop(int out)
{
    (void)out;
    struct privilege privilege;
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege_filter(&privilege, PRIVILEGE_LOOP) == -EACCES);
    CHECK(3, strcmp(privilege.operation, "load the system-call filter") == 0);
}

Test(privilege_filter, needs_the_drop_before)
{
    char none[2];
    const int result = in_child(without_drop, none, sizeof(none));
    cr_assert_eq(result, 0, "wait status %x", (unsigned)result);
}
