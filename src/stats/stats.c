#include "sonde/stats.h"

#include <math.h>
#include <string.h>

#include "wide.h"

/* So that eight times the one and sixteen times the other stay below 2^63. */
#define EWMA_HIGHEST   (INT64_C(1) << 60)
#define JITTER_HIGHEST (INT64_C(1) << 58)

void sonde_stats_init(struct sonde_stats *stats, uint16_t answers)
{
    memset(stats, 0, sizeof *stats);
    stats->answers = answers != 0 ? answers : SONDE_KIND_BIT(SONDE_REPLY);
}

void sonde_stats_sent(struct sonde_stats *stats)
{
    stats->sent++;
}

enum sonde_verdict sonde_verdict_of(enum sonde_outcome_kind kind, uint16_t answers)
{
    if (!sonde_outcome_is_final(kind))
        return SONDE_VERDICT_NOTICE;
    if ((answers != 0 ? answers : SONDE_KIND_BIT(SONDE_REPLY)) & SONDE_KIND_BIT(kind))
        return SONDE_VERDICT_RECEIVED;
    switch (kind) {
    case SONDE_TIMED_OUT:
        return SONDE_VERDICT_LOST;
    case SONDE_SEND_FAILED:
    case SONDE_UNFINISHED:
        return SONDE_VERDICT_VOID;
    default:
        return SONDE_VERDICT_ERROR;
    }
}

/* RFC 3550 appendix A.8, and ping's moving average, both in whole numbers. */
static void follow(struct sonde_stats *stats, int64_t rtt)
{
    uint64_t sample = (uint64_t)(rtt < EWMA_HIGHEST ? rtt : EWMA_HIGHEST);
    if (stats->measured == 0) {
        stats->ewma_8 = 8 * sample;
        return;
    }
    stats->ewma_8 += sample - stats->ewma_8 / 8;

    uint64_t change =
        (uint64_t)(rtt > stats->last_ns ? rtt - stats->last_ns : stats->last_ns - rtt);
    if (change > (uint64_t)JITTER_HIGHEST)
        change = (uint64_t)JITTER_HIGHEST;
    stats->jitter_16 += change - (stats->jitter_16 + 8) / 16;
}

static void measure(struct sonde_stats *stats, int64_t rtt)
{
    if (rtt < 0) {
        if (stats->impossible < UINT32_MAX)
            stats->impossible++;
        return;
    }
    follow(stats, rtt);

    uint64_t value = (uint64_t)rtt, square[2];
    stats_wide_add(stats->sum, 2, &value, 1);
    stats_wide_multiply(square, &value, 1, &value, 1);
    stats_wide_add(stats->squares, 3, square, 2);
    if (stats->measured == 0 || rtt < stats->min_ns)
        stats->min_ns = rtt;
    if (rtt > stats->max_ns)
        stats->max_ns = rtt;
    stats->last_ns = rtt;
    stats->measured++;
}

enum sonde_verdict sonde_stats_outcome(struct sonde_stats *stats,
                                       const struct sonde_outcome *outcome)
{
    if ((unsigned)outcome->kind >= SONDE_OUTCOME_KINDS)
        return SONDE_VERDICT_NOTICE;

    enum sonde_verdict verdict = sonde_verdict_of(outcome->kind, stats->answers);
    stats->outcomes[outcome->kind]++;
    if (verdict == SONDE_VERDICT_RECEIVED && outcome->rtt_known)
        measure(stats, outcome->rtt.ns);
    return verdict;
}

static uint64_t count_of(const struct sonde_stats *stats, enum sonde_verdict verdict)
{
    uint64_t count = 0;
    for (unsigned kind = 0; kind < SONDE_OUTCOME_KINDS; kind++)
        if (sonde_verdict_of((enum sonde_outcome_kind)kind, stats->answers) == verdict)
            count += stats->outcomes[kind];
    return count;
}

uint64_t sonde_stats_received(const struct sonde_stats *stats)
{
    return count_of(stats, SONDE_VERDICT_RECEIVED);
}

uint64_t sonde_stats_lost(const struct sonde_stats *stats)
{
    return count_of(stats, SONDE_VERDICT_LOST);
}

uint64_t sonde_stats_errors(const struct sonde_stats *stats)
{
    return count_of(stats, SONDE_VERDICT_ERROR);
}

uint64_t sonde_stats_judged(const struct sonde_stats *stats)
{
    return sonde_stats_received(stats) + sonde_stats_lost(stats) + sonde_stats_errors(stats);
}

double sonde_stats_loss_ratio(const struct sonde_stats *stats)
{
    uint64_t judged = sonde_stats_judged(stats);
    return judged == 0 ? 0.0 : (double)sonde_stats_lost(stats) / (double)judged;
}

struct sonde_interval sonde_stats_loss_interval(const struct sonde_stats *stats, double z)
{
    return sonde_wilson(sonde_stats_lost(stats), sonde_stats_judged(stats), z);
}

/* sqrt(n Σx² - (Σx)²) / n: the difference is taken before anything is rounded. */
static int64_t deviation_of(const struct sonde_stats *stats)
{
    uint64_t spread[4], square[4];
    stats_wide_multiply(spread, stats->squares, 3, &stats->measured, 1);
    stats_wide_multiply(square, stats->sum, 2, stats->sum, 2);
    stats_wide_subtract(spread, square, 4);
    return llround(sqrt(stats_wide_double(spread, 4)) / (double)stats->measured);
}

bool sonde_stats_rtt(const struct sonde_stats *stats, struct sonde_rtt_summary *summary)
{
    *summary = (struct sonde_rtt_summary){.count = stats->measured};
    if (stats->measured == 0)
        return false;

    summary->min.ns = stats->min_ns;
    summary->max.ns = stats->max_ns;
    summary->mean.ns = (int64_t)stats_wide_divide(stats->sum, stats->measured);
    summary->deviation.ns = deviation_of(stats);
    summary->single_stream = !stats->merged;
    if (summary->single_stream) {
        summary->last.ns = stats->last_ns;
        summary->ewma.ns = (int64_t)(stats->ewma_8 / 8);
        summary->jitter.ns = (int64_t)(stats->jitter_16 / 16);
    }
    return true;
}

void sonde_stats_merge(struct sonde_stats *into, const struct sonde_stats *from)
{
    into->sent += from->sent;
    for (unsigned kind = 0; kind < SONDE_OUTCOME_KINDS; kind++)
        into->outcomes[kind] += from->outcomes[kind];
    uint64_t impossible = (uint64_t)into->impossible + from->impossible;
    into->impossible = (uint32_t)(impossible < UINT32_MAX ? impossible : UINT32_MAX);

    if (from->measured == 0)
        return;
    if (into->measured == 0) {
        into->min_ns = from->min_ns;
        into->max_ns = from->max_ns;
        into->last_ns = from->last_ns;
        into->ewma_8 = from->ewma_8;
        into->jitter_16 = from->jitter_16;
        into->merged = from->merged;
    } else {
        into->merged = true;
    }
    if (from->min_ns < into->min_ns)
        into->min_ns = from->min_ns;
    if (from->max_ns > into->max_ns)
        into->max_ns = from->max_ns;
    into->measured += from->measured;
    stats_wide_add(into->sum, 2, from->sum, 2);
    stats_wide_add(into->squares, 3, from->squares, 3);
}
