/* How far a sweep is: for the terminal, and for who asks by a signal. */
#include <inttypes.h>
#include <math.h>

#include "sweep_inside.h"

#define EVERY sonde_span_ms(500)

void report_sweep_clear_progress(struct report_sweep *report)
{
    if (!report->progress_shown)
        return;
    fputs("\r\033[K", report->config.err);
    fflush(report->config.err);
    report->progress_shown = false;
}

/* Seconds to the end, as it goes now; negative: nobody knows. */
static double seconds_left(const struct report_sweep *report,
                           const struct sonde_sweep_figures *figures, double elapsed)
{
    const struct sonde_sweep_config *sweep = &report->config.sweep;
    double left = -1;
    if (sweep->mode == SONDE_SWEEP_ALIVE && figures->waiting < sweep->hosts)
        left = elapsed * figures->waiting / (double)(sweep->hosts - figures->waiting);
    else if (sweep->mode == SONDE_SWEEP_COUNT && figures->sent > 0)
        left = elapsed * ((double)sweep->hosts * (double)sweep->count / (double)figures->sent - 1);
    const double to_deadline = (double)sweep->deadline.ns / 1e9 - elapsed;
    if (sweep->deadline.ns > 0 && (left < 0 || to_deadline < left))
        left = to_deadline > 0 ? to_deadline : 0;
    return left;
}

/* Whoever is not decided has a probe on its way: it ends as soon as answers and timeouts do. */
static bool only_waits(const struct report_sweep *report, const struct sonde_sweep_figures *figures)
{
    const struct sonde_sweep_config *sweep = &report->config.sweep;
    if (figures->open == 0)
        return false;
    if (sweep->mode == SONDE_SWEEP_ALIVE)
        return figures->open >= figures->waiting;
    return sweep->mode == SONDE_SWEEP_COUNT && figures->sent / sweep->hosts >= sweep->count;
}

static void put_line(const struct report_sweep *report, struct sonde_mono now)
{
    FILE *err = report->config.err;
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(report->sweep, &figures);
    const uint32_t hosts = report->config.sweep.hosts;
    const uint32_t decided = hosts - figures.waiting;
    const double elapsed = (double)sonde_mono_since(now, report->start).ns / 1e9;
    fprintf(err, "%.0f s: %" PRIu32 " of %" PRIu32 " hosts, %" PRIu32 " alive", elapsed, decided,
            hosts, figures.answered);
    if (decided > 0)
        fprintf(err, " (%.1f%%)", 100.0 * figures.answered / decided);
    fprintf(err, "; %" PRIu64 " probes", figures.sent);
    const bool waits = only_waits(report, &figures);
    if (elapsed > 0 && !waits) /* a rate is that of sending */
        fprintf(err, ", %.0f/s", (double)figures.sent / elapsed);
    const double left = seconds_left(report, &figures, elapsed);
    if (waits)
        fprintf(err, "; waiting for %" PRIu64 " answers", figures.open);
    else if (left >= 0)
        fprintf(err, "; %.0f s left", ceil(left));
}

void report_sweep_status(struct report_sweep *report, struct sonde_mono now)
{
    report_sweep_clear_progress(report);
    report_state_sync(&report->state);
    put_line(report, now);
    fputc('\n', report->config.err);
    fflush(report->config.err);
}

void report_sweep_progress(struct report_sweep *report, struct sonde_mono now,
                           struct sonde_mono *again)
{
    *again = SONDE_NEVER;
    if (!report->config.progress)
        return;
    if (!sonde_mono_before(now, report->next_progress)) {
        fputs("\r\033[K", report->config.err);
        put_line(report, now);
        fflush(report->config.err);
        report->progress_shown = true;
        report->next_progress = sonde_mono_add(now, EVERY);
    }
    *again = report->next_progress;
}
