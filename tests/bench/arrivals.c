/*
 * arrivals NETNS DEVICE PERIOD_US
 *
 * Reads the counter of packets that DEVICE, in the network namespace NETNS (a path), has received,
 * every PERIOD_US until its standard input ends. Then prints the readings: time in ns (monotonic),
 * count. What arrives costs nothing more than it would without: no packet is looked at.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define READINGS 200000 /* then it ends by itself */
#define TEXT     8192   /* of /proc/net/dev */

struct reading {
    int64_t ns;
    uint64_t count;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int fail(const char *what)
{
    fprintf(stderr, "arrivals: %s: %s\n", what, strerror(errno));
    return 1;
}

/* proc(5), /proc/net/dev: NAME: bytes packets … */
static int take(int file, const char *label, struct reading *reading)
{
    char text[TEXT];
    unsigned long long bytes, packets;
    int64_t before = now_ns();
    ssize_t length = pread(file, text, sizeof text - 1, 0);

    if (length <= 0)
        return -1;
    reading->ns = before + (now_ns() - before) / 2;
    text[length] = 0;
    char *line = strstr(text, label);
    if (!line || sscanf(line + strlen(label), "%llu %llu", &bytes, &packets) != 2) {
        errno = ENODEV;
        return -1;
    }
    reading->count = packets;
    return 0;
}

int main(int argc, char **argv)
{
    static struct reading readings[READINGS];
    char label[64];
    size_t count = 0;

    if (argc != 4) {
        fprintf(stderr, "usage: arrivals NETNS DEVICE PERIOD_US\n");
        return 2;
    }
    int network = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (network < 0 || setns(network, CLONE_NEWNET) < 0)
        return fail(argv[1]);
    int file = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fail("/proc/net/dev");
    prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
    snprintf(label, sizeof label, " %s:", argv[2]);
    long period = strtol(argv[3], NULL, 10);
    struct timespec wait = {.tv_sec = period / 1000000, .tv_nsec = period % 1000000 * 1000};
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    while (count < READINGS) {
        if (take(file, label, &readings[count]) < 0)
            return fail(argv[2]);
        if (count++ == 0) {
            puts("ready");
            fflush(stdout);
        }
        if (ppoll(&input, 1, &wait, NULL) > 0)
            break;
    }
    for (size_t i = 0; i < count; i++)
        printf("%lld %llu\n", (long long)readings[i].ns, (unsigned long long)readings[i].count);
    return 0;
}
