#include "sim/queue.h"

#include <math.h>
#include <string.h>

#include "sim/dice.h"
#include "sonde/time.h"

/* --- our own packets -------------------------------------------------------------------------- */

/* Period `i` has grown: it swallows those behind it that it now reaches, with the work in them. */
static void push_later(struct sim_queue *queue, uint32_t i)
{
    struct sim_busy *period = &queue->periods[i];
    uint32_t next = i + 1;
    while (next < queue->count && queue->periods[next].from <= period->until) {
        int64_t overlap = period->until - queue->periods[next].from;
        period->until = sonde_saturating_add(queue->periods[next].until, overlap);
        next++;
    }
    if (next == i + 1)
        return;
    memmove(period + 1, &queue->periods[next], (queue->count - next) * sizeof(*period));
    queue->count -= next - (i + 1);
}

/* Makes room for a period in front of period *i; the oldest is forgotten when there are too many.
 * False when the new one would be the oldest. */
static bool make_room(struct sim_queue *queue, uint32_t *i)
{
    if (queue->count == SIM_QUEUE_PERIODS) {
        if (*i == 0)
            return false;
        memmove(&queue->periods[0], &queue->periods[1],
                (SIM_QUEUE_PERIODS - 1) * sizeof(queue->periods[0]));
        queue->count--;
        --*i;
    }
    memmove(&queue->periods[*i + 1], &queue->periods[*i],
            (queue->count - *i) * sizeof(queue->periods[0]));
    queue->count++;
    return true;
}

int64_t sim_queue_pass(struct sim_queue *queue, int64_t at, int64_t service, int64_t latest)
{
    uint32_t i = queue->count;
    while (i > 0 && queue->periods[i - 1].until >= at)
        i--;
    int64_t begins = at;
    if (i < queue->count && queue->periods[i].from <= at) {
        begins = queue->periods[i].until;
        if (begins > latest)
            return SIM_QUEUE_FULL;
        queue->periods[i].until = sonde_saturating_add(begins, service);
    } else {
        if (at > latest)
            return SIM_QUEUE_FULL;
        if (!make_room(queue, &i))
            return begins;
        queue->periods[i] = (struct sim_busy){at, sonde_saturating_add(at, service)};
    }
    push_later(queue, i);
    return begins;
}

/* --- other people's --------------------------------------------------------------------------- */

#define SLOTS_A_MEAN 8
#define SLOTS        128

/* The integral of (1 - e^-y) / y from 0 to x, by its power series; x is small. */
static double ein(double x)
{
    double term = x, sum = x;
    for (int k = 2; k < 200 && fabs(term) > 1e-12; k++) {
        term *= -x / k;
        sum += term / k;
    }
    return sum;
}

/*
 * In each slot of time others leave work of a random size, which drains as time goes on; what a
 * packet meets is the largest remainder. With sizes as the maximum of a Poisson number (mean
 * `rate` / SLOTS_A_MEAN) of exponentials with mean `mean`, what it meets exceeds x with the chance
 * 1 - exp(-rate e^(-x/mean)), whose mean is mean * ein(rate). `rate` is chosen so that the chance
 * of any wait is the load, and `mean` so that the mean is that of M/D/1 (Pollaczek and Khinchine).
 */
int64_t sim_queue_others(uint64_t seed, uint64_t key, int64_t at, double load, int64_t service)
{
    double rate = -log1p(-load);
    if (!(rate > 0) || !isfinite(rate))
        return 0;
    double mean = load / (2 * (1 - load)) * (double)service / ein(rate);
    int64_t slot_ns = (int64_t)fmax(mean / SLOTS_A_MEAN, 1);
    double nothing = exp(-rate / SLOTS_A_MEAN);
    uint64_t own = sim_dice_throw(sim_dice_take(seed, key, 0), SIM_THROW_LOAD);
    int64_t most = 0;
    for (int64_t slot = at / slot_ns, age = at % slot_ns, i = 0; i < SLOTS && slot >= i; i++) {
        struct sim_dice dice = sim_dice_take(own, 0, (uint64_t)(slot - i));
        double u = sim_dice_unit(dice, SIM_THROW_LOAD);
        if (u > nothing) {
            int64_t size = (int64_t)(-mean * log(-log(u) * SLOTS_A_MEAN / rate));
            int64_t left = size - (age + i * slot_ns);
            most = left > most ? left : most;
        }
    }
    return most;
}
