/*
 * timer COUNT INTERVAL_US
 *
 * Sleeps COUNT times, until moments that are INTERVAL_US apart, and prints the 99th percentile of
 * the error of the gaps between its wake-ups, in us: what this machine lets anybody reach who only
 * sleeps.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: timer COUNT INTERVAL_US\n");
        return 2;
    }
    size_t count = strtoul(argv[1], NULL, 10);
    int64_t interval = strtol(argv[2], NULL, 10) * 1000;
    int64_t *errors = calloc(count + 1, sizeof *errors);
    if (!errors || count == 0)
        return 1;
    prctl(PR_SET_TIMERSLACK, 1UL);
    int64_t start = now_ns(), before = start;
    for (size_t i = 0; i < count; i++) {
        int64_t due = start + (int64_t)(i + 1) * interval;
        struct timespec until = {due / NS_PER_S, due % NS_PER_S};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        int64_t now = now_ns();
        errors[i] = llabs(now - before - interval);
        before = now;
    }
    qsort(errors, count, sizeof *errors, by_size);
    printf("%.1f\n", (double)errors[(count - 1) * 99 / 100] / 1000);
    free(errors);
    return 0;
}
