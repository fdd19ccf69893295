#include "sonde/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "strategy/path_inside.h"

#define DEFAULT_FIRST  1u
#define DEFAULT_LAST   30u
#define SEQUENCE_SLOTS 64u /* outcomes of one hop that may overtake each other */
#define STILL_ANSWERS  3u  /* misses in a row that do not make a hop dead */

#define ANSWERS                                                                                    \
    (SONDE_KIND_BIT(SONDE_REPLY) | SONDE_KIND_BIT(SONDE_TIME_EXCEEDED) |                           \
     SONDE_KIND_BIT(SONDE_UNREACHABLE) | SONDE_KIND_BIT(SONDE_TOO_BIG) |                           \
     SONDE_KIND_BIT(SONDE_PARAMETER_PROBLEM))

/* --- making ---------------------------------------------------------------------------------- */

static size_t hop_count(const struct sonde_path *path)
{
    return path->config.last_hop - path->config.first_hop + 1u;
}

static int allocate(struct sonde_path *path)
{
    size_t hops = hop_count(path);
    path->hops = calloc(hops, sizeof *path->hops);
    if (!path->hops)
        return -ENOMEM;
    if (path->config.variation) {
        path->slots = calloc(hops * SEQUENCE_SLOTS, sizeof *path->slots);
        if (!path->slots)
            return -ENOMEM;
    }
    if (path->config.percentiles) {
        path->counts = calloc(hops * SONDE_HISTOGRAM_BUCKETS, sizeof *path->counts);
        if (!path->counts)
            return -ENOMEM;
    }
    return 0;
}

static void prepare(struct sonde_path *path)
{
    for (size_t i = 0; i < hop_count(path); i++) {
        struct path_hop *hop = &path->hops[i];
        struct sonde_target_stats *stats = &hop->shown.stats;
        hop->shown.hop = (uint8_t)(path->config.first_hop + i);
        hop->shown.answer.hop_limit = hop->shown.answer.traffic_class = -1;
        hop->shown.return_hops = -1;
        sonde_stats_init(&stats->stats, ANSWERS);
        if (path->slots) {
            sonde_sequence_init(&hop->sequence, path->slots + i * SEQUENCE_SLOTS, SEQUENCE_SLOTS,
                                0);
            stats->sequence = &hop->sequence;
        }
        if (path->counts) {
            sonde_histogram_init(&hop->histogram, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST,
                                 path->counts + i * SONDE_HISTOGRAM_BUCKETS,
                                 SONDE_HISTOGRAM_BUCKETS);
            stats->histogram = &hop->histogram;
        }
    }
}

int sonde_path_create(struct sonde_path **created, const struct sonde_path_config *config)
{
    struct sonde_path *path = calloc(1, sizeof *path);
    if (!path)
        return -ENOMEM;
    path->config = *config;
    if (config->first_hop == 0)
        path->config.first_hop = DEFAULT_FIRST;
    if (config->last_hop == 0)
        path->config.last_hop = DEFAULT_LAST;
    int error = path->config.first_hop <= path->config.last_hop ? allocate(path) : -EINVAL;
    if (error) {
        sonde_path_destroy(path);
        return error;
    }
    prepare(path);
    *created = path;
    return 0;
}

void sonde_path_destroy(struct sonde_path *path)
{
    if (!path)
        return;
    free(path->hops);
    free(path->slots);
    free(path->counts);
    free(path);
}

void sonde_path_clear(struct sonde_path *path)
{
    memset(path->hops, 0, hop_count(path) * sizeof *path->hops);
    if (path->slots)
        memset(path->slots, 0, hop_count(path) * SEQUENCE_SLOTS * sizeof *path->slots);
    if (path->counts)
        memset(path->counts, 0, hop_count(path) * SONDE_HISTOGRAM_BUCKETS * sizeof *path->counts);
    path->length = 0;
    path->summary = (struct sonde_path_summary){0};
    prepare(path);
}

struct path_hop *path_hop_at(const struct sonde_path *path, unsigned hop)
{
    if (hop < path->config.first_hop || hop > path->config.last_hop)
        return NULL;
    return &path->hops[hop - path->config.first_hop];
}

const struct sonde_path_hop *sonde_path_hop(const struct sonde_path *path, uint8_t hop)
{
    const struct path_hop *found = path_hop_at(path, hop);
    return found ? &found->shown : NULL;
}

/* --- hearing --------------------------------------------------------------------------------- */

void sonde_path_sent(struct sonde_path *path, const struct sonde_trace_place *place)
{
    struct path_hop *hop = path_hop_at(path, place->hop);
    if (hop)
        sonde_stats_sent(&hop->shown.stats.stats);
}

/* Which of the hop's addresses this is; SONDE_PATH_ADDRESSES when there is no room for it. */
static unsigned index_of(struct sonde_path_hop *hop, const struct sonde_address *address,
                         uint32_t round)
{
    unsigned i = 0;
    while (i < hop->address_count && !sonde_address_equal(&hop->addresses[i].address, address))
        i++;
    if (i == hop->address_count && i < SONDE_PATH_ADDRESSES) {
        hop->addresses[i] = (struct sonde_path_address){.address = *address, .first_round = round};
        hop->address_count++;
    }
    return i;
}

static void heard_from(struct path_hop *hop, const struct sonde_address *from, uint32_t round)
{
    struct sonde_path_hop *shown = &hop->shown;
    struct sonde_address before = shown->answered ? shown->answer_from : (struct sonde_address){0};
    unsigned index = index_of(shown, from, round);
    if (index < SONDE_PATH_ADDRESSES) {
        shown->addresses[index].answers++;
        shown->addresses[index].last_round = round;
        shown->current = (uint8_t)index;
    } else {
        shown->unlisted++;
    }
    if (before.family && sonde_address_equal(&before, from))
        return;
    hop->runs++;
    if (before.family)
        hop->switches[hop->switch_count++ % SONDE_PATH_CHANGES] =
            (struct sonde_path_change){round, before, *from};
}

static void measure_gap(struct path_hop *hop, uint32_t nth)
{
    if (hop->nth_known && nth > hop->last_nth) {
        double gap = (double)(nth - hop->last_nth);
        hop->gaps++;
        hop->gap_sum += gap;
        hop->gap_squares += gap * gap;
    }
    if (!hop->nth_known || nth > hop->last_nth)
        hop->last_nth = nth;
    hop->nth_known = true;
}

static void answered(struct sonde_path *path, struct path_hop *hop,
                     const struct sonde_trace_place *place, const struct sonde_outcome *heard)
{
    struct sonde_path_hop *shown = &hop->shown;
    heard_from(hop, &heard->from, place->round);
    measure_gap(hop, place->nth);
    hop->lost_in_a_row = 0;
    shown->answered = true;
    shown->answer_from = heard->from;
    shown->answer = (struct sonde_path_answer){
        .kind = heard->kind,
        .said = heard->said,
        .icmp_type = heard->icmp_type,
        .icmp_code = heard->icmp_code,
        .round = place->round,
        .mtu = heard->mtu,
        .hop_limit = heard->hop_limit,
        .traffic_class = heard->traffic_class,
        .foreign_source = heard->foreign_source,
        .from_error_queue = heard->from_error_queue,
    };
    path_reveal(path, hop, heard);
}

void sonde_path_outcome(struct sonde_path *path, const struct sonde_trace_place *place,
                        const struct sonde_outcome *heard)
{
    struct path_hop *hop = path_hop_at(path, place->hop);
    if (!hop)
        return;
    struct sonde_target_stats *stats = &hop->shown.stats;
    struct sonde_outcome counted = *heard;
    counted.number = place->nth; /* in the order of this hop's probes */
    if (place->superseded && heard->kind == SONDE_TIMED_OUT) {
        counted.kind = SONDE_UNFINISHED;
        hop->shown.superseded++;
        stats->stats.sent -= stats->stats.sent > 0;
    }
    switch (sonde_target_stats_outcome(stats, &counted)) {
    case SONDE_VERDICT_RECEIVED:
        answered(path, hop, place, heard);
        break;
    case SONDE_VERDICT_LOST:
        hop->lost_in_a_row++;
        break;
    case SONDE_VERDICT_ERROR:
    case SONDE_VERDICT_VOID:
    case SONDE_VERDICT_NOTICE:
        break;
    }
}

/* --- judging --------------------------------------------------------------------------------- */

/* How many hops belong to the path. */
static uint8_t length_of(const struct sonde_path *path, const struct sonde_trace_end *end)
{
    const struct path_hop *last = path_hop_at(path, end->hop);
    switch (end->reason) {
    case SONDE_TRACE_SEND_FAILED:
        return 0;
    case SONDE_TRACE_LAST_HOP:
        return end->asked > end->hop ? end->asked : end->hop;
    case SONDE_TRACE_SILENCE:
        /* the first dark hop, unless it is the whole end of the path that has gone dark */
        if ((last && last->lost_in_a_row >= STILL_ANSWERS) || end->asked <= end->hop)
            return end->hop;
        return end->hop > 0 ? (uint8_t)(end->hop + 1) : path->config.first_hop;
    default:
        return end->hop;
    }
}

static enum sonde_path_verdict without_loss(const struct sonde_path *path,
                                            const struct path_hop *hop,
                                            const struct sonde_trace_end *end)
{
    const struct sonde_path_hop *shown = &hop->shown;
    if (sonde_stats_judged(&shown->stats.stats) == 0)
        return SONDE_PATH_NOT_ASKED;
    if (shown->repeated)
        return SONDE_PATH_LOOP;
    if (sonde_stats_received(&shown->stats.stats) == 0)
        return end->reason == SONDE_TRACE_SILENCE && shown->hop == path->length &&
                       shown->hop > end->hop
                   ? SONDE_PATH_BLACK_HOLE
                   : SONDE_PATH_SILENT;
    bool last = shown->hop == path->length;
    if (last && (end->reason == SONDE_TRACE_UNREACHABLE || end->reason == SONDE_TRACE_PARAMETER))
        return SONDE_PATH_UNREACHABLE;
    if (last && end->reason == SONDE_TRACE_TOO_BIG)
        return SONDE_PATH_TOO_BIG;
    return sonde_stats_lost(&shown->stats.stats) == 0 ? SONDE_PATH_FINE : SONDE_PATH_UNCLEAR;
}

static void clear_verdict(struct path_hop *hop)
{
    struct sonde_path_hop *shown = &hop->shown;
    shown->verdict = SONDE_PATH_NOT_ASKED;
    shown->variety = SONDE_PATH_ONE;
    shown->change_count = 0;
    shown->missed = shown->asked = shown->missed_behind = shown->asked_behind = 0;
    shown->chance = 1;
    shown->regular = shown->class_rewritten = shown->nat_before = false;
    shown->hop_limit_zero = shown->repeated = false;
    shown->answer_every = 0;
    shown->nat_evidence = 0;
    shown->class_before = shown->rewrite_after = shown->nat_after = 0;
    shown->return_hops = -1;
}

static void find_summary(struct sonde_path *path, const struct sonde_trace_end *end)
{
    struct sonde_path_summary *summary = &path->summary;
    uint32_t changes = summary->changes;
    *summary = (struct sonde_path_summary){
        .reason = end->reason,
        .length = path->length,
        .loop_hop = end->reason == SONDE_TRACE_LOOP ? end->loop_hop : 0,
        .loop_length = end->reason == SONDE_TRACE_LOOP ? end->loop_length : 0,
        .changes = changes,
    };
    for (unsigned h = path->length; h >= path->config.first_hop; h--) {
        const struct sonde_path_hop *hop = sonde_path_hop(path, (uint8_t)h);
        if (hop->verdict == SONDE_PATH_LOSS)
            summary->loss_hop = hop->hop;
        if (hop->nat_before)
            summary->nat_hop = hop->hop;
        if (hop->class_rewritten)
            summary->rewrite_hop = hop->hop;
        if (hop->verdict == SONDE_PATH_BLACK_HOLE)
            summary->black_hole_hop = hop->hop;
        if (hop->mtu > 0 && (summary->mtu == 0 || hop->mtu < summary->mtu))
            summary->mtu = hop->mtu;
    }
}

void sonde_path_judge(struct sonde_path *path, const struct sonde_trace_end *end)
{
    uint8_t length = length_of(path, end);
    path->length = length < path->config.last_hop ? length : path->config.last_hop;
    for (size_t i = 0; i < hop_count(path); i++)
        clear_verdict(&path->hops[i]);
    for (unsigned h = path->config.first_hop; h <= path->length; h++) {
        struct path_hop *hop = path_hop_at(path, h);
        hop->shown.repeated = end->reason == SONDE_TRACE_LOOP && h >= end->loop_hop;
        hop->shown.verdict = without_loss(path, hop, end);
    }
    path_find_loss(path);
    path_find_variety(path);
    path_find_rewrites(path);
    find_summary(path, end);
}

uint8_t sonde_path_length(const struct sonde_path *path)
{
    return path->length;
}

void sonde_path_summarize(const struct sonde_path *path, struct sonde_path_summary *summary)
{
    *summary = path->summary;
}
