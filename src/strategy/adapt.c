#include "strategy/adapt.h"

#include <math.h>

#include "strategy/slots.h"

#define COHORT_NS    (500 * SONDE_NS_PER_MS)
#define STEP         (STRATEGY_SLOTS_WHOLE / 10)
#define LEAST_SHARE  (STRATEGY_SLOTS_WHOLE / 64)
#define LEAST_PROBES 50   /* fewer say nothing */
#define CLEARLY      0.85 /* of what is expected: less is a fall … */
#define DEVIATIONS   3.0  /* … if chance does not explain it either */
#define HELPED       1.1

void strategy_adapt_begin(struct strategy_adapt *adapt, struct sonde_mono start)
{
    *adapt = (struct strategy_adapt){
        .share = STEP, .start_ns = start.ns, .expected = -1, .share_at_cut = -1};
}

static int64_t cohort_of(const struct strategy_adapt *adapt, struct sonde_mono due)
{
    return sonde_saturating_sub(due.ns, adapt->start_ns) / COHORT_NS;
}

static struct strategy_cohort *cohort(struct strategy_adapt *adapt, int64_t number)
{
    return &adapt->cohorts[number % STRATEGY_ADAPT_COHORTS];
}

/* Makes room for a cohort: the oldest are not waited for any longer. */
static void open_until(struct strategy_adapt *adapt, int64_t number)
{
    if (number - adapt->newest >= STRATEGY_ADAPT_COHORTS) {
        adapt->newest = number - STRATEGY_ADAPT_COHORTS;
        adapt->oldest = adapt->newest + 1;
    }
    while (adapt->newest < number)
        *cohort(adapt, ++adapt->newest) = (struct strategy_cohort){0};
    if (adapt->oldest <= number - STRATEGY_ADAPT_COHORTS)
        adapt->oldest = number - STRATEGY_ADAPT_COHORTS + 1;
}

void strategy_adapt_sent(struct strategy_adapt *adapt, struct sonde_mono due)
{
    int64_t number = cohort_of(adapt, due);
    if (number > adapt->newest)
        open_until(adapt, number);
    if (number >= adapt->oldest)
        cohort(adapt, number)->sent++;
}

void strategy_adapt_settled(struct strategy_adapt *adapt, struct sonde_mono due, bool answered)
{
    int64_t number = cohort_of(adapt, due);
    if (number < adapt->oldest || number > adapt->newest)
        return;
    cohort(adapt, number)->settled++;
    cohort(adapt, number)->answered += answered;
}

static void raise_rate(struct strategy_adapt *adapt)
{
    adapt->share += STEP;
    if (adapt->share > STRATEGY_SLOTS_WHOLE)
        adapt->share = STRATEGY_SLOTS_WHOLE;
}

static void cut_rate(struct strategy_adapt *adapt, double answers)
{
    adapt->share_at_cut = answers;
    adapt->share = adapt->share / 2 > LEAST_SHARE ? adapt->share / 2 : LEAST_SHARE;
    adapt->cuts++;
    adapt->judged_from = adapt->newest + 1; /* what is on its way left at the old rate */
}

static void judge(struct strategy_adapt *adapt, const struct strategy_cohort *judged)
{
    double answers = (double)judged->answered / (double)judged->sent;
    if (adapt->expected < 0)
        adapt->expected = answers;
    double expected = adapt->expected;
    double deviation = sqrt(expected * (1 - expected) / (double)judged->sent);
    bool fallen = answers < CLEARLY * expected && answers < expected - DEVIATIONS * deviation;
    bool was_cut = adapt->share_at_cut >= 0;
    if (fallen && !(was_cut && answers < HELPED * adapt->share_at_cut + deviation)) {
        cut_rate(adapt, answers);
        return;
    }
    adapt->expected = fallen ? answers : expected + (answers - expected) / 4;
    adapt->share_at_cut = -1;
    raise_rate(adapt);
}

bool strategy_adapt_judge(struct strategy_adapt *adapt, struct sonde_mono now)
{
    uint32_t before = adapt->share;
    int64_t current = cohort_of(adapt, now);
    while (adapt->oldest <= adapt->newest && adapt->oldest < current) {
        struct strategy_cohort judged = *cohort(adapt, adapt->oldest);
        if (judged.settled < judged.sent)
            break;
        bool counts = judged.sent >= LEAST_PROBES && adapt->oldest >= adapt->judged_from;
        adapt->oldest++;
        if (counts)
            judge(adapt, &judged);
    }
    return adapt->share != before;
}
