/*
 * A rate that the network bears: additive increase, multiplicative decrease (the idea of RFC 5681).
 *
 * It begins with a tenth of the asked rate. Probes are judged by the half second in which they were
 * due, once all of them have their verdicts. While the share of answers holds, the rate rises by a
 * tenth of the asked one; when it falls clearly below what it was, the rate is halved. When the
 * lower rate does not bring the answers back, it was not the rate: the new share is what is
 * expected from then on.
 */
#ifndef STRATEGY_ADAPT_H
#define STRATEGY_ADAPT_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/time.h"

#define STRATEGY_ADAPT_COHORTS 64 /* half seconds that verdicts are waited for */

struct strategy_cohort {
    uint64_t sent;
    uint64_t settled;
    uint64_t answered;
};

struct strategy_adapt {
    uint32_t share;   /* of STRATEGY_SLOTS_WHOLE: the rate in use */
    uint32_t cuts;    /* how often it was halved */
    int64_t start_ns; /* of cohort 0 */
    int64_t oldest;   /* the first cohort that is not judged */
    int64_t newest;
    int64_t judged_from; /* cohorts before this one began at another rate */
    double expected;     /* share of answers; negative: not known yet */
    double share_at_cut; /* share of answers that made us halve the rate; negative: did not */
    struct strategy_cohort cohorts[STRATEGY_ADAPT_COHORTS];
};

void strategy_adapt_begin(struct strategy_adapt *adapt, struct sonde_mono start);

/* A probe that is due then has been handed out … */
void strategy_adapt_sent(struct strategy_adapt *adapt, struct sonde_mono due);

/* … and its fate is known. */
void strategy_adapt_settled(struct strategy_adapt *adapt, struct sonde_mono due, bool answered);

/* Judges what can be judged at `now`. True when `share` has changed. */
bool strategy_adapt_judge(struct strategy_adapt *adapt, struct sonde_mono now);

#endif
