/* The JSON report: one object a line. What every member means: docs/json.md. */
#include "json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_extension.h"
#include "json_summary.h"
#include "words.h"

struct json_report {
    struct report_state state;
};

/* Ratios to nine digits: more than the counts behind them can tell. */
static void put(struct json_report *report, json_t *object)
{
    report_json_line(&report->state, object, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

static void begin(void *self)
{
    struct json_report *report = self;
    const struct report_run *run = &report->state.run;
    json_t *object = report_json_typed(&report->state, "start", report_now(&report->state));
    report_json_text(object, "version", SONDE_VERSION);
    report_json_count(object, "targets", run->target_count);
    report_json_text(object, "transport", run->transport);
    report_json_text(object, "stamps", run->stamps);
    report_json_text(object, "probe", report_probe_word(run->kind));
    if (report_protocol_name(run->kind))
        report_json_count(object, "port", run->port);
    if (run->payload)
        report_json_text(object, "payload", run->payload);
    else
        report_json_count(object, "payload_bytes", run->payload_bytes);
    report_json_span(object, "interval_ns", run->interval);
    report_json_span(object, "timeout_ns", run->timeout);
    if (run->wait_out)
        json_object_set_new(object, "wait_out", json_true());
    if (run->count > 0)
        report_json_count(object, "count", run->count);
    put(report, object);
}

static void start(void *self, uint32_t target)
{
    struct json_report *report = self;
    const struct report_target *to = &report->state.run.targets[target];
    json_t *object = report_json_typed(&report->state, "target", report_now(&report->state));
    report_json_count(object, "target", target);
    report_json_text(object, "name", report->state.names[target]);
    report_json_address(object, "address", &to->address);
    report_json_address(object, "source", &to->source);
    report_json_text(object, "device", to->device);
    put(report, object);
}

static void sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct json_report *report = self;
    if (error == 0)
        report_state_sent(&report->state, probe, at);
}

/* --- outcomes -------------------------------------------------------------------------------- */

static void put_stamp(const struct json_report *report, json_t *object, const char *key,
                      const struct sonde_stamp *stamp)
{
    if (stamp->source == SONDE_STAMP_NONE)
        return;
    json_t *value = json_object();
    if (stamp->source != SONDE_STAMP_HARDWARE) /* whose clock tells no civil time */
        report_json_time(&report->state, value, stamp->at);
    report_json_text(value, "stamp", report_stamp_word(stamp->source));
    json_object_set_new_nocheck(object, key, value);
}

static void put_icmp(json_t *object, const struct sonde_outcome *outcome)
{
    char words[REPORT_ICMP_WORDS];
    json_t *icmp = json_object();
    report_json_count(icmp, "type", outcome->icmp_type);
    report_json_count(icmp, "code", outcome->icmp_code);
    report_json_text(icmp, "text",
                     report_icmp_words((enum sonde_family)outcome->from.family, outcome->icmp_type,
                                       outcome->icmp_code, outcome->mtu, outcome->pointer, words));
    json_object_set_new_nocheck(object, "icmp", icmp);
}

static void put_answer(const struct json_report *report, json_t *object,
                       const struct sonde_outcome *outcome)
{
    char name[REPORT_LABEL];
    report_json_address(object, "from", &outcome->from);
    report_json_text(object, "from_name", report_name_of(&report->state, &outcome->from, name));
    report_json_address(object, "to", &outcome->to);
    if (outcome->icmp.data)
        report_json_count(object, "bytes", outcome->icmp.length);
    if (outcome->hop_limit >= 0)
        report_json_count(object, "ttl", (uint64_t)outcome->hop_limit);
    if (outcome->traffic_class >= 0)
        report_json_count(object, "traffic_class", (uint64_t)outcome->traffic_class);

    if (report_protocol_name(report->state.run.kind) && outcome->said != SONDE_SAID_NOTHING)
        report_json_text(object, "said", report_said_word(outcome->said));
    if (report_is_icmp(outcome))
        put_icmp(object, outcome);
    report_json_address(object, "gateway", &outcome->gateway);
    if (outcome->kind == SONDE_PARAMETER_PROBLEM)
        report_json_count(object, "pointer", outcome->pointer);
}

static void put_remarks(json_t *object, const struct sonde_outcome *outcome)
{
    if (outcome->foreign_source)
        report_json_flag(object, "foreign_source", true);
    if (outcome->truncated)
        report_json_flag(object, "truncated", true);
    if (outcome->payload_differs)
        report_json_count(object, "payload_differs_at", outcome->payload_differs_at);
    if (outcome->from_error_queue)
        report_json_flag(object, "from_error_queue", true);
    if (outcome->mtu > 0)
        report_json_count(object, "mtu", outcome->mtu);
    if (outcome->error > 0) {
        json_t *error = json_object();
        report_json_count(error, "errno", (uint64_t)outcome->error);
        report_json_text(error, "text", strerror(outcome->error));
        report_json_text(error, "advice", report_errno_advice(outcome->error));
        json_object_set_new_nocheck(object, "error", error);
    }
}

static void put_quote(json_t *object, const struct sonde_quote *quote)
{
    if (!quote->present)
        return;
    json_t *value = json_object();
    report_json_address(value, "from", &quote->from);
    report_json_address(value, "to", &quote->to);
    report_json_count(value, "ttl", quote->hop_limit);
    report_json_count(value, "traffic_class", quote->traffic_class);
    report_json_count(value, "total_bytes", quote->total_bytes);
    json_object_set_new_nocheck(object, "quote", value);
}

static void outcome_told(void *self, const struct sonde_outcome *outcome)
{
    struct json_report *report = self;
    report_state_outcome(&report->state, outcome);
    if (report->state.run.quiet || report->state.error != 0)
        return;
    struct sonde_span rtt;
    json_t *object =
        report_json_typed(&report->state, "outcome", report_when(&report->state, outcome));
    report_json_count(object, "target", outcome->target);
    report_json_address(object, "address", &report->state.run.targets[outcome->target].address);
    report_json_count(object, "seq", outcome->number + 1);
    report_json_text(object, "outcome", report_outcome_word(outcome->kind));
    report_json_flag(object, "final", sonde_outcome_is_final(outcome->kind));
    if (report_rtt(outcome, &rtt))
        report_json_span(object, "rtt_ns", rtt);
    if (outcome->from.family != SONDE_FAMILY_NONE)
        put_answer(report, object, outcome);
    put_remarks(object, outcome);
    put_quote(object, &outcome->quote);
    json_extensions(object, outcome->extensions);
    put_stamp(report, object, "received", &outcome->received);
    if (outcome->kind != SONDE_SEND_FAILED) { /* which was never on the wire */
        put_stamp(report, object, "sent", &outcome->sent);
        json_t *wire = json_object();
        report_json_count(wire, "identifier", outcome->identifier);
        report_json_count(wire, "sequence", outcome->sequence);
        json_object_set_new_nocheck(object, "wire", wire);
    }
    put(report, object);
}

static void unanswered(void *self, uint32_t target, uint64_t number)
{
    struct json_report *report = self;
    json_t *object = report_json_typed(&report->state, "unanswered", report_now(&report->state));
    report_json_count(object, "target", target);
    report_json_address(object, "address", &report->state.run.targets[target].address);
    report_json_count(object, "seq", number + 1);
    put(report, object);
}

/* --- summaries ------------------------------------------------------------------------------- */

static void targets(struct json_report *report, const char *type)
{
    for (uint32_t i = 0; i < report->state.run.target_count; i++) {
        json_t *object = report_json_typed(&report->state, type, report_now(&report->state));
        report_json_count(object, "target", i);
        report_json_text(object, "name", report->state.names[i]);
        report_json_address(object, "address", &report->state.run.targets[i].address);
        json_summary_of_target(&report->state, i, object);
        put(report, object);
    }
}

static void progress(void *self)
{
    targets(self, "status");
}

static void summary(void *self, const struct report_measurement *measurement)
{
    struct json_report *report = self;
    targets(report, "summary");
    json_t *object = report_json_typed(&report->state, "end", report_now(&report->state));
    json_summary_of_measurement(measurement, object);
    put(report, object);
}

int report_json_create(struct report *report, const struct report_run *run)
{
    static const struct report_ops ops = {
        .begin = begin,
        .start = start,
        .sent = sent,
        .outcome = outcome_told,
        .unanswered = unanswered,
        .progress = progress,
        .summary = summary,
        .flush = report_flush,
        .destroy = report_destroy,
    };
    return report_create(report, run, &ops, sizeof(struct json_report));
}
