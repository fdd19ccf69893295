#include "sonde/stats.h"

#include <string.h>

#include "wide.h"

static double ratio(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : (double)part / (double)whole;
}

static void summarize_ipdv(const struct sonde_sequence_tally *tally,
                           struct sonde_sequence_summary *summary)
{
    uint64_t magnitudes[2], larger[2], smaller[2];
    bool falls = stats_wide_less(tally->ipdv_rise, tally->ipdv_fall, 2);
    memcpy(larger, falls ? tally->ipdv_fall : tally->ipdv_rise, sizeof larger);
    memcpy(smaller, falls ? tally->ipdv_rise : tally->ipdv_fall, sizeof smaller);
    memcpy(magnitudes, larger, sizeof magnitudes);
    stats_wide_add(magnitudes, 2, smaller, 2);
    stats_wide_subtract(larger, smaller, 2);

    int64_t mean = (int64_t)stats_wide_divide(larger, tally->ipdv_count);
    summary->ipdv_mean.ns = falls ? -mean : mean;
    summary->ipdv_mean_abs.ns = (int64_t)stats_wide_divide(magnitudes, tally->ipdv_count);
    summary->ipdv_min.ns = tally->ipdv_min_ns;
    summary->ipdv_max.ns = tally->ipdv_max_ns;
}

void sonde_sequence_summarize(const struct sonde_sequence_tally *tally,
                              struct sonde_sequence_summary *summary)
{
    *summary = (struct sonde_sequence_summary){
        .period_mean = ratio(tally->lost, tally->periods),
        .distance_mean = ratio(tally->distance_sum, tally->distances),
        .period_distance_mean = ratio(tally->period_distance_sum, tally->period_distances),
        .reorder_ratio = ratio(tally->reordered, tally->arrivals),
        .extent_mean = ratio(tally->extent_sum, tally->extents),
    };
    if (tally->ipdv_count > 0)
        summarize_ipdv(tally, summary);
}

static void merge_ipdv(struct sonde_sequence_tally *into, const struct sonde_sequence_tally *from)
{
    if (from->ipdv_count == 0)
        return;
    if (into->ipdv_count == 0 || from->ipdv_min_ns < into->ipdv_min_ns)
        into->ipdv_min_ns = from->ipdv_min_ns;
    if (into->ipdv_count == 0 || from->ipdv_max_ns > into->ipdv_max_ns)
        into->ipdv_max_ns = from->ipdv_max_ns;
    into->ipdv_count += from->ipdv_count;
    stats_wide_add(into->ipdv_rise, 2, from->ipdv_rise, 2);
    stats_wide_add(into->ipdv_fall, 2, from->ipdv_fall, 2);
}

static void merge_losses(struct sonde_sequence_tally *into, const struct sonde_sequence_tally *from)
{
    if (from->period_distances > 0) {
        if (into->period_distances == 0 || from->period_distance_min < into->period_distance_min)
            into->period_distance_min = from->period_distance_min;
        if (from->period_distance_max > into->period_distance_max)
            into->period_distance_max = from->period_distance_max;
    }
    into->judged += from->judged;
    into->lost += from->lost;
    into->periods += from->periods;
    if (from->longest > into->longest)
        into->longest = from->longest;
    into->distance_sum += from->distance_sum;
    into->distances += from->distances;
    into->period_distance_sum += from->period_distance_sum;
    into->period_distances += from->period_distances;
}

void sonde_sequence_merge(struct sonde_sequence_tally *into,
                          const struct sonde_sequence_tally *from)
{
    merge_ipdv(into, from);
    merge_losses(into, from);
    into->arrivals += from->arrivals;
    into->reordered += from->reordered;
    into->extent_sum += from->extent_sum;
    into->extents += from->extents;
    if (from->extent_max > into->extent_max)
        into->extent_max = from->extent_max;
    into->presumed += from->presumed;
    into->misjudged += from->misjudged;
    into->ignored += from->ignored;
}
