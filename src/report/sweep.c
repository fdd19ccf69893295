#define _GNU_SOURCE /* qsort_r */

#include "sweep_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int report_sweep_create(struct report_sweep **created, const struct report_sweep_config *config)
{
    struct report_sweep *report = calloc(1, sizeof *report);
    if (!report)
        return -ENOMEM;
    report->config = *config;
    report_sweep_choose_fields(report);
    report->state.run.out = config->out;
    report->state.run.err = config->err;
    report->state.run.clock = config->clock;
    sonde_self_init(&report->self, report->self_counts);
    if (config->by_interval)
        report->totals = calloc(config->sweep.hosts, sizeof *report->totals);
    if (config->by_interval && !report->totals) {
        free(report);
        return -ENOMEM;
    }
    for (uint32_t i = 0; report->totals && i < config->sweep.hosts; i++)
        report->totals[i].rtt_min_ns = -1;
    *created = report;
    return 0;
}

void report_sweep_destroy(struct report_sweep *report)
{
    if (!report)
        return;
    free(report->totals);
    free(report);
}

int report_sweep_flush(struct report_sweep *report)
{
    return report_state_flush(&report->state);
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool is_selected(const struct report_sweep *report, enum sonde_sweep_state state)
{
    switch (report->config.selection) {
    case REPORT_SWEEP_ALIVE:
        return state == SONDE_SWEEP_ANSWERED;
    case REPORT_SWEEP_UNREACHABLE:
        return state != SONDE_SWEEP_ANSWERED;
    case REPORT_SWEEP_ALL:
        break;
    }
    return true;
}

static bool is_periodic(const struct report_sweep *report)
{
    return report->config.sweep.mode != SONDE_SWEEP_ALIVE;
}

static void put_row(struct report_sweep *report, const struct report_sweep_row *row,
                    const char *type)
{
    if (!is_selected(report, row->figures.state))
        return;
    switch (report->config.form) {
    case REPORT_SWEEP_JSON:
        report_sweep_json_row(report, row, type);
        break;
    case REPORT_SWEEP_CSV:
        report_sweep_csv_row(report, row);
        break;
    case REPORT_SWEEP_TEXT:
        if (is_periodic(report))
            report_sweep_text_figures(report, row);
        else
            report_sweep_text_row(report, row);
        break;
    }
}

/* By family, bytes and scope. */
static int compare(const void *a, const void *b, void *self)
{
    const struct report_sweep *report = self;
    const struct sonde_address *x = &report->config.targets[*(const uint32_t *)a].address;
    const struct sonde_address *y = &report->config.targets[*(const uint32_t *)b].address;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    const int order = memcmp(x->bytes, y->bytes, sizeof x->bytes);
    if (order != 0)
        return order;
    return x->scope < y->scope ? -1 : x->scope > y->scope;
}

/* Every host in the order of the addresses, or as they were given where memory is short. */
static uint32_t *order_of(const struct report_sweep *report)
{
    const uint32_t hosts = report->config.sweep.hosts;
    uint32_t *order = report->config.sorted ? malloc(hosts * sizeof *order) : NULL;
    if (!order)
        return NULL;
    for (uint32_t i = 0; i < hosts; i++)
        order[i] = i;
    qsort_r(order, hosts, sizeof *order, compare, (void *)report);
    return order;
}

/* What is said at the end: all hosts, or those that were asked and not told of yet. */
static void put_rows(struct report_sweep *report, struct sonde_mono now, bool waiting_only)
{
    uint32_t *order = order_of(report);
    for (uint32_t i = 0; i < report->config.sweep.hosts; i++) {
        const uint32_t host = order ? order[i] : i;
        const struct report_sweep_row row = {host, now, report_sweep_total(report, host), NULL};
        const bool waiting = row.figures.state == SONDE_SWEEP_WAITING && row.figures.sent > 0;
        if (!waiting_only || waiting)
            put_row(report, &row, "host");
    }
    free(order);
}

/* --- what happens ---------------------------------------------------------------------------- */

void report_sweep_begin(struct report_sweep *report, const struct sonde_sweep *sweep,
                        struct sonde_mono now)
{
    report->sweep = sweep;
    report->start = now;
    report->next_progress = sonde_mono_add(now, sonde_span_ms(500));
    if (report->config.form == REPORT_SWEEP_JSON)
        report_sweep_json_begin(report, now);
    if (report->config.form == REPORT_SWEEP_CSV)
        report_sweep_csv_begin(report);
}

/* An outcome decides its host when it is the first answer, or the last failure. */
static bool decides(const struct sonde_sweep_host *host, const struct sonde_outcome *outcome)
{
    if (!sonde_outcome_is_final(outcome->kind) || host->state == SONDE_SWEEP_WAITING)
        return false;
    return host->state != SONDE_SWEEP_ANSWERED || host->received == 1;
}

void report_sweep_outcome(struct report_sweep *report, const struct sonde_outcome *outcome)
{
    const struct report_sweep_config *config = &report->config;
    sonde_self_outcome(&report->self, outcome);
    report->late += outcome->kind == SONDE_LATE;
    report->duplicates += outcome->kind == SONDE_DUPLICATE;
    const struct sonde_sweep_host *host = sonde_sweep_host(report->sweep, outcome->target);
    if (config->quiet)
        return;
    if (is_periodic(report)) {
        const bool told = outcome->kind != SONDE_CORRUPT && outcome->kind != SONDE_UNFINISHED &&
                          is_selected(report, report_is_reply(outcome) ? SONDE_SWEEP_ANSWERED
                                                                       : SONDE_SWEEP_SILENT);
        if (told && config->form == REPORT_SWEEP_TEXT)
            report_sweep_text_probe(report, outcome);
        else if (told && config->form == REPORT_SWEEP_JSON)
            report_sweep_json_probe(report, outcome);
        return;
    }
    if (config->sorted || !decides(host, outcome))
        return;
    const struct report_sweep_row row = {outcome->target, report_when(&report->state, outcome),
                                         *host, outcome};
    put_row(report, &row, "host");
}

struct sonde_sweep_host report_sweep_total(const struct report_sweep *report, uint32_t host)
{
    struct sonde_sweep_host figures = *sonde_sweep_host(report->sweep, host);
    if (!report->totals)
        return figures;
    const struct report_sweep_totals *before = &report->totals[host];
    figures.sent += before->sent;
    figures.received += before->received;
    figures.timed_out += before->lost;
    figures.rtt_sum_ns = sonde_saturating_add(figures.rtt_sum_ns, before->rtt_sum_ns);
    if (before->rtt_min_ns >= 0) {
        if (figures.rtt_min_ns < 0 || before->rtt_min_ns < figures.rtt_min_ns)
            figures.rtt_min_ns = before->rtt_min_ns;
        if (before->rtt_max_ns > figures.rtt_max_ns)
            figures.rtt_max_ns = before->rtt_max_ns;
    }
    return figures;
}

void report_sweep_interval(struct report_sweep *report, struct sonde_sweep *sweep,
                           struct sonde_mono now)
{
    char time[REPORT_TIME];
    if (report->config.form == REPORT_SWEEP_TEXT) {
        report_sweep_clear_progress(report);
        fprintf(report->config.out, "[%s]\n", report_time(report_wall(&report->state, now), time));
    }
    for (uint32_t i = 0; i < report->config.sweep.hosts; i++) {
        const struct report_sweep_row row = {i, now, *sonde_sweep_host(sweep, i), NULL};
        put_row(report, &row, "interval");
        const struct sonde_sweep_host total = report_sweep_total(report, i);
        report->totals[i] = (struct report_sweep_totals){
            .sent = total.sent,
            .received = total.received,
            .lost = total.timed_out + total.errors,
            .rtt_sum_ns = total.rtt_sum_ns,
            .rtt_min_ns = total.rtt_min_ns,
            .rtt_max_ns = total.rtt_max_ns,
        };
        sonde_sweep_host_reset(sweep, i);
    }
    report->state.dirty = true;
}

void report_sweep_end(struct report_sweep *report, struct sonde_mono now,
                      const struct sonde_engine_counters *engine,
                      const struct sonde_transport_counters *transport)
{
    const struct report_sweep_config *config = &report->config;
    struct sonde_sweep_figures figures;
    sonde_sweep_figures(report->sweep, &figures);
    const struct report_measurement measurement = {
        .self = &report->self,
        .transport = *transport,
        .foreign = engine->foreign,
        .malformed = engine->malformed,
        .leases_out = engine->leases_out,
        .skipped = figures.skipped,
    };
    report_sweep_clear_progress(report);
    report->config.progress = false;
    if (is_periodic(report))
        put_rows(report, now, false);
    else if (!config->quiet)
        put_rows(report, now, !config->sorted);
    if (config->form == REPORT_SWEEP_JSON) {
        report_sweep_json_end(report, now, &measurement);
        return;
    }
    report_state_sync(&report->state);
    report_sweep_text_end(report, now, &measurement);
}
