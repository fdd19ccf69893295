/* A sweep told to people. */
#include <inttypes.h>

#include "sweep_inside.h"
#include "text.h"
#include "words.h"

/* The chosen fields, with tabs in between. */
static void put_fields(struct report_sweep *report, const struct report_sweep_row *row)
{
    FILE *out = report->config.out;
    const struct report_sweep_fields *fields = &report->config.fields;
    for (size_t i = 0; i < fields->count; i++) {
        struct report_sweep_value value;
        report_sweep_value(report, row, fields->fields[i], &value);
        if (i > 0)
            fputc('\t', out);
        if (value.kind == REPORT_SWEEP_INTEGER)
            fprintf(out, "%" PRIu64, value.integer);
        else if (value.kind == REPORT_SWEEP_REAL)
            fprintf(out, "%.6f", value.real);
        else
            fputs(value.kind == REPORT_SWEEP_WORDS ? value.words : "-", out);
    }
    fputc('\n', out);
}

void report_sweep_text_row(struct report_sweep *report, const struct report_sweep_row *row)
{
    FILE *out = report->config.out;
    char label[REPORT_LABEL], ms[REPORT_MS];
    report_sweep_clear_progress(report);
    report->state.dirty = true;
    if (report->config.fields.count > 0) {
        put_fields(report, row);
        return;
    }
    fprintf(out, "%s is ", report_sweep_label(report, row->host, label));
    if (row->figures.state == SONDE_SWEEP_ANSWERED) {
        fputs("alive", out);
        if (row->figures.rtt_last_ns >= 0)
            fprintf(out, ", %s ms", report_ms((struct sonde_span){row->figures.rtt_last_ns}, ms));
        if (report_protocol_name(report->config.sweep.probe.kind))
            fprintf(out, ": %s", report_said_words(row->figures.said));
        fputc('\n', out);
        return;
    }
    struct report_sweep_value why;
    report_sweep_value(report, row, REPORT_SWEEP_REASON, &why);
    const bool waiting = row->figures.state == SONDE_SWEEP_WAITING;
    fprintf(out, "%s: %s\n", waiting ? "undecided" : "unreachable", why.words);
}

void report_sweep_text_figures(struct report_sweep *report, const struct report_sweep_row *row)
{
    FILE *out = report->config.out;
    const struct sonde_sweep_host *host = &row->figures;
    char text[REPORT_LABEL], min[REPORT_MS], avg[REPORT_MS], max[REPORT_MS];
    struct report_sweep_value loss, mean;
    report_sweep_clear_progress(report);
    report->state.dirty = true;
    if (report->config.fields.count > 0) {
        put_fields(report, row);
        return;
    }
    fprintf(out, "%s: %" PRIu64 " sent, %" PRIu64 " answered",
            report_sweep_label(report, row->host, text), host->sent, host->received);
    report_sweep_value(report, row, REPORT_SWEEP_LOSS, &loss);
    if (loss.kind == REPORT_SWEEP_REAL)
        fprintf(out, ", %.4g%% lost", 100 * loss.real);
    report_sweep_value(report, row, REPORT_SWEEP_RTT_AVG, &mean);
    if (mean.kind == REPORT_SWEEP_INTEGER)
        fprintf(out, ", min/avg/max %s/%s/%s ms",
                report_ms((struct sonde_span){host->rtt_min_ns}, min),
                report_ms((struct sonde_span){(int64_t)mean.integer}, avg),
                report_ms((struct sonde_span){host->rtt_max_ns}, max));
    fputc('\n', out);
}

void report_sweep_text_probe(struct report_sweep *report, const struct sonde_outcome *outcome)
{
    FILE *out = report->config.out;
    char label[REPORT_LABEL], ms[REPORT_MS], why[REPORT_SWEEP_REASON_TEXT];
    const bool reply = report_is_reply(outcome);
    struct sonde_span rtt;
    report_sweep_clear_progress(report);
    report->state.dirty = true;
    fprintf(out, "%s: seq=%" PRIu64 " ", report_sweep_label(report, outcome->target, label),
            outcome->number + 1);
    if (reply && report_rtt(outcome, &rtt))
        fprintf(out, "time=%s ms", report_ms(rtt, ms));
    else
        fputs(reply ? "answered" : report_sweep_reason(report, outcome, why), out);
    if (reply && report_protocol_name(report->config.sweep.probe.kind))
        fprintf(out, " %s", report_said_words(outcome->said));
    fputs(outcome->kind == SONDE_LATE        ? " (LATE!)\n"
          : outcome->kind == SONDE_DUPLICATE ? " (DUP!)\n"
                                             : "\n",
          out);
}

static void put_notes(const struct report_sweep *report, const struct sonde_sweep_figures *figures)
{
    FILE *err = report->config.err;
    if (figures->open > 0)
        fprintf(err, "%" PRIu64 " of the unanswered were still open when the run ended\n",
                figures->open);
    if (report->late > 0)
        fprintf(err, "%" PRIu64 " answers came after the timeout; those probes stay unanswered\n",
                report->late);
    if (report->duplicates > 0)
        fprintf(err, "%" PRIu64 " duplicates\n", report->duplicates);
    if (figures->rate_cuts > 0)
        fprintf(err,
                "the rate was halved %" PRIu32 " times because fewer answers came; at the end it "
                "was %.0f a second\n",
                figures->rate_cuts, figures->rate);
}

void report_sweep_text_end(struct report_sweep *report, struct sonde_mono now,
                           const struct report_measurement *measurement)
{
    FILE *err = report->config.err;
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(report->sweep, &figures);
    const double seconds = (double)sonde_mono_since(now, report->start).ns / 1e9;
    fprintf(err,
            "%" PRIu32 " hosts: %" PRIu32 " alive, %" PRIu32 " silent, %" PRIu32
            " refused, %" PRIu32 " unsent, %" PRIu32 " undecided\n",
            report->config.sweep.hosts, figures.answered, figures.silent, figures.refused,
            figures.unsent, figures.waiting);
    fprintf(err,
            "%" PRIu64 " probes sent: %" PRIu64 " answered, %" PRIu64 " unanswered, %" PRIu64
            " failed; %.2f s\n",
            figures.sent, figures.received, figures.timed_out + figures.open, figures.errors,
            seconds);
    put_notes(report, &figures);
    text_measurement(&(const struct text_report){.state.run.out = err}, measurement);
}
