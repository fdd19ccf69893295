/* The table of a trace: a row for each hop, as wide as its widest address. */
#include <inttypes.h>
#include <string.h>

#include "trace_inside.h"

#define NARROWEST 20
#define WIDEST    60

static const char *const columns[] = {"Last", "Avg", "Best", "Worst", "StDev", "Jitter"};
#define COLUMNS (sizeof columns / sizeof *columns)

/* Characters, not bytes: names may be UTF-8 (RFC 3629 section 3: 10xxxxxx continues one). */
static size_t columns_of(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

/* "name (number) [origin]", as trace_put_address writes it. */
static size_t width_of(const struct report_trace *report, const struct sonde_address *address)
{
    char label[REPORT_LABEL];
    size_t width = columns_of(report_label(&report->state, address, label));
    const char *origin =
        report->config.origin ? report->config.origin(report->state.run.name_self, address) : NULL;
    if (origin) {
        report_printable(origin, label, sizeof label);
        width += columns_of(label) + strlen(" []");
    }
    return width;
}

static size_t widest(const struct report_trace *report, uint8_t last)
{
    size_t widest = NARROWEST;
    for (unsigned i = report->config.trace->first_hop; i <= last; i++) {
        const struct sonde_path_hop *hop = sonde_path_hop(report->config.path, (uint8_t)i);
        for (uint8_t a = 0; a < hop->address_count; a++) {
            const size_t width = width_of(report, &hop->addresses[a].address);
            widest = width > widest ? width : widest;
        }
    }
    return widest < WIDEST ? widest : WIDEST;
}

static void pad(FILE *out, size_t from, size_t to)
{
    if (from < to)
        fprintf(out, "%*s", (int)(to - from), "");
}

static void put_ms(FILE *out, struct sonde_span span)
{
    char ms[REPORT_MS];
    fprintf(out, " %8s", report_ms_short(span, ms));
}

static void put_percentiles(const struct report_trace *report, FILE *out,
                            const struct sonde_path_hop *hop)
{
    for (size_t i = 0; i < report->state.run.percentile_count; i++) {
        struct sonde_span value;
        if (hop->stats.histogram &&
            report_quantile(hop->stats.histogram, report->state.run.percentiles[i], &value) !=
                SONDE_QUANTILE_NONE)
            put_ms(out, value);
        else
            fprintf(out, " %8s", "-");
    }
}

static void put_numbers(const struct report_trace *report, FILE *out,
                        const struct sonde_path_hop *hop)
{
    struct sonde_rtt_summary rtt;
    if (hop->asked > 0)
        fprintf(out, " %5.1f%%", 100.0 * (double)hop->missed / (double)hop->asked);
    else
        fprintf(out, " %6s", "-");
    fprintf(out, " %6" PRIu64, hop->stats.stats.sent);
    if (!sonde_stats_rtt(&hop->stats.stats, &rtt)) {
        for (size_t i = 0; i < COLUMNS + report->state.run.percentile_count; i++)
            fprintf(out, " %8s", "-");
        return;
    }
    put_ms(out, rtt.last);
    put_ms(out, rtt.mean);
    put_ms(out, rtt.min);
    put_ms(out, rtt.max);
    put_ms(out, rtt.deviation);
    put_ms(out, rtt.jitter);
    put_percentiles(report, out, hop);
}

static void put_row(const struct report_trace *report, FILE *out, const struct sonde_path_hop *hop,
                    size_t width)
{
    char text[TRACE_WORDS];
    fprintf(out, "%3u  ", hop->hop);
    if (hop->address_count > 0) {
        const struct sonde_address *address = &hop->addresses[hop->current].address;
        trace_put_address(report, out, address);
        pad(out, width_of(report, address), width);
    } else {
        fprintf(out, "%-*s", (int)width, "*");
    }
    put_numbers(report, out, hop);
    if (*trace_verdict(hop, text))
        fprintf(out, "  %s", text);
    fputc('\n', out);
    for (uint8_t i = 0; i < hop->address_count; i++)
        if (i != hop->current) {
            fputs("     ", out);
            trace_put_address(report, out, &hop->addresses[i].address);
            fputc('\n', out);
        }
}

void trace_table(const struct report_trace *report, FILE *out)
{
    struct sonde_trace_end end;
    const uint8_t last = trace_judge(report, &end);
    const size_t width = widest(report, last);
    fprintf(out, "Hop  %-*s %6s %6s", (int)width, "Address", "Loss", "Sent");
    for (size_t i = 0; i < COLUMNS; i++)
        fprintf(out, " %8s", columns[i]);
    for (size_t i = 0; i < report->state.run.percentile_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%g", (double)report->state.run.percentiles[i] / 10000.0);
        fprintf(out, " %8s", name);
    }
    fputs("  Verdict\n", out);
    for (unsigned i = report->config.trace->first_hop; i <= last; i++)
        put_row(report, out, sonde_path_hop(report->config.path, (uint8_t)i), width);
}
