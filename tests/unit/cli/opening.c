#include "cli/opening.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

static bool in_effect(cap_value_t capability)
{
    cap_t set = cap_get_proc();
    cap_flag_value_t value = CAP_CLEAR;
    cap_get_flag(set, capability, CAP_EFFECTIVE, &value);
    cap_free(set);
    return value == CAP_SET;
}

struct opener {
    int answer;
    bool called;
    bool privileged; /* while it was called */
    bool lock;       /* from then on no capability changes */
    bool closed;
};

static void close_it(void *self)
{
    struct opener *opener = self;
    opener->closed = true;
}

static const struct sonde_transport_ops ops = {.close = close_it};

static int open_it(void *self, struct sonde_transport *transport, const char **operation)
{
    struct opener *opener = self;
    opener->called = true;
    opener->privileged = in_effect(CAP_NET_RAW);
    if (opener->lock) {
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(capset), 0), 0);
        cr_assert_eq(seccomp_load(filter), 0);
        seccomp_release(filter);
    }
    *transport = (struct sonde_transport){.self = opener, .ops = &ops};
    *operation = "open what was asked for";
    return opener->answer;
}

static struct privilege privilege;

static void begin(void)
{
    if (geteuid() != 0)
        cr_skip_test("needs root");
    cr_assert_eq(privilege_begin(&privilege), 0);
    cr_assert_not(in_effect(CAP_NET_RAW));
}

TestSuite(cli_opening, .init = begin);

Test(cli_opening, privilege_is_raised_around_opening)
{
    struct opener opener = {0};
    struct sonde_transport transport;
    const char *operation = "";
    cr_expect_eq(cli_open_privileged(&privilege, open_it, &opener, &transport, &operation), 0);
    cr_expect(opener.called && opener.privileged && !opener.closed);
    cr_expect_not(in_effect(CAP_NET_RAW));
}

Test(cli_opening, a_refusal_is_told_and_the_privilege_lowered)
{
    struct opener opener = {.answer = -ENODEV};
    struct sonde_transport transport;
    const char *operation = "";
    cr_expect_eq(cli_open_privileged(&privilege, open_it, &opener, &transport, &operation),
                 -ENODEV);
    cr_expect_str_eq(operation, "open what was asked for");
    cr_expect_not(opener.closed);
    cr_expect_not(in_effect(CAP_NET_RAW));
}

Test(cli_opening, nothing_stays_open_when_the_privilege_stays)
{
    struct opener opener = {.lock = true};
    struct sonde_transport transport;
    const char *operation = "";
    cr_expect_eq(cli_open_privileged(&privilege, open_it, &opener, &transport, &operation), -EPERM);
    cr_expect(opener.closed);
    cr_expect_str_neq(operation, "open what was asked for");
}

Test(cli_opening, nothing_is_opened_without_the_privilege)
{
    struct opener opener = {.lock = true};
    struct sonde_transport transport;
    const char *operation = "";
    cli_open_privileged(&privilege, open_it, &opener, &transport, &operation);
    opener = (struct opener){0};
    cr_expect_eq(cli_open_privileged(&privilege, open_it, &opener, &transport, &operation), -EPERM);
    cr_expect_not(opener.called);
    cr_expect_not(opener.closed);
}
