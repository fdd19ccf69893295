/* A trace told to programs: one JSON object a line. What every member means: docs/json.md. */
#include "json.h"
#include "json_extension.h"
#include "json_summary.h"
#include "trace_inside.h"
#include "words.h"

static void put(struct report_trace *report, json_t *object)
{
    report_json_line(&report->state, object, JSON_COMPACT | JSON_REAL_PRECISION(9));
}

void trace_json_begin(struct report_trace *report)
{
    const struct report_run *run = &report->state.run;
    const struct sonde_trace_config *trace = report->config.trace;
    json_t *object = report_json_typed(&report->state, "trace_start", report_now(&report->state));
    report_json_text(object, "version", SONDE_VERSION);
    report_json_text(object, "target", report->state.names[0]);
    report_json_address(object, "address", &run->targets[0].address);
    report_json_text(object, "probe", report_probe_word(trace->probe.kind));
    if (trace->probe.port > 0)
        report_json_count(object, "port", trace->probe.port);
    report_json_count(object, "flow", trace->probe.flow);
    if (report->config.datagram_bytes > 0)
        report_json_count(object, "datagram_bytes", report->config.datagram_bytes);
    report_json_count(object, "first_hop", trace->first_hop);
    report_json_count(object, "last_hop", trace->last_hop);
    report_json_count(object, "queries", trace->queries);
    report_json_count(object, "rounds", trace->rounds);
    report_json_text(object, "transport", run->transport);
    put(report, object);
}

/* Our datagram as it arrived where the error was made. */
static void put_quote(json_t *object, const struct sonde_quote *quote)
{
    if (!quote->present)
        return;
    json_t *value = json_object();
    report_json_count(value, "ttl", quote->hop_limit);
    report_json_count(value, "tclass", quote->traffic_class);
    report_json_count(value, "bytes", quote->total_bytes);
    report_json_address(value, "from", &quote->from);
    report_json_flag(value, "port_differs", quote->port_differs);
    report_json_flag(value, "checksum_differs", quote->checksum_differs);
    json_object_set_new_nocheck(object, "quote", value);
}

void trace_json_outcome(struct report_trace *report, const struct sonde_trace_place *place,
                        const struct sonde_outcome *outcome)
{
    char words[REPORT_ICMP_WORDS], name[REPORT_LABEL];
    struct sonde_span rtt;
    json_t *object =
        report_json_typed(&report->state, "trace_probe", report_when(&report->state, outcome));
    report_json_count(object, "round", place->round + 1);
    report_json_count(object, "hop", place->hop);
    report_json_count(object, "query", place->query + 1u);
    report_json_text(object, "outcome", report_outcome_word(outcome->kind));
    report_json_flag(object, "final", sonde_outcome_is_final(outcome->kind));
    if (place->superseded)
        report_json_flag(object, "superseded", true);
    if (outcome->said != SONDE_SAID_NOTHING)
        report_json_text(object, "said", report_said_word(outcome->said));
    if (report_rtt(outcome, &rtt))
        report_json_span(object, "rtt_ns", rtt);
    if (outcome->from.family != SONDE_FAMILY_NONE) {
        report_json_address(object, "from", &outcome->from);
        report_json_text(object, "from_name", report_name_of(&report->state, &outcome->from, name));
        if (outcome->hop_limit >= 0)
            report_json_count(object, "ttl", (uint64_t)outcome->hop_limit);
        if (outcome->kind != SONDE_REPLY && outcome->kind != SONDE_DUPLICATE)
            report_json_text(object, "icmp_text",
                             report_icmp_words((enum sonde_family)outcome->from.family,
                                               outcome->icmp_type, outcome->icmp_code, outcome->mtu,
                                               outcome->pointer, words));
    }
    if (outcome->mtu > 0)
        report_json_count(object, "mtu", outcome->mtu);
    if (outcome->kind == SONDE_SEND_FAILED)
        report_json_count(object, "errno", (uint64_t)outcome->error);
    put_quote(object, &outcome->quote);
    json_extensions(object, outcome->extensions);
    put(report, object);
}

static json_t *addresses_of(const struct report_trace *report, const struct sonde_path_hop *hop)
{
    char name[REPORT_LABEL];
    json_t *list = json_array();
    for (uint8_t i = 0; i < hop->address_count; i++) {
        const struct sonde_path_address *seen = &hop->addresses[i];
        json_t *object = json_object();
        report_json_address(object, "address", &seen->address);
        report_json_text(object, "name", report_name_of(&report->state, &seen->address, name));
        if (report->config.origin)
            report_json_text(object, "origin",
                             report->config.origin(report->state.run.name_self, &seen->address));
        report_json_count(object, "answers", seen->answers);
        report_json_count(object, "first_round", seen->first_round + 1);
        report_json_count(object, "last_round", seen->last_round + 1);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *labels_of(const struct sonde_path_hop *hop)
{
    json_t *list = json_array();
    for (uint8_t i = 0; i < hop->label_count; i++) {
        json_t *object = json_object();
        report_json_count(object, "label", hop->labels[i].label);
        report_json_count(object, "traffic_class", hop->labels[i].traffic_class);
        report_json_flag(object, "bottom", hop->labels[i].bottom);
        report_json_count(object, "ttl", hop->labels[i].ttl);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *interfaces_of(const struct sonde_path_hop *hop)
{
    json_t *list = json_array();
    for (uint8_t i = 0; i < hop->interface_count; i++) {
        const struct sonde_path_interface *interface = &hop->interfaces[i];
        json_t *object = json_object();
        report_json_count(object, "role", interface->role);
        if (interface->has_index)
            report_json_count(object, "index", interface->index);
        report_json_address(object, "address", &interface->address);
        if (interface->name[0])
            report_json_text(object, "name", interface->name);
        if (interface->has_mtu)
            report_json_count(object, "mtu", interface->mtu);
        json_array_append_new(list, object);
    }
    return list;
}

static void put_findings(json_t *object, const struct sonde_path_hop *hop)
{
    if (hop->label_count > 0)
        json_object_set_new_nocheck(object, "mpls", labels_of(hop));
    if (hop->interface_count > 0)
        json_object_set_new_nocheck(object, "interfaces", interfaces_of(hop));
    if (hop->class_rewritten) {
        report_json_count(object, "tclass_before", hop->class_before);
        report_json_count(object, "tclass", hop->quote.traffic_class);
        report_json_count(object, "rewritten_after_hop", hop->rewrite_after);
    }
    if (hop->nat_before)
        report_json_count(object, "nat_after_hop", hop->nat_after);
    if (hop->quoted)
        report_json_count(object, "quoted_ttl", hop->quote.hop_limit);
    if (hop->return_hops >= 0)
        report_json_count(object, "return_hops", (uint64_t)hop->return_hops);
    if (hop->mtu > 0)
        report_json_count(object, "mtu", hop->mtu);
    if (hop->hop_limit_zero)
        report_json_flag(object, "ttl_zero_before", true);
    if (hop->change_count > 0)
        report_json_count(object, "changes", hop->change_count);
    if (hop->variety == SONDE_PATH_ALTERNATES)
        report_json_flag(object, "alternates", true);
}

static void put_hop(struct report_trace *report, const struct sonde_path_hop *hop)
{
    json_t *object = report_json_typed(&report->state, "trace_hop", report_now(&report->state));
    report_json_count(object, "hop", hop->hop);
    json_object_set_new_nocheck(object, "addresses", addresses_of(report, hop));
    report_json_text(object, "verdict", trace_verdict_word(hop->verdict));
    report_json_count(object, "sent", hop->stats.stats.sent);
    report_json_count(object, "missed", hop->missed);
    report_json_count(object, "asked", hop->asked);
    if (hop->asked_behind > 0) {
        report_json_count(object, "missed_behind", hop->missed_behind);
        report_json_count(object, "asked_behind", hop->asked_behind);
    }
    json_summary_of_rtt(&report->state.run, &hop->stats, object);
    put_findings(object, hop);
    put(report, object);
}

void trace_json_end(struct report_trace *report, const struct report_measurement *measurement)
{
    struct sonde_trace_end end;
    char words[REPORT_ICMP_WORDS];
    const uint8_t last = trace_judge(report, &end);
    for (unsigned i = report->config.trace->first_hop; i <= last; i++)
        put_hop(report, sonde_path_hop(report->config.path, (uint8_t)i));
    json_t *object = report_json_typed(&report->state, "trace_end", report_now(&report->state));
    report_json_text(object, "reason", trace_reason_word(end.reason));
    report_json_count(object, "hop", end.hop);
    report_json_count(object, "asked", end.asked);
    report_json_address(object, "from", &end.from);
    if (end.reason == SONDE_TRACE_REACHED)
        report_json_text(object, "said", report_said_word(end.said));
    if (end.reason == SONDE_TRACE_UNREACHABLE || end.reason == SONDE_TRACE_PARAMETER)
        report_json_text(object, "icmp_text",
                         report_icmp_words((enum sonde_family)end.from.family, end.icmp_type,
                                           end.icmp_code, end.mtu, 0, words));
    if (end.mtu > 0)
        report_json_count(object, "mtu", end.mtu);
    if (end.reason == SONDE_TRACE_LOOP) {
        report_json_count(object, "loop_hop", end.loop_hop);
        report_json_count(object, "loop_length", end.loop_length);
    }
    if (end.reason == SONDE_TRACE_SEND_FAILED)
        report_json_count(object, "errno", (uint64_t)end.error);
    json_summary_of_measurement(measurement, object);
    put(report, object);
}
