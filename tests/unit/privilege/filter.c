#define _GNU_SOURCE

#include "privilege/privilege.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "child.h"
#include "privilege/assemble/rules.h"

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

struct other {
    pthread_barrier_t filtered;
    pthread_mutex_t mutex;
    int out;
    int status; /* of the thread, open before there is a filter */
};

static void *live_behind_a_filter(void *self)
{
    struct other *other = self;
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", gettid());
    other->status = open(path, O_RDONLY);
    pthread_barrier_wait(&other->filtered);
    pthread_barrier_wait(&other->filtered);
    CHECK(10, refused(open("/dev/null", O_RDONLY)));
    CHECK(11, refused(socket(AF_INET, SOCK_DGRAM, 0)));
    pthread_mutex_lock(&other->mutex);
    const ssize_t length = read(other->status, text, sizeof(text));
    CHECK(12, length > 0 && write(other->out, text, (size_t)length) == length);
    pthread_mutex_unlock(&other->mutex);
    return self;
}

/* A thread that was started after the drop has what all have; it waits and ends as it should. */
static void two_threads(int out)
{
    struct privilege privilege;
    struct other other = {.mutex = PTHREAD_MUTEX_INITIALIZER, .out = out};
    pthread_t thread;
    void *result;
    pthread_barrier_init(&other.filtered, NULL, 2);
    CHECK(1, privilege_begin(&privilege) == 0 && privilege_drop(&privilege) == 0);
    CHECK(2, pthread_create(&thread, NULL, live_behind_a_filter, &other) == 0);
    pthread_barrier_wait(&other.filtered);
    CHECK(3, privilege_filter(&privilege, PRIVILEGE_RESOLVE) == 0);
    CHECK(4, privilege_filter(&privilege, PRIVILEGE_LOOP) == 0);
    pthread_mutex_lock(&other.mutex);
    pthread_barrier_wait(&other.filtered);
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* it waits for the mutex */
    pthread_mutex_unlock(&other.mutex);
    CHECK(5, pthread_join(thread, &result) == 0 && result == &other);
    CHECK(6, pthread_create(&thread, NULL, live_behind_a_filter, &other) != 0);
}

Test(privilege_filter, threads_have_it_too, .init = need_the_real_filter)
{
    static const char *const lines[] = {"\nSeccomp:\t2\n",
                                        "\nNoNewPrivs:\t1\n",
                                        "\nCapInh:\t0000000000000000\n",
                                        "\nCapPrm:\t0000000000000000\n",
                                        "\nCapEff:\t0000000000000000\n",
                                        "\nCapAmb:\t0000000000000000\n"};
    char status[8192];
    const int result = in_child(two_threads, status, sizeof(status));
    cr_assert_eq(result, 0, "wait status %x", (unsigned)result);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        cr_expect_not_null(strstr(status, lines[i]), "%s in %s", lines[i], status);
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
