/* What can be told of a host: names and values. */
#include <inttypes.h>
#include <string.h>

#include "sweep_inside.h"
#include "words.h"

static const char *const names[REPORT_SWEEP_FIELDS] = {
    [REPORT_SWEEP_TIME] = "time",          [REPORT_SWEEP_HOST] = "host",
    [REPORT_SWEEP_ADDRESS] = "address",    [REPORT_SWEEP_STATE] = "state",
    [REPORT_SWEEP_REASON] = "reason",      [REPORT_SWEEP_SAID] = "said",
    [REPORT_SWEEP_SENT] = "sent",          [REPORT_SWEEP_RECEIVED] = "received",
    [REPORT_SWEEP_LOSS] = "loss",          [REPORT_SWEEP_ERRORS] = "errors",
    [REPORT_SWEEP_LATE] = "late",          [REPORT_SWEEP_DUPLICATES] = "duplicates",
    [REPORT_SWEEP_RTT] = "rtt_ns",         [REPORT_SWEEP_RTT_MIN] = "rtt_min_ns",
    [REPORT_SWEEP_RTT_AVG] = "rtt_avg_ns", [REPORT_SWEEP_RTT_MAX] = "rtt_max_ns",
};

const char *report_sweep_field_name(enum report_sweep_field field)
{
    return names[field];
}

const char *report_sweep_field_names(char text[static REPORT_SWEEP_FIELD_NAMES])
{
    size_t used = 0;
    for (size_t i = 0; i < REPORT_SWEEP_FIELDS; i++)
        used += (size_t)snprintf(text + used, REPORT_SWEEP_FIELD_NAMES - used, "%s%s",
                                 i > 0 ? ", " : "", names[i]);
    return text;
}

bool report_sweep_fields_parse(const char *text, struct report_sweep_fields *fields)
{
    *fields = (struct report_sweep_fields){0};
    for (;;) {
        const size_t length = strcspn(text, ",");
        size_t field = 0;
        while (field < REPORT_SWEEP_FIELDS &&
               (strlen(names[field]) != length || strncmp(names[field], text, length) != 0))
            field++;
        if (field == REPORT_SWEEP_FIELDS || memchr(fields->fields, (int)field, fields->count))
            return false;
        fields->fields[fields->count++] = (uint8_t)field;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}

const char *report_sweep_state_word(enum sonde_sweep_state state)
{
    switch (state) {
    case SONDE_SWEEP_ANSWERED:
        return "alive";
    case SONDE_SWEEP_SILENT:
        return "silent";
    case SONDE_SWEEP_REFUSED:
        return "refused";
    case SONDE_SWEEP_UNSENT:
        return "unsent";
    case SONDE_SWEEP_WAITING:
        break;
    }
    return "waiting";
}

const char *report_sweep_label(const struct report_sweep *report, uint32_t host,
                               char text[static REPORT_LABEL])
{
    char number[SONDE_ADDRESS_TEXT];
    sonde_address_format(&report->config.targets[host].address, number);
    const char *name = report->config.names ? report->config.names[host] : NULL;
    if (!name) {
        snprintf(text, REPORT_LABEL, "%s", number);
        return text;
    }
    report_printable(name, text, 4 * 255 + 1);
    const size_t used = strlen(text);
    snprintf(text + used, REPORT_LABEL - used, " (%s)", number);
    return text;
}

const char *report_sweep_reason(const struct report_sweep *report,
                                const struct sonde_outcome *outcome,
                                char text[static REPORT_SWEEP_REASON_TEXT])
{
    char words[REPORT_ICMP_WORDS], number[SONDE_ADDRESS_TEXT];
    const enum sonde_family family =
        (enum sonde_family)report->config.targets[outcome->target].address.family;
    if (outcome->kind == SONDE_SEND_FAILED)
        snprintf(text, REPORT_SWEEP_REASON_TEXT, "cannot send: %s", strerror(outcome->error));
    else if (outcome->kind == SONDE_REPLY)
        snprintf(text, REPORT_SWEEP_REASON_TEXT, "answered by %s",
                 sonde_address_format(&outcome->from, number));
    else if (outcome->kind == SONDE_UNFINISHED)
        snprintf(text, REPORT_SWEEP_REASON_TEXT, "still open");
    else if (outcome->kind == SONDE_TIMED_OUT)
        snprintf(text, REPORT_SWEEP_REASON_TEXT, "no answer");
    else
        snprintf(text, REPORT_SWEEP_REASON_TEXT, "%s, from %s",
                 report_icmp_words(family, outcome->icmp_type, outcome->icmp_code, outcome->mtu,
                                   outcome->pointer, words),
                 sonde_address_format(&outcome->from, number));
    return text;
}

/* Why a host is not alive; NULL when it is. */
static const char *reason(const struct report_sweep *report, const struct report_sweep_row *row,
                          char text[static REPORT_SWEEP_REASON_TEXT])
{
    switch (row->figures.state) {
    case SONDE_SWEEP_ANSWERED:
        return NULL;
    case SONDE_SWEEP_SILENT:
        return "no answer";
    case SONDE_SWEEP_REFUSED:
    case SONDE_SWEEP_UNSENT:
        if (row->outcome && row->outcome->kind != SONDE_TIMED_OUT)
            return report_sweep_reason(report, row->outcome, text);
        return row->figures.state == SONDE_SWEEP_REFUSED ? "an ICMP error" : "cannot send";
    case SONDE_SWEEP_WAITING:
        break;
    }
    return row->figures.sent == 0 ? "not asked" : "no answer yet";
}

static void integer(struct report_sweep_value *value, uint64_t number)
{
    value->kind = REPORT_SWEEP_INTEGER;
    value->integer = number;
}

static void span(struct report_sweep_value *value, int64_t ns)
{
    if (ns >= 0)
        integer(value, (uint64_t)ns);
}

static void words(struct report_sweep_value *value, const char *text)
{
    value->kind = text ? REPORT_SWEEP_WORDS : REPORT_SWEEP_NONE;
    value->words = text;
}

/* Of the probes that have their verdict. */
static void loss(struct report_sweep_value *value, const struct sonde_sweep_host *host)
{
    const uint64_t lost = host->timed_out + host->errors;
    if (lost + host->received == 0)
        return;
    value->kind = REPORT_SWEEP_REAL;
    value->real = (double)lost / (double)(lost + host->received);
}

static const char *host_words(const struct report_sweep *report, uint32_t host,
                              char text[static REPORT_LABEL])
{
    const char *name = report->config.names ? report->config.names[host] : NULL;
    if (!name)
        return sonde_address_format(&report->config.targets[host].address, text);
    report_printable(name, text, REPORT_LABEL);
    return text;
}

void report_sweep_value(const struct report_sweep *report, const struct report_sweep_row *row,
                        enum report_sweep_field field, struct report_sweep_value *value)
{
    const struct sonde_sweep_host *host = &row->figures;
    value->kind = REPORT_SWEEP_NONE;
    switch (field) {
    case REPORT_SWEEP_TIME:
        words(value, report_time(report_wall(&report->state, row->at), value->text));
        break;
    case REPORT_SWEEP_HOST:
        words(value, host_words(report, row->host, value->text));
        break;
    case REPORT_SWEEP_ADDRESS:
        words(value, sonde_address_format(&report->config.targets[row->host].address, value->text));
        break;
    case REPORT_SWEEP_STATE:
        words(value, report_sweep_state_word(host->state));
        break;
    case REPORT_SWEEP_REASON:
        words(value, reason(report, row, value->text));
        break;
    case REPORT_SWEEP_SAID:
        words(value, host->said == SONDE_SAID_NOTHING ? NULL : report_said_word(host->said));
        break;
    case REPORT_SWEEP_SENT:
        integer(value, host->sent);
        break;
    case REPORT_SWEEP_RECEIVED:
        integer(value, host->received);
        break;
    case REPORT_SWEEP_LOSS:
        loss(value, host);
        break;
    case REPORT_SWEEP_ERRORS:
        integer(value, host->errors);
        break;
    case REPORT_SWEEP_LATE:
        integer(value, host->late);
        break;
    case REPORT_SWEEP_DUPLICATES:
        integer(value, host->duplicates);
        break;
    case REPORT_SWEEP_RTT:
        span(value, host->rtt_last_ns);
        break;
    case REPORT_SWEEP_RTT_MIN:
        span(value, host->rtt_min_ns);
        break;
    case REPORT_SWEEP_RTT_AVG:
        if (host->received > 0 && host->rtt_min_ns >= 0)
            span(value, host->rtt_sum_ns / (int64_t)host->received);
        break;
    case REPORT_SWEEP_RTT_MAX:
        span(value, host->rtt_max_ns);
        break;
    case REPORT_SWEEP_FIELDS:
        break;
    }
}

void report_sweep_choose_fields(struct report_sweep *report)
{
    static const struct report_sweep_fields alive = {
        8,
        {REPORT_SWEEP_TIME, REPORT_SWEEP_HOST, REPORT_SWEEP_ADDRESS, REPORT_SWEEP_STATE,
         REPORT_SWEEP_RTT, REPORT_SWEEP_SENT, REPORT_SWEEP_RECEIVED, REPORT_SWEEP_REASON}};
    static const struct report_sweep_fields watched = {
        13,
        {REPORT_SWEEP_TIME, REPORT_SWEEP_HOST, REPORT_SWEEP_ADDRESS, REPORT_SWEEP_STATE,
         REPORT_SWEEP_SENT, REPORT_SWEEP_RECEIVED, REPORT_SWEEP_LOSS, REPORT_SWEEP_ERRORS,
         REPORT_SWEEP_LATE, REPORT_SWEEP_DUPLICATES, REPORT_SWEEP_RTT_MIN, REPORT_SWEEP_RTT_AVG,
         REPORT_SWEEP_RTT_MAX}};
    const struct report_sweep_config *config = &report->config;
    report->fields = config->fields.count > 0                  ? config->fields
                     : config->sweep.mode == SONDE_SWEEP_ALIVE ? alive
                                                               : watched;
    if (config->fields.count == 0 && report_protocol_name(config->sweep.probe.kind))
        report->fields.fields[report->fields.count++] = REPORT_SWEEP_SAID;
}
