#include "sonde/stats.h"

#include <math.h>

/* G.107 table 1: the rating that its default values give before delay and loss. */
#define R_DEFAULT 93.2
/* G.113 appendix I, G.711 with packet loss concealment. */
#define PACKET_LOSS_ROBUSTNESS 25.1

static double milliseconds(struct sonde_span span)
{
    return span.ns > 0 ? (double)span.ns / (double)SONDE_NS_PER_MS : 0.0;
}

/* G.107 annex B. */
static double mos_of(double r)
{
    double mos = 1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r);
    return r <= 0.0 ? 1.0 : fmax(1.0, mos);
}

struct sonde_quality sonde_quality_of(struct sonde_span rtt, struct sonde_span jitter,
                                      double loss_ratio)
{
    double one_way = milliseconds(rtt) / 2.0 + 2.0 * milliseconds(jitter);
    double delay = 0.024 * one_way + 0.11 * fmax(0.0, one_way - 177.3);
    double percent = 100.0 * fmin(1.0, fmax(0.0, loss_ratio));
    double loss = 95.0 * percent / (percent + PACKET_LOSS_ROBUSTNESS);
    double r = fmax(0.0, R_DEFAULT - delay - loss);
    return (struct sonde_quality){.r = r, .mos = mos_of(r)};
}
