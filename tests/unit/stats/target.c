#include "sonde/stats.h"

#include <criterion/criterion.h>

#include "streams.h"

Test(stats_target, feeds_all_that_there_is)
{
    static uint64_t counts[SONDE_HISTOGRAM_BUCKETS];
    static struct sonde_sequence_slot slots[64];
    struct sonde_histogram histogram;
    struct sonde_sequence sequence;
    struct sonde_target_stats all = {.sequence = &sequence, .histogram = &histogram}, core = {0};
    sonde_stats_init(&all.stats, 0);
    sonde_stats_init(&core.stats, 0);
    sonde_histogram_init(&histogram, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST, counts,
                         SONDE_HISTOGRAM_BUCKETS);
    sonde_sequence_init(&sequence, slots, 64, 0);

    struct sonde_outcome told[] = {
        reply_after(0, 1000),
        reply_after(2, 3000),
        final_outcome(SONDE_TIMED_OUT, 1),
        final_outcome(SONDE_UNREACHABLE, 3),
        reply_after(4, -5),
        final_outcome(SONDE_REPLY, 5),
        reply_after(0, 9000),
    };
    told[3].rtt_known = true;
    told[6].kind = SONDE_DUPLICATE;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        cr_assert_eq(sonde_target_stats_outcome(&all, &told[i]),
                     sonde_target_stats_outcome(&core, &told[i]));

    cr_assert_eq(all.stats.measured, 2);
    cr_assert_eq(core.stats.measured, 2);
    cr_assert_eq(histogram.total, 2);
    cr_assert_eq(sequence.tally.judged, 6);
    cr_assert_eq(sequence.tally.lost, 1);
    cr_assert_eq(sequence.tally.arrivals, 4);
    cr_assert_eq(sequence.tally.ipdv_count, 0);
}
