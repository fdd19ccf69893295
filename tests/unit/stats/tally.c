#include "sonde/stats.h"

#include <criterion/criterion.h>
#include <string.h>

#include "streams.h"

Test(stats_tally, empty_is_zero)
{
    struct sonde_sequence_tally tally = {0};
    struct sonde_sequence_summary summary;
    sonde_sequence_summarize(&tally, &summary);
    cr_assert(summary.ipdv_mean.ns == 0 && summary.ipdv_max.ns == 0);
    cr_assert(summary.period_mean == 0 && summary.distance_mean == 0);
    cr_assert(summary.reorder_ratio == 0 && summary.extent_mean == 0);
}

Test(stats_tally, merging_adds_up_and_keeps_extremes)
{
    struct sonde_sequence_tally a = {
        .ipdv_count = 2,
        .ipdv_rise = {UINT64_MAX, 0},
        .ipdv_fall = {1, 0},
        .ipdv_min_ns = -1,
        .ipdv_max_ns = INT64_MAX,
        .judged = 10,
        .lost = 3,
        .periods = 2,
        .longest = 2,
        .distance_sum = 5,
        .distances = 2,
        .period_distance_sum = 4,
        .period_distances = 1,
        .period_distance_min = 4,
        .period_distance_max = 4,
        .arrivals = 7,
        .reordered = 2,
        .extent_sum = 3,
        .extents = 2,
        .extent_max = 2,
        .presumed = 1,
        .misjudged = 1,
        .ignored = 1,
    };
    struct sonde_sequence_tally b = a, sum = {0}, empty = {0};
    b.ipdv_min_ns = -9;
    b.ipdv_max_ns = 9;
    b.longest = 3;
    b.period_distance_min = 2;
    b.period_distance_max = 6;
    b.extent_max = 5;

    sonde_sequence_merge(&sum, &empty);
    cr_assert_eq(memcmp(&sum, &empty, sizeof sum), 0);
    sonde_sequence_merge(&sum, &a);
    cr_assert_eq(memcmp(&sum, &a, sizeof sum), 0, "merging into an empty one is a copy");
    sonde_sequence_merge(&sum, &empty);
    cr_assert_eq(memcmp(&sum, &a, sizeof sum), 0);
    sonde_sequence_merge(&sum, &b);

    const struct sonde_sequence_tally expected = {
        .ipdv_count = 4,
        .ipdv_rise = {UINT64_MAX - 1, 1},
        .ipdv_fall = {2, 0},
        .ipdv_min_ns = -9,
        .ipdv_max_ns = INT64_MAX,
        .judged = 20,
        .lost = 6,
        .periods = 4,
        .longest = 3,
        .distance_sum = 10,
        .distances = 4,
        .period_distance_sum = 8,
        .period_distances = 2,
        .period_distance_min = 2,
        .period_distance_max = 6,
        .arrivals = 14,
        .reordered = 4,
        .extent_sum = 6,
        .extents = 4,
        .extent_max = 5,
        .presumed = 2,
        .misjudged = 2,
        .ignored = 2,
    };
    cr_assert_eq(memcmp(&sum, &expected, sizeof sum), 0);
}
