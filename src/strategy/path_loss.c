/*
 * Is an answer that is missing a packet that was lost? docs/paths.md explains what is done here.
 *
 * What a router drops is missing behind it as well; what a router does not say is missing at its
 * own hop alone. So every hop is compared with all hops behind it, from the end towards us, and
 * those that miss significantly more are set aside. What is left shows where loss begins.
 */
#include <math.h>

#include "strategy/path_inside.h"

#define SIGNIFICANT   0.01 /* chance below which a difference is none of chance's */
#define INTACT_BEHIND 0.05 /* the same, where nothing at all is missing behind */
#define MISSED_ENOUGH 3u   /* to name a place where loss begins without significance */
#define WORTH_A_PLACE 1.0  /* gain in log-likelihood that makes a place the likely one */

struct tally {
    uint64_t missed;
    uint64_t asked;
};

/* Hops that answer and are not rationed, nearest first. */
struct row {
    struct sonde_path_hop *hops[PATH_HOPS];
    unsigned count;
};

/* --- Fisher's exact test --------------------------------------------------------------------- */

static double log_choose(double n, double k)
{
    int sign;
    return lgamma_r(n + 1, &sign) - lgamma_r(k + 1, &sign) - lgamma_r(n - k + 1, &sign);
}

/* The hypergeometric probabilities from `from` on, upwards or downwards, away from the mean. */
static double tail(double from, double step, double drawn, double marked, double total)
{
    double sum = 0;
    double least = drawn + marked > total ? drawn + marked - total : 0;
    double most = drawn < marked ? drawn : marked;
    for (double k = from; k >= least && k <= most; k += step) {
        double term = exp(log_choose(marked, k) + log_choose(total - marked, drawn - k) -
                          log_choose(total, drawn));
        sum += term;
        if (term < sum * 1e-12)
            break;
    }
    return sum < 1 ? sum : 1;
}

double sonde_path_chance(uint64_t missed, uint64_t asked, uint64_t missed_behind,
                         uint64_t asked_behind)
{
    double drawn = (double)asked, total = drawn + (double)asked_behind;
    double marked = (double)missed + (double)missed_behind, k = (double)missed;
    if (missed == 0 || asked == 0 || asked_behind == 0)
        return 1;
    if (k * total > marked * drawn)
        return tail(k, 1, drawn, marked, total);
    return 1 - tail(k - 1, -1, drawn, marked, total);
}

/* --- what is rationed ------------------------------------------------------------------------ */

/*
 * Answers out of a token bucket are evenly spaced; packets that get through by chance are not:
 * their distances have a geometric distribution. Of so many random distances 2 % vary by less than
 * this share of what that distribution has.
 */
static bool is_regular(uint64_t gaps, double variance, double by_chance)
{
    static const double shares[] = {0, 0, 0, 0.02, 0.055, 0.1, 0.14, 0.18, 0.22};
    size_t last = sizeof shares / sizeof *shares - 1;
    return by_chance > 0 && variance <= by_chance * shares[gaps < last ? gaps : last] && gaps >= 3;
}

static void find_pattern(const struct path_hop *hop, struct sonde_path_hop *shown)
{
    if (hop->gaps == 0)
        return;
    double n = (double)hop->gaps;
    double mean = hop->gap_sum / n;
    double variance = hop->gap_squares / n - mean * mean;
    shown->answer_every = mean;
    shown->regular = is_regular(hop->gaps, variance, mean * (mean - 1));
}

/* Who answers by ICMP errors may ration them (RFC 1812 section 4.3.2.8), a target, too. */
static bool says_errors(const struct sonde_path_hop *hop)
{
    return hop->answer.kind != SONDE_REPLY || hop->answer.said == SONDE_SAID_PORT_CLOSED ||
           hop->answer.said == SONDE_SAID_PROTOCOL_CLOSED;
}

static bool is_measured(const struct sonde_path_hop *hop)
{
    return hop->verdict == SONDE_PATH_FINE || hop->verdict == SONDE_PATH_UNCLEAR;
}

static void set_rationed_aside(struct sonde_path *path, struct row *row)
{
    struct tally behind = {0};
    row->count = 0;
    for (unsigned h = path->length; h >= path->config.first_hop; h--) {
        struct path_hop *hop = path_hop_at(path, h);
        struct sonde_path_hop *shown = &hop->shown;
        if (!is_measured(shown))
            continue;
        shown->missed = sonde_stats_lost(&shown->stats.stats);
        shown->asked = sonde_stats_judged(&shown->stats.stats);
        shown->missed_behind = behind.missed;
        shown->asked_behind = behind.asked;
        shown->chance = sonde_path_chance(shown->missed, shown->asked, behind.missed, behind.asked);
        find_pattern(hop, shown);
        double level = behind.missed == 0 ? INTACT_BEHIND : SIGNIFICANT;
        bool by_pattern =
            behind.asked == 0 && shown->missed > 0 && shown->regular && says_errors(shown);
        if (shown->chance < level || by_pattern) {
            shown->verdict = SONDE_PATH_RATIONED;
            continue;
        }
        behind.missed += shown->missed;
        behind.asked += shown->asked;
        row->hops[row->count++] = shown;
    }
    for (unsigned i = 0; i < row->count / 2; i++) {
        struct sonde_path_hop *swapped = row->hops[i];
        row->hops[i] = row->hops[row->count - 1 - i];
        row->hops[row->count - 1 - i] = swapped;
    }
}

/* --- where loss begins ----------------------------------------------------------------------- */

static struct tally tally_of(const struct row *row, unsigned from, unsigned to)
{
    struct tally tally = {0};
    for (unsigned i = from; i < to; i++) {
        tally.missed += row->hops[i]->missed;
        tally.asked += row->hops[i]->asked;
    }
    return tally;
}

static double likelihood(struct tally tally)
{
    double n = (double)tally.asked, k = (double)tally.missed;
    double sum = 0;
    if (k > 0)
        sum += k * log(k / n);
    if (k < n)
        sum += (n - k) * log((n - k) / n);
    return sum;
}

struct split {
    unsigned at;   /* the first hop of the part that loses more */
    double gain;   /* in log-likelihood over no split; 0: there is no such split */
    double chance; /* that there is no difference */
};

static struct split best_split(const struct row *row, unsigned from, unsigned to)
{
    struct split best = {.at = from, .chance = 1};
    double whole = likelihood(tally_of(row, from, to));
    for (unsigned at = from + 1; at < to; at++) {
        struct tally near = tally_of(row, from, at), far = tally_of(row, at, to);
        if ((double)far.missed * (double)near.asked <= (double)near.missed * (double)far.asked)
            continue;
        double gain = likelihood(near) + likelihood(far) - whole;
        if (gain > best.gain)
            best = (struct split){
                at, gain, sonde_path_chance(far.missed, far.asked, near.missed, near.asked)};
    }
    return best;
}

/*
 * Loss goes on to the end: what has nothing missing behind it is none, unless it is the end. And
 * what only such an end misses that answers by errors may be its ration.
 */
static void mark(struct row *row, unsigned from, unsigned to)
{
    enum sonde_path_verdict verdict = SONDE_PATH_LOSS;
    for (unsigned i = from; i < to; i++) {
        const struct sonde_path_hop *hop = row->hops[i];
        if (hop->missed == 0 || (hop->missed_behind == 0 && i + 1 < row->count))
            continue;
        if (verdict == SONDE_PATH_LOSS && i + 1 == row->count && says_errors(hop))
            continue;
        row->hops[i]->verdict = verdict;
        verdict = SONDE_PATH_LOSS_GOES_ON;
    }
}

/* Marks the loss that begins in a part of the row before which none begins. */
static void find_beginnings(struct row *row, unsigned from, unsigned to)
{
    struct tally all = tally_of(row, from, to);
    struct split split = best_split(row, from, to);
    bool significant = split.chance < SIGNIFICANT;
    if (all.missed == 0)
        return;
    bool goes_on = all.missed >= MISSED_ENOUGH && row->hops[to - 1]->missed > 0;
    if (!significant && !goes_on)
        return;
    unsigned start = significant || split.gain >= WORTH_A_PLACE ? split.at : from;
    mark(row, start, to);
    if (!significant)
        return;
    find_beginnings(row, from, start);
    for (;;) { /* more of it begins further on */
        split = best_split(row, start, to);
        if (split.chance >= SIGNIFICANT)
            return;
        start = split.at;
        mark(row, start, to);
    }
}

void path_find_loss(struct sonde_path *path)
{
    struct row row;
    set_rationed_aside(path, &row);
    if (row.count == 0)
        return;
    find_beginnings(&row, 0, row.count);
    struct sonde_path_hop *last = row.hops[row.count - 1];
    if (last->hop == path->length && last->verdict == SONDE_PATH_UNCLEAR &&
        last->answer.kind == SONDE_REPLY && !says_errors(last))
        last->verdict = SONDE_PATH_LOSS;
}
