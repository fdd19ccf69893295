#include "sonde/survey.h"

#include <errno.h>
#include <stdlib.h>

#include "strategy/survey_answer.h"
#include "strategy/survey_inside.h"

#define BATCH_MOST   1024u
#define ARENA_MOST   (UINT32_C(1) << 20)
#define SKIPS_MOST   4096u  /* targets of a family without source, in one call */
#define SPAN_MOST    65536u /* positions beyond the oldest probe that is still refused */
#define PAUSE_NS     (100 * SONDE_NS_PER_US) /* after a refusal: queues of devices empty quickly */
#define PAUSE_MOST   (10 * SONDE_NS_PER_MS)
#define REFUSED_MOST (4 * SONDE_NS_PER_S) /* neighbours take 3 s to be found missing (RFC 4861) */
#define GONE_PAUSE   (50 * SONDE_NS_PER_MS)
#define FEW          64u                  /* that may be the only ones without a way */
#define GONE_MOST    (5 * SONDE_NS_PER_S) /* that a network which is gone is waited for */

/* --- life ------------------------------------------------------------------------------------- */

static bool valid(const struct sonde_survey_config *config)
{
    uint64_t count = config->targets.count;
    return count > 0 && count <= UINT64_C(1) << 63 && config->shard < config->shard_count &&
           config->targets.at && config->cooldown.ns >= 0 && config->deadline.ns >= 0;
}

static int prepare(struct sonde_survey *survey)
{
    const struct sonde_survey_config *config = &survey->config;
    int error = survey_prober_init(&survey->prober, config);
    if (error)
        return error;
    survey->datagram_bytes = survey_datagram_bytes(&survey->prober);
    survey->batch_most = BATCH_MOST;
    if (survey->datagram_bytes > ARENA_MOST / BATCH_MOST)
        survey->batch_most = ARENA_MOST / survey->datagram_bytes;
    survey->arena = malloc(survey->batch_most * survey->datagram_bytes + 1);
    survey->pending = calloc(survey->batch_most, sizeof(*survey->pending));
    survey->handed = calloc(survey->batch_most, sizeof(*survey->handed));
    if (!survey->arena || !survey->pending || !survey->handed)
        return -ENOMEM;
    return survey_window_init(&survey->window);
}

int sonde_survey_create(struct sonde_survey **out, const struct sonde_survey_config *config,
                        sonde_survey_hear *hear, void *self)
{
    struct sonde_survey *survey = calloc(1, sizeof(*survey));
    if (!survey)
        return -ENOMEM;
    survey->config = *config;
    survey->config.shard_count += config->shard_count == 0;
    survey->config.copies += config->copies == 0;
    survey->hear = hear;
    survey->self = self;
    survey->reads_matter = true;
    int error = -EINVAL;
    if (!valid(&survey->config))
        goto failed;
    uint64_t behind = config->targets.count - 1;
    if (config->shard <= behind)
        survey->figures.positions = (behind - config->shard) / survey->config.shard_count + 1;
    survey->next_position = config->from;
    if (config->from > survey->figures.positions)
        goto failed;
    error = survey_pace_init(&survey->pace, config->gap_ns, config->gap_slots, config->adaptive);
    if (!error)
        error = prepare(survey);
    if (error)
        goto failed;
    strategy_permutation_init(&survey->order, config->targets.count, config->seed);
    *out = survey;
    return 0;
failed:
    sonde_survey_destroy(survey);
    return error;
}

void sonde_survey_destroy(struct sonde_survey *survey)
{
    if (!survey)
        return;
    survey_prober_destroy(&survey->prober);
    survey_window_destroy(&survey->window);
    free(survey->arena);
    free(survey->pending);
    free(survey->handed);
    free(survey);
}

/* --- sending ---------------------------------------------------------------------------------- */

static void count_failed(struct sonde_survey *survey, int error, uint64_t probes)
{
    struct sonde_survey_refusal *at = survey->figures.refusals;
    struct sonde_survey_refusal *last = at + SONDE_SURVEY_REFUSALS - 1;
    while (at < last && at->probes > 0 && at->error != error)
        at++;
    at->error = at->probes == 0 || at->error == error ? error : 0;
    at->probes += probes;
    survey->figures.failed += probes;
}

/* Sets next_target. False when it cannot be asked: its family has no source of ours. */
static bool find_target(struct sonde_survey *survey)
{
    const struct sonde_survey_config *config = &survey->config;
    uint64_t k = config->shard + survey->next_position * config->shard_count;
    survey->next_target =
        config->targets.at(config->targets.self, strategy_permutation_at(&survey->order, k));
    return survey_template_for(&survey->prober, &survey->next_target) != NULL;
}

/* Whether one more may be asked before those that are refused have left. */
static bool has_room(const struct sonde_survey *survey)
{
    return survey->next_position < survey->figures.positions &&
           survey->pending_count < survey->batch_most &&
           (survey->pending_count == 0 ||
            survey->next_position - survey->pending[0].position < SPAN_MOST);
}

/* Hands out those that were refused and may try again. */
static void pick_refused(struct sonde_survey *survey, struct sonde_mono now, size_t most)
{
    for (size_t i = 0; i < survey->pending_count && survey->handed_count < most; i++)
        if (survey->pending[i].retry_ns <= now.ns)
            survey->handed[survey->handed_count++] = i;
}

/* Hands out new ones that are due, until there are `most`. */
static void pick_new(struct sonde_survey *survey, size_t most)
{
    unsigned skipped = 0;
    while (survey->handed_count < most && has_room(survey)) {
        if (survey->next_copy == 0 && !find_target(survey)) {
            count_failed(survey, EADDRNOTAVAIL, survey->config.copies);
            survey->next_position++;
            if (++skipped == SKIPS_MOST)
                return;
            continue;
        }
        if (!survey_pace_take(&survey->pace))
            return;
        survey->handed[survey->handed_count++] = survey->pending_count;
        survey->pending[survey->pending_count++] = (struct survey_pending){
            .target = survey->next_target,
            .position = survey->next_position,
            .retry_ns = INT64_MIN,
            .pause_ns = PAUSE_NS,
        };
        if (++survey->next_copy == survey->config.copies) {
            survey->next_copy = 0;
            survey->next_position++;
        }
    }
}

static void end(struct sonde_survey *survey, struct sonde_mono now)
{
    if (survey->ended)
        return;
    survey->ended = true;
    survey->ended_at = now;
}

static void end_if_done(struct sonde_survey *survey, struct sonde_mono now)
{
    if (survey->pending_count == 0 && survey->next_position == survey->figures.positions)
        end(survey, now);
}

static struct sonde_mono sending_ends(const struct sonde_survey *survey)
{
    return survey->config.deadline.ns ? sonde_mono_add(survey->start, survey->config.deadline)
                                      : SONDE_NEVER;
}

size_t sonde_survey_transmit(struct sonde_survey *survey, struct sonde_mono now,
                             struct sonde_datagram *batch, size_t capacity)
{
    survey->handed_count = 0;
    if (!survey->started) {
        survey->started = true;
        survey->start = now;
        survey->hold_until = now;
        survey_pace_start(&survey->pace, now);
    }
    if (!sonde_mono_before(now, sending_ends(survey)))
        end(survey, now);
    if (survey->ended || sonde_mono_before(now, survey->hold_until))
        return 0;
    survey_pace_turn(&survey->pace, now);
    size_t most = capacity < survey->batch_most ? capacity : survey->batch_most;
    pick_refused(survey, now, most);
    pick_new(survey, most);
    end_if_done(survey, now);
    survey->batch_at = now;
    for (size_t i = 0; i < survey->handed_count; i++) {
        const struct sonde_address *target = &survey->pending[survey->handed[i]].target;
        const struct survey_template *template = survey_template_for(&survey->prober, target);
        uint8_t *bytes = survey->arena + i * survey->datagram_bytes;
        survey_probe_write(&survey->prober, template, target, now, bytes);
        batch[i] = (struct sonde_datagram){
            .to = *target,
            .bytes = bytes,
            .length = (uint32_t) template->length,
        };
    }
    return survey->handed_count;
}

/* No route, or no device that is up: of this address, or of them all. */
static bool has_no_way(int error)
{
    return error == ENETUNREACH || error == ENETDOWN || error == ENODEV || error == ENXIO ||
           error == EADDRNOTAVAIL;
}

/*
 * Whether a refusal is the last word on an address. That it has no way is its own verdict when
 * another probe has left since; as long as none does, it is this machine that has no network, and
 * nobody has been asked.
 */
static bool is_settled(struct sonde_survey *survey, const struct survey_pending *pending,
                       const struct sonde_datagram *datagram)
{
    int64_t waited_ns = datagram->sent.ns - pending->refused_ns;
    if (datagram->error == ENOBUFS || datagram->error == EAGAIN)
        return waited_ns >= REFUSED_MOST;
    bool last_few = survey->next_position == survey->figures.positions &&
                    survey->pending_count < FEW && survey->figures.sent > 0;
    if (!has_no_way(datagram->error) || survey->figures.sent > pending->sent_before || last_few)
        return true;
    if (waited_ns >= GONE_MOST) {
        survey->figures.gone = datagram->error;
        end(survey, datagram->sent);
    }
    return false;
}

/* What became of one. True when it has left. */
static bool settle(struct sonde_survey *survey, struct survey_pending *pending,
                   const struct sonde_datagram *datagram)
{
    if (datagram->error && pending->retry_ns == INT64_MIN) {
        pending->refused_ns = datagram->sent.ns;
        pending->sent_before = survey->figures.sent;
    }
    pending->settled = !datagram->error || is_settled(survey, pending, datagram);
    if (datagram->error == 0) {
        survey->figures.sent++;
        survey_pace_sent(&survey->pace, survey->batch_at);
        return true;
    }
    if (pending->settled)
        count_failed(survey, datagram->error, 1);
    pending->retry_ns = sonde_saturating_add(datagram->sent.ns, pending->pause_ns);
    pending->pause_ns = 2 * pending->pause_ns < PAUSE_MOST ? 2 * pending->pause_ns : PAUSE_MOST;
    return false;
}

static void forget_settled(struct sonde_survey *survey)
{
    size_t kept = 0;
    for (size_t i = 0; i < survey->pending_count; i++)
        if (!survey->pending[i].settled)
            survey->pending[kept++] = survey->pending[i];
    survey->pending_count = kept;
}

void sonde_survey_transmitted(struct sonde_survey *survey, const struct sonde_datagram *batch,
                              size_t count)
{
    bool any = false, no_way = false;
    struct sonde_mono last = survey->batch_at;
    count = count < survey->handed_count ? count : survey->handed_count;
    for (size_t i = 0; i < count; i++) {
        last = sonde_mono_later(last, batch[i].sent);
        any |= settle(survey, &survey->pending[survey->handed[i]], &batch[i]);
        no_way |= has_no_way(batch[i].error);
    }
    survey->handed_count = 0;
    forget_settled(survey);
    /* when a few are refused it is for their neighbours' sake; when all are, for the device's */
    if (!any && survey->pending_count > 0) {
        int64_t pause_ns = no_way ? GONE_PAUSE : PAUSE_NS;
        survey->hold_until = sonde_mono_add(last, (struct sonde_span){pause_ns});
    }
    end_if_done(survey, last);
}

/* --- receiving -------------------------------------------------------------------------------- */

static void take_answer(struct sonde_survey *survey, struct survey_judged *judged)
{
    struct sonde_survey_answer *answer = &judged->answer;
    bool met = survey_window_meet(&survey->window, judged->mark);
    if (met || survey->figures.replies + survey->figures.errors >= survey->figures.sent)
        answer->kind = SONDE_SURVEY_DUPLICATE;
    else if (answer->rtt_known)
        survey_pace_answered(&survey->pace, judged->sent);
    survey->figures.replies += answer->kind == SONDE_SURVEY_REPLY;
    survey->figures.errors += answer->kind == SONDE_SURVEY_ERROR;
    survey->figures.duplicates += answer->kind == SONDE_SURVEY_DUPLICATE;
    survey->hear(survey->self, answer);
}

void sonde_survey_receive(struct sonde_survey *survey, const struct sonde_event *event)
{
    if (event->kind != SONDE_EVENT_DATAGRAM && event->kind != SONDE_EVENT_ERROR)
        return;
    struct survey_judged judged;
    switch (survey_judge(&survey->prober, &survey->window, event, &judged)) {
    case SURVEY_OURS:
        survey->reads_matter = event->stamp.source <= SONDE_STAMP_USER;
        take_answer(survey, &judged);
        break;
    case SURVEY_FOREIGN:
        survey->figures.foreign++;
        break;
    case SURVEY_MALFORMED:
        survey->figures.malformed++;
        break;
    case SURVEY_NO_ANSWER:
        break;
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

struct sonde_mono sonde_survey_deadline(const struct sonde_survey *survey)
{
    if (survey->ended)
        return sonde_mono_add(survey->ended_at, survey->config.cooldown);
    if (!survey->started)
        return (struct sonde_mono){INT64_MIN};
    struct sonde_mono wake = has_room(survey) ? survey_pace_wake(&survey->pace) : SONDE_NEVER;
    for (size_t i = 0; i < survey->pending_count; i++)
        wake = sonde_mono_earlier(wake, (struct sonde_mono){survey->pending[i].retry_ns});
    wake = sonde_mono_later(wake, survey->hold_until);
    return sonde_mono_earlier(wake, sending_ends(survey));
}

void sonde_survey_stop(struct sonde_survey *survey, struct sonde_mono now)
{
    end(survey, now);
}

bool sonde_survey_finished(const struct sonde_survey *survey, struct sonde_mono now)
{
    return survey->ended &&
           (survey->figures.sent == 0 ||
            !sonde_mono_before(now, sonde_mono_add(survey->ended_at, survey->config.cooldown)));
}

void sonde_survey_figures(const struct sonde_survey *survey, struct sonde_survey_figures *figures)
{
    *figures = survey->figures;
    figures->position =
        survey->pending_count > 0 ? survey->pending[0].position : survey->next_position;
    figures->rate = survey_pace_rate(&survey->pace);
    figures->rate_cuts = survey->pace.cuts;
    figures->answers_until =
        survey->ended ? sonde_mono_add(survey->ended_at, survey->config.cooldown) : SONDE_NEVER;
}
