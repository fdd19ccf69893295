#include "engine/plan.h"

#include <errno.h>
#include <stdlib.h>

#define GAPS_EXCUSED      4 /* of lateness, in least gaps, that is no stall */
#define ALWAYS_MADE_UP_NS (100 * SONDE_NS_PER_MS)

static int64_t due_key(const void *owner, uint32_t id)
{
    const struct plan *plan = owner;
    return plan->targets[id].due_ns;
}

int plan_init(struct plan *plan, const struct plan_config *config)
{
    *plan = (struct plan){.config = *config};
    base_queue_init(&plan->queue, due_key, plan);
    base_random_seed(&plan->random, config->seed);
    if (config->targets == 0 || config->interval.ns < 0 || config->min_gap.ns < 0 ||
        config->floor.ns < 0 || config->deadline.ns < 0 || config->spread.ns < 0 ||
        config->tick.ns < 0)
        return -EINVAL;
    if (plan->config.preload == 0)
        plan->config.preload = 1;
    plan->targets = calloc(config->targets, sizeof *plan->targets);
    if (!plan->targets)
        return -ENOMEM;
    return base_queue_reserve(&plan->queue, config->targets);
}

void plan_destroy(struct plan *plan)
{
    base_queue_destroy(&plan->queue);
    free(plan->targets);
}

/* Offsets that spread the targets evenly, in groups where that saves wake-ups. */
static struct sonde_span offset(const struct plan *plan, uint32_t target)
{
    const struct plan_config *config = &plan->config;
    if (config->spread.ns == 0)
        return (struct sonde_span){0};
    int64_t group = (int64_t)((__int128)config->tick.ns * config->targets / config->spread.ns);
    int64_t first = group > 1 ? target - target % group : target;
    return (struct sonde_span){(int64_t)((__int128)config->spread.ns * first / config->targets)};
}

static void begin(struct plan *plan, struct sonde_mono now)
{
    plan->started = true;
    plan->start = plan->earliest = plan->last_due = now;
    for (uint32_t i = 0; i < plan->config.targets; i++) {
        plan->targets[i].due_ns = sonde_mono_add(now, offset(plan, i)).ns;
        base_queue_push(&plan->queue, i);
    }
}

static struct sonde_span gap(struct plan *plan)
{
    if (plan->config.mode != PLAN_POISSON)
        return plan->config.interval;
    double ns = base_random_exponential(&plan->random, (double)plan->config.interval.ns);
    return (struct sonde_span){ns < 9e18 ? (int64_t)ns : INT64_MAX};
}

/* Steps over due times that were missed by more than is made up for. False: there were none. */
static bool skip_missed(struct plan *plan, struct plan_target *target, struct sonde_mono now)
{
    int64_t interval = plan->config.interval.ns;
    int64_t late = sonde_saturating_sub(now.ns, target->due_ns);
    if (interval == 0 || late < interval || late < ALWAYS_MADE_UP_NS)
        return false;
    int64_t missed = late / interval;
    plan->skipped += (uint64_t)missed;
    if (plan->config.mode == PLAN_ADAPTIVE) /* has no schedule to come back to */
        target->due_ns = now.ns;
    else
        target->due_ns += missed * interval;
    return true;
}

/* PLAN_ADAPTIVE: from the last probe to the next one, as things stand. */
static int64_t adaptive_gap(const struct plan *plan, const struct plan_target *target)
{
    const struct plan_config *config = &plan->config;
    int64_t gap_ns = config->interval.ns;
    uint64_t unanswered = target->sent - target->settled;
    if (unanswered < config->preload)
        gap_ns = 0;
    else if (unanswered < config->window && target->rtt_ns > 0)
        gap_ns = target->rtt_ns;
    return gap_ns > config->floor.ns ? gap_ns : config->floor.ns;
}

static void advance(struct plan *plan, uint32_t id)
{
    struct plan_target *target = &plan->targets[id];
    target->sent++;

    if (plan->config.count != 0 && target->sent >= plan->config.count) {
        base_queue_remove(&plan->queue, id);
        return;
    }
    target->last_ns = target->due_ns;
    if (plan->config.mode == PLAN_ADAPTIVE)
        target->due_ns = sonde_saturating_add(target->due_ns, adaptive_gap(plan, target));
    else if (target->sent >= plan->config.preload)
        target->due_ns = sonde_saturating_add(target->due_ns, gap(plan).ns);
    if (target->due_ns != target->last_ns) /* else its turn is not over: it is preloading */
        base_queue_update(&plan->queue, id);
}

/*
 * From when the gap to the next probe counts. A gap protects others: after a stall it counts from
 * the real time of sending, not from the planned one, or all that is late would leave at once.
 */
static struct sonde_mono gap_counts_from(const struct plan *plan, struct sonde_mono at,
                                         struct sonde_mono now)
{
    struct sonde_span excused = sonde_span_times(plan->config.min_gap, GAPS_EXCUSED);
    struct sonde_mono planned = sonde_mono_later(at, plan->earliest);
    bool stalled = sonde_mono_before(sonde_mono_add(planned, excused), now);
    return stalled ? now : planned;
}

enum sonde_next plan_next(struct plan *plan, struct sonde_mono now, struct plan_due *due,
                          struct sonde_mono *wake)
{
    if (!plan->started)
        begin(plan, now);
    *wake = SONDE_NEVER;
    if (plan->queue.count == 0)
        return SONDE_NEXT_DONE;

    uint32_t id = base_queue_top(&plan->queue);
    while (skip_missed(plan, &plan->targets[id], now)) {
        base_queue_update(&plan->queue, id);
        id = base_queue_top(&plan->queue);
    }
    struct plan_target *target = &plan->targets[id];
    struct sonde_mono at = {target->due_ns};
    bool with_the_first = target->sent > 0 && target->sent < plan->config.preload;
    if (plan->config.min_gap.ns > 0)
        at = sonde_mono_later(at, with_the_first ? plan->last_due : plan->earliest);
    if (plan->config.deadline.ns > 0 &&
        !sonde_mono_before(at, sonde_mono_add(plan->start, plan->config.deadline))) {
        plan_stop(plan);
        return SONDE_NEXT_DONE;
    }
    if (sonde_mono_before(now, at)) {
        *wake = at;
        return SONDE_NEXT_WAIT;
    }
    *due = (struct plan_due){.target = id, .number = target->sent, .due = at};
    plan->last_due = at;
    plan->earliest = sonde_mono_add(gap_counts_from(plan, at, now), plan->config.min_gap);
    advance(plan, id);
    return SONDE_NEXT_PROBE;
}

void plan_settled(struct plan *plan, uint32_t id, uint64_t number, struct sonde_mono at,
                  struct sonde_span rtt)
{
    struct plan_target *target = &plan->targets[id];
    if (plan->config.mode != PLAN_ADAPTIVE || !base_queue_holds(&plan->queue, id) ||
        number < target->settled)
        return;
    target->settled = number + 1;
    if (rtt.ns > 0)
        target->rtt_ns =
            target->rtt_ns == 0 ? rtt.ns : target->rtt_ns + (rtt.ns - target->rtt_ns) / 8;
    int64_t due = sonde_saturating_add(target->last_ns, adaptive_gap(plan, target));
    if (target->sent - target->settled < plan->config.preload && due < at.ns)
        due = at.ns;
    if (due < target->due_ns) {
        target->due_ns = due;
        base_queue_update(&plan->queue, id);
    }
}

void plan_stop(struct plan *plan)
{
    base_queue_clear(&plan->queue);
}
