/* A trace as comma-separated values: a header, then a row for each hop (RFC 4180). */
#include <inttypes.h>

#include "csv_row.h"
#include "trace_inside.h"

static void put_span(struct csv_row *row, bool known, struct sonde_span span)
{
    if (known)
        csv_number(row, "%" PRId64, span.ns);
    else
        csv_field(row, "");
}

static void put_hop(const struct report_trace *report, struct csv_row *row,
                    const struct sonde_path_hop *hop)
{
    struct sonde_rtt_summary rtt = {0};
    const bool known = sonde_stats_rtt(&hop->stats.stats, &rtt);
    const struct sonde_address none = {0};
    const struct sonde_address *address =
        hop->address_count > 0 ? &hop->addresses[hop->current].address : &none;
    char name[REPORT_LABEL];
    const char *known_name = report_name_of(&report->state, address, name);
    csv_number(row, "%u", hop->hop);
    csv_address(row, address);
    csv_field(row, known_name ? known_name : "");
    csv_number(row, "%" PRIu64, hop->stats.stats.sent);
    csv_number(row, "%" PRIu64, hop->asked);
    csv_number(row, "%" PRIu64, hop->missed);
    put_span(row, known, rtt.last);
    put_span(row, known, rtt.mean);
    put_span(row, known, rtt.min);
    put_span(row, known, rtt.max);
    put_span(row, known, rtt.deviation);
    put_span(row, known, rtt.jitter);
    csv_field(row, trace_verdict_word(hop->verdict));
    csv_end_row(row);
}

void trace_csv_end(struct report_trace *report)
{
    static const char *const columns[] = {
        "hop",    "address", "name",   "sent",   "asked",     "missed",  "last_ns",
        "avg_ns", "min_ns",  "max_ns", "dev_ns", "jitter_ns", "verdict",
    };
    struct csv_row row = {.out = report->state.run.out};
    struct sonde_trace_end end;
    const uint8_t last = trace_judge(report, &end);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        csv_field(&row, columns[i]);
    csv_end_row(&row);
    for (unsigned i = report->config.trace->first_hop; i <= last; i++)
        put_hop(report, &row, sonde_path_hop(report->config.path, (uint8_t)i));
}
