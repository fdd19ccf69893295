/* What the tests of this room share: seeded random numbers, outcomes, streams of probes. */
#ifndef TESTS_STATS_STREAMS_H
#define TESTS_STATS_STREAMS_H

#include <stdint.h>
#include <stdlib.h>

#include "sonde/stats.h"

#define SEEDS 40

/* Every random test runs over seeds 1 … SEEDS; failures name theirs. */
struct dice {
    uint64_t state;
};

static inline uint64_t roll(struct dice *dice) /* splitmix64 */
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t below(struct dice *dice, uint64_t limit)
{
    return roll(dice) % limit;
}

/* Of any order of magnitude from 1 ns to 2^bits. */
static inline int64_t any_span(struct dice *dice, unsigned bits)
{
    return (int64_t)(roll(dice) >> (64 - 1 - below(dice, bits)));
}

static inline struct sonde_outcome final_outcome(enum sonde_outcome_kind kind, uint64_t number)
{
    return (struct sonde_outcome){.kind = kind, .token = number + 1, .number = number};
}

static inline struct sonde_outcome reply_after(uint64_t number, int64_t rtt_ns)
{
    struct sonde_outcome outcome = final_outcome(SONDE_REPLY, number);
    outcome.rtt_known = true;
    outcome.rtt.ns = rtt_ns;
    return outcome;
}

/* One probe of a stream, and when its outcome is told. */
struct told {
    int64_t at_ns;
    struct sonde_outcome outcome;
};

static inline int told_order(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    return x->outcome.number < y->outcome.number ? -1 : x->outcome.number > y->outcome.number;
}

/*
 * A stream of `count` probes 1 ms apart with bursts of loss, errors, void probes and RTTs that
 * overtake each other; told[] by number. Sort by told_order for the order of events.
 */
static inline void make_stream(struct dice *dice, struct told *told, size_t count)
{
    const uint64_t loss = below(dice, 40), spread = 1 + below(dice, 30);
    uint64_t burst = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t due = (int64_t)i * SONDE_NS_PER_MS;
        uint64_t fate = below(dice, 100);
        if (burst == 0 && fate < loss)
            burst = 1 + below(dice, 5);
        if (burst > 0) {
            burst--;
            told[i].outcome = final_outcome(SONDE_TIMED_OUT, i);
            told[i].at_ns = due + 200 * SONDE_NS_PER_MS;
        } else if (fate >= 97) {
            told[i].outcome = final_outcome(SONDE_UNREACHABLE, i);
            told[i].at_ns = due + 5 * SONDE_NS_PER_MS;
        } else if (fate >= 94) {
            told[i].outcome = final_outcome(SONDE_SEND_FAILED, i);
            told[i].at_ns = due;
        } else {
            int64_t rtt = (int64_t)below(dice, spread * (uint64_t)SONDE_NS_PER_MS);
            told[i].outcome = reply_after(i, rtt);
            told[i].outcome.rtt_known = fate != 93;
            told[i].at_ns = due + rtt;
        }
    }
}

#endif
