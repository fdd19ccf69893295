#include "sonde/stats.h"

#include <criterion/criterion.h>

#include "streams.h"

static struct sonde_quality quality(int64_t rtt_ms, int64_t jitter_ms, double loss)
{
    return sonde_quality_of(sonde_span_ms(rtt_ms), sonde_span_ms(jitter_ms), loss);
}

Test(stats_quality, ends_of_the_scale)
{
    cr_assert_float_eq(quality(0, 0, 0).r, 93.2, 1e-9);
    cr_assert_float_eq(quality(0, 0, 0).mos, 4.41, 0.005);
    cr_assert_float_eq(sonde_quality_of(SONDE_FOREVER, SONDE_FOREVER, 1.0).mos, 1.0, 1e-9);
    cr_assert_eq(sonde_quality_of(SONDE_FOREVER, SONDE_FOREVER, 7.0).r, 0.0);
    cr_assert_float_eq(
        sonde_quality_of((struct sonde_span){-5}, (struct sonde_span){INT64_MIN}, -1.0).r, 93.2,
        1e-9);
}

Test(stats_quality, known_values)
{
    /* one way 100 ms: Id 2.4; 200 ms: 4.8 + 0.11 × 22.7 */
    cr_assert_float_eq(quality(200, 0, 0).r, 90.8, 1e-9);
    cr_assert_float_eq(quality(400, 0, 0).r, 93.2 - 4.8 - 0.11 * 22.7, 1e-9);
    cr_assert_float_eq(quality(100, 25, 0).r, 90.8, 1e-9);
    /* 1 % loss: 95 / 26.1 */
    cr_assert_float_eq(quality(0, 0, 0.01).r, 93.2 - 95.0 / 26.1, 1e-9);
    /* one way 550 ms: 13.2 + 0.11 × 372.7; G.107 annex B turns R 39 into MOS 2.0 */
    cr_assert_float_eq(quality(1100, 0, 0).r, 93.2 - 13.2 - 0.11 * 372.7, 1e-9);
    cr_assert_float_eq(quality(1100, 0, 0).mos, 2.0, 0.05);
}

Test(stats_quality, worse_is_never_better)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        int64_t rtt = (int64_t)below(&dice, 3000), jitter = (int64_t)below(&dice, 300);
        double loss = (double)below(&dice, 100) / 100;
        struct sonde_quality here = quality(rtt, jitter, loss);
        cr_assert(quality(rtt + 10, jitter, loss).r <= here.r);
        cr_assert(quality(rtt, jitter + 10, loss).mos <= here.mos);
        cr_assert(quality(rtt, jitter, loss + 0.01).mos <= here.mos);
        cr_assert(here.mos >= 1.0 && here.mos <= 4.5);
    }
}
