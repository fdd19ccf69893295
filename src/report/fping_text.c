/* fping's lines about single replies, timeouts and errors. */
#include "fping_text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define MS_PER_DAY INT64_C(86400000)

void report_fping_count_reply(struct report_fping_counts *counts, int64_t rtt_ns)
{
    if (counts->received == 0 || rtt_ns < counts->min_ns)
        counts->min_ns = rtt_ns;
    if (counts->received == 0 || rtt_ns > counts->max_ns)
        counts->max_ns = rtt_ns;
    counts->sum_ns = sonde_saturating_add(counts->sum_ns, rtt_ns);
    counts->received++;
}

const char *report_fping_ms(int64_t ns, char text[static REPORT_FPING_MS])
{
    const double ms = (double)ns / (double)SONDE_NS_PER_MS;
    if (ms < 1.0)
        snprintf(text, REPORT_FPING_MS, "%.3f", ms);
    else if (ms < 10.0)
        snprintf(text, REPORT_FPING_MS, "%.2f", ms);
    else if (ms < 100.0)
        snprintf(text, REPORT_FPING_MS, "%.1f", ms);
    else if (ms < 1e6)
        snprintf(text, REPORT_FPING_MS, "%.0f", ms);
    else
        snprintf(text, REPORT_FPING_MS, "%.3e", ms);
    return text;
}

uint32_t report_fping_midnight_ms(struct sonde_wall at)
{
    return (uint32_t)(at.ns / SONDE_NS_PER_MS % MS_PER_DAY);
}

void report_fping_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            fprintf(out, "\\u%04x", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

static void write_stamp(const struct report_fping_form *form, struct sonde_wall at)
{
    static const char *const formats[] = {
        [REPORT_FPING_UNIX] = NULL,
        [REPORT_FPING_CTIME] = "%a %b %e %H:%M:%S %Y",
        [REPORT_FPING_ISO] = "%Y-%m-%dT%T%z",
        [REPORT_FPING_RFC3339] = "%Y-%m-%d %H:%M:%S",
    };
    char text[64];
    struct tm local;
    const time_t seconds = (time_t)(at.ns / SONDE_NS_PER_S);
    if (!form->stamped)
        return;
    if (formats[form->clock] && localtime_r(&seconds, &local))
        strftime(text, sizeof text, formats[form->clock], &local);
    else
        snprintf(text, sizeof text, "%.5f", (double)at.ns / (double)SONDE_NS_PER_S);
    fprintf(form->out, form->json ? "\"timestamp\": \"%s\", " : "[%s] ", text);
}

/* Who answered in the host's place: always on err, wherever the line goes, as fping does. */
static void write_stranger(const struct report_fping_form *form, const struct sonde_address *from)
{
    char text[SONDE_ADDRESS_TEXT];
    if (from->family != SONDE_FAMILY_NONE)
        fprintf(form->err, " [<- %s]", sonde_address_format(from, text));
}

static void write_header_values(const struct report_fping_form *form, const char *name,
                                const char *json_name, int value)
{
    if (form->json)
        fprintf(form->out, ", \"%s\": %d", json_name, value);
    else if (value >= 0)
        fprintf(form->out, " (%s %d)", name, value);
    else
        fprintf(form->out, " (%s unknown)", name);
}

/* What the options add to the line of a reply, and its end. */
static void end_reply(const struct report_fping_form *form, const struct report_fping_reply *reply)
{
    char ms[REPORT_FPING_MS];
    const uint32_t local = report_fping_midnight_ms(reply->received);
    write_stranger(form, &reply->from);
    if (reply->times && form->json)
        fprintf(form->out,
                ", \"timestamps\": {\"originate\": %" PRIu32 ", \"receive\": %" PRIu32
                ", \"transmit\": %" PRIu32 ", \"localreceive\": %" PRIu32 "}",
                reply->originate, reply->receive, reply->transmit, local);
    else if (reply->times)
        fprintf(form->out,
                "%s timestamps: Originate=%" PRIu32 " Receive=%" PRIu32 " Transmit=%" PRIu32
                " Localreceive=%" PRIu32,
                form->lines || form->words ? "," : "", reply->originate, reply->receive,
                reply->transmit, local);
    if (form->print_tos)
        write_header_values(form, "TOS", "tos", reply->traffic_class);
    if (form->print_ttl)
        write_header_values(form, "TTL", "ttl", reply->hop_limit);
    if (form->elapsed && !form->lines && !form->json)
        fprintf(form->out, " (%s ms)", report_fping_ms(reply->rtt_ns, ms));
    fputs(form->json ? "}}\n" : "\n", form->out);
}

void report_fping_alive(const struct report_fping_form *form, const struct report_fping_host *host,
                        const struct report_fping_reply *reply)
{
    fprintf(form->out, "%s%s", host->label, form->words ? " is alive" : "");
    end_reply(form, reply);
}

void report_fping_unreachable(const struct report_fping_form *form,
                              const struct report_fping_host *host)
{
    fprintf(form->out, "%s%s\n", host->label, form->words ? " is unreachable" : "");
}

/* " (0.12 avg, 33% loss)": of everything so far. */
static void write_so_far(const struct report_fping_form *form,
                         const struct report_fping_counts *counts)
{
    char ms[REPORT_FPING_MS] = "NaN";
    if (counts->received > 0)
        report_fping_ms(counts->sum_ns / (int64_t)counts->received, ms);
    const uint64_t lost = counts->sent - counts->received;
    fprintf(form->out, " (%s avg, %" PRIu64 "%% loss)", ms,
            counts->sent > 0 ? lost * 100 / counts->sent : 0);
}

void report_fping_reply(const struct report_fping_form *form, const struct report_fping_host *host,
                        const struct report_fping_reply *reply)
{
    char ms[REPORT_FPING_MS];
    report_fping_ms(reply->rtt_ns, ms);
    if (form->json) {
        fputs("{\"resp\": {", form->out);
        write_stamp(form, reply->received);
        fputs("\"host\": ", form->out);
        report_fping_json_text(form->out, host->label);
        fprintf(form->out, ", \"seq\": %" PRIu64 ", \"size\": %zu, \"rtt\": %s", reply->number,
                reply->bytes, ms);
    } else {
        write_stamp(form, reply->received);
        fprintf(form->out, "%-*s : [%" PRIu64 "], %zu bytes, %s ms", form->width, host->label,
                reply->number, reply->bytes, ms);
        write_so_far(form, &host->all);
    }
    end_reply(form, reply);
}

void report_fping_timeout(const struct report_fping_form *form,
                          const struct report_fping_host *host, uint64_t number,
                          struct sonde_wall at)
{
    if (form->json) {
        fputs("{\"timeout\": {", form->out);
        write_stamp(form, at);
        fputs("\"host\": ", form->out);
        report_fping_json_text(form->out, host->label);
        fprintf(form->out, ", \"seq\": %" PRIu64 "}}\n", number);
        return;
    }
    write_stamp(form, at);
    fprintf(form->out, "%-*s : [%" PRIu64 "], timed out", form->width, host->label, number);
    write_so_far(form, &host->all);
    fputc('\n', form->out);
}

void report_fping_duplicate(const struct report_fping_form *form,
                            const struct report_fping_host *host,
                            const struct report_fping_reply *reply)
{
    char ms[REPORT_FPING_MS];
    fprintf(form->err, "%s : duplicate for [%" PRIu64 "], %zu bytes, %s ms", host->label,
            reply->number, reply->bytes, report_fping_ms(reply->rtt_ns, ms));
    write_stranger(form, &reply->from);
    fputc('\n', form->err);
}

void report_fping_error(const struct report_fping_form *form, const struct report_fping_host *host,
                        const struct sonde_outcome *outcome)
{
    char words[REPORT_FPING_WORDS], from[SONDE_ADDRESS_TEXT];
    const enum sonde_family family = (enum sonde_family)outcome->from.family;
    fprintf(form->err, "%s from %s for %s sent to %s\n",
            report_fping_words(family, outcome->icmp_type, outcome->icmp_code, words),
            sonde_address_format(&outcome->from, from),
            family == SONDE_IPV6 ? "ICMPv6 Echo Request" : "ICMP Echo", host->label);
}

void report_fping_unknown(const struct report_fping_form *form, const char *name, const char *why,
                          bool quiet)
{
    if (!quiet)
        fprintf(form->err, "%s: %s\n", name, why);
    if (!form->json)
        return;
    fputs("{\"warning\": {\"host\": ", form->out);
    report_fping_json_text(form->out, name);
    fputs(", \"message\": ", form->out);
    report_fping_json_text(form->out, why);
    fputs("}}\n", form->out);
}
