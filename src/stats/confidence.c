#include "sonde/stats.h"

#include <math.h>

struct sonde_interval sonde_wilson(uint64_t hits, uint64_t trials, double z)
{
    if (trials == 0)
        return (struct sonde_interval){0.0, 1.0};

    double n = (double)trials;
    double p = (double)hits / n;
    double scale = 1.0 + z * z / n;
    double centre = (p + z * z / (2.0 * n)) / scale;
    double half = z / scale * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n));

    /* At the ends the formula gives 0 and 1 but for rounding. */
    return (struct sonde_interval){
        hits == 0 ? 0.0 : fmax(0.0, centre - half),
        hits >= trials ? 1.0 : fmin(1.0, centre + half),
    };
}
