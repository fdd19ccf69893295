#include "trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace_inside.h"
#include "words.h"

#define HOPS 256u

int report_trace_create(struct report_trace **created, const struct report_run *run,
                        const struct report_trace_config *config)
{
    struct report_trace *report = calloc(1, sizeof *report);
    if (!report)
        return -ENOMEM;
    report->config = *config;
    report->next_line = config->trace->first_hop;
    int error = report_state_init(&report->state, run);
    if (!error && config->form == REPORT_TRACE_LINES) {
        report->lines = calloc(HOPS, sizeof *report->lines);
        error = report->lines ? 0 : -ENOMEM;
    }
    if (error) {
        report_trace_destroy(report);
        return error;
    }
    *created = report;
    return 0;
}

void report_trace_destroy(struct report_trace *report)
{
    if (!report)
        return;
    free(report->lines);
    report_state_destroy(&report->state);
    free(report);
}

int report_trace_flush(struct report_trace *report)
{
    return report_state_flush(&report->state);
}

void trace_put_address(const struct report_trace *report, FILE *out,
                       const struct sonde_address *address)
{
    char label[REPORT_LABEL];
    fputs(report_label(&report->state, address, label), out);
    const char *origin =
        report->config.origin ? report->config.origin(report->state.run.name_self, address) : NULL;
    if (!origin)
        return;
    report_printable(origin, label, sizeof label);
    fprintf(out, " [%s]", label);
}

uint8_t trace_judge(const struct report_trace *report, struct sonde_trace_end *end)
{
    sonde_trace_ended(report->config.strategy, end);
    sonde_path_judge(report->config.path, end);
    return sonde_path_length(report->config.path);
}

/* --- the first line -------------------------------------------------------------------------- */

static const char *kind_words(const struct sonde_probe *probe, char text[static TRACE_WORDS])
{
    switch (probe->kind) {
    case SONDE_PROBE_UDP:
        snprintf(text, TRACE_WORDS, "UDP port %u", probe->port);
        break;
    case SONDE_PROBE_TCP:
        snprintf(text, TRACE_WORDS, "TCP port %u", probe->port);
        break;
    case SONDE_PROBE_SCTP:
        snprintf(text, TRACE_WORDS, "SCTP port %u", probe->port);
        break;
    default:
        snprintf(text, TRACE_WORDS, "ICMP echo");
        break;
    }
    return text;
}

static void begin_text(struct report_trace *report)
{
    const struct report_target *target = &report->state.run.targets[0];
    char number[SONDE_ADDRESS_TEXT], kind[TRACE_WORDS];
    FILE *out = report->state.run.out;
    fprintf(out, "trace to %s (%s), %s", report->state.names[0],
            sonde_address_format(&target->address, number),
            kind_words(&report->config.trace->probe, kind));
    if (report->config.datagram_bytes > 0)
        fprintf(out, ", %u bytes", report->config.datagram_bytes);
    const unsigned last = report->config.trace->last_hop;
    fprintf(out, ", %u %s at most\n", last, last == 1 ? "hop" : "hops");
    report->state.dirty = true;
}

void report_trace_begin(struct report_trace *report)
{
    switch (report->config.form) {
    case REPORT_TRACE_LINES:
    case REPORT_TRACE_TABLE:
        begin_text(report);
        break;
    case REPORT_TRACE_JSON:
        trace_json_begin(report);
        break;
    case REPORT_TRACE_CSV:
        break;
    }
}

/* --- a line for each hop --------------------------------------------------------------------- */

static void fill_cell(struct report_trace *report, const struct sonde_trace_place *place,
                      const struct sonde_outcome *outcome)
{
    if (place->round > 0 || place->query >= SONDE_TRACE_QUERIES_MAX || place->superseded ||
        !sonde_outcome_is_final(outcome->kind))
        return;
    struct trace_cell *cell = &report->lines[place->hop].cells[place->query];
    *cell = (struct trace_cell){.from = outcome->from};
    cell->rtt_known = report_rtt(outcome, &cell->rtt);
    switch (outcome->kind) {
    case SONDE_TIMED_OUT:
        cell->state = TRACE_CELL_SILENT;
        break;
    case SONDE_UNFINISHED:
        cell->state = TRACE_CELL_UNFINISHED;
        break;
    case SONDE_SEND_FAILED:
        cell->state = TRACE_CELL_FAILED;
        cell->error = outcome->error;
        break;
    default:
        cell->state = TRACE_CELL_ANSWERED;
        break;
    }
}

void report_trace_outcome(struct report_trace *report, const struct sonde_trace_place *place,
                          const struct sonde_outcome *outcome)
{
    if (report->config.form == REPORT_TRACE_LINES)
        fill_cell(report, place, outcome);
    else if (report->config.form == REPORT_TRACE_JSON)
        trace_json_outcome(report, place, outcome);
}

static bool is_complete(const struct report_trace *report, uint16_t hop)
{
    for (uint8_t i = 0; i < report->config.trace->queries; i++)
        if (report->lines[hop].cells[i].state == TRACE_CELL_OPEN)
            return false;
    return true;
}

static bool waits_for_name(const struct report_trace *report, uint16_t hop)
{
    for (uint8_t i = 0; i < report->config.trace->queries && report->config.pending; i++) {
        const struct trace_cell *cell = &report->lines[hop].cells[i];
        if (cell->state == TRACE_CELL_ANSWERED &&
            report->config.pending(report->state.run.name_self, &cell->from))
            return true;
    }
    return false;
}

static void put_cell(const struct report_trace *report, const struct trace_cell *cell,
                     const struct sonde_address **shown)
{
    FILE *out = report->state.run.out;
    char ms[REPORT_MS];
    switch (cell->state) {
    case TRACE_CELL_ANSWERED:
        if (!*shown || !sonde_address_equal(*shown, &cell->from)) {
            fputs(*shown ? "\n     " : "  ", out);
            trace_put_address(report, out, &cell->from);
            *shown = &cell->from;
        }
        if (cell->rtt_known)
            fprintf(out, "  %s ms", report_ms_short(cell->rtt, ms));
        break;
    case TRACE_CELL_SILENT:
        fputs("  *", out);
        break;
    case TRACE_CELL_FAILED:
        fprintf(out, "  not sent: %s", strerror(cell->error));
        break;
    case TRACE_CELL_OPEN:
    case TRACE_CELL_UNFINISHED:
        break;
    }
}

static void put_labels(const struct report_trace *report, const struct sonde_path_hop *hop)
{
    FILE *out = report->state.run.out;
    for (uint8_t i = 0; i < hop->label_count; i++)
        fprintf(out, "%s%u", i == 0 ? "  [MPLS " : "/", hop->labels[i].label);
    if (hop->label_count > 0)
        fputc(']', out);
    for (uint8_t i = 0; i < hop->interface_count; i++)
        if (hop->interfaces[i].name[0]) {
            char name[4 * sizeof hop->interfaces[i].name + 1];
            report_printable(hop->interfaces[i].name, name, sizeof name);
            fprintf(out, "  [interface %s]", name);
        }
}

static void put_refusal(const struct report_trace *report, const struct sonde_path_hop *hop)
{
    char words[REPORT_ICMP_WORDS];
    if (!hop->answered || hop->answer.kind == SONDE_REPLY ||
        hop->answer.kind == SONDE_TIME_EXCEEDED)
        return;
    fprintf(report->state.run.out, "  %s",
            report_icmp_words((enum sonde_family)hop->addresses[hop->current].address.family,
                              hop->answer.icmp_type, hop->answer.icmp_code, hop->answer.mtu, 0,
                              words));
}

static void put_line(struct report_trace *report, uint8_t hop)
{
    const struct sonde_path_hop *seen = sonde_path_hop(report->config.path, hop);
    const struct sonde_address *shown = NULL;
    fprintf(report->state.run.out, "%3u", hop);
    for (uint8_t i = 0; i < report->config.trace->queries; i++)
        put_cell(report, &report->lines[hop].cells[i], &shown);
    put_labels(report, seen);
    put_refusal(report, seen);
    fputc('\n', report->state.run.out);
    report->state.dirty = true;
}

/* Silence is shown when something behind it answered, or when it is the end. */
bool report_trace_turn(struct report_trace *report, bool patient)
{
    if (report->config.form != REPORT_TRACE_LINES)
        return false;
    struct sonde_trace_end end;
    sonde_trace_ended(report->config.strategy, &end);
    while (report->next_line <= end.hop && is_complete(report, report->next_line)) {
        if (patient && waits_for_name(report, report->next_line))
            return true;
        put_line(report, (uint8_t)report->next_line++);
    }
    return false;
}

/* --- the end --------------------------------------------------------------------------------- */

static void put_rest(struct report_trace *report, uint8_t last)
{
    while (report->next_line <= last)
        put_line(report, (uint8_t)report->next_line++);
}

void report_trace_progress(struct report_trace *report)
{
    report_state_sync(&report->state);
    trace_table(report, report->state.run.err);
}

void report_trace_end(struct report_trace *report, const struct report_measurement *measurement)
{
    struct sonde_trace_end end;
    const uint8_t last = trace_judge(report, &end);
    switch (report->config.form) {
    case REPORT_TRACE_LINES:
        put_rest(report, last);
        trace_findings(report, &end);
        break;
    case REPORT_TRACE_TABLE:
        trace_table(report, report->state.run.out);
        trace_findings(report, &end);
        break;
    case REPORT_TRACE_JSON:
        trace_json_end(report, measurement);
        break;
    case REPORT_TRACE_CSV:
        trace_csv_end(report);
        break;
    }
    report->state.dirty = true;
}
