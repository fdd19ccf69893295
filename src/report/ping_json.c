/*
 * ping -j: an object for each reply and one for the summary, with the keys, their order and the
 * texts that iputils' ping has. What it prints as bare text among them (errors, unanswered probes,
 * times of day, duplicates) are members or objects here, so that every line is JSON; and there is a
 * summary also when nothing was received.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "words.h"

struct ping_json_report {
    struct report_state state;
};

static void put(struct ping_json_report *report, json_t *object)
{
    report_json_line(&report->state, object, 0);
}

static void begin(void *self)
{
    (void)self;
}

static void start(void *self, uint32_t target)
{
    (void)self;
    (void)target;
}

static void sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct ping_json_report *report = self;
    (void)error; /* ping's time runs on when nothing gets out */
    report_state_sent(&report->state, probe, at);
}

/* -D */
static void put_time_of_day(const struct ping_json_report *report, json_t *object,
                            struct sonde_mono at)
{
    char text[48];
    if (!report->state.run.timestamps)
        return;
    struct sonde_wall wall = report_wall(&report->state, at);
    if (wall.ns < 0)
        wall.ns = 0;
    snprintf(text, sizeof text, "%" PRId64 ".%06d", wall.ns / SONDE_NS_PER_S,
             (int)(wall.ns % SONDE_NS_PER_S / 1000));
    report_json_text(object, "timestamp", text);
}

static void reply(struct ping_json_report *report, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &report->state.run;
    const struct report_target *target = &run->targets[outcome->target];
    char label[REPORT_LABEL], ms[REPORT_MS];
    struct sonde_span rtt;
    json_t *object = json_object();
    report_json_count(object, "bytes", outcome->icmp.length);
    report_json_text(object, "host", report_label(&report->state, &outcome->from, label));
    report_json_count(object, "seq", report_sequence(outcome->number));
    if (run->verbose && run->identifier_known)
        report_json_count(object, "ident", outcome->identifier);
    if (outcome->hop_limit >= 0)
        report_json_count(object, "ttl", (uint64_t)outcome->hop_limit);
    bool has_time = run->payload_bytes >= 16 && run->kind != SONDE_PROBE_NODE_INFO;
    if (outcome->truncated)
        report_json_text(object, "info", "truncated");
    else if (has_time && report_rtt(outcome, &rtt))
        report_json_text(object, "time",
                         run->full_precision ? report_ms(rtt, ms) : report_ms_short(rtt, ms));
    if (outcome->kind == SONDE_DUPLICATE && (!target->many_answer || run->verbose))
        report_json_flag(object, "duplicate", true);
    if (outcome->kind == SONDE_CORRUPT)
        report_json_flag(object, "bad_checksum", true);
    if (outcome->foreign_source && !target->many_answer && !target->anycast)
        report_json_flag(object, "different_address", true);
    if (outcome->payload_differs)
        report_json_count(object, "wrong_data_at", outcome->payload_differs_at);
    put_time_of_day(report, object, report_when(&report->state, outcome));
    put(report, object);
}

static void icmp_error(struct ping_json_report *report, const struct sonde_outcome *outcome)
{
    char label[REPORT_LABEL], words[REPORT_ICMP_WORDS];
    json_t *object = json_object();
    report_json_text(object, "host", report_label(&report->state, &outcome->from, label));
    report_json_count(object, "seq", report_sequence(outcome->number));
    report_json_text(object, "error",
                     report_icmp_words((enum sonde_family)outcome->from.family, outcome->icmp_type,
                                       outcome->icmp_code, outcome->mtu, outcome->pointer, words));
    if (outcome->gateway.family != SONDE_FAMILY_NONE)
        report_json_text(object, "nexthop", report_label(&report->state, &outcome->gateway, label));
    put_time_of_day(report, object, report_when(&report->state, outcome));
    put(report, object);
}

static void failure(struct ping_json_report *report, const struct sonde_outcome *outcome)
{
    json_t *object = json_object(), *error = json_array();
    json_array_append_new(error, json_string("sendmsg"));
    json_array_append_new(error, json_string(strerror(outcome->error)));
    json_object_set_new_nocheck(object, "error", error);
    report_json_count(object, "seq", report_sequence(outcome->number));
    if (outcome->mtu > 0)
        report_json_count(object, "mtu", outcome->mtu);
    put_time_of_day(report, object, report_when(&report->state, outcome));
    put(report, object);
}

static void outcome_told(void *self, const struct sonde_outcome *outcome)
{
    struct ping_json_report *report = self;
    report_state_outcome(&report->state, outcome);
    if (report->state.run.quiet || report->state.run.flood || report->state.error != 0)
        return;
    if (outcome->kind == SONDE_SEND_FAILED)
        failure(report, outcome);
    else if (report_is_reply(outcome))
        reply(report, outcome);
    else if (outcome->kind != SONDE_TIMED_OUT && outcome->kind != SONDE_UNFINISHED)
        icmp_error(report, outcome);
}

static void unanswered(void *self, uint32_t target, uint64_t number)
{
    struct ping_json_report *report = self;
    json_t *object = json_object();
    report_json_text(object, "host", report->state.names[target]);
    report_json_count(object, "seq", report_sequence(number));
    report_json_text(object, "info", "no answer yet");
    put_time_of_day(report, object, report_now(&report->state));
    put(report, object);
}

static void progress(void *self)
{
    struct ping_json_report *report = self;
    report_progress(&report->state);
}

static void put_round_trips(json_t *object, const struct report_numbers *numbers)
{
    char ms[REPORT_MS];
    if (numbers->received > 0 && numbers->rtt_known) {
        json_t *rtt = json_object();
        report_json_text(rtt, "min", report_ms(numbers->rtt.min, ms));
        report_json_text(rtt, "avg", report_ms(numbers->rtt.mean, ms));
        report_json_text(rtt, "max", report_ms(numbers->rtt.max, ms));
        report_json_text(rtt, "mdev", report_ms(numbers->rtt.deviation, ms));
        json_object_set_new_nocheck(object, "rtt", rtt);
    }
    if (numbers->pipe > 0)
        report_json_count(object, "pipe", numbers->pipe);
    if (numbers->ipg_known) {
        report_json_text(object, "ipg", report_ms(numbers->ipg, ms));
        report_json_text(object, "ewma", report_ms(numbers->ewma, ms));
    }
}

static void summary(void *self, const struct report_measurement *measurement)
{
    struct ping_json_report *report = self;
    (void)measurement;
    for (uint32_t i = 0; i < report->state.run.target_count; i++) {
        struct report_numbers numbers;
        report_numbers_of(&report->state, i, &numbers);
        json_t *object = json_object();
        report_json_text(object, "host", report->state.names[i]);
        report_json_count(object, "transmitted", numbers.transmitted);
        report_json_count(object, "received", numbers.received);
        report_json_count(object, "duplicates", numbers.duplicates);
        report_json_count(object, "corrupted", numbers.corrupted);
        report_json_count(object, "errors", numbers.errors);
        report_json_count(object, "loss", (uint64_t)numbers.loss_percent);
        int64_t ns = numbers.elapsed.ns > 0 ? numbers.elapsed.ns : 0;
        report_json_count(object, "time",
                          (uint64_t)(ns / SONDE_NS_PER_MS + (ns % SONDE_NS_PER_MS >= 500000)));
        put_round_trips(object, &numbers);
        put(report, object);
    }
}

int report_ping_json_create(struct report *report, const struct report_run *run)
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
    return report_create(report, run, &ops, sizeof(struct ping_json_report));
}
