/*
 * Statistics: outcomes in, numbers out.
 *
 * Everything here is pure and lives in memory that the caller owns; nothing is allocated, nothing
 * fails for want of room, and no input overflows. Four parts, each usable alone:
 *
 *   sonde_stats      counters and moments of one target; small enough for every host of a sweep
 *   sonde_histogram  percentiles
 *   sonde_sequence   what depends on the order of probes: delay variation, loss periods, reordering
 *   sonde_self       what the measurement says about itself: send lag, origin of the stamps
 *
 * sonde_target_stats feeds the first three with one call. All are plain values: a copy is a
 * snapshot, as long as the storage handed to _init lives (and is copied too where it matters).
 */
#ifndef SONDE_STATS_H
#define SONDE_STATS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/probe.h"
#include "sonde/time.h"

/* --- one target ---------------------------------------------------------------------------------
 *
 * What a probe's one final outcome means:
 *
 *   received     a kind named in `answers`: SONDE_REPLY, for a trace also the errors it provokes
 *   lost         SONDE_TIMED_OUT: no answer within the timeout
 *   error        SONDE_TIME_EXCEEDED, _UNREACHABLE, _TOO_BIG, _PARAMETER_PROBLEM outside `answers`:
 *                the network answered, so the probe is not lost, but the target did not
 *   void         SONDE_SEND_FAILED and SONDE_UNFINISHED: says nothing about the network
 *
 * The loss ratio is lost / (received + lost + errors). Void probes are in neither term. A late
 * answer does not take the loss back; it is counted under outcomes[SONDE_LATE].
 */
enum sonde_verdict {
    SONDE_VERDICT_NOTICE, /* not a final outcome */
    SONDE_VERDICT_RECEIVED,
    SONDE_VERDICT_LOST,
    SONDE_VERDICT_ERROR,
    SONDE_VERDICT_VOID,
};

/* The bit of an outcome kind in a set of kinds. */
#define SONDE_KIND_BIT(kind) ((uint16_t)(1u << (kind)))

/* `sent` and `outcomes` may be read directly; the rest through the functions below. */
struct sonde_stats {
    uint64_t sent;                          /* probes that left this machine */
    uint64_t outcomes[SONDE_OUTCOME_KINDS]; /* by kind, notices too: late, duplicate, corrupt … */

    /* Of the round-trip times of received probes, in nanoseconds. */
    uint64_t measured;   /* how many */
    uint64_t sum[2];     /* lowest limb first; cannot overflow */
    uint64_t squares[3]; /* of squares, likewise */
    int64_t min_ns;
    int64_t max_ns;
    int64_t last_ns;
    uint64_t ewma_8;     /* in 1/8 ns */
    uint64_t jitter_16;  /* in 1/16 ns */
    uint32_t impossible; /* negative RTTs: left out, counted here up to UINT32_MAX */
    uint16_t answers;    /* set of SONDE_KIND_BIT */
    uint16_t merged;     /* not 0: several streams are in here */
};

static_assert(sizeof(struct sonde_stats) <= 216, "a sweep keeps one for each of its targets");

/* Empties. `answers` is the set of kinds that count as received; 0: SONDE_REPLY alone. */
void sonde_stats_init(struct sonde_stats *stats, uint16_t answers);

/* A probe has left this machine. Not to be called for one that failed to. */
void sonde_stats_sent(struct sonde_stats *stats);

/*
 * Takes an outcome or a notice and says what it meant. Only a received probe whose RTT is known and
 * not negative enters the moments; the RTTs of duplicates and late answers do not.
 */
enum sonde_verdict sonde_stats_outcome(struct sonde_stats *stats,
                                       const struct sonde_outcome *outcome);

/* Which verdict an outcome is, by the set of kinds that count as received (0: SONDE_REPLY). */
enum sonde_verdict sonde_verdict_of(enum sonde_outcome_kind kind, uint16_t answers);

uint64_t sonde_stats_received(const struct sonde_stats *stats);
uint64_t sonde_stats_lost(const struct sonde_stats *stats);
uint64_t sonde_stats_errors(const struct sonde_stats *stats);
/* received + lost + errors: the denominator of every ratio. */
uint64_t sonde_stats_judged(const struct sonde_stats *stats);
/* From 0 to 1; 0 when nothing is judged yet. */
double sonde_stats_loss_ratio(const struct sonde_stats *stats);

struct sonde_rtt_summary {
    uint64_t count;
    struct sonde_span min;
    struct sonde_span max;
    struct sonde_span mean;      /* exact sum / count, to the nearest ns */
    struct sonde_span deviation; /* of the population: sqrt(E[x²] - E[x]²), from exact sums */

    /* Of one stream, in order of arrival. Zero and single_stream false after a merge of several. */
    bool single_stream;
    struct sonde_span last;
    /*
     * Moving average as ping prints it: starts at the first RTT, then e += (rtt - e) / 8. Samples
     * are held to 2^60 ns (36 years) here.
     */
    struct sonde_span ewma;
    /*
     * Interarrival jitter, RFC 3550 section 6.4.1 and appendix A.8: J += (|D| - J) / 16, where D is
     * the difference of the RTTs of two answers that arrived one after the other (RFC 3550: "in
     * order of arrival, not necessarily in sequence"). |D| is held to 2^58 ns (9 years).
     */
    struct sonde_span jitter;
};

/* Fills *summary, all zero when there is no RTT. Returns whether there is one. */
bool sonde_stats_rtt(const struct sonde_stats *stats, struct sonde_rtt_summary *summary);

/*
 * Adds `from` to `into`, for totals over targets. Counters and moments come out exactly as if all
 * had been recorded in one; ewma, jitter and last belong to one stream and are dropped when both
 * have RTTs.
 */
void sonde_stats_merge(struct sonde_stats *into, const struct sonde_stats *from);

/* --- confidence ------------------------------------------------------------------------------- */

struct sonde_interval {
    double low;
    double high;
};

/* The quantile of the normal distribution for a two-sided level of 95 %. */
#define SONDE_Z_95 1.959963984540054

/*
 * Wilson's score interval of a proportion, hits of trials, with hits ≤ trials and z > 0 (E. B.
 * Wilson, JASA 22 (1927) 209). 0 to 1 when trials is 0; otherwise within 0…1, exact at hits 0 and
 * trials.
 */
struct sonde_interval sonde_wilson(uint64_t hits, uint64_t trials, double z);

/* The interval of the loss ratio. */
struct sonde_interval sonde_stats_loss_interval(const struct sonde_stats *stats, double z);

/* --- histogram ----------------------------------------------------------------------------------
 *
 * Log-linear: each octave of nanoseconds is cut into 64 equal buckets, so that the middle of a
 * bucket is at most 1/128 (0.79 %) from any value in it. Values outside the range are counted as
 * under or over; the exact minimum and maximum are kept.
 */
#define SONDE_HISTOGRAM_PER_OCTAVE 64

/* 512 ns to 68.7 s: holds 1 µs to 60 s. */
#define SONDE_HISTOGRAM_LOWEST  ((struct sonde_span){INT64_C(1) << 9})
#define SONDE_HISTOGRAM_HIGHEST ((struct sonde_span){INT64_C(1) << 36})
#define SONDE_HISTOGRAM_BUCKETS ((36 - 9) * SONDE_HISTOGRAM_PER_OCTAVE)

struct sonde_histogram {
    uint64_t *counts; /* the caller's */
    uint32_t buckets;
    uint8_t lowest_octave; /* the range starts at 2 to this, in ns */
    uint64_t total;        /* under and over included */
    uint64_t under;
    uint64_t over;
    int64_t min_ns;
    int64_t max_ns;
};

/*
 * How many counters a histogram needs for lowest (included) to highest (not included); the range is
 * widened to whole octaves. 0 when lowest < 64 ns or highest ≤ lowest.
 */
size_t sonde_histogram_buckets(struct sonde_span lowest, struct sonde_span highest);

/*
 * Uses `counts`, which must be zero and live as long as the histogram. (It is not cleared here:
 * fresh memory of calloc then takes no page that nothing falls into.) Returns 0, -EINVAL for a
 * range as above, or -ENOSPC when there are fewer counters than needed.
 */
int sonde_histogram_init(struct sonde_histogram *histogram, struct sonde_span lowest,
                         struct sonde_span highest, uint64_t *counts, size_t count);

/* Empties, for the next interval. */
void sonde_histogram_clear(struct sonde_histogram *histogram);

/* Returns false, having counted nothing, for a negative value. */
bool sonde_histogram_record(struct sonde_histogram *histogram, struct sonde_span value);

/* Adds `from`; the same as recording together. -EINVAL when the ranges differ. */
int sonde_histogram_merge(struct sonde_histogram *into, const struct sonde_histogram *from);

/* Percentiles in parts per million, so that 99.9 % of 1000 is rank 999 and not 1000. */
#define SONDE_PPM(percent) ((uint32_t)((percent)*10000.0 + 0.5))

enum sonde_quantile {
    SONDE_QUANTILE_NONE,     /* the histogram is empty; value is 0 */
    SONDE_QUANTILE_EXACT,    /* the minimum or the maximum */
    SONDE_QUANTILE_ESTIMATE, /* within 1 % */
    SONDE_QUANTILE_UNDER,    /* below value, the low end of the range */
    SONDE_QUANTILE_OVER,     /* value, the high end of the range, or above */
};

/*
 * Nearest rank: the value that at least ppm/1,000,000 of all values do not exceed; 0 is the
 * minimum, 1,000,000 and more the maximum.
 */
enum sonde_quantile sonde_histogram_quantile(const struct sonde_histogram *histogram, uint32_t ppm,
                                             struct sonde_span *value);

struct sonde_histogram_bucket {
    struct sonde_span from; /* included */
    struct sonde_span to;   /* not included */
    uint64_t count;
};

/* The bucket of that index, from 0, in rising order. False past the last. */
bool sonde_histogram_bucket(const struct sonde_histogram *histogram, size_t index,
                            struct sonde_histogram_bucket *bucket);

/*
 * For drawing: the next bucket that is not empty, from *index on, which is moved behind it. False
 * when there is none. Under and over are not among them.
 */
bool sonde_histogram_next(const struct sonde_histogram *histogram, size_t *index,
                          struct sonde_histogram_bucket *bucket);

/* --- sequence -----------------------------------------------------------------------------------
 *
 * Outcomes do not come in the order of probes: an answer takes its RTT, a loss its whole timeout. A
 * window of slots, one for each probe number, puts them back in order. When the outcome of a probe
 * comes that is a whole window ahead of the oldest one without, the oldest was overtaken by at
 * least that many probes and is presumed lost; `presumed` counts these and `misjudged` those whose
 * outcome then said otherwise (the tallies are not changed any more).
 */
struct sonde_sequence_slot {
    int64_t rtt_ns;   /* negative: not known */
    uint32_t arrival; /* position in the order of arrival, for reordering */
    uint8_t verdict;
    bool in_order;
};

struct sonde_sequence_tally {
    /*
     * Delay variation, RFC 3393, of round trips: RTT of probe n minus RTT of probe n-1, where both
     * were received and have an RTT.
     */
    uint64_t ipdv_count;
    uint64_t ipdv_rise[2]; /* sum of the positive ones, lowest limb first */
    uint64_t ipdv_fall[2]; /* sum of the negative ones, as a magnitude */
    int64_t ipdv_min_ns;
    int64_t ipdv_max_ns;

    /*
     * RFC 3357. A period is a run of lost probes between probes that were not lost; void probes are
     * passed over as if they were not there. A distance is how many probes a loss is behind the
     * loss before it (1 within a period); the period distance is that of the first loss of a
     * period.
     */
    uint64_t judged; /* received, lost, error: the probes that count */
    uint64_t lost;
    uint64_t periods;
    uint64_t longest;
    uint64_t distance_sum; /* over lost - 1 distances (one stream) */
    uint64_t distances;
    uint64_t period_distance_sum;
    uint64_t period_distances;
    uint64_t period_distance_min;
    uint64_t period_distance_max;

    /*
     * RFC 4737 section 3.3: an answer is reordered when one to a later probe came before it. The
     * extent (section 4.2) is how many answers ago the first of these came.
     */
    uint64_t arrivals;
    uint64_t reordered;
    uint64_t extent_sum; /* over the reordered whose extent is known: those within the window */
    uint64_t extents;
    uint64_t extent_max;

    uint64_t presumed;  /* judged lost by the window, before their outcome came */
    uint64_t misjudged; /* of these, not lost after all */
    uint64_t ignored;   /* outcomes of probes before `first`, or a second final outcome */
};

struct sonde_sequence {
    struct sonde_sequence_slot *slots; /* the caller's */
    uint64_t slot_mask;
    uint64_t first;
    uint64_t head;           /* the oldest probe number without a verdict */
    uint64_t next_expected;  /* RFC 4737's NextExp */
    int64_t previous_rtt_ns; /* of probe head - 1; negative: no pair */
    uint64_t run;            /* lost in a row up to head */
    uint64_t unconfirmed;    /* presumed lost, their outcome still to come */
    uint64_t since_loss;     /* judged probes since the last loss, it included; 0: none was lost */
    struct sonde_sequence_tally tally;
};

/*
 * Uses `slots`, which must be zero and live as long as the sequence. `slot_count` is a power of
 * two, at least 1; what may be in flight at once between the fastest answer and the slowest timeout
 * is a good size, 1024 a good default. `first` is the number of the first probe to count (0; later
 * ones after a reset). Returns 0 or -EINVAL.
 */
int sonde_sequence_init(struct sonde_sequence *sequence, struct sonde_sequence_slot *slots,
                        size_t slot_count, uint64_t first);

/* Takes an outcome and its verdict; notices are passed over. Cost: O(1) on average. */
void sonde_sequence_outcome(struct sonde_sequence *sequence, enum sonde_verdict verdict,
                            const struct sonde_outcome *outcome);

struct sonde_sequence_summary {
    /* Zero when tally.ipdv_count is 0. */
    struct sonde_span ipdv_mean;     /* signed: near 0 for a steady path */
    struct sonde_span ipdv_mean_abs; /* of magnitudes */
    struct sonde_span ipdv_min;
    struct sonde_span ipdv_max;

    double period_mean;          /* probes in a loss period; 0 without */
    double distance_mean;        /* probes from loss to loss; 0 without */
    double period_distance_mean; /* probes from the last loss of a period to the next period */
    double reorder_ratio;        /* reordered / arrivals; 0 without */
    double extent_mean;
};

void sonde_sequence_summarize(const struct sonde_sequence_tally *tally,
                              struct sonde_sequence_summary *summary);

/* Adds up the tallies of two streams, for totals over targets. Longest and extremes are the larger.
 */
void sonde_sequence_merge(struct sonde_sequence_tally *into,
                          const struct sonde_sequence_tally *from);

/* --- all of one target ------------------------------------------------------------------------ */

struct sonde_target_stats {
    struct sonde_stats stats;
    struct sonde_sequence *sequence;   /* NULL: not wanted */
    struct sonde_histogram *histogram; /* NULL: not wanted */
};

/* sonde_stats_outcome, and the same for the histogram and the sequence where there are some. */
enum sonde_verdict sonde_target_stats_outcome(struct sonde_target_stats *target,
                                              const struct sonde_outcome *outcome);

/* --- about the measurement itself ------------------------------------------------------------- */

#define SONDE_STAMP_SOURCES (SONDE_STAMP_VIRTUAL + 1)

struct sonde_self {
    struct sonde_histogram lag;             /* from due to sent, where both are of one clock */
    uint64_t early;                         /* left before due: not in the histogram */
    uint64_t sent[SONDE_STAMP_SOURCES];     /* probes by source of the send stamp */
    uint64_t received[SONDE_STAMP_SOURCES]; /* answers by source of the receive stamp */
};

/* `counts` holds SONDE_HISTOGRAM_BUCKETS counters, must be zero and live as long as *self. */
void sonde_self_init(struct sonde_self *self, uint64_t counts[SONDE_HISTOGRAM_BUCKETS]);

/*
 * Takes every outcome; each probe that was sent counts once, at its final one. A hardware stamp is
 * on a clock of its own and gives no lag.
 */
void sonde_self_outcome(struct sonde_self *self, const struct sonde_outcome *outcome);

/* --- quality ------------------------------------------------------------------------------------
 *
 * What a telephone call over this path would sound like: the E-model of ITU-T G.107 with its
 * default values, for the codec G.711 with loss concealment (G.113 appendix I: Ie 0, Bpl 25.1) and
 * random loss. The delay impairment is the approximation of Cole and Rosenbluth (ACM CCR 31 (2001)
 * 2).
 */
struct sonde_quality {
    double r;   /* rating factor, 0 … 93.2 */
    double mos; /* mean opinion score, 1 … 4.41 */
};

/*
 * One way is taken as half of the round trip; a receiver's buffer of twice the jitter is added to
 * it. Negative spans count as 0; loss_ratio is held to 0 … 1.
 */
struct sonde_quality sonde_quality_of(struct sonde_span rtt, struct sonde_span jitter,
                                      double loss_ratio);

#endif
