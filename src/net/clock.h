/*
 * Translates the kernel's wall-clock stamps (CLOCK_REALTIME) to the monotonic clock.
 *
 * The difference of the two clocks changes only when the wall clock is stepped (or the machine was
 * suspended): slewing moves both alike. So one difference is held, and the same one translates both
 * ends of a round trip; measuring it again each turn shows the steps.
 */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/time.h"

struct net_clock {
    int64_t offset;            /* held: realtime - monotonic */
    int64_t bracket;           /* how uncertain it is */
    struct sonde_mono checked; /* when it last held true */
    uint64_t steps;
    /* The last step: it happened between `from` and `until`; before it, `former` was right. */
    int64_t former;
    struct sonde_mono from;
    struct sonde_mono until;
    struct sonde_mono blind_until; /* steps came too fast to tell them apart */
};

/* Measures the offset. */
void net_clock_open(struct net_clock *clock);

/* Measures the offset again. To be called once a turn, after stamps are read and before they are
 * translated. */
void net_clock_check(struct net_clock *clock);

/* What check does with one measurement: the realtime clock read `real` between the two others. */
void net_clock_observe(struct net_clock *clock, struct sonde_mono before, int64_t real,
                       struct sonde_mono after);

/*
 * The monotonic time of a wall-clock stamp which was made between `earliest` and `latest`. False
 * when there is none, or when a step leaves two possible answers.
 */
bool net_clock_translate(const struct net_clock *clock, int64_t real, struct sonde_mono earliest,
                         struct sonde_mono latest, struct sonde_mono *at);

#endif
