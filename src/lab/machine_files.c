#define _GNU_SOURCE

#include "lab/machine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWITCH_BYTES (64L << 10) /* of nsswitch.conf that are read, about */

static const char resolver[] = "# There is no name server in this network.\n"
                               "nameserver 127.0.0.1\n"
                               "options timeout:1 attempts:1\n";

/* Sockets of daemons that look up names. */
static const char *const name_services[] = {"/run/nscd", "/var/run/nscd"};

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t written = write(fd, text, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        text += written;
        left -= (size_t)written;
    }
    return 0;
}

/* Writes the text to a new file and mounts that over `target`. */
static int cover(const char *file, const char *text, const char *target)
{
    const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int error = fchmod(fd, 0644) == 0 ? write_all(fd, text) : -errno;
    close(fd);
    if (!error && mount(file, target, NULL, MS_BIND, NULL) != 0)
        error = -errno;
    return error;
}

/* The system's nsswitch.conf with our line for hosts; NULL: there is none. Freed by the caller. */
static char *switch_text(void)
{
    FILE *file = fopen("/etc/nsswitch.conf", "re");
    if (!file)
        return NULL;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    char line[1024];
    while (out && fgets(line, sizeof line, file) && ftell(out) < SWITCH_BYTES)
        if (strncmp(line + strspn(line, " \t"), "hosts:", 6) != 0)
            fputs(line, out);
    fclose(file);
    if (!out)
        return NULL;
    fputs("hosts: files dns\n", out);
    (void)fclose(out);
    return text;
}

static int optional(int error)
{
    return error == -ENOENT ? 0 : error;
}

/* `place` is a directory of ours in memory. */
static int cover_all(const char *place, const char *hosts, const char **operation)
{
    char file[64];
    int error = 0;

    *operation = "mount a hosts file over /etc/hosts";
    snprintf(file, sizeof file, "%s/hosts", place);
    if (hosts)
        error = cover(file, hosts, "/etc/hosts");
    if (error)
        return error;
    *operation = "mount a resolver configuration over /etc/resolv.conf";
    snprintf(file, sizeof file, "%s/resolv.conf", place);
    error = optional(cover(file, resolver, "/etc/resolv.conf"));
    if (error)
        return error;
    *operation = "mount a name service configuration over /etc/nsswitch.conf";
    snprintf(file, sizeof file, "%s/nsswitch.conf", place);
    char *text = switch_text();
    if (text)
        error = cover(file, text, "/etc/nsswitch.conf");
    free(text);
    return error;
}

/*
 * A directory that every system has, to be covered for a moment. Files that are mounted elsewhere
 * from there stay when it is uncovered again.
 */
static const char *some_directory(void)
{
    static const char *const candidates[] = {"/tmp", "/run", "/var", "/mnt", "/dev"};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        struct stat status;
        if (stat(candidates[i], &status) == 0 && S_ISDIR(status.st_mode))
            return candidates[i];
    }
    return "/etc";
}

int lab_machine_files_mount(const char *hosts, const char **operation)
{
    const char *place = some_directory();

    *operation = "create a mount namespace";
    if (unshare(CLONE_NEWNS) != 0)
        return -errno;
    *operation = "make the mounts private";
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return -errno;
    for (size_t i = 0; i < sizeof name_services / sizeof *name_services; i++)
        (void)mount("none", name_services[i], "tmpfs", MS_NOSUID | MS_NODEV, "size=4k,mode=755");
    *operation = "mount a file system in memory";
    if (mount("none", place, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64m,mode=755") != 0)
        return -errno;
    int error = cover_all(place, hosts, operation);
    if (umount2(place, MNT_DETACH) != 0 && !error) {
        *operation = "unmount a file system in memory";
        error = -errno;
    }
    return error;
}

void lab_machine_files_mount_proc(void)
{
    if (unshare(CLONE_NEWNS) == 0)
        (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}
