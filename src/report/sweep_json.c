/* A sweep told to programs: one JSON object a line. What every member means: docs/json.md. */
#include "json.h"
#include "json_summary.h"
#include "sweep_inside.h"
#include "words.h"

static void put(struct report_sweep *report, json_t *object)
{
    report_sweep_clear_progress(report);
    report_json_line(&report->state, object, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

static void put_value(json_t *object, const char *name, const struct report_sweep_value *value)
{
    switch (value->kind) {
    case REPORT_SWEEP_NONE:
        break;
    case REPORT_SWEEP_INTEGER:
        report_json_count(object, name, value->integer);
        break;
    case REPORT_SWEEP_REAL:
        report_json_real(object, name, value->real);
        break;
    case REPORT_SWEEP_WORDS:
        report_json_text(object, name, value->words);
        break;
    }
}

static void put_field(const struct report_sweep *report, json_t *object,
                      const struct report_sweep_row *row, enum report_sweep_field field)
{
    struct report_sweep_value value;
    report_sweep_value(report, row, field, &value);
    put_value(object, report_sweep_field_name(field), &value);
}

void report_sweep_json_begin(struct report_sweep *report, struct sonde_mono now)
{
    static const char *const modes[] = {
        [SONDE_SWEEP_ALIVE] = "alive", [SONDE_SWEEP_COUNT] = "count", [SONDE_SWEEP_LOOP] = "loop"};
    const struct report_sweep_config *config = &report->config;
    const struct sonde_sweep_config *sweep = &config->sweep;
    json_t *object = report_json_typed(&report->state, "sweep_start", now);
    report_json_text(object, "version", SONDE_VERSION);
    report_json_text(object, "mode", modes[sweep->mode]);
    report_json_count(object, "hosts", sweep->hosts);
    report_json_text(object, "transport", config->transport);
    report_json_text(object, "probe", report_probe_word(sweep->probe.kind));
    if (report_protocol_name(sweep->probe.kind))
        report_json_count(object, "port", sweep->probe.port);
    if (config->payload)
        report_json_text(object, "payload", config->payload);
    else
        report_json_count(object, "payload_bytes", config->payload_bytes);
    report_json_span(object, "timeout_ns", sweep->probe.timeout);
    if (sweep->gap_ns > 0)
        report_json_real(object, "rate", 1e9 * (double)sweep->gap_slots / (double)sweep->gap_ns);
    if (sweep->mode == SONDE_SWEEP_ALIVE)
        report_json_count(object, "retries", sweep->retries);
    else
        report_json_span(object, "interval_ns", sweep->period);
    if (sweep->mode == SONDE_SWEEP_COUNT)
        report_json_count(object, "count", sweep->count);
    put(report, object);
}

/* What the words of the reason say, as numbers. */
static void put_detail(json_t *object, const struct sonde_outcome *outcome)
{
    if (outcome->mtu > 0)
        report_json_count(object, "mtu", outcome->mtu);
    if (outcome->kind == SONDE_SEND_FAILED)
        report_json_count(object, "errno", (uint64_t)outcome->error);
}

void report_sweep_json_row(struct report_sweep *report, const struct report_sweep_row *row,
                           const char *type)
{
    const struct report_sweep_fields *fields = &report->fields;
    json_t *object = json_object();
    report_json_text(object, "type", type);
    for (size_t i = 0; i < fields->count; i++) {
        put_field(report, object, row, fields->fields[i]);
        if (fields->fields[i] == REPORT_SWEEP_REASON && row->outcome)
            put_detail(object, row->outcome);
    }
    put(report, object);
}

void report_sweep_json_probe(struct report_sweep *report, const struct sonde_outcome *outcome)
{
    char words[REPORT_ICMP_WORDS];
    const struct report_sweep_row row = {.host = outcome->target};
    json_t *object =
        report_json_typed(&report->state, "probe", report_when(&report->state, outcome));
    put_field(report, object, &row, REPORT_SWEEP_HOST);
    put_field(report, object, &row, REPORT_SWEEP_ADDRESS);
    report_json_count(object, "seq", outcome->number + 1);
    report_json_text(object, "outcome", report_outcome_word(outcome->kind));
    report_json_flag(object, "final", sonde_outcome_is_final(outcome->kind));
    struct sonde_span rtt;
    if (report_rtt(outcome, &rtt))
        report_json_span(object, "rtt_ns", rtt);
    if (outcome->from.family != SONDE_FAMILY_NONE) {
        report_json_address(object, "from", &outcome->from);
        if (outcome->hop_limit >= 0)
            report_json_count(object, "ttl", (uint64_t)outcome->hop_limit);
        if (report_is_reply(outcome) && report_protocol_name(report->config.sweep.probe.kind))
            report_json_text(object, "said", report_said_word(outcome->said));
        if (!report_is_reply(outcome))
            report_json_text(object, "icmp_text",
                             report_icmp_words((enum sonde_family)outcome->from.family,
                                               outcome->icmp_type, outcome->icmp_code, outcome->mtu,
                                               outcome->pointer, words));
    }
    put_detail(object, outcome);
    put(report, object);
}

void report_sweep_json_end(struct report_sweep *report, struct sonde_mono now,
                           const struct report_measurement *measurement)
{
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(report->sweep, &figures);
    json_t *object = report_json_typed(&report->state, "sweep_summary", now);
    report_json_count(object, "hosts", report->config.sweep.hosts);
    report_json_count(object, "alive", figures.answered);
    report_json_count(object, "silent", figures.silent);
    report_json_count(object, "refused", figures.refused);
    report_json_count(object, "unsent", figures.unsent);
    report_json_count(object, "waiting", figures.waiting);
    report_json_count(object, "sent", figures.sent);
    report_json_count(object, "answered", figures.received);
    report_json_count(object, "unanswered", figures.timed_out + figures.open);
    report_json_count(object, "failed", figures.errors);
    report_json_count(object, "unfinished", figures.open);
    report_json_count(object, "late", report->late);
    report_json_count(object, "duplicates", report->duplicates);
    report_json_count(object, "rate_cuts", figures.rate_cuts);
    if (figures.rate > 0)
        report_json_real(object, "rate", figures.rate);
    report_json_span(object, "elapsed_ns", sonde_mono_since(now, report->start));
    json_summary_of_measurement(measurement, object);
    put(report, object);
}
