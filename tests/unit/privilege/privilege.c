#define _GNU_SOURCE

#include "privilege/privilege.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "child.h"

enum { SOMEBODY = 65534 };

static void need_root(void)
{
    if (geteuid() != 0)
        cr_skip_test("only root can set up what is given up here");
}

static void put_status(int out)
{
    char text[8192];
    const int file = open("/proc/self/status", O_RDONLY);
    const ssize_t length = file < 0 ? 0 : read(file, text, sizeof(text));
    if (length <= 0 || write(out, text, (size_t)length) != length)
        _exit(99);
}

static bool can_open_raw(void)
{
    const int s = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (s >= 0)
        close(s);
    return s >= 0;
}

/* One permitted capability and an ordinary user: what a file capability gives. */
static void become_somebody_with(cap_value_t capability)
{
    cap_t set = cap_init();
    cap_set_flag(set, CAP_PERMITTED, 1, &capability, CAP_SET);
    if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) || setresgid(SOMEBODY, SOMEBODY, SOMEBODY) ||
        setresuid(SOMEBODY, SOMEBODY, SOMEBODY) || cap_set_proc(set))
        _exit(98);
    cap_free(set);
}

static void become_somebody_set_user_id(void)
{
    if (setresgid(SOMEBODY, 0, 0) || setresuid(SOMEBODY, 0, 0))
        _exit(98);
}

/* In the child: the first check that fails is the exit status. */
#define CHECK(number, condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(number);                                                                         \
    } while (0)

static void drop_and_show(int out)
{
    struct privilege privilege;
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege_drop(&privilege) == 0);
    CHECK(3, !privilege.raw && !privilege.admin && !privilege.bounding);
    CHECK(4, !can_open_raw());
    CHECK(5, privilege_raise(&privilege) == 0 && !can_open_raw());
    put_status(out);
}

static void cr_assert_status(const char *status, const char *line)
{
    cr_expect_not_null(strstr(status, line), "no line \"%s\" in:\n%s", line, status);
}

Test(privilege, nothing_is_left)
{
    char status[8192];
    const bool root = geteuid() == 0;
    cr_assert_eq(in_child(drop_and_show, status, sizeof(status)), 0);
    cr_assert_status(status, "CapInh:\t0000000000000000\n");
    cr_assert_status(status, "CapPrm:\t0000000000000000\n");
    cr_assert_status(status, "CapEff:\t0000000000000000\n");
    cr_assert_status(status, "CapAmb:\t0000000000000000\n");
    if (root) /* an ordinary user cannot touch the bounding set */
        cr_assert_status(status, "CapBnd:\t0000000000000000\n");
    cr_assert_status(status, "NoNewPrivs:\t1\n");
}

static void root_cannot_be_regained(int out)
{
    (void)out;
    struct privilege privilege;
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege.origin == PRIVILEGE_ROOT && privilege.user_is_root);
    CHECK(3, privilege_drop(&privilege) == 0);
    CHECK(4, prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0);
    /* The same program again: exit status 0 if it finds no capability. */
    execlp("grep", "grep", "-q", "CapPrm:.0000000000000000", "/proc/self/status", NULL);
    _exit(5);
}

Test(privilege, root_runs_nothing_with_capabilities, .init = need_root)
{
    char none[2];
    cr_assert_eq(in_child(root_cannot_be_regained, none, sizeof(none)), 0);
}

static void bracket(int out)
{
    (void)out;
    struct privilege privilege;
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege.raw && !can_open_raw());
    CHECK(3, privilege_raise(&privilege) == 0 && can_open_raw());
    CHECK(4, privilege_lower(&privilege) == 0 && !can_open_raw());
    cap_t set = cap_get_proc();
    char *text = cap_to_text(set, NULL);
    CHECK(5, strstr(text, "setuid") == NULL && strstr(text, "sys_admin") == NULL &&
                 strchr(text, '=') != NULL);
    cap_flag_value_t value;
    CHECK(6, cap_get_flag(set, CAP_SYS_ADMIN, CAP_PERMITTED, &value) == 0 && value == CAP_CLEAR);
    CHECK(7, cap_get_flag(set, CAP_NET_RAW, CAP_PERMITTED, &value) == 0 && value == CAP_SET);
}

Test(privilege, raw_sockets_only_within_the_bracket, .init = need_root)
{
    char none[2];
    cr_assert_eq(in_child(bracket, none, sizeof(none)), 0);
}

static void set_user_id(int out)
{
    struct privilege privilege;
    become_somebody_set_user_id();
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege.origin == PRIVILEGE_SET_USER && !privilege.user_is_root);
    uid_t a, b, c;
    CHECK(3, getresuid(&a, &b, &c) == 0 && a == SOMEBODY && b == SOMEBODY && c == SOMEBODY);
    gid_t d, e, f;
    CHECK(4, getresgid(&d, &e, &f) == 0 && d == SOMEBODY && e == SOMEBODY && f == SOMEBODY);
    CHECK(5, privilege_raise(&privilege) == 0 && can_open_raw());
    CHECK(6, privilege_lower(&privilege) == 0 && !can_open_raw());
    CHECK(7, privilege_drop(&privilege) == 0 && setuid(0) == -1 && seteuid(0) == -1);
    put_status(out);
}

Test(privilege, set_user_id_is_given_up_at_once, .init = need_root)
{
    char status[8192];
    cr_assert_eq(in_child(set_user_id, status, sizeof(status)), 0);
    cr_assert_status(status, "CapPrm:\t0000000000000000\n");
    cr_assert_status(status, "CapBnd:\t0000000000000000\n");
    cr_assert_status(status, "Uid:\t65534\t65534\t65534\t65534\n");
}

static void file_capability(int out)
{
    struct privilege privilege;
    become_somebody_with(CAP_NET_RAW);
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege.origin == PRIVILEGE_CAPABILITY && !privilege.user_is_root);
    CHECK(3, privilege.raw && !privilege.admin && !privilege.bounding && !can_open_raw());
    CHECK(4, privilege_raise(&privilege) == 0 && can_open_raw());
    CHECK(5, privilege_drop(&privilege) == 0 && !can_open_raw());
    CHECK(6, prctl(PR_GET_DUMPABLE, 0L, 0L, 0L, 0L) == 0);
    put_status(out);
}

Test(privilege, file_capability_is_enough, .init = need_root)
{
    char status[8192];
    cr_assert_eq(in_child(file_capability, status, sizeof(status)), 0);
    cr_assert_status(status, "CapPrm:\t0000000000000000\n");
    cr_assert_status(status, "NoNewPrivs:\t1\n");
}

static void nothing(int out)
{
    (void)out;
    struct privilege privilege;
    if (geteuid() == 0 &&
        (setresgid(SOMEBODY, SOMEBODY, SOMEBODY) || setresuid(SOMEBODY, SOMEBODY, SOMEBODY)))
        _exit(98);
    CHECK(1, privilege_begin(&privilege) == 0);
    CHECK(2, privilege.origin == PRIVILEGE_NONE && !privilege.user_is_root && !privilege.raw);
    CHECK(3, privilege_raise(&privilege) == 0 && !can_open_raw());
    CHECK(4, privilege_drop(&privilege) == 0);
}

Test(privilege, nothing_is_no_error)
{
    char none[2];
    cr_assert_eq(in_child(nothing, none, sizeof(none)), 0);
}

/* The drop alone cannot make the identity real: it must say so. */
static void drop_without_begin(int out)
{
    (void)out;
    struct privilege privilege = {.origin = PRIVILEGE_SET_USER};
    become_somebody_set_user_id();
    CHECK(1, privilege_drop(&privilege) == -EPERM);
    CHECK(2, strcmp(privilege.operation, "give up the set-user-id identity") == 0);
}

Test(privilege, what_is_left_is_found, .init = need_root)
{
    char none[2];
    cr_assert_eq(in_child(drop_without_begin, none, sizeof(none)), 0);
}
