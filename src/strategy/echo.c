#include "sonde/echo.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/plan.h"

struct echo_target {
    int64_t rtt_max_ns; /* -1 while it has not answered */
    uint64_t answers;
};

struct sonde_echo {
    struct sonde_echo_config config;
    struct plan plan;
    struct echo_target *targets;
    struct sonde_mono last_left; /* when the last probe was handed out: it may have been late */
    uint32_t satisfied;          /* targets that have answered as often as asked */
    bool ended;
};

static enum plan_mode plan_mode(enum sonde_echo_mode mode)
{
    switch (mode) {
    case SONDE_ECHO_POISSON:
        return PLAN_POISSON;
    case SONDE_ECHO_ADAPTIVE:
        return PLAN_ADAPTIVE;
    case SONDE_ECHO_FIXED:
        break;
    }
    return PLAN_FIXED;
}

int sonde_echo_create(struct sonde_echo **created, const struct sonde_echo_config *config)
{
    struct sonde_echo *echo = calloc(1, sizeof *echo);
    if (!echo)
        return -ENOMEM;
    echo->config = *config;
    int error = plan_init(&echo->plan, &(struct plan_config){
                                           .mode = plan_mode(config->mode),
                                           .targets = config->targets,
                                           .interval = config->interval,
                                           .min_gap = config->min_gap,
                                           .floor = config->floor,
                                           .spread = config->spread,
                                           .tick = config->tick,
                                           .count = config->count,
                                           .preload = config->preload,
                                           .window = config->window,
                                           .deadline = config->deadline,
                                           .seed = config->seed,
                                       });
    if (!error) {
        echo->targets = calloc(config->targets, sizeof *echo->targets);
        error = echo->targets ? 0 : -ENOMEM;
    }
    if (error) {
        sonde_echo_destroy(echo);
        return error;
    }
    for (uint32_t i = 0; i < config->targets; i++)
        echo->targets[i].rtt_max_ns = -1;
    *created = echo;
    return 0;
}

void sonde_echo_destroy(struct sonde_echo *echo)
{
    if (!echo)
        return;
    plan_destroy(&echo->plan);
    free(echo->targets);
    free(echo);
}

static struct sonde_span patience(void *self)
{
    const struct sonde_echo *echo = self;
    int64_t longest = echo->config.interval.ns;
    if (echo->config.wait_out)
        return echo->config.probe.timeout;
    for (uint32_t i = 0; i < echo->config.targets; i++) {
        int64_t rtt = echo->targets[i].rtt_max_ns;
        if (rtt < 0)
            return echo->config.probe.timeout;
        if (sonde_saturating_mul(2, rtt) > longest)
            longest = sonde_saturating_mul(2, rtt);
    }
    int64_t timeout = echo->config.probe.timeout.ns;
    return (struct sonde_span){longest < timeout ? longest : timeout};
}

uint64_t sonde_echo_skipped(const struct sonde_echo *echo)
{
    return echo->plan.skipped;
}

/* When what is still open is given up, once nothing more is sent. */
static struct sonde_mono give_up(struct sonde_echo *echo, struct sonde_mono now)
{
    if (echo->ended)
        return now;
    struct sonde_mono last = sonde_mono_later(echo->plan.last_due, echo->last_left);
    struct sonde_mono at = sonde_mono_add(last, patience(echo));
    return at;
}

static struct sonde_mono end(void *self)
{
    const struct sonde_echo *echo = self;
    if (echo->config.deadline.ns == 0 || !echo->plan.started)
        return SONDE_NEVER;
    return sonde_mono_add(echo->plan.start, echo->config.deadline);
}

static enum sonde_next next(void *self, struct sonde_mono now, struct sonde_probe *probe,
                            struct sonde_mono *wake)
{
    struct sonde_echo *echo = self;
    struct plan_due due;
    if (echo->ended)
        plan_stop(&echo->plan);
    enum sonde_next next = plan_next(&echo->plan, now, &due, wake);
    switch (next) {
    case SONDE_NEXT_PROBE:
        *probe = echo->config.probe;
        probe->target = due.target;
        probe->number = due.number;
        probe->due = due.due;
        if (echo->config.flows > 1)
            probe->flow = (uint16_t)(probe->flow + (due.target + due.number) % echo->config.flows);
        echo->last_left = now;
        break;
    case SONDE_NEXT_WAIT:
        break;
    case SONDE_NEXT_DONE:
        *wake = give_up(echo, now);
        break;
    }
    return next;
}

static void heard_reply(struct sonde_echo *echo, struct echo_target *target,
                        const struct sonde_outcome *outcome)
{
    if (outcome->rtt_known && outcome->rtt.ns > target->rtt_max_ns)
        target->rtt_max_ns = outcome->rtt.ns;
    target->answers++;
    if (target->answers == echo->config.answers && ++echo->satisfied == echo->config.targets)
        echo->ended = true;
}

/* A refused send settles nothing: the next one is tried at the pace of a silent host. */
static void settle(struct sonde_echo *echo, const struct sonde_outcome *outcome)
{
    bool reply = outcome->kind == SONDE_REPLY;
    /* the clock of a network device cannot be compared with the plan's */
    bool comparable = reply && outcome->received.source != SONDE_STAMP_HARDWARE;
    if (sonde_outcome_is_final(outcome->kind) && outcome->kind != SONDE_SEND_FAILED)
        plan_settled(&echo->plan, outcome->target, outcome->number,
                     comparable ? outcome->received.at : (struct sonde_mono){INT64_MIN},
                     reply && outcome->rtt_known ? outcome->rtt : (struct sonde_span){0});
}

static void outcome(void *self, const struct sonde_outcome *heard)
{
    struct sonde_echo *echo = self;
    settle(echo, heard);
    switch (heard->kind) {
    case SONDE_REPLY:
        heard_reply(echo, &echo->targets[heard->target], heard);
        break;
    case SONDE_TIME_EXCEEDED:
    case SONDE_UNREACHABLE:
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
    case SONDE_SEND_FAILED:
        echo->ended |= echo->config.end_at_error;
        break;
    default:
        break;
    }
}

static const struct sonde_strategy_ops echo_ops = {next, end, patience, outcome};

struct sonde_strategy sonde_echo_strategy(struct sonde_echo *echo)
{
    return (struct sonde_strategy){&echo_ops, echo};
}
