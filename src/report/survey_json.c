/* Begin and end of a survey, told to programs: docs/json.md. */
#include "json.h"
#include "json_summary.h"
#include "survey_inside.h"

static void put(struct report_survey *report, json_t *object)
{
    report_sweep_clear_progress(&report->hosts);
    report_json_line(&report->hosts.state, object, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

/* What tells this run from others. */
static void put_run(const struct report_survey *report, json_t *object)
{
    const struct sonde_survey_config *survey = &report->config.survey;
    report_json_count(object, "addresses", survey->targets.count);
    report_json_count(object, "seed", survey->seed);
    report_json_count(object, "shard", survey->shard + 1);
    report_json_count(object, "shards", survey->shard_count > 0 ? survey->shard_count : 1);
}

void report_survey_json_begin(struct report_survey *report, struct sonde_mono now)
{
    const struct sonde_survey_config *survey = &report->config.survey;
    json_t *object = report_json_typed(&report->hosts.state, "survey_start", now);
    report_json_text(object, "version", SONDE_VERSION);
    put_run(report, object);
    report_json_count(object, "from", survey->from);
    report_json_count(object, "copies", survey->copies > 0 ? survey->copies : 1);
    report_json_text(object, "transport", report->config.transport);
    report_json_count(object, "payload_bytes", survey->payload_bytes);
    report_json_span(object, "cooldown_ns", survey->cooldown);
    if (survey->gap_ns > 0)
        report_json_real(object, "rate", 1e9 * (double)survey->gap_slots / (double)survey->gap_ns);
    put(report, object);
}

/* Why this machine refused probes. */
static void put_refusals(const struct sonde_survey_figures *figures, json_t *object)
{
    json_t *list = json_array();
    for (size_t i = 0; i < SONDE_SURVEY_REFUSALS && figures->refusals[i].probes > 0; i++) {
        const struct sonde_survey_refusal *refusal = &figures->refusals[i];
        json_t *item = json_object();
        report_json_count(item, "errno", (uint64_t)refusal->error);
        report_json_text(item, "text", report_survey_refusal(refusal));
        report_json_count(item, "probes", refusal->probes);
        json_array_append_new(list, item);
    }
    json_object_set_new(object, "refusals", list);
}

void report_survey_json_end(struct report_survey *report, struct sonde_mono now,
                            const struct report_measurement *measurement)
{
    struct sonde_survey_figures figures;
    sonde_survey_figures(report->survey, &figures);
    json_t *object = report_json_typed(&report->hosts.state, "survey_summary", now);
    put_run(report, object);
    report_json_count(object, "position", figures.position);
    report_json_count(object, "positions", figures.positions);
    report_json_count(object, "alive", figures.replies);
    report_json_count(object, "refused", figures.errors);
    report_json_count(object, "unsent", figures.failed);
    report_json_count(object, "sent", figures.sent + figures.failed);
    report_json_count(object, "answered", figures.replies);
    report_json_count(object, "unanswered", figures.sent - figures.replies - figures.errors);
    report_json_count(object, "failed", figures.errors + figures.failed);
    put_refusals(&figures, object);
    report_json_count(object, "duplicates", figures.duplicates);
    report_json_count(object, "rate_cuts", figures.rate_cuts);
    if (figures.rate > 0)
        report_json_real(object, "rate", figures.rate);
    report_json_span(object, "elapsed_ns", sonde_mono_since(now, report->start));
    json_summary_of_measurement(measurement, object);
    put(report, object);
}
