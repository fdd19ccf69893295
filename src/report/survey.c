#include "survey.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "survey_inside.h"
#include "sweep_inside.h"
#include "text.h"

#define EVERY sonde_span_ms(500)

static const struct report_sweep_fields known = {6,
                                                 {REPORT_SWEEP_TIME, REPORT_SWEEP_HOST,
                                                  REPORT_SWEEP_ADDRESS, REPORT_SWEEP_STATE,
                                                  REPORT_SWEEP_RTT, REPORT_SWEEP_REASON}};

bool report_survey_knows(enum report_sweep_field field)
{
    return memchr(known.fields, (int)field, known.count) != NULL;
}

int report_survey_create(struct report_survey **created, const struct report_survey_config *config)
{
    struct report_survey *report = calloc(1, sizeof *report);
    if (!report)
        return -ENOMEM;
    report->config = *config;
    report->hosts.config = (struct report_sweep_config){
        .out = config->out,
        .err = config->err,
        .clock = config->clock,
        .form = config->form,
        .fields = config->fields,
        .targets = &report->target,
    };
    if (config->form != REPORT_SWEEP_TEXT && config->fields.count == 0)
        report->hosts.config.fields = known;
    report_sweep_choose_fields(&report->hosts);
    report->hosts.state.run.out = config->out;
    report->hosts.state.run.err = config->err;
    report->hosts.state.run.clock = config->clock;
    *created = report;
    return 0;
}

void report_survey_destroy(struct report_survey *report)
{
    free(report);
}

int report_survey_flush(struct report_survey *report)
{
    return report_state_flush(&report->hosts.state);
}

void report_survey_begin(struct report_survey *report, const struct sonde_survey *survey,
                         struct sonde_mono now)
{
    report->survey = survey;
    report->start = now;
    report->next_progress = sonde_mono_add(now, EVERY);
    if (report->config.form == REPORT_SWEEP_JSON)
        report_survey_json_begin(report, now);
    if (report->config.form == REPORT_SWEEP_CSV)
        report_sweep_csv_begin(&report->hosts);
}

/* --- hosts ----------------------------------------------------------------------------------- */

/* The answer in the words of a listed sweep. */
static struct sonde_outcome outcome_of(const struct sonde_survey_answer *answer)
{
    struct sonde_outcome outcome = {
        .kind = SONDE_UNREACHABLE,
        .from = answer->from,
        .icmp_type = answer->icmp_type,
        .icmp_code = answer->icmp_code,
        .mtu = answer->mtu,
        .pointer = answer->pointer,
        .hop_limit = answer->hop_limit,
        .received = answer->received,
    };
    if (answer->kind == SONDE_SURVEY_REPLY)
        outcome.kind = SONDE_REPLY;
    else if (answer->from.family == SONDE_FAMILY_NONE) {
        outcome.kind = SONDE_SEND_FAILED;
        outcome.error = answer->error;
    }
    return outcome;
}

static struct sonde_mono when(const struct report_survey *report,
                              const struct sonde_survey_answer *answer)
{
    const struct report_clock *clock = &report->config.clock;
    if (answer->received.source != SONDE_STAMP_NONE)
        return answer->received.at;
    return clock->now(clock->self);
}

void report_survey_answer(struct report_survey *report, const struct sonde_survey_answer *answer)
{
    const struct report_survey_config *config = &report->config;
    const bool alive = answer->kind == SONDE_SURVEY_REPLY;
    if (config->quiet || answer->kind == SONDE_SURVEY_DUPLICATE ||
        config->selection == (alive ? REPORT_SWEEP_UNREACHABLE : REPORT_SWEEP_ALIVE))
        return;
    const struct sonde_outcome outcome = outcome_of(answer);
    const struct report_sweep_row row = {
        .at = when(report, answer),
        .figures = {.state = alive ? SONDE_SWEEP_ANSWERED : SONDE_SWEEP_REFUSED,
                    .rtt_last_ns = alive && answer->rtt_known ? answer->rtt.ns : -1},
        .outcome = &outcome,
    };
    report->target.address = answer->target;
    if (config->form == REPORT_SWEEP_JSON)
        report_sweep_json_row(&report->hosts, &row, "host");
    else if (config->form == REPORT_SWEEP_CSV)
        report_sweep_csv_row(&report->hosts, &row);
    else
        report_sweep_text_row(&report->hosts, &row);
}

/* --- how far it is --------------------------------------------------------------------------- */

/* Seconds until sending is over, as it goes now, and the cooldown behind it; negative: nobody
 * knows. */
static double seconds_left(const struct report_survey *report,
                           const struct sonde_survey_figures *figures, double elapsed)
{
    const struct sonde_survey_config *survey = &report->config.survey;
    const double done = (double)(figures->position - survey->from);
    const double to_do = (double)(figures->positions - figures->position);
    double left = done > 0 ? elapsed * to_do / done : -1;
    const double to_deadline = (double)survey->deadline.ns / 1e9 - elapsed;
    if (survey->deadline.ns > 0 && (left < 0 || to_deadline < left))
        left = to_deadline;
    else if (left < 0)
        return left;
    left += (double)survey->cooldown.ns / 1e9;
    return left > 0 ? left : 0;
}

/* A rate is that of sending. */
static void put_pace(const struct report_survey *report, const struct sonde_survey_figures *figures,
                     struct sonde_mono now)
{
    FILE *err = report->config.err;
    const double elapsed = (double)sonde_mono_since(now, report->start).ns / 1e9;
    if (sonde_mono_before(figures->answers_until, SONDE_NEVER)) {
        const double cooldown = (double)sonde_mono_since(figures->answers_until, now).ns / 1e9;
        fprintf(err, "; waiting %.0f s for answers", cooldown > 0 ? ceil(cooldown) : 0);
        return;
    }
    if (elapsed > 0)
        fprintf(err, ", %.0f/s", (double)figures->sent / elapsed);
    const double left = seconds_left(report, figures, elapsed);
    if (left >= 0)
        fprintf(err, "; %.0f s left", ceil(left));
}

static void put_line(const struct report_survey *report, struct sonde_mono now)
{
    FILE *err = report->config.err;
    struct sonde_survey_figures figures;
    sonde_survey_figures(report->survey, &figures);
    const double elapsed = (double)sonde_mono_since(now, report->start).ns / 1e9;
    fprintf(err, "%.0f s: %" PRIu64 " of %" PRIu64 " addresses (%.2f%%), %" PRIu64 " alive",
            elapsed, figures.position, figures.positions,
            100.0 * (double)figures.position / (double)figures.positions, figures.replies);
    if (figures.position > report->config.survey.from)
        fprintf(err, " (%.2f%%)",
                100.0 * (double)figures.replies /
                    (double)(figures.position - report->config.survey.from));
    fprintf(err, "; %" PRIu64 " probes", figures.sent);
    put_pace(report, &figures, now);
}

void report_survey_status(struct report_survey *report, struct sonde_mono now)
{
    report_sweep_clear_progress(&report->hosts);
    report_state_sync(&report->hosts.state);
    put_line(report, now);
    fputc('\n', report->config.err);
    fflush(report->config.err);
}

void report_survey_progress(struct report_survey *report, struct sonde_mono now,
                            struct sonde_mono *again)
{
    *again = SONDE_NEVER;
    if (!report->config.progress)
        return;
    if (!sonde_mono_before(now, report->next_progress)) {
        fputs("\r\033[K", report->config.err);
        put_line(report, now);
        fflush(report->config.err);
        report->hosts.progress_shown = true;
        report->next_progress = sonde_mono_add(now, EVERY);
    }
    *again = report->next_progress;
}

/* --- the end --------------------------------------------------------------------------------- */

const char *report_survey_refusal(const struct sonde_survey_refusal *refusal)
{
    return refusal->error ? strerror(refusal->error) : "other reasons";
}

static void put_notes(const struct report_survey *report,
                      const struct sonde_survey_figures *figures)
{
    FILE *err = report->config.err;
    for (size_t i = 0; i < SONDE_SURVEY_REFUSALS && figures->refusals[i].probes > 0; i++)
        fprintf(err, "%" PRIu64 " unsent: %s\n", figures->refusals[i].probes,
                report_survey_refusal(&figures->refusals[i]));
    if (figures->duplicates > 0)
        fprintf(err, "%" PRIu64 " duplicates\n", figures->duplicates);
    if (figures->rate_cuts > 0)
        fprintf(err,
                "the rate was lowered %" PRIu32 " times because fewer answers came; at the end it "
                "was %.0f a second\n",
                figures->rate_cuts, figures->rate);
    if (figures->position >= figures->positions)
        return;
    fprintf(err, "ended at position %" PRIu64 " of %" PRIu64 "; ", figures->position,
            figures->positions);
    if (report->config.resume)
        fprintf(err, "the same command goes on from there (--resume %s)\n", report->config.resume);
    else
        fprintf(err, "with --resume FILE it could go on from there\n");
}

/* What a survey of other people's networks owes them and did without. */
static void put_courtesy(const struct report_survey *report)
{
    FILE *err = report->config.err;
    const struct sonde_survey_config *survey = &report->config.survey;
    if (!report->config.strangers || report->config.form != REPORT_SWEEP_TEXT ||
        survey->text_bytes > 0)
        return;
    fputs("other people's networks are owed a name to contact (--payload-text)", err);
    if (!report->config.exclusions)
        fputs(", leaving out who objects (--exclude-file)", err);
    if (survey->gap_ns == 0)
        fputs(", a rate (--rate)", err);
    fputc('\n', err);
}

static void put_summary(const struct report_survey *report, struct sonde_mono now,
                        const struct report_measurement *measurement)
{
    FILE *err = report->config.err;
    const struct sonde_survey_config *survey = &report->config.survey;
    struct sonde_survey_figures figures;
    sonde_survey_figures(report->survey, &figures);
    const double seconds = (double)sonde_mono_since(now, report->start).ns / 1e9;
    fprintf(err, "%" PRIu64 " addresses", figures.positions);
    if (survey->shard_count > 1)
        fprintf(err, " (shard %" PRIu64 " of %" PRIu64 ")", survey->shard + 1, survey->shard_count);
    fprintf(err, ": %" PRIu64 " alive, %" PRIu64 " refused, %" PRIu64 " unsent\n", figures.replies,
            figures.errors, figures.failed);
    fprintf(err,
            "%" PRIu64 " probes sent: %" PRIu64 " answered, %" PRIu64 " unanswered, %" PRIu64
            " failed; %.2f s\n",
            figures.sent + figures.failed, figures.replies,
            figures.sent - figures.replies - figures.errors, figures.errors + figures.failed,
            seconds);
    put_notes(report, &figures);
    put_courtesy(report);
    text_measurement(&(const struct text_report){.state.run.out = err}, measurement);
}

void report_survey_end(struct report_survey *report, struct sonde_mono now,
                       const struct sonde_transport_counters *transport)
{
    struct sonde_survey_figures figures;
    sonde_survey_figures(report->survey, &figures);
    const struct report_measurement measurement = {
        .transport = *transport,
        .foreign = figures.foreign,
        .malformed = figures.malformed,
    };
    report_sweep_clear_progress(&report->hosts);
    report->config.progress = false;
    if (report->config.form == REPORT_SWEEP_JSON) {
        report_survey_json_end(report, now, &measurement);
        return;
    }
    report_state_sync(&report->hosts.state);
    put_summary(report, now, &measurement);
}
