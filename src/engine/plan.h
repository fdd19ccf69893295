/*
 * Who is due: absolute times for every probe of every target.
 *
 * The k-th probe of target t is due at start + offset(t) + k * interval, whatever became of the
 * probes before it. Lateness of up to one interval (and always up to 100 ms) is made up for; due
 * times that were missed by more, because the machine slept or starved, are skipped and counted.
 */
#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/queue.h"
#include "base/random.h"
#include "sonde/strategy.h"
#include "sonde/time.h"

enum plan_mode {
    PLAN_FIXED,   /* every interval */
    PLAN_POISSON, /* exponentially distributed gaps with the interval as mean (RFC 2330, 11.1.1) */
    /*
     * As fast as answers come back: at once while fewer than `preload` are unanswered; an RTT after
     * the last one while fewer than `window` are, for its answer should be there; else after the
     * interval.
     */
    PLAN_ADAPTIVE,
};

struct plan_config {
    enum plan_mode mode;
    uint32_t targets;
    struct sonde_span interval; /* per target */
    struct sonde_span min_gap;  /* between any two probes of the plan, 0: none; what is preloaded
                                   leaves at once, and what follows waits for all of the gaps */
    struct sonde_span floor;    /* PLAN_ADAPTIVE: the shortest interval */
    struct sonde_span spread;   /* the targets' first probes are spread over this; 0: together */
    struct sonde_span tick;     /* where they are closer than this, they leave in groups: one
                                   wake-up serves several; 0: never */
    uint64_t count;             /* probes per target; 0: no end */
    uint32_t preload;           /* this many are due at the start (0 as 1) */
    uint32_t window;            /* PLAN_ADAPTIVE; 0: none */
    struct sonde_span deadline; /* no probe is due later than start + deadline; 0: none */
    uint64_t seed;              /* PLAN_POISSON */
};

struct plan_target {
    int64_t due_ns;
    int64_t last_ns; /* due time of the last probe */
    uint64_t sent;
    uint64_t settled; /* PLAN_ADAPTIVE: probes whose fate is known, and all before them */
    int64_t rtt_ns;   /* PLAN_ADAPTIVE: smoothed, 0 while unknown */
};

struct plan {
    struct plan_config config;
    struct plan_target *targets;
    struct base_queue queue; /* of the targets that have probes left, by due time */
    struct base_random random;
    struct sonde_mono start;
    bool started;
    struct sonde_mono earliest; /* min_gap: nothing may leave before */
    struct sonde_mono last_due; /* of the probes handed out */
    uint64_t skipped;           /* due times that passed unused */
};

struct plan_due {
    uint32_t target;
    uint64_t number;
    struct sonde_mono due;
};

/*
 * Returns 0, -EINVAL (no targets, negative times) or -ENOMEM. Destroy is right in any case. A plan
 * must not be moved in memory.
 */
int plan_init(struct plan *plan, const struct plan_config *config);
void plan_destroy(struct plan *plan);

/*
 * The next probe that is due at `now`; the first call starts the plan. Each answer PROBE counts as
 * sent. WAIT sets *wake to the next due time, DONE to SONDE_NEVER.
 */
enum sonde_next plan_next(struct plan *plan, struct sonde_mono now, struct plan_due *due,
                          struct sonde_mono *wake);

/*
 * PLAN_ADAPTIVE: the fate of a probe of the target is known at `at`: an answer, after `rtt` (0:
 * unknown), a timeout, a refusal. It settles those before it, too: what a flood has overtaken does
 * not hold it up. Without effect in the other modes.
 */
void plan_settled(struct plan *plan, uint32_t target, uint64_t number, struct sonde_mono at,
                  struct sonde_span rtt);

/* No more probes. */
void plan_stop(struct plan *plan);

#endif
