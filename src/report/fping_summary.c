/* fping's figures of all hosts: by interval, at the end, in netdata's language. */
#include <inttypes.h>
#include <time.h>

#include "fping_text.h"

static uint64_t lost_percent(const struct report_fping_counts *counts)
{
    return counts->sent > 0 ? (counts->sent - counts->received) * 100 / counts->sent : 0;
}

static uint64_t outage_ms(const struct report_fping_form *form,
                          const struct report_fping_counts *counts)
{
    const double lost = (double)(counts->sent - counts->received);
    return (uint64_t)(lost * (double)form->period.ns / (double)SONDE_NS_PER_MS);
}

static int64_t average_ns(const struct report_fping_counts *counts)
{
    return counts->received > 0 ? counts->sum_ns / (int64_t)counts->received : 0;
}

/* " xmt/rcv/%loss = 2/1/50%, min/avg/max = 1.23/1.23/1.23" */
static void write_counts(const struct report_fping_form *form,
                         const struct report_fping_counts *counts)
{
    char min[REPORT_FPING_MS], avg[REPORT_FPING_MS], max[REPORT_FPING_MS];
    fprintf(form->err, " xmt/rcv/%%loss = %" PRIu64 "/%" PRIu64 "/%" PRIu64 "%%", counts->sent,
            counts->received, lost_percent(counts));
    if (form->outage)
        fprintf(form->err, ", outage(ms) = %" PRIu64, outage_ms(form, counts));
    if (counts->received > 0)
        fprintf(form->err, ", min/avg/max = %s/%s/%s", report_fping_ms(counts->min_ns, min),
                report_fping_ms(average_ns(counts), avg), report_fping_ms(counts->max_ns, max));
}

static void write_json_counts(const struct report_fping_form *form,
                              const struct report_fping_counts *counts)
{
    char min[REPORT_FPING_MS], avg[REPORT_FPING_MS], max[REPORT_FPING_MS];
    fprintf(form->out, ", \"xmt\": %" PRIu64 ", \"rcv\": %" PRIu64 ", \"loss\": %" PRIu64,
            counts->sent, counts->received, lost_percent(counts));
    if (form->outage)
        fprintf(form->out, ", \"outage(ms)\": %" PRIu64, outage_ms(form, counts));
    if (counts->received > 0)
        fprintf(form->out, ", \"rttMin\": %s, \"rttAvg\": %s, \"rttMax\": %s",
                report_fping_ms(counts->min_ns, min), report_fping_ms(average_ns(counts), avg),
                report_fping_ms(counts->max_ns, max));
    fputs("}}\n", form->out);
}

static void begin_anew(const struct report_fping_form *form, struct report_fping_host *host)
{
    if (!form->cumulative)
        host->split = (struct report_fping_counts){0};
}

void report_fping_splits(const struct report_fping_form *form, struct report_fping_host *hosts,
                         size_t count, struct sonde_wall now)
{
    const time_t seconds = (time_t)(now.ns / SONDE_NS_PER_S);
    struct tm local = {0};
    if (!form->json) {
        localtime_r(&seconds, &local);
        fprintf(form->err, "%s[%02d:%02d:%02d]\n", form->lines || form->words ? "\n" : "",
                local.tm_hour, local.tm_min, local.tm_sec);
    }
    for (size_t i = 0; i < count; i++) {
        if (form->json) {
            fprintf(form->out, "{\"intSum\": {\"time\": %lld,\"host\": ", (long long)seconds);
            report_fping_json_text(form->out, hosts[i].label);
            write_json_counts(form, &hosts[i].split);
        } else {
            fprintf(form->err, "%-*s :", form->width, hosts[i].label);
            write_counts(form, &hosts[i].split);
            fputc('\n', form->err);
        }
        begin_anew(form, &hosts[i]);
    }
}

/* netdata's external plugin protocol: a CHART with its DIMENSIONs once, then BEGIN, SET, END. */
static void netdata_host(const struct report_fping_form *form, const struct report_fping_host *host,
                         bool first)
{
    const struct report_fping_counts *counts = &host->split;
    const double every = (double)form->interval.ns / (double)SONDE_NS_PER_S;
    FILE *out = form->out;
    if (first)
        fprintf(out,
                "CHART fping.%s_packets '' 'FPing Packets' packets '%s' fping.packets line 110020 "
                "%.0f\n"
                "DIMENSION xmt sent absolute 1 1\n"
                "DIMENSION rcv received absolute 1 1\n",
                host->key, host->label, every);
    fprintf(out, "BEGIN fping.%s_packets\nSET xmt = %" PRIu64 "\nSET rcv = %" PRIu64 "\nEND\n",
            host->key, counts->sent, counts->received);
    if (first)
        fprintf(out,
                "CHART fping.%s_quality '' 'FPing Quality' percentage '%s' fping.quality area "
                "110010 %.0f\n"
                "DIMENSION returned '' absolute 1 1\n",
                host->key, host->label, every);
    fprintf(out, "BEGIN fping.%s_quality\nSET returned = %" PRIu64 "\nEND\n", host->key,
            counts->sent > 0 ? counts->received * 100 / counts->sent : 0);
    if (first)
        fprintf(out,
                "CHART fping.%s_latency '' 'FPing Latency' ms '%s' fping.latency area 110000 %.0f\n"
                "DIMENSION min minimum absolute 1 1000000\n"
                "DIMENSION max maximum absolute 1 1000000\n"
                "DIMENSION avg average absolute 1 1000000\n",
                host->key, host->label, every);
    fprintf(out, "BEGIN fping.%s_latency\n", host->key);
    if (counts->received > 0)
        fprintf(out, "SET min = %" PRId64 "\nSET avg = %" PRId64 "\nSET max = %" PRId64 "\n",
                counts->min_ns, average_ns(counts), counts->max_ns);
    fputs("END\n", out);
}

void report_fping_netdata(const struct report_fping_form *form, struct report_fping_host *hosts,
                          size_t count, bool first)
{
    for (size_t i = 0; i < count; i++) {
        netdata_host(form, &hosts[i], first);
        hosts[i].split = (struct report_fping_counts){0};
    }
}

static void write_rtts(const struct report_fping_form *form, const struct report_fping_host *host)
{
    char ms[REPORT_FPING_MS];
    FILE *out = form->json ? form->out : form->err;
    for (uint64_t i = 0; i < host->rtt_count; i++) {
        const bool known = host->rtts[i] != REPORT_FPING_NO_RTT;
        if (form->json)
            fputs(i > 0 ? ", " : "", out);
        else
            fputc(' ', out);
        fputs(known ? report_fping_ms(host->rtts[i], ms) : form->json ? "null" : "-", out);
    }
}

static void json_host(const struct report_fping_form *form, const struct report_fping_host *host)
{
    fprintf(form->out, "{\"%s\": {\"host\": ", form->all_rtts ? "vSum" : "summary");
    report_fping_json_text(form->out, host->label);
    if (!form->all_rtts) {
        write_json_counts(form, &host->all);
        return;
    }
    fputs(", \"values\": [", form->out);
    write_rtts(form, host);
    fputs("]}}\n", form->out);
}

void report_fping_hosts(const struct report_fping_form *form, const struct report_fping_host *hosts,
                        size_t count)
{
    if ((form->lines || form->words) && !form->json)
        fputc('\n', form->err);
    for (size_t i = 0; i < count; i++) {
        if (form->json) {
            json_host(form, &hosts[i]);
            continue;
        }
        fprintf(form->err, "%-*s :", form->width, hosts[i].label);
        if (form->all_rtts)
            write_rtts(form, &hosts[i]);
        else
            write_counts(form, &hosts[i].all);
        fputc('\n', form->err);
    }
}

static void json_totals(const struct report_fping_form *form,
                        const struct report_fping_totals *totals)
{
    char min[REPORT_FPING_MS], avg[REPORT_FPING_MS], max[REPORT_FPING_MS];
    fprintf(form->out,
            "{\"stats\": {\"targets\": %" PRIu64 ", \"alive\": %" PRIu64
            ", \"unreachable\": %" PRIu64 ", \"unknownAddresses\": %" PRIu64
            ", \"timeouts\": %" PRIu64 ", \"icmpEchosSent\": %" PRIu64
            ", \"icmpEchoRepliesReceived\": %" PRIu64 ", \"otherIcmpReceived\": %" PRIu64
            ", \"rttMin\": %s, \"rttAvg\": %s, \"rttMax\": %s, \"elapsed\": %.3f}}\n",
            totals->targets, totals->alive, totals->unreachable, totals->unknown, totals->timeouts,
            totals->sent, totals->received, totals->other,
            report_fping_ms(totals->replies.min_ns, min),
            report_fping_ms(average_ns(&totals->replies), avg),
            report_fping_ms(totals->replies.max_ns, max),
            (double)totals->elapsed.ns / (double)SONDE_NS_PER_S);
}

void report_fping_totals(const struct report_fping_form *form,
                         const struct report_fping_totals *totals)
{
    char ms[REPORT_FPING_MS];
    FILE *err = form->err;
    if (form->json) {
        json_totals(form, totals);
        return;
    }
    fprintf(err, "\n %7" PRIu64 " targets\n %7" PRIu64 " alive\n", totals->targets, totals->alive);
    fprintf(err, " %7" PRIu64 " unreachable\n %7" PRIu64 " unknown addresses\n\n",
            totals->unreachable, totals->unknown);
    fprintf(err, " %7" PRIu64 " timeouts (waiting for response)\n", totals->timeouts);
    fprintf(err, " %7" PRIu64 " ICMP Echos sent\n", totals->sent);
    fprintf(err, " %7" PRIu64 " ICMP Echo Replies received\n", totals->received);
    fprintf(err, " %7" PRIu64 " other ICMP received\n\n", totals->other);
    fprintf(err, " %s ms (min round trip time)\n", report_fping_ms(totals->replies.min_ns, ms));
    fprintf(err, " %s ms (avg round trip time)\n",
            report_fping_ms(average_ns(&totals->replies), ms));
    fprintf(err, " %s ms (max round trip time)\n", report_fping_ms(totals->replies.max_ns, ms));
    fprintf(err, " %12.3f sec (elapsed real time)\n\n",
            (double)totals->elapsed.ns / (double)SONDE_NS_PER_S);
}

bool report_fping_enough(const struct report_fping_form *form, uint64_t required,
                         uint64_t reachable)
{
    const bool enough = reachable >= required;
    fprintf(form->out, "%s hosts reachable (required: %" PRIu64 ", reachable: %" PRIu64 ")\n",
            enough ? "Enough" : "Not enough", required, reachable);
    return enough;
}
