/* The CSV report: RFC 4180, a header, then one row for each outcome. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_row.h"
#include "state.h"
#include "words.h"

struct csv_report {
    struct report_state state;
    struct csv_row row;
};

static void end_row(struct csv_report *report)
{
    csv_end_row(&report->row);
    report->state.dirty = true;
}

static void begin(void *self)
{
    static const char *const columns[] = {
        "time",       "target",         "name",      "address",       "seq",     "outcome",
        "final",      "rtt_ns",         "from",      "from_name",     "bytes",   "ttl",
        "tclass",     "icmp_type",      "icmp_code", "icmp_text",     "mtu",     "errno",
        "sent_stamp", "received_stamp", "truncated", "wrong_payload", "foreign", "said",
    };
    struct csv_report *report = self;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        csv_field(&report->row, columns[i]);
    end_row(report);
}

static void start(void *self, uint32_t target)
{
    (void)self;
    (void)target;
}

static void sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct csv_report *report = self;
    if (error == 0)
        report_state_sent(&report->state, probe, at);
}

/* What every row begins with. */
static void head(struct csv_report *report, struct sonde_mono at, uint32_t target, uint64_t index,
                 const char *outcome, bool final)
{
    char time[REPORT_TIME];
    csv_field(&report->row, report_time(report_wall(&report->state, at), time));
    csv_number(&report->row, "%u", target);
    csv_field(&report->row, report->state.names[target]);
    csv_address(&report->row, &report->state.run.targets[target].address);
    csv_number(&report->row, "%" PRIu64, index + 1);
    csv_field(&report->row, outcome);
    csv_field(&report->row, final ? "true" : "false");
}

static void blank(struct csv_report *report, int count)
{
    while (count-- > 0)
        csv_field(&report->row, "");
}

static void optional(struct csv_report *report, bool known, uint64_t value)
{
    if (known)
        csv_number(&report->row, "%" PRIu64, value);
    else
        csv_field(&report->row, "");
}

static void answer(struct csv_report *report, const struct sonde_outcome *outcome)
{
    char name[REPORT_LABEL], words[REPORT_ICMP_WORDS];
    const char *from_name = report_name_of(&report->state, &outcome->from, name);
    if (outcome->from.family == SONDE_FAMILY_NONE) {
        blank(report, 8);
        return;
    }
    csv_address(&report->row, &outcome->from);
    csv_field(&report->row, from_name ? from_name : "");
    optional(report, outcome->icmp.data != NULL, outcome->icmp.length);
    optional(report, outcome->hop_limit >= 0, (uint64_t)outcome->hop_limit);
    optional(report, outcome->traffic_class >= 0, (uint64_t)outcome->traffic_class);
    if (!report_is_icmp(outcome)) {
        blank(report, 3);
        return;
    }
    csv_number(&report->row, "%u", outcome->icmp_type);
    csv_number(&report->row, "%u", outcome->icmp_code);
    csv_field(&report->row,
              report_icmp_words((enum sonde_family)outcome->from.family, outcome->icmp_type,
                                outcome->icmp_code, outcome->mtu, outcome->pointer, words));
}

static void outcome_told(void *self, const struct sonde_outcome *outcome)
{
    struct csv_report *report = self;
    struct sonde_span rtt = {0};
    report_state_outcome(&report->state, outcome);
    if (report->state.run.quiet || report->state.error != 0)
        return;
    head(report, report_when(&report->state, outcome), outcome->target, outcome->number,
         report_outcome_word(outcome->kind), sonde_outcome_is_final(outcome->kind));
    bool timed = report_rtt(outcome, &rtt);
    optional(report, timed, (uint64_t)rtt.ns);
    answer(report, outcome);
    optional(report, outcome->mtu > 0, outcome->mtu);
    optional(report, outcome->error > 0, (uint64_t)outcome->error);
    csv_field(&report->row, report_stamp_word(outcome->sent.source));
    csv_field(&report->row, report_stamp_word(outcome->received.source));
    csv_field(&report->row, outcome->truncated ? "true" : "false");
    optional(report, outcome->payload_differs, outcome->payload_differs_at);
    csv_field(&report->row, outcome->foreign_source ? "true" : "false");
    bool said = report_protocol_name(report->state.run.kind) && outcome->said != SONDE_SAID_NOTHING;
    csv_field(&report->row, said ? report_said_word(outcome->said) : "");
    end_row(report);
}

static void unanswered(void *self, uint32_t target, uint64_t index)
{
    struct csv_report *report = self;
    if (report->state.error != 0)
        return;
    head(report, report_now(&report->state), target, index, "unanswered", false);
    blank(report, 17);
    end_row(report);
}

static void progress(void *self)
{
    struct csv_report *report = self;
    report_progress(&report->state);
}

/* The rows are all there is: a summary would be another table. */
static void summary(void *self, const struct report_measurement *measurement)
{
    (void)self;
    (void)measurement;
}

int report_csv_create(struct report *report, const struct report_run *run)
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
    int error = report_create(report, run, &ops, sizeof(struct csv_report));
    if (!error)
        ((struct csv_report *)report->self)->row.out = run->out;
    return error;
}
