#include "json_summary.h"

#include <stdio.h>

#include "words.h"

static void put_rtt(const struct sonde_stats *stats, json_t *object)
{
    struct sonde_rtt_summary rtt;
    if (!sonde_stats_rtt(stats, &rtt))
        return;
    json_t *value = json_object();
    report_json_count(value, "count", rtt.count);
    report_json_span(value, "min_ns", rtt.min);
    report_json_span(value, "mean_ns", rtt.mean);
    report_json_span(value, "max_ns", rtt.max);
    report_json_span(value, "deviation_ns", rtt.deviation);
    if (rtt.single_stream) {
        report_json_span(value, "last_ns", rtt.last);
        report_json_span(value, "ewma_ns", rtt.ewma);
        report_json_span(value, "jitter_ns", rtt.jitter);
    }
    json_object_set_new_nocheck(object, "rtt", value);
}

/* A percentile outside the range of the histogram is a bound, not a value. */
static void put_quantile(json_t *object, const char *key, const struct sonde_histogram *histogram,
                         uint32_t ppm)
{
    struct sonde_span value;
    switch (report_quantile(histogram, ppm, &value)) {
    case SONDE_QUANTILE_EXACT:
    case SONDE_QUANTILE_ESTIMATE:
        report_json_span(object, key, value);
        break;
    case SONDE_QUANTILE_UNDER:
    case SONDE_QUANTILE_OVER:
    case SONDE_QUANTILE_NONE:
        json_object_set_new_nocheck(object, key, json_null());
        break;
    }
}

static void put_percentiles(const struct report_run *run, const struct sonde_histogram *histogram,
                            json_t *object)
{
    if (!histogram || histogram->total == 0 || run->percentile_count == 0)
        return;
    json_t *value = json_object();
    for (size_t i = 0; i < run->percentile_count; i++) {
        char key[32];
        snprintf(key, sizeof key, "p%g_ns", (double)run->percentiles[i] / 10000.0);
        put_quantile(value, key, histogram, run->percentiles[i]);
    }
    json_object_set_new_nocheck(object, "percentiles", value);
}

static void put_histogram(const struct report_run *run, const struct sonde_histogram *histogram,
                          json_t *object)
{
    if (!run->histogram || !histogram || histogram->total == 0)
        return;
    json_t *value = json_object(), *buckets = json_array();
    struct sonde_histogram_bucket bucket;
    for (size_t index = 0; sonde_histogram_next(histogram, &index, &bucket);) {
        json_t *entry = json_array();
        json_array_append_new(entry, json_integer(bucket.from.ns));
        json_array_append_new(entry, json_integer(bucket.to.ns));
        json_array_append_new(entry, json_integer((json_int_t)bucket.count));
        json_array_append_new(buckets, entry);
    }
    report_json_count(value, "total", histogram->total);
    report_json_count(value, "under", histogram->under);
    report_json_count(value, "over", histogram->over);
    json_object_set_new_nocheck(value, "buckets_ns", buckets);
    json_object_set_new_nocheck(object, "histogram", value);
}

static void put_loss(const struct sonde_stats *stats, json_t *object)
{
    json_t *value = json_object();
    report_json_count(value, "judged", sonde_stats_judged(stats));
    report_json_count(value, "lost", sonde_stats_lost(stats));
    if (sonde_stats_judged(stats) > 0) {
        struct sonde_interval interval = sonde_stats_loss_interval(stats, SONDE_Z_95);
        report_json_real(value, "ratio", sonde_stats_loss_ratio(stats));
        report_json_real(value, "low", interval.low);
        report_json_real(value, "high", interval.high);
    }
    json_object_set_new_nocheck(object, "loss", value);
}

static void put_sequence(const struct sonde_sequence *sequence, json_t *object)
{
    if (!sequence)
        return;
    const struct sonde_sequence_tally *tally = &sequence->tally;
    struct sonde_sequence_summary summary;
    sonde_sequence_summarize(tally, &summary);
    if (tally->ipdv_count > 0) {
        json_t *ipdv = json_object();
        report_json_count(ipdv, "count", tally->ipdv_count);
        report_json_span(ipdv, "min_ns", summary.ipdv_min);
        report_json_span(ipdv, "mean_ns", summary.ipdv_mean);
        report_json_span(ipdv, "mean_abs_ns", summary.ipdv_mean_abs);
        report_json_span(ipdv, "max_ns", summary.ipdv_max);
        json_object_set_new_nocheck(object, "ipdv", ipdv);
    }
    if (tally->periods > 0) {
        json_t *periods = json_object();
        report_json_count(periods, "count", tally->periods);
        report_json_count(periods, "longest", tally->longest);
        report_json_real(periods, "mean", summary.period_mean);
        if (tally->distances > 0)
            report_json_real(periods, "distance_mean", summary.distance_mean);
        json_object_set_new_nocheck(object, "loss_periods", periods);
    }
    json_t *reordering = json_object();
    report_json_count(reordering, "arrivals", tally->arrivals);
    report_json_count(reordering, "reordered", tally->reordered);
    report_json_count(reordering, "extent_max", tally->extent_max);
    json_object_set_new_nocheck(object, "reordering", reordering);
}

void json_summary_of_rtt(const struct report_run *run, const struct sonde_target_stats *stats,
                         json_t *object)
{
    put_rtt(&stats->stats, object);
    put_percentiles(run, stats->histogram, object);
}

void json_summary_of_target(const struct report_state *state, uint32_t target, json_t *object)
{
    const struct sonde_target_stats *all = state->run.targets[target].stats;
    report_json_count(object, "sent", all->stats.sent);
    report_json_count(object, "received", sonde_stats_received(&all->stats));
    json_t *outcomes = json_object();
    for (int kind = 0; kind < SONDE_OUTCOME_KINDS; kind++)
        if (all->stats.outcomes[kind] > 0)
            report_json_count(outcomes, report_outcome_word((enum sonde_outcome_kind)kind),
                              all->stats.outcomes[kind]);
    json_object_set_new_nocheck(object, "outcomes", outcomes);
    put_loss(&all->stats, object);
    json_summary_of_rtt(&state->run, all, object);
    put_histogram(&state->run, all->histogram, object);
    put_sequence(all->sequence, object);
}

static void put_sources(json_t *object, const char *key,
                        const uint64_t by_source[SONDE_STAMP_SOURCES])
{
    json_t *value = json_object();
    for (int i = 0; i < SONDE_STAMP_SOURCES; i++)
        if (by_source[i] > 0)
            report_json_count(value, report_stamp_word((enum sonde_stamp_source)i), by_source[i]);
    json_object_set_new_nocheck(object, key, value);
}

void json_summary_of_measurement(const struct report_measurement *measurement, json_t *object)
{
    const struct sonde_self *self = measurement->self;
    if (self) {
        put_sources(object, "send_stamps", self->sent);
        put_sources(object, "receive_stamps", self->received);
        if (self->lag.total > 0) {
            json_t *lag = json_object();
            put_quantile(lag, "p50_ns", &self->lag, SONDE_PPM(50));
            put_quantile(lag, "p99_ns", &self->lag, SONDE_PPM(99));
            put_quantile(lag, "max_ns", &self->lag, SONDE_PPM(100));
            json_object_set_new_nocheck(object, "send_lag", lag);
        }
    }
    report_json_count(object, "receive_drops", measurement->transport.receive_drops);
    report_json_count(object, "clock_steps", measurement->transport.clock_steps);
    report_json_count(object, "stamps_missing", measurement->transport.stamps_missing);
    report_json_count(object, "skipped", measurement->skipped);
    report_json_count(object, "foreign", measurement->foreign);
    report_json_count(object, "malformed", measurement->malformed);
    report_json_count(object, "lease_waits", measurement->leases_out);
}
