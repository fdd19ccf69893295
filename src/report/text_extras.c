/* What sonde adds to ping's summary. */
#include <inttypes.h>
#include <stdio.h>

#include "text.h"
#include "words.h"

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void signed_ms(FILE *out, struct sonde_span span)
{
    char ms[REPORT_MS];
    struct sonde_span size = span;
    if (span.ns < 0)
        size.ns = sonde_saturating_sub(0, span.ns);
    const char *text = report_ms(size, ms);
    bool zero = text[strspn(text, "0.")] == '\0';
    fprintf(out, "%s%s", span.ns < 0 && !zero ? "-" : "", text);
}

static void quantile(FILE *out, const struct sonde_histogram *histogram, uint32_t ppm)
{
    char ms[REPORT_MS];
    struct sonde_span value;
    enum sonde_quantile how = report_quantile(histogram, ppm, &value);
    fprintf(out, "%s%s",
            how == SONDE_QUANTILE_UNDER  ? "<"
            : how == SONDE_QUANTILE_OVER ? ">"
                                         : "",
            report_ms(value, ms));
}

static void percentiles(const struct text_report *text, const struct sonde_histogram *histogram)
{
    const struct report_run *run = &text->state.run;
    if (!histogram || histogram->total == 0 || run->percentile_count == 0)
        return;
    for (size_t i = 0; i < run->percentile_count; i++)
        fprintf(run->out, "%sp%g", i == 0 ? "rtt " : "/", (double)run->percentiles[i] / 10000.0);
    fputs(" = ", run->out);
    for (size_t i = 0; i < run->percentile_count; i++) {
        if (i > 0)
            fputc('/', run->out);
        quantile(run->out, histogram, run->percentiles[i]);
    }
    fputs(" ms\n", run->out);
}

static void variation(const struct text_report *text, const struct sonde_sequence_tally *tally,
                      const struct report_numbers *numbers)
{
    FILE *out = text->state.run.out;
    char ms[REPORT_MS];
    if (!numbers->rtt_known || numbers->rtt.count < 2 || !numbers->rtt.single_stream)
        return;
    fprintf(out, "jitter %s ms", report_ms(numbers->rtt.jitter, ms));
    if (tally && tally->ipdv_count > 0) {
        struct sonde_sequence_summary summary;
        sonde_sequence_summarize(tally, &summary);
        fputs(", delay variation min/mean|abs|/max = ", out);
        signed_ms(out, summary.ipdv_min);
        fprintf(out, "/%s/", report_ms(summary.ipdv_mean_abs, ms));
        signed_ms(out, summary.ipdv_max);
        fputs(" ms", out);
    }
    fputc('\n', out);
}

/* No answer within the timeout: the network's loss, as far as that can be known from so many. */
static void loss(const struct text_report *text, const struct sonde_stats *stats,
                 const struct sonde_sequence_tally *tally)
{
    FILE *out = text->state.run.out;
    uint64_t lost = sonde_stats_lost(stats);
    if (lost == 0)
        return;
    struct sonde_interval interval = sonde_stats_loss_interval(stats, SONDE_Z_95);
    fprintf(out, "lost %" PRIu64 " of %" PRIu64 ", true rate between %.3g%% and %.3g%%", lost,
            sonde_stats_judged(stats), interval.low * 100.0, interval.high * 100.0);
    fputs(" (95% confidence)", out);
    if (tally && tally->periods > 0)
        fprintf(out, ", in %" PRIu64 " period%s, longest %" PRIu64 " in a row", tally->periods,
                plural(tally->periods), tally->longest);
    fputc('\n', out);
}

static const char *clause(FILE *out, const char *separator, uint64_t count, const char *words)
{
    if (count == 0)
        return separator;
    fprintf(out, "%s%" PRIu64 " %s", separator, count, words);
    return ", ";
}

static void oddities(const struct text_report *text, uint32_t target,
                     const struct sonde_stats *stats, const struct sonde_sequence_tally *tally,
                     const struct report_numbers *numbers)
{
    FILE *out = text->state.run.out;
    uint64_t reordered = tally ? tally->reordered : 0;
    uint64_t late = text->state.ledgers[target].late_replies;
    uint64_t later = stats->outcomes[SONDE_LATER_ERROR];
    if (reordered + late + later + numbers->unfinished + numbers->not_sent + stats->impossible == 0)
        return;
    const char *separator = clause(out, "", reordered, "reordered");
    if (reordered > 0 && tally->extent_max > 0)
        fprintf(out, " (by %" PRIu64 " at most)", tally->extent_max);
    separator = clause(out, separator, late, "late (answered after the timeout)");
    separator = clause(out, separator, later, "ICMP errors about probes that were answered before");
    separator = clause(out, separator, numbers->unfinished,
                       "unfinished (still waiting when the run ended)");
    separator = clause(out, separator, numbers->not_sent, "not sent (refused by this host)");
    clause(out, separator, stats->impossible, "with a negative RTT, left out");
    fputc('\n', out);
}

void text_extras(const struct text_report *text, uint32_t target,
                 const struct report_numbers *numbers)
{
    const struct sonde_target_stats *all = text->state.run.targets[target].stats;
    const struct sonde_sequence_tally *tally = all->sequence ? &all->sequence->tally : NULL;
    if (numbers->rtt_known)
        percentiles(text, all->histogram);
    variation(text, tally, numbers);
    loss(text, &all->stats, tally);
    oddities(text, target, &all->stats, tally, numbers);
}

/* --- the measurement itself ------------------------------------------------------------------ */

/* "kernel", or "kernel 18, user 2" when they are mixed. */
static void stamps(FILE *out, const char *what, const uint64_t by_source[SONDE_STAMP_SOURCES])
{
    unsigned kinds = 0;
    for (int i = 0; i < SONDE_STAMP_SOURCES; i++)
        kinds += by_source[i] > 0;
    fprintf(out, "%s", what);
    const char *separator = " ";
    for (int i = SONDE_STAMP_SOURCES - 1; i >= 0; i--) {
        if (by_source[i] == 0)
            continue;
        fprintf(out, "%s%s", separator, report_stamp_word((enum sonde_stamp_source)i));
        if (kinds > 1)
            fprintf(out, " %" PRIu64, by_source[i]);
        separator = ", ";
    }
    if (kinds == 0)
        fputs(" none", out);
}

void text_measurement(const struct text_report *text, const struct report_measurement *measurement)
{
    FILE *out = text->state.run.out;
    const struct sonde_self *self = measurement->self;
    text_colour(text, TEXT_FAINT);
    fputs("measurement: ", out);
    if (self) {
        stamps(out, "send stamps", self->sent);
        stamps(out, "; receive stamps", self->received);
        if (self->lag.total > 0) {
            fputs("; send lag p50/p99 = ", out);
            quantile(out, &self->lag, SONDE_PPM(50));
            fputc('/', out);
            quantile(out, &self->lag, SONDE_PPM(99));
            fputs(" ms", out);
        }
        fputs("; ", out);
    }
    uint64_t drops = measurement->transport.receive_drops;
    fprintf(out, "%" PRIu64 " dropped in our receive queue", drops);
    if (drops > 0)
        fputs(" (answers may be among them: some loss is our own)", out);
    clause(out, "; ", measurement->skipped, "due times skipped (this machine slept or was busy)");
    clause(out, "; ", measurement->transport.clock_steps,
           "steps of the wall clock (no RTT suffers)");
    clause(out, "; ", measurement->leases_out, "waits for a free sequence number");
    text_colour(text, TEXT_NORMAL);
    fputc('\n', out);
}
