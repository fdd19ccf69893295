/* An /etc/hosts of the test's own, in a mount namespace of its own. Needs _GNU_SOURCE. */
#ifndef TEST_NET_HOSTS_H
#define TEST_NET_HOSTS_H

#include <criterion/criterion.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

/* Skips the test where this is not allowed. */
static inline void use_hosts(const char *text)
{
    char path[] = "/tmp/sonde-hosts-XXXXXX";
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        cr_skip_test("no mount namespace may be made here");
    const int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    const int mounted = mount(path, "/etc/hosts", NULL, MS_BIND, NULL);
    unlink(path);
    if (mounted != 0)
        cr_skip_test("/etc/hosts cannot be covered here");
}

#endif
