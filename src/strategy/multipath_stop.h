/* The stopping points of the multipath detection algorithm: Veitch and others, 2009. */
#ifndef STRATEGY_MULTIPATH_STOP_H
#define STRATEGY_MULTIPATH_STOP_H

#include <stdint.h>

/* Up to so many next hops the points are exact; behind them a bound that is a little higher. */
#define MULTIPATH_STOP_EXACT 128u

/* The points for one allowed failure, computed as far as they were asked for. */
struct multipath_stop {
    double failure;
    uint32_t known;
    uint32_t points[MULTIPATH_STOP_EXACT + 1]; /* [k], from 1 */
};

void multipath_stop_init(struct multipath_stop *stop, double failure);

/* n_k; k from 1, held to SONDE_MULTIPATH_WIDTH. */
uint32_t multipath_stop_at(struct multipath_stop *stop, uint32_t next_hops);

#endif
