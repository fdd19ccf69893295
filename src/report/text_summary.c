/* ping's summary. */
#include <inttypes.h>
#include <stdio.h>

#include "histogram.h"
#include "text.h"

/* As ping: a float, so that it has the same digits. */
static double as_float(double percent)
{
    return (double)(float)percent;
}

static void counts(const struct text_report *text, const struct report_numbers *numbers)
{
    FILE *out = text->state.run.out;
    fprintf(out, "%" PRIu64 " packets transmitted, %" PRIu64 " received", numbers->transmitted,
            numbers->received);
    if (numbers->duplicates > 0)
        fprintf(out, ", +%" PRIu64 " duplicates", numbers->duplicates);
    if (numbers->corrupted > 0)
        fprintf(out, ", +%" PRIu64 " corrupted", numbers->corrupted);
    if (numbers->errors > 0)
        fprintf(out, ", +%" PRIu64 " errors", numbers->errors);
    if (numbers->transmitted > 0) {
        fputs(", ", out);
        text_colour(text, numbers->loss_percent > 0 ? TEXT_BAD : TEXT_GOOD);
        fprintf(out, "%g%% packet loss", as_float(numbers->loss_percent));
        text_colour(text, TEXT_NORMAL);
        int64_t elapsed_ns = numbers->elapsed.ns > 0 ? numbers->elapsed.ns : 0;
        fprintf(out, ", time %" PRId64 "ms",
                elapsed_ns / SONDE_NS_PER_MS + (elapsed_ns % SONDE_NS_PER_MS >= 500000));
    }
    fputc('\n', out);
}

/* Always a line, even when there is nothing to say: so does ping. */
static void round_trips(const struct text_report *text, const struct report_numbers *numbers)
{
    FILE *out = text->state.run.out;
    const char *comma = "";
    if (numbers->received > 0 && numbers->rtt_known) {
        char min[REPORT_MS], mean[REPORT_MS], max[REPORT_MS], deviation[REPORT_MS];
        fprintf(out, "rtt min/avg/max/mdev = %s/%s/%s/%s ms", report_ms(numbers->rtt.min, min),
                report_ms(numbers->rtt.mean, mean), report_ms(numbers->rtt.max, max),
                report_ms(numbers->rtt.deviation, deviation));
        comma = ", ";
    }
    if (numbers->pipe > 0) {
        fprintf(out, "%spipe %" PRIu64, comma, numbers->pipe);
        comma = ", ";
    }
    if (numbers->ipg_known) {
        char ipg[REPORT_MS], ewma[REPORT_MS];
        fprintf(out, "%sipg/ewma %s/%s ms", comma, report_ms(numbers->ipg, ipg),
                report_ms(numbers->ewma, ewma));
    }
    fputc('\n', out);
}

static void one_target(const struct text_report *text, uint32_t target)
{
    const struct report_run *run = &text->state.run;
    const struct sonde_target_stats *stats = run->targets[target].stats;
    struct report_numbers numbers;
    report_numbers_of(&text->state, target, &numbers);
    fprintf(run->out, "\n--- %s ping statistics ---\n", text->state.names[target]);
    counts(text, &numbers);
    round_trips(text, &numbers);
    if (run->plain)
        return;
    text_extras(text, target, &numbers);
    if (run->histogram && stats->histogram)
        report_histogram_draw(run->out, stats->histogram, run->utf8, run->screen_columns);
}

static void all_targets(const struct text_report *text)
{
    const struct report_run *run = &text->state.run;
    struct sonde_stats all;
    uint32_t answering = 0;
    sonde_stats_init(&all, 0);
    for (uint32_t i = 0; i < run->target_count; i++) {
        const struct sonde_stats *stats = &run->targets[i].stats->stats;
        sonde_stats_merge(&all, stats);
        if (sonde_stats_received(stats) > 0)
            answering++;
    }
    uint64_t judged = sonde_stats_judged(&all), received = sonde_stats_received(&all);
    double missing = judged > received ? (double)(judged - received) * 100.0 / (double)judged : 0;
    fprintf(run->out,
            "\n--- %u targets, %u answering ---\n%" PRIu64 " packets transmitted, %" PRIu64
            " received",
            run->target_count, answering, all.sent, received);
    if (all.sent > 0)
        fprintf(run->out, ", %g%% packet loss", as_float(missing));
    fputc('\n', run->out);
}

void text_summary(struct text_report *text, const struct report_measurement *measurement)
{
    for (uint32_t i = 0; i < text->state.run.target_count; i++)
        one_target(text, i);
    if (text->state.run.plain)
        return;
    if (text->state.run.target_count > 1)
        all_targets(text);
    text_measurement(text, measurement);
}
