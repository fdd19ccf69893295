#include "sonde/stats.h"

#include <errno.h>
#include <string.h>

#define PER_OCTAVE_BITS 6
#define PPM             UINT32_C(1000000)

static_assert(1 << PER_OCTAVE_BITS == SONDE_HISTOGRAM_PER_OCTAVE, "buckets are found by shifting");

/* The octave of a positive value: the position of its highest bit. */
static unsigned octave_of(int64_t ns)
{
    return 63u - (unsigned)__builtin_clzll((unsigned long long)ns);
}

size_t sonde_histogram_buckets(struct sonde_span lowest, struct sonde_span highest)
{
    if (lowest.ns < SONDE_HISTOGRAM_PER_OCTAVE || highest.ns <= lowest.ns)
        return 0;
    return (octave_of(highest.ns - 1) + 1 - octave_of(lowest.ns)) * SONDE_HISTOGRAM_PER_OCTAVE;
}

int sonde_histogram_init(struct sonde_histogram *histogram, struct sonde_span lowest,
                         struct sonde_span highest, uint64_t *counts, size_t count)
{
    size_t buckets = sonde_histogram_buckets(lowest, highest);
    if (buckets == 0)
        return -EINVAL;
    if (count < buckets)
        return -ENOSPC;
    *histogram = (struct sonde_histogram){
        .counts = counts,
        .buckets = (uint32_t)buckets,
        .lowest_octave = (uint8_t)octave_of(lowest.ns),
    };
    return 0;
}

void sonde_histogram_clear(struct sonde_histogram *histogram)
{
    memset(histogram->counts, 0, histogram->buckets * sizeof *histogram->counts);
    histogram->total = histogram->under = histogram->over = 0;
    histogram->min_ns = histogram->max_ns = 0;
}

bool sonde_histogram_record(struct sonde_histogram *histogram, struct sonde_span value)
{
    if (value.ns < 0)
        return false;
    if (histogram->total == 0 || value.ns < histogram->min_ns)
        histogram->min_ns = value.ns;
    if (value.ns > histogram->max_ns)
        histogram->max_ns = value.ns;
    histogram->total++;

    if (value.ns >> histogram->lowest_octave == 0) {
        histogram->under++;
        return true;
    }
    unsigned octave = octave_of(value.ns);
    size_t within = (size_t)(value.ns >> (octave - PER_OCTAVE_BITS)) - SONDE_HISTOGRAM_PER_OCTAVE;
    size_t index =
        (octave - histogram->lowest_octave) * (size_t)SONDE_HISTOGRAM_PER_OCTAVE + within;
    if (index >= histogram->buckets)
        histogram->over++;
    else
        histogram->counts[index]++;
    return true;
}

int sonde_histogram_merge(struct sonde_histogram *into, const struct sonde_histogram *from)
{
    if (into->buckets != from->buckets || into->lowest_octave != from->lowest_octave)
        return -EINVAL;
    if (from->total == 0)
        return 0;
    if (into->total == 0 || from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->total += from->total;
    into->under += from->under;
    into->over += from->over;
    for (size_t i = 0; i < into->buckets; i++)
        into->counts[i] += from->counts[i];
    return 0;
}

bool sonde_histogram_bucket(const struct sonde_histogram *histogram, size_t index,
                            struct sonde_histogram_bucket *bucket)
{
    if (index >= histogram->buckets)
        return false;
    unsigned octave = histogram->lowest_octave + (unsigned)(index / SONDE_HISTOGRAM_PER_OCTAVE);
    int64_t width = INT64_C(1) << (octave - PER_OCTAVE_BITS);
    int64_t mantissa = SONDE_HISTOGRAM_PER_OCTAVE + (int64_t)(index % SONDE_HISTOGRAM_PER_OCTAVE);

    bucket->from.ns = mantissa * width;
    bucket->to.ns = sonde_saturating_add(bucket->from.ns, width);
    bucket->count = histogram->counts[index];
    return true;
}

bool sonde_histogram_next(const struct sonde_histogram *histogram, size_t *index,
                          struct sonde_histogram_bucket *bucket)
{
    while (*index < histogram->buckets) {
        size_t here = (*index)++;
        if (histogram->counts[here] > 0)
            return sonde_histogram_bucket(histogram, here, bucket);
    }
    return false;
}

/* ⌈total × ppm / 1,000,000⌉ without a product that could overflow. */
static uint64_t rank_of(uint64_t total, uint32_t ppm)
{
    return total / PPM * ppm + (total % PPM * ppm + PPM - 1) / PPM;
}

static int64_t middle_of(const struct sonde_histogram *histogram,
                         const struct sonde_histogram_bucket *bucket)
{
    int64_t middle = bucket->from.ns + (bucket->to.ns - bucket->from.ns) / 2;
    if (middle < histogram->min_ns)
        return histogram->min_ns;
    return middle > histogram->max_ns ? histogram->max_ns : middle;
}

enum sonde_quantile sonde_histogram_quantile(const struct sonde_histogram *histogram, uint32_t ppm,
                                             struct sonde_span *value)
{
    value->ns = 0;
    if (histogram->total == 0)
        return SONDE_QUANTILE_NONE;

    uint64_t rank = rank_of(histogram->total, ppm < PPM ? ppm : PPM);
    if (rank <= 1 || rank == histogram->total) {
        value->ns = rank <= 1 ? histogram->min_ns : histogram->max_ns;
        return SONDE_QUANTILE_EXACT;
    }

    struct sonde_histogram_bucket bucket;
    uint64_t seen = histogram->under;
    if (rank <= seen) {
        sonde_histogram_bucket(histogram, 0, &bucket);
        *value = bucket.from;
        return SONDE_QUANTILE_UNDER;
    }
    for (size_t index = 0; sonde_histogram_next(histogram, &index, &bucket);) {
        seen += bucket.count;
        if (rank <= seen) {
            value->ns = middle_of(histogram, &bucket);
            return SONDE_QUANTILE_ESTIMATE;
        }
    }
    sonde_histogram_bucket(histogram, histogram->buckets - 1, &bucket);
    *value = bucket.to;
    return SONDE_QUANTILE_OVER;
}
