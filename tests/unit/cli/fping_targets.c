#include "cli/fping_targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command_line.h"

static int no_route(void *self, const struct sonde_address *to, struct sonde_route *route)
{
    (void)self, (void)to, (void)route;
    return -ENETUNREACH;
}

static const struct sonde_transport_ops ops = {.route = no_route};

struct found {
    struct command_line line;
    struct fping_settings settings;
    struct fping_targets targets;
    struct printed err;
    int status;
};

static void find(struct found *found, const char *text)
{
    struct cli_error error;
    const struct sonde_transport transport = {.ops = &ops};
    split(&found->line, text);
    cr_assert(fping_options_read(&found->settings, "fping", true, found->line.argc,
                                 found->line.argv, &error),
              "%s", text);
    printed_open(&found->err);
    const struct report_fping_form form = {.out = found->err.stream, .err = found->err.stream};
    found->status =
        fping_targets_find(&found->settings, "fping", &form, &transport, &found->targets);
}

static void forget(struct found *found)
{
    printed_close(&found->err);
    fping_targets_free(&found->targets);
}

/* The labels with blanks in between. */
static void expect_hosts(const char *line, const char *expected)
{
    struct found found;
    char text[4096] = "";
    find(&found, line);
    for (uint32_t i = 0; i < found.targets.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                 found.targets.hosts[i].label);
    cr_expect_eq(found.status, 0, "%s", line);
    cr_expect_str_eq(text, expected, "%s: %s", line, text);
    forget(&found);
}

static void expect_refusal(const char *line, const char *expected)
{
    struct found found;
    find(&found, line);
    cr_expect_eq(found.status, 1, "%s", line);
    cr_expect_eq(strncmp(printed_text(&found.err), expected, strlen(expected)), 0, "%s: %s", line,
                 found.err.text);
    forget(&found);
}

Test(fping_targets, hosts_in_their_order_and_as_often_as_given)
{
    expect_hosts("fping 192.0.2.9 192.0.2.1 192.0.2.9 ::1", "192.0.2.9 192.0.2.1 192.0.2.9 ::1");
    expect_hosts("fping -A 0300.0.2.1", "192.0.2.1");
    expect_hosts("fping 0300.0.2.1", "0300.0.2.1");
}

Test(fping_targets, prefixes_without_network_and_broadcast_address)
{
    expect_hosts("fping -g 192.0.2.9/30", "192.0.2.9 192.0.2.10");
    expect_hosts("fping -g 192.0.2.9/31", "192.0.2.8 192.0.2.9");
    expect_hosts("fping -g 192.0.2.9/32", "192.0.2.9");
    expect_hosts("fping -g 255.255.255.252/30", "255.255.255.253 255.255.255.254");
    expect_hosts("fping -g 2001:db8::9/127", "2001:db8::8 2001:db8::9");
}

Test(fping_targets, ranges)
{
    expect_hosts("fping -g 192.0.2.254 192.0.3.1", "192.0.2.254 192.0.2.255 192.0.3.0 192.0.3.1");
    expect_hosts("fping -g 192.0.2.2 192.0.2.1", "");
    expect_hosts("fping -g 255.255.255.255 255.255.255.255", "255.255.255.255");
    expect_hosts("fping -g 2001:db8:0:0:ffff:ffff:ffff:ffff 2001:db8:0:1::",
                 "2001:db8::ffff:ffff:ffff:ffff 2001:db8:0:1::");
}

Test(fping_targets, as_many_as_allowed)
{
    struct found found;
    find(&found, "fping -g 10.0.0.1 10.15.255.255");
    cr_assert_eq(found.status, 0);
    cr_assert_eq(found.targets.count, (1u << 20) - 1);
    cr_assert_eq(found.targets.width, 13);
    cr_assert_str_eq(found.targets.hosts[found.targets.count - 1].label, "10.15.255.255");
    forget(&found);
    expect_refusal("fping -g 10.0.0.0 10.16.0.0", "fping: -g parameter generates too many");
    expect_refusal("fping -g 2001:db8::/65", "fping: -g parameter generates too many");
    expect_refusal("fping -g :: ffff::", "fping: -g parameter generates too many");
    expect_refusal("fping -g ::2 1::1", "fping: -g parameter generates too many");
}

Test(fping_targets, what_is_no_range)
{
    expect_refusal("fping -g 192.0.2.0/0", "fping: netmask must be between 1 and 32 (is: 0)\n");
    expect_refusal("fping -g 192.0.2.0/33", "fping: netmask must be between 1 and 32 (is: 33)\n");
    expect_refusal("fping -g 2001:db8::/64",
                   "fping: netmask must be between 65 and 128 (is: 64)\n");
    expect_refusal("fping -g x/24", "fping, can't parse address x: ");
    expect_refusal("fping -g x 192.0.2.1", "fping: can't parse address x: ");
    expect_refusal("fping -g 192.0.2.1 ::1", "fping: can't parse address ::1: ");
    expect_refusal("fping -g fe80::1%1 fe80::2", "fping: different scopes");
    expect_refusal("fping -g 192.0.2.0", "Usage: ");
    expect_refusal("fping -g 192.0.2.0/x", "Usage: ");
    expect_refusal("fping -g 192.0.2.0/-1", "Usage: ");
    expect_refusal("fping -g 1 2 3", "Usage: ");
    expect_refusal("fping -g", "Usage: ");
    expect_refusal("fping -f /dev/null 192.0.2.1", "Usage: ");
}

static void write_file(char path[static 32], const char *text)
{
    strcpy(path, "/tmp/sonde-fping-XXXXXX");
    const int fd = mkstemp(path);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

Test(fping_targets, the_first_word_of_each_line_of_a_file)
{
    char path[32], line[64];
    write_file(path, "192.0.2.1 rest of it\n\n # no host\n#192.0.2.7\n\t192.0.2.2\r\n::1");
    snprintf(line, sizeof line, "fping -f %s", path);
    expect_hosts(line, "192.0.2.1 192.0.2.2 ::1");
    unlink(path);
}

Test(fping_targets, a_file_that_is_not_there)
{
    struct found found;
    find(&found, "fping -f /nonexistent/file");
    cr_assert_eq(found.status, 4);
    cr_assert_str_eq(printed_text(&found.err), "fping: fopen : No such file or directory\n");
    forget(&found);
}

Test(fping_targets, an_unknown_host_leaves_the_others)
{
    struct found found;
    find(&found, "fping 256.1.1.1 192.0.2.1");
    cr_assert_eq(found.status, 0);
    cr_assert_eq(found.targets.unknown, 1);
    cr_assert_eq(found.targets.count, 1);
    cr_assert_str_eq(printed_text(&found.err), "256.1.1.1: Name or service not known\n");
    forget(&found);
}

Test(fping_targets, keys_for_netdata)
{
    struct found found;
    find(&found, "fping -N -l 2001:db8::1");
    cr_assert_str_eq(found.targets.hosts[0].key, "2001_db8__1");
    cr_assert_str_eq(found.targets.hosts[0].label, "2001:db8::1");
    forget(&found);
}
