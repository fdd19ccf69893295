/* The numbers of ping's summary, and its line for SIGQUIT. */
#include <inttypes.h>
#include <string.h>

#include "state.h"

/* Bytes of data in which ping keeps its time stamp; with less it shows no times. */
#define PING_STAMP_BYTES 16

static bool ping_has_times(const struct report_run *run)
{
    return run->kind != SONDE_PROBE_NODE_INFO && run->payload_bytes >= PING_STAMP_BYTES;
}

static uint64_t icmp_errors(const struct sonde_stats *stats)
{
    return stats->outcomes[SONDE_TIME_EXCEEDED] + stats->outcomes[SONDE_UNREACHABLE] +
           stats->outcomes[SONDE_TOO_BIG] + stats->outcomes[SONDE_PARAMETER_PROBLEM];
}

static double percent_missing(uint64_t of, uint64_t received)
{
    return of > received ? (double)(of - received) * 100.0 / (double)of : 0;
}

static void count_as_ping(const struct sonde_stats *stats, const struct report_ledger *ledger,
                          struct report_numbers *numbers)
{
    numbers->transmitted = stats->sent + stats->outcomes[SONDE_SEND_FAILED];
    numbers->received = stats->outcomes[SONDE_REPLY] + ledger->late_replies;
    numbers->errors += ledger->later_errors + stats->outcomes[SONDE_SEND_FAILED];
    /* one who is asked again while the first answers are on their way may answer more often */
    numbers->loss_percent = percent_missing(numbers->transmitted, numbers->received);

    struct sonde_stats all = *stats;
    sonde_stats_merge(&all, &ledger->extra);
    numbers->rtt_known = sonde_stats_rtt(&all, &numbers->rtt);
}

static void count_by_verdict(const struct sonde_stats *stats, struct report_numbers *numbers)
{
    uint64_t judged = sonde_stats_judged(stats);
    numbers->transmitted = stats->sent;
    numbers->received = sonde_stats_received(stats);
    numbers->loss_percent = percent_missing(judged, numbers->received);
    numbers->rtt_known = sonde_stats_rtt(stats, &numbers->rtt);
}

void report_numbers_of(const struct report_state *state, uint32_t target,
                       struct report_numbers *numbers)
{
    const struct report_run *run = &state->run;
    const struct sonde_stats *stats = &run->targets[target].stats->stats;
    const struct report_ledger *ledger = &state->ledgers[target];
    *numbers = (struct report_numbers){
        .duplicates = ledger->duplicates,
        .corrupted = ledger->corrupted,
        .errors = icmp_errors(stats),
        .unfinished = stats->outcomes[SONDE_UNFINISHED],
        .not_sent = stats->outcomes[SONDE_SEND_FAILED],
        .pipe = ledger->pipe > 1 ? ledger->pipe : 0,
    };
    if (run->plain)
        count_as_ping(stats, ledger, numbers);
    else
        count_by_verdict(stats, numbers);
    if (run->plain && !ping_has_times(run))
        numbers->rtt_known = false;

    struct sonde_rtt_summary own;
    if (sonde_stats_rtt(stats, &own) && own.single_stream)
        numbers->ewma = own.ewma;
    else if (sonde_stats_rtt(&ledger->extra, &own))
        numbers->ewma = own.ewma;
    if (ledger->any_sent)
        numbers->elapsed = sonde_mono_since(ledger->last_sent, ledger->first_sent);
    if (numbers->received > 0 && numbers->transmitted > 1 &&
        (run->interval.ns == 0 || run->flood || run->adaptive)) {
        numbers->ipg_known = true;
        numbers->ipg.ns = numbers->elapsed.ns / (int64_t)(numbers->transmitted - 1);
    }
}

enum sonde_quantile report_quantile(const struct sonde_histogram *histogram, uint32_t ppm,
                                    struct sonde_span *value)
{
    enum sonde_quantile how = sonde_histogram_quantile(histogram, ppm, value);
    if (how == SONDE_QUANTILE_UNDER && histogram->max_ns <= value->ns) {
        how = SONDE_QUANTILE_EXACT;
        value->ns = histogram->max_ns;
    }
    return how;
}

void report_progress(struct report_state *state)
{
    FILE *err = state->run.err;
    report_state_sync(state);
    for (uint32_t i = 0; i < state->run.target_count; i++) {
        struct report_numbers numbers;
        report_numbers_of(state, i, &numbers);
        fprintf(err, "\r");
        if (state->run.target_count > 1)
            fprintf(err, "%s: ", state->names[i]);
        fprintf(err, "%" PRIu64 "/%" PRIu64 " packets, %d%% loss", numbers.received,
                numbers.transmitted, (int)percent_missing(numbers.transmitted, numbers.received));
        if (numbers.rtt_known) {
            char min[REPORT_MS], mean[REPORT_MS], ewma[REPORT_MS], max[REPORT_MS];
            fprintf(err, ", min/avg/ewma/max = %s/%s/%s/%s ms", report_ms(numbers.rtt.min, min),
                    report_ms(numbers.rtt.mean, mean), report_ms(numbers.ewma, ewma),
                    report_ms(numbers.rtt.max, max));
        }
        fprintf(err, "\n");
    }
    fflush(err);
}
