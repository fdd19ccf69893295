#include "strategy/multipath_stop.h"

#include <math.h>
#include <string.h>

#include "sonde/multipath.h"

void multipath_stop_init(struct multipath_stop *stop, double failure)
{
    stop->failure = failure;
    stop->known = 0;
}

/* K (1 - 1/K)^n <= failure: none of K is missed, by the union bound. */
static uint32_t bounded(double hops, double failure)
{
    return (uint32_t)ceil(log(failure / hops) / log1p(-1 / hops));
}

/*
 * Of K equally likely next hops, k = K - 1 are to be told from all of them. One more flow shows a
 * new one with the share that is not known yet. `chance[j]`: j are known and no stopping point was
 * reached; what stands at n_j with j known has stopped, and failed.
 */
static uint32_t exact(const struct multipath_stop *stop, uint32_t k)
{
    double chance[MULTIPATH_STOP_EXACT + 2] = {0};
    double failed = 0, all = k + 1;
    uint32_t lowest = 1; /* fewer than this many known is over */
    chance[1] = 1;
    for (uint32_t n = 1;; n++) {
        if (lowest == k && failed + chance[k] <= stop->failure)
            return n;
        if (lowest < k && n == stop->points[lowest]) {
            failed += chance[lowest];
            chance[lowest++] = 0;
        }
        for (uint32_t j = k; j >= lowest; j--)
            chance[j] = chance[j] * j / all + (j > 1 ? chance[j - 1] * (all - j + 1) / all : 0);
    }
}

uint32_t multipath_stop_at(struct multipath_stop *stop, uint32_t next_hops)
{
    if (next_hops > SONDE_MULTIPATH_WIDTH)
        next_hops = SONDE_MULTIPATH_WIDTH;
    if (next_hops > MULTIPATH_STOP_EXACT)
        return bounded(next_hops + 1.0, stop->failure);
    while (stop->known < next_hops) {
        uint32_t k = stop->known + 1;
        stop->points[k] = exact(stop, k);
        stop->known = k;
    }
    return stop->points[next_hops];
}

uint32_t sonde_multipath_stopping_point(uint32_t next_hops, double failure)
{
    struct multipath_stop stop;
    if (next_hops < 1 || next_hops > SONDE_MULTIPATH_WIDTH || !(failure >= 1e-6 && failure <= 0.5))
        return 0;
    multipath_stop_init(&stop, failure);
    return multipath_stop_at(&stop, next_hops);
}
