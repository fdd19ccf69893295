#include "sonde/stats.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "streams.h"

enum { PROBES = 600, WINDOW = 1024 };

static struct sonde_sequence_slot slots[WINDOW];

static struct sonde_sequence fresh(size_t window)
{
    struct sonde_sequence sequence;
    memset(slots, 0, sizeof slots);
    cr_assert_eq(sonde_sequence_init(&sequence, slots, window, 0), 0);
    return sequence;
}

static void tell(struct sonde_sequence *sequence, const struct sonde_outcome *outcome)
{
    sonde_sequence_outcome(sequence, sonde_verdict_of(outcome->kind, 0), outcome);
}

static void tell_kind(struct sonde_sequence *sequence, enum sonde_outcome_kind kind,
                      uint64_t number)
{
    struct sonde_outcome outcome = final_outcome(kind, number);
    tell(sequence, &outcome);
}

/* By word: 'r' reply, 'x' lost, 'e' error, 'v' void, for probes 0, 1, 2 … */
static struct sonde_sequence from_word(const char *word)
{
    struct sonde_sequence sequence = fresh(64);
    for (uint64_t number = 0; word[number] != '\0'; number++)
        tell_kind(&sequence,
                  word[number] == 'r'   ? SONDE_REPLY
                  : word[number] == 'x' ? SONDE_TIMED_OUT
                  : word[number] == 'e' ? SONDE_UNREACHABLE
                                        : SONDE_SEND_FAILED,
                  number);
    return sequence;
}

static void arrive_in(struct sonde_sequence *sequence, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        tell_kind(sequence, SONDE_REPLY, numbers[i]);
}

/* --- the definitions, literally, over whole arrays -------------------------------------------- */

struct expected {
    uint64_t ipdv_count, lost, judged, periods, longest, distances, arrivals, reordered;
    uint64_t period_distances, period_distance_min, period_distance_max, extent_max;
    long double ipdv_sum, ipdv_abs, distance_sum, period_distance_sum, extent_sum;
    int64_t ipdv_min, ipdv_max;
};

static bool measured(const struct sonde_outcome *outcome)
{
    return outcome->kind == SONDE_REPLY && outcome->rtt_known;
}

static void expect_ipdv(struct expected *expected, const struct told *told, size_t count)
{
    expected->ipdv_min = INT64_MAX;
    expected->ipdv_max = INT64_MIN;
    for (size_t i = 1; i < count; i++) {
        if (!measured(&told[i].outcome) || !measured(&told[i - 1].outcome))
            continue;
        int64_t change = told[i].outcome.rtt.ns - told[i - 1].outcome.rtt.ns;
        expected->ipdv_count++;
        expected->ipdv_sum += change;
        expected->ipdv_abs += llabs(change);
        expected->ipdv_min = change < expected->ipdv_min ? change : expected->ipdv_min;
        expected->ipdv_max = change > expected->ipdv_max ? change : expected->ipdv_max;
    }
}

static void expect_loss(struct expected *expected, const struct told *told, size_t count)
{
    static bool lost[PROBES];
    size_t judged = 0, last_loss = SIZE_MAX;
    for (size_t i = 0; i < count; i++)
        if (told[i].outcome.kind != SONDE_SEND_FAILED)
            lost[judged++] = told[i].outcome.kind == SONDE_TIMED_OUT;
    expected->judged = judged;
    for (size_t i = 0; i < judged; i++) {
        if (!lost[i])
            continue;
        bool begins = i == 0 || !lost[i - 1];
        uint64_t length = 0, distance = i - last_loss;
        while (i + length < judged && lost[i + length])
            length++;
        expected->lost++;
        expected->periods += begins;
        if (begins && length > expected->longest)
            expected->longest = length;
        if (last_loss != SIZE_MAX) {
            expected->distances++;
            expected->distance_sum += distance;
        }
        if (last_loss != SIZE_MAX && begins) {
            if (expected->period_distances++ == 0 || distance < expected->period_distance_min)
                expected->period_distance_min = distance;
            if (distance > expected->period_distance_max)
                expected->period_distance_max = distance;
            expected->period_distance_sum += distance;
        }
        last_loss = i;
    }
}

/* RFC 4737 sections 3.3 and 4.2.2: told[] in order of arrival. */
static void expect_reordering(struct expected *expected, const struct told *told, size_t count)
{
    static uint64_t s[PROBES];
    uint64_t next = 0;
    size_t n = 0;
    for (size_t k = 0; k < count; k++)
        if (told[k].outcome.kind == SONDE_REPLY)
            s[n++] = told[k].outcome.number;
    expected->arrivals = n;
    for (size_t i = 0; i < n; i++) {
        if (s[i] >= next) {
            next = s[i] + 1;
            continue;
        }
        size_t j = 0;
        while (s[j] < s[i])
            j++;
        expected->reordered++;
        expected->extent_sum += i - j;
        if (i - j > expected->extent_max)
            expected->extent_max = i - j;
    }
}

static void compare(const struct sonde_sequence_tally *got, const struct expected *expected,
                    uint64_t seed)
{
    unsigned long s = (unsigned long)seed;
    struct sonde_sequence_summary summary;
    sonde_sequence_summarize(got, &summary);

    cr_assert_eq(got->ipdv_count, expected->ipdv_count, "seed %lu", s);
    if (expected->ipdv_count > 0) {
        long double n = expected->ipdv_count;
        cr_assert_eq(summary.ipdv_mean.ns, llroundl(expected->ipdv_sum / n), "seed %lu", s);
        cr_assert_eq(summary.ipdv_mean_abs.ns, llroundl(expected->ipdv_abs / n), "seed %lu", s);
        cr_assert_eq(summary.ipdv_min.ns, expected->ipdv_min, "seed %lu", s);
        cr_assert_eq(summary.ipdv_max.ns, expected->ipdv_max, "seed %lu", s);
    }
    cr_assert_eq(got->judged, expected->judged, "seed %lu", s);
    cr_assert_eq(got->lost, expected->lost, "seed %lu", s);
    cr_assert_eq(got->periods, expected->periods, "seed %lu", s);
    cr_assert_eq(got->longest, expected->longest, "seed %lu", s);
    cr_assert_eq(got->distances, expected->distances, "seed %lu", s);
    cr_assert_eq(got->distance_sum, expected->distance_sum, "seed %lu", s);
    cr_assert_eq(got->period_distances, expected->period_distances, "seed %lu", s);
    cr_assert_eq(got->period_distance_sum, expected->period_distance_sum, "seed %lu", s);
    cr_assert_eq(got->period_distance_min, expected->period_distance_min, "seed %lu", s);
    cr_assert_eq(got->period_distance_max, expected->period_distance_max, "seed %lu", s);
    cr_assert_eq(got->arrivals, expected->arrivals, "seed %lu", s);
    cr_assert_eq(got->reordered, expected->reordered, "seed %lu", s);
    cr_assert_eq(got->extents, expected->reordered, "seed %lu", s);
    cr_assert_eq(got->extent_sum, expected->extent_sum, "seed %lu", s);
    cr_assert_eq(got->extent_max, expected->extent_max, "seed %lu", s);
    cr_assert(got->presumed == 0 && got->misjudged == 0 && got->ignored == 0, "seed %lu", s);
}

Test(stats_sequence, equals_the_definitions_over_random_streams)
{
    static struct told told[PROBES];
    uint64_t reordered = 0, periods = 0;
    for (uint64_t seed = 1; seed <= 5 * SEEDS; seed++) {
        struct dice dice = {seed};
        struct expected expected = {0};
        struct sonde_sequence sequence = fresh(256); /* the timeout is 200 probes long */
        make_stream(&dice, told, PROBES);
        expect_ipdv(&expected, told, PROBES);
        expect_loss(&expected, told, PROBES);
        qsort(told, PROBES, sizeof *told, told_order);
        expect_reordering(&expected, told, PROBES);
        for (size_t i = 0; i < PROBES; i++) {
            tell(&sequence, &told[i].outcome);
            if (below(&dice, 10) == 0)
                tell_kind(&sequence, SONDE_DUPLICATE, told[i].outcome.number);
        }
        compare(&sequence.tally, &expected, seed);
        reordered += expected.reordered;
        periods += expected.periods;
    }
    cr_assert(reordered > 1000 && periods > 1000, "the streams do not test much");
}

Test(stats_sequence, a_small_window_presumes_and_says_so)
{
    static struct told told[PROBES];
    uint64_t presumed = 0, misjudged = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        for (size_t window = 1; window <= 64; window *= 2) {
            struct dice dice = {seed};
            struct expected expected = {0};
            struct sonde_sequence sequence = fresh(window);
            make_stream(&dice, told, PROBES);
            expect_loss(&expected, told, PROBES);
            qsort(told, PROBES, sizeof *told, told_order);
            expect_reordering(&expected, told, PROBES);
            for (size_t i = 0; i < PROBES; i++)
                tell(&sequence, &told[i].outcome);

            const struct sonde_sequence_tally *got = &sequence.tally;
            cr_assert_eq(sequence.head, PROBES);
            cr_assert_eq(sequence.unconfirmed, 0);
            cr_assert_eq(got->lost, expected.lost + got->misjudged, "seed %lu window %zu",
                         (unsigned long)seed, window);
            cr_assert_eq(got->arrivals, expected.arrivals);
            cr_assert_eq(got->reordered, expected.reordered, "seed %lu window %zu",
                         (unsigned long)seed, window);
            cr_assert(got->extents <= got->reordered && got->extent_max <= expected.extent_max);
            cr_assert_eq(got->ignored, 0);
            presumed += got->presumed;
            misjudged += got->misjudged;
        }
    cr_assert(presumed > misjudged && misjudged > 0);
}

Test(stats_sequence, refuses_a_window_that_is_no_power_of_two)
{
    struct sonde_sequence sequence;
    cr_assert_eq(sonde_sequence_init(&sequence, slots, 0, 0), -EINVAL);
    cr_assert_eq(sonde_sequence_init(&sequence, slots, 48, 0), -EINVAL);
    cr_assert_eq(sonde_sequence_init(&sequence, slots, 1, 0), 0);
}

Test(stats_sequence, loss_periods_and_distances)
{
    struct sonde_sequence_tally tally = from_word("rxxrrxrrrxxx").tally;
    struct sonde_sequence_summary summary;
    sonde_sequence_summarize(&tally, &summary);
    cr_assert(tally.lost == 6 && tally.periods == 3 && tally.longest == 3);
    cr_assert(tally.period_distance_min == 3 && tally.period_distance_max == 4);
    cr_assert_eq(summary.period_mean, 2.0);
    cr_assert_eq(summary.distance_mean, (1 + 3 + 4 + 1 + 1) / 5.0);
    cr_assert_eq(summary.period_distance_mean, 3.5);
}

Test(stats_sequence, void_probes_are_passed_over_and_errors_end_a_period)
{
    struct sonde_sequence_tally tally = from_word("rxvxrexvvexv").tally;
    cr_assert_eq(tally.judged, 8);
    cr_assert_eq(tally.periods, 3);
    cr_assert_eq(tally.longest, 2);
    cr_assert(tally.period_distance_min == 2 && tally.period_distance_max == 3);
    cr_assert_eq(from_word("xex").tally.periods, 2);
    cr_assert_eq(from_word("xvx").tally.periods, 1);
}

Test(stats_sequence, reordering_by_hand)
{
    struct sonde_sequence sequence = fresh(64);
    arrive_in(&sequence, (const uint64_t[]){0, 1, 2, 3, 6, 4, 7, 5, 8, 9}, 10);
    cr_assert_eq(sequence.tally.reordered, 2);
    cr_assert_eq(sequence.tally.extent_max, 3); /* 5 came three after 6 */
    cr_assert_eq(sequence.tally.extent_sum, 1 + 3);

    sequence = fresh(64);
    arrive_in(&sequence, (const uint64_t[]){9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, 10);
    cr_assert_eq(sequence.tally.reordered, 9);
    cr_assert_eq(sequence.tally.extent_max, 9);

    sequence = fresh(64);
    arrive_in(&sequence, (const uint64_t[]){0, 2, 4, 6, 8}, 5);
    cr_assert_eq(sequence.tally.reordered, 0);
}

Test(stats_sequence, variation_needs_both_neighbours)
{
    struct sonde_sequence sequence = fresh(64);
    struct sonde_sequence_summary summary;
    struct sonde_outcome told[] = {reply_after(1, 500), reply_after(0, 900),
                                   reply_after(3, 100), final_outcome(SONDE_TIMED_OUT, 2),
                                   reply_after(4, 100), reply_after(5, -7),
                                   reply_after(6, 300)};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        tell(&sequence, &told[i]);
    sonde_sequence_summarize(&sequence.tally, &summary);
    cr_assert_eq(sequence.tally.ipdv_count, 2); /* 0→1: -400; 3→4: 0 */
    cr_assert_eq(summary.ipdv_mean.ns, -200);
    cr_assert_eq(summary.ipdv_mean_abs.ns, 200);
    cr_assert(summary.ipdv_min.ns == -400 && summary.ipdv_max.ns == 0);
}

Test(stats_sequence, extreme_rtts_and_numbers_overflow_nothing)
{
    struct sonde_sequence sequence = fresh(16);
    struct sonde_sequence_summary summary;
    for (uint64_t i = 0; i < 1001; i++) {
        struct sonde_outcome outcome = reply_after(i, i % 2 ? INT64_MAX : 0);
        tell(&sequence, &outcome);
    }
    sonde_sequence_summarize(&sequence.tally, &summary);
    cr_assert_eq(summary.ipdv_mean.ns, 0);
    cr_assert_eq(summary.ipdv_mean_abs.ns, INT64_MAX);
    cr_assert(summary.ipdv_min.ns == -INT64_MAX && summary.ipdv_max.ns == INT64_MAX);

    tell_kind(&sequence, SONDE_REPLY, UINT64_MAX - 1);
    cr_assert_eq(sequence.head, UINT64_MAX - 1 - 15);
    cr_assert_eq(sequence.tally.presumed, sequence.head - 1001);
    cr_assert_eq(sequence.tally.longest, sequence.head - 1001);
    cr_assert_eq(sequence.tally.judged, sequence.head);
    tell_kind(&sequence, SONDE_REPLY, UINT64_MAX);
    cr_assert_eq(sequence.tally.ignored, 1);
}

Test(stats_sequence, what_is_not_asked_for_is_ignored)
{
    struct sonde_sequence sequence;
    cr_assert_eq(sonde_sequence_init(&sequence, slots, 8, 100), 0);
    tell_kind(&sequence, SONDE_REPLY, 99);  /* before the first */
    tell_kind(&sequence, SONDE_REPLY, 102); /* waits for 100 and 101 */
    tell_kind(&sequence, SONDE_TIMED_OUT, 102);
    tell_kind(&sequence, SONDE_REPLY, 100);
    tell_kind(&sequence, SONDE_TIMED_OUT, 100);
    tell_kind(&sequence, SONDE_LATE, 101);
    cr_assert_eq(sequence.tally.ignored, 3);
    cr_assert_eq(sequence.tally.judged, 1);
    tell_kind(&sequence, SONDE_REPLY, 101);
    cr_assert_eq(sequence.tally.judged, 3);
    cr_assert_eq(sequence.tally.lost, 0);
}

Test(stats_sequence, a_window_ahead_is_the_last_before_presuming)
{
    struct sonde_sequence sequence = fresh(8);
    arrive_in(&sequence, (const uint64_t[]){1, 2, 3, 4, 5, 6, 7}, 7);
    cr_assert_eq(sequence.tally.presumed, 0);
    cr_assert_eq(sequence.head, 0);
    tell_kind(&sequence, SONDE_REPLY, 8);
    cr_assert_eq(sequence.tally.presumed, 1);
    cr_assert_eq(sequence.head, 9);
    tell_kind(&sequence, SONDE_TIMED_OUT, 0);
    cr_assert_eq(sequence.tally.misjudged, 0);
    cr_assert_eq(sequence.tally.lost, 1);
}
