#include "sonde/stats.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "streams.h"

static uint64_t storage[3][SONDE_HISTOGRAM_BUCKETS];

static struct sonde_histogram fresh(int which)
{
    struct sonde_histogram histogram;
    memset(storage[which], 0, sizeof storage[which]);
    cr_assert_eq(sonde_histogram_init(&histogram, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST,
                                      storage[which], SONDE_HISTOGRAM_BUCKETS),
                 0);
    return histogram;
}

static void record(struct sonde_histogram *histogram, int64_t ns)
{
    cr_assert(sonde_histogram_record(histogram, (struct sonde_span){ns}));
}

Test(stats_histogram, sizes_are_whole_octaves)
{
    cr_assert_eq(sonde_histogram_buckets(SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST),
                 SONDE_HISTOGRAM_BUCKETS);
    struct sonde_span us = {1000}, minute = {60 * SONDE_NS_PER_S};
    cr_assert_eq(sonde_histogram_buckets(us, minute), SONDE_HISTOGRAM_BUCKETS);
    cr_assert_eq(sonde_histogram_buckets((struct sonde_span){64}, (struct sonde_span){128}), 64);
    cr_assert_eq(sonde_histogram_buckets((struct sonde_span){64}, (struct sonde_span){129}), 128);
    cr_assert_eq(sonde_histogram_buckets((struct sonde_span){127}, (struct sonde_span){128}), 64);
    cr_assert_eq(sonde_histogram_buckets((struct sonde_span){63}, minute), 0);
    cr_assert_eq(sonde_histogram_buckets(us, us), 0);
    cr_assert_eq(sonde_histogram_buckets((struct sonde_span){INT64_MIN}, minute), 0);
    cr_assert_eq(sonde_histogram_buckets((struct sonde_span){64}, SONDE_FOREVER), (63 - 6) * 64);
}

Test(stats_histogram, init_refuses_what_does_not_fit)
{
    struct sonde_histogram histogram;
    cr_assert_eq(sonde_histogram_init(&histogram, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST,
                                      storage[0], SONDE_HISTOGRAM_BUCKETS - 1),
                 -ENOSPC);
    cr_assert_eq(sonde_histogram_init(&histogram, SONDE_HISTOGRAM_HIGHEST, SONDE_HISTOGRAM_LOWEST,
                                      storage[0], SONDE_HISTOGRAM_BUCKETS),
                 -EINVAL);
}

Test(stats_histogram, buckets_join_without_gap_from_end_to_end)
{
    struct sonde_histogram histogram = fresh(0);
    struct sonde_histogram_bucket bucket;
    int64_t edge = SONDE_HISTOGRAM_LOWEST.ns;
    size_t index = 0;
    for (; sonde_histogram_bucket(&histogram, index, &bucket); index++) {
        cr_assert_eq(bucket.from.ns, edge);
        cr_assert(bucket.to.ns > bucket.from.ns);
        edge = bucket.to.ns;
    }
    cr_assert_eq(index, SONDE_HISTOGRAM_BUCKETS);
    cr_assert_eq(edge, SONDE_HISTOGRAM_HIGHEST.ns);
}

Test(stats_histogram, both_edges_of_every_bucket_fall_into_it)
{
    struct sonde_histogram histogram = fresh(0);
    struct sonde_histogram_bucket bucket, found;
    for (size_t i = 0; sonde_histogram_bucket(&histogram, i, &bucket); i++) {
        sonde_histogram_clear(&histogram);
        record(&histogram, bucket.from.ns);
        record(&histogram, bucket.to.ns - 1);
        size_t at = 0;
        cr_assert(sonde_histogram_next(&histogram, &at, &found));
        cr_assert_eq(at, i + 1, "bucket %zu", i);
        cr_assert_eq(found.count, 2);
        cr_assert_not(sonde_histogram_next(&histogram, &at, &found));
    }
    cr_assert_eq(histogram.under + histogram.over, 0);
}

Test(stats_histogram, every_bucket_is_within_one_percent)
{
    struct sonde_histogram histogram = fresh(0);
    struct sonde_histogram_bucket bucket;
    for (size_t i = 0; sonde_histogram_bucket(&histogram, i, &bucket); i++) {
        int64_t edges[2] = {bucket.from.ns, bucket.to.ns - 1};
        for (int k = 0; k < 2; k++) {
            struct sonde_span median;
            sonde_histogram_clear(&histogram);
            record(&histogram, 0);
            record(&histogram, edges[k]);
            record(&histogram, INT64_MAX);
            cr_assert_eq(sonde_histogram_quantile(&histogram, SONDE_PPM(50), &median),
                         SONDE_QUANTILE_ESTIMATE);
            double error = fabs((double)(median.ns - edges[k])) / (double)edges[k];
            cr_assert(error <= 0.01, "bucket %zu: %g", i, error);
        }
    }
}

Test(stats_histogram, outside_the_range_is_told)
{
    struct sonde_histogram histogram = fresh(0);
    struct sonde_span value;
    cr_assert_eq(sonde_histogram_quantile(&histogram, SONDE_PPM(50), &value), SONDE_QUANTILE_NONE);
    cr_assert_not(sonde_histogram_record(&histogram, (struct sonde_span){-1}));
    cr_assert_not(sonde_histogram_record(&histogram, (struct sonde_span){INT64_MIN}));
    cr_assert_eq(histogram.total, 0);

    record(&histogram, 0);
    record(&histogram, SONDE_HISTOGRAM_LOWEST.ns - 1);
    record(&histogram, SONDE_HISTOGRAM_LOWEST.ns);
    record(&histogram, SONDE_HISTOGRAM_HIGHEST.ns - 1);
    record(&histogram, SONDE_HISTOGRAM_HIGHEST.ns);
    record(&histogram, INT64_MAX);
    cr_assert(histogram.under == 2 && histogram.over == 2 && histogram.total == 6);

    cr_assert_eq(sonde_histogram_quantile(&histogram, 0, &value), SONDE_QUANTILE_EXACT);
    cr_assert_eq(value.ns, 0);
    cr_assert_eq(sonde_histogram_quantile(&histogram, 333333, &value), SONDE_QUANTILE_UNDER);
    cr_assert_eq(value.ns, SONDE_HISTOGRAM_LOWEST.ns);
    cr_assert_eq(sonde_histogram_quantile(&histogram, 333334, &value), SONDE_QUANTILE_ESTIMATE);
    cr_assert_eq(sonde_histogram_quantile(&histogram, 666666, &value), SONDE_QUANTILE_ESTIMATE);
    cr_assert_eq(sonde_histogram_quantile(&histogram, 666667, &value), SONDE_QUANTILE_OVER);
    cr_assert_eq(value.ns, SONDE_HISTOGRAM_HIGHEST.ns);
    cr_assert_eq(sonde_histogram_quantile(&histogram, UINT32_MAX, &value), SONDE_QUANTILE_EXACT);
    cr_assert_eq(value.ns, INT64_MAX);
}

Test(stats_histogram, the_widest_range_holds_everything)
{
    enum { BUCKETS = (63 - 6) * 64 };
    static uint64_t counts[BUCKETS];
    struct sonde_histogram histogram;
    struct sonde_histogram_bucket last;
    cr_assert_eq(
        sonde_histogram_init(&histogram, (struct sonde_span){64}, SONDE_FOREVER, counts, BUCKETS),
        0);
    record(&histogram, INT64_MAX);
    record(&histogram, 64);
    cr_assert_eq(counts[0], 1);
    cr_assert_eq(counts[BUCKETS - 1], 1);
    cr_assert(sonde_histogram_bucket(&histogram, BUCKETS - 1, &last));
    cr_assert_eq(last.to.ns, INT64_MAX);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

Test(stats_histogram, quantiles_are_those_of_the_sorted_values)
{
    static const double percents[] = {0, 0.01, 1, 5, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 100};
    static int64_t values[5000];
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        struct sonde_histogram histogram = fresh(0);
        size_t count = 1 + below(&dice, 5000);
        for (size_t i = 0; i < count; i++) {
            values[i] = 512 + any_span(&dice, 35);
            record(&histogram, values[i]);
        }
        qsort(values, count, sizeof *values, by_value);
        for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
            size_t rank = 1;
            while (rank < count &&
                   (long double)rank * 100 < percents[i] * (long double)count - 1e-9L)
                rank++;
            int64_t expected = values[rank - 1];
            struct sonde_span got;
            enum sonde_quantile kind =
                sonde_histogram_quantile(&histogram, SONDE_PPM(percents[i]), &got);
            if (rank == 1 || rank == count) {
                cr_assert_eq(kind, SONDE_QUANTILE_EXACT);
                cr_assert_eq(got.ns, expected);
            }
            double error = fabs((double)(got.ns - expected)) / (double)expected;
            cr_assert(error <= 0.01, "seed %lu, %g %% of %zu: %ld for %ld", (unsigned long)seed,
                      percents[i], count, (long)got.ns, (long)expected);
        }
    }
}

Test(stats_histogram, a_percentile_of_a_round_count_is_not_one_rank_off)
{
    struct sonde_histogram histogram = fresh(0);
    struct sonde_span value;
    for (int i = 0; i < 999; i++)
        record(&histogram, 1000);
    record(&histogram, SONDE_NS_PER_S);
    cr_assert_eq(sonde_histogram_quantile(&histogram, SONDE_PPM(99.9), &value),
                 SONDE_QUANTILE_ESTIMATE);
    cr_assert(value.ns < 1100, "rank 999 of 1000, got %ld", (long)value.ns);
    cr_assert_eq(sonde_histogram_quantile(&histogram, SONDE_PPM(99.91), &value),
                 SONDE_QUANTILE_EXACT);
    cr_assert_eq(value.ns, SONDE_NS_PER_S);
}

Test(stats_histogram, ranks_of_huge_totals_do_not_overflow)
{
    struct sonde_histogram histogram = fresh(0);
    struct sonde_span value;
    record(&histogram, 1000);
    record(&histogram, SONDE_NS_PER_S);
    size_t index = 0;
    struct sonde_histogram_bucket bucket;
    cr_assert(sonde_histogram_next(&histogram, &index, &bucket));
    histogram.counts[index - 1] = UINT64_MAX / 2;
    histogram.total = UINT64_MAX / 2 + 1;
    cr_assert_eq(sonde_histogram_quantile(&histogram, 999999, &value), SONDE_QUANTILE_ESTIMATE);
    cr_assert(value.ns < 1100);
}

Test(stats_histogram, merging_equals_recording_together)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct dice dice = {seed};
        struct sonde_histogram a = fresh(0), b = fresh(1), both = fresh(2);
        size_t count = below(&dice, 2000);
        for (size_t i = 0; i < count; i++) {
            int64_t value = any_span(&dice, 40);
            record(below(&dice, 2) ? &a : &b, value);
            record(&both, value);
        }
        cr_assert_eq(sonde_histogram_merge(&a, &b), 0);
        cr_assert_arr_eq(a.counts, both.counts, sizeof storage[0]);
        cr_assert(a.total == both.total && a.under == both.under && a.over == both.over);
        cr_assert(a.min_ns == both.min_ns && a.max_ns == both.max_ns, "seed %lu",
                  (unsigned long)seed);
    }
}

Test(stats_histogram, different_ranges_do_not_merge)
{
    struct sonde_histogram a = fresh(0), b;
    cr_assert_eq(sonde_histogram_init(&b, (struct sonde_span){1024},
                                      (struct sonde_span){INT64_C(1) << 37}, storage[1],
                                      SONDE_HISTOGRAM_BUCKETS),
                 0);
    cr_assert_eq(sonde_histogram_merge(&a, &b), -EINVAL);
}
