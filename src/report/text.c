/* The text report: ping's lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "words.h"

/* A reply within 100 ms feels immediate; 300 ms are twice the one-way limit of ITU-T G.114. */
#define GOOD_RTT_NS (100 * SONDE_NS_PER_MS)
#define FAIR_RTT_NS (300 * SONDE_NS_PER_MS)

void text_colour(const struct text_report *text, enum text_colour colour)
{
    static const char *const sequences[] = {
        [TEXT_NORMAL] = "\033[0m", [TEXT_GOOD] = "\033[32m", [TEXT_FAIR] = "\033[33m",
        [TEXT_BAD] = "\033[31m",   [TEXT_FAINT] = "\033[2m",
    };
    if (text->state.run.colour)
        fputs(sequences[colour], text->state.run.out);
}

void text_address(const struct text_report *text, const struct sonde_address *address)
{
    char label[REPORT_LABEL];
    fputs(report_label(&text->state, address, label), text->state.run.out);
}

/* Nothing is written behind a failed write. */
static bool mute(const struct text_report *text)
{
    return text->state.error != 0;
}

static void time_of_day(const struct text_report *text, struct sonde_mono at)
{
    if (!text->state.run.timestamps)
        return;
    struct sonde_wall wall = report_wall(&text->state, at);
    if (wall.ns < 0)
        wall.ns = 0;
    fprintf(text->state.run.out, "[%" PRId64 ".%06d] ", wall.ns / SONDE_NS_PER_S,
            (int)(wall.ns % SONDE_NS_PER_S / 1000));
}

/* --- first lines ----------------------------------------------------------------------------- */

static void begin(void *self)
{
    struct text_report *text = self;
    const struct report_run *run = &text->state.run;
    if (!run->pattern || run->quiet || mute(text))
        return;
    fputs("PATTERN: 0x", run->out);
    for (size_t i = 0; i < run->pattern_bytes; i++)
        fprintf(run->out, "%02x", run->pattern[i]);
    fputc('\n', run->out);
    text->state.dirty = true;
}

/* "TCP port 443", "UDP port 53, dns query", "UDP port 9, 56 data bytes" */
static void what_is_asked(const struct report_run *run)
{
    fprintf(run->out, "%s port %u", report_protocol_name(run->kind), run->port);
    if (run->payload)
        fprintf(run->out, ", %s query", run->payload);
    else if (run->payload_bytes > 0)
        fprintf(run->out, ", %u data bytes", run->payload_bytes);
    fputc('\n', run->out);
}

/* What the number of a probe is called: ICMP has it in its header. */
static const char *sequence_name(const struct report_run *run)
{
    return report_protocol_name(run->kind) ? "seq" : "icmp_seq";
}

static void start(void *self, uint32_t target)
{
    struct text_report *text = self;
    const struct report_run *run = &text->state.run;
    const struct report_target *to = &run->targets[target];
    char number[SONDE_ADDRESS_TEXT];
    if (mute(text))
        return;
    bool ipv6 = to->address.family == SONDE_IPV6;
    bool ports = report_protocol_name(run->kind) != NULL;
    bool more = to->source.family != SONDE_FAMILY_NONE || (ipv6 && run->flow_label_set);
    fprintf(run->out, "PING %s (%s)%s ", text->state.names[target],
            sonde_address_format(&to->address, number), ports && !more ? ":" : "");
    if (ipv6 && run->flow_label_set)
        fprintf(run->out, ", flow 0x%05x, ", run->flow_label);
    if (to->source.family != SONDE_FAMILY_NONE)
        fprintf(run->out, "from %s %s: ", sonde_address_format(&to->source, number),
                to->device ? to->device : "");
    if (ports)
        what_is_asked(run);
    else if (ipv6)
        fprintf(run->out, "%u data bytes\n", run->payload_bytes);
    else
        fprintf(run->out, "%u(%u) bytes of data.\n", run->payload_bytes,
                run->payload_bytes + 8 + 20 + run->ip_option_bytes);
    text->state.dirty = true;
}

/* --- replies --------------------------------------------------------------------------------- */

static void reply_time(const struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    char ms[REPORT_MS];
    struct sonde_span rtt;
    bool too_short = run->plain && run->payload_bytes < 16; /* no room for ping's stamp */
    if (too_short || !report_rtt(outcome, &rtt))
        return;
    fputc(' ', run->out);
    text_colour(text, rtt.ns < GOOD_RTT_NS   ? TEXT_GOOD
                      : rtt.ns < FAIR_RTT_NS ? TEXT_FAIR
                                             : TEXT_BAD);
    fprintf(run->out, "time=%s ms",
            run->full_precision ? report_ms(rtt, ms) : report_ms_short(rtt, ms));
    text_colour(text, TEXT_NORMAL);
}

static void remark(const struct text_report *text, const char *words)
{
    fputc(' ', text->state.run.out);
    text_colour(text, TEXT_BAD);
    fputs(words, text->state.run.out);
    text_colour(text, TEXT_NORMAL);
}

static void remarks(const struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    const struct report_target *target = &run->targets[outcome->target];
    if (outcome->kind == SONDE_DUPLICATE && (!target->many_answer || run->verbose))
        remark(text, "(DUP!)");
    if (outcome->kind == SONDE_CORRUPT)
        remark(text, "(BAD CHECKSUM!)");
    if (outcome->kind == SONDE_LATE && !run->plain)
        remark(text, "(LATE!)");
    if (outcome->foreign_source && !target->many_answer && !target->anycast)
        remark(text, "(DIFFERENT ADDRESS!)");
}

static void flood_reply(const struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    fputs(outcome->kind == SONDE_CORRUPT ? "\bC" : "\b \b", run->out);
    if (run->audible)
        fputc('\a', run->out);
}

static void reply_line(struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    FILE *out = run->out;
    bool node_info = run->kind == SONDE_PROBE_NODE_INFO;
    time_of_day(text, report_when(&text->state, outcome));
    if (report_protocol_name(run->kind))
        fprintf(out, "%s from ", report_said_words(outcome->said));
    else
        fprintf(out, "%zu bytes from ", outcome->icmp.length);
    text_address(text, &outcome->from);
    fputc(':', out);
    if (node_info)
        text_node_info(text, outcome);
    else
        fprintf(out, " %s=%u", sequence_name(run), report_sequence(outcome->number));
    if (run->verbose && run->identifier_known)
        fprintf(out, " ident=%u", outcome->identifier);
    if (outcome->hop_limit >= 0)
        fprintf(out, " ttl=%d", outcome->hop_limit);
    if (outcome->truncated) {
        fputs(" (truncated)\n", out);
        return;
    }
    if (!node_info)
        reply_time(text, outcome);
    text_reply_details(text, outcome);
    remarks(text, outcome);
    if (outcome->payload_differs)
        text_wrong_data(text, outcome);
    if (run->audible)
        fputc('\a', out);
    if (outcome->from.family == SONDE_IPV4)
        text_options(text, outcome->target, outcome->ip);
    fputc('\n', out);
}

/* --- errors ---------------------------------------------------------------------------------- */

static bool forwarded(const struct sonde_outcome *outcome)
{
    return outcome->kind == SONDE_REDIRECT || outcome->kind == SONDE_SOURCE_QUENCH;
}

static void error_line(struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    char words[REPORT_ICMP_WORDS];
    time_of_day(text, report_when(&text->state, outcome));
    fputs("From ", run->out);
    text_address(text, &outcome->from);
    fprintf(run->out, "%s %s=%u ", forwarded(outcome) ? ":" : "", sequence_name(run),
            report_sequence(outcome->number));
    text_colour(text, forwarded(outcome) ? TEXT_FAIR : TEXT_BAD);
    if (outcome->kind == SONDE_CORRUPT)
        fputs("(BAD CHECKSUM)", run->out);
    fputs(report_icmp_words((enum sonde_family)outcome->from.family, outcome->icmp_type,
                            outcome->icmp_code, outcome->mtu, outcome->pointer, words),
          run->out);
    if (outcome->gateway.family != SONDE_FAMILY_NONE) {
        fputs("(New nexthop: ", run->out);
        text_address(text, &outcome->gateway);
        fputc(')', run->out);
    }
    if (outcome->kind == SONDE_LATE && !run->plain)
        fputs(" (LATE!)", run->out);
    if (outcome->kind == SONDE_LATER_ERROR && !run->plain)
        fputs(" (answered before)", run->out);
    text_colour(text, TEXT_NORMAL);
    fputc('\n', run->out);
    if (run->verbose && forwarded(outcome) && outcome->from.family == SONDE_IPV4)
        text_quoted_header(text, outcome->target, outcome->icmp);
}

/* A probe that never left, on err: as ping says it, or with what to do the first time. */
static void failure_line(struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    bool ipv6 = run->targets[outcome->target].address.family == SONDE_IPV6;
    report_state_sync(&text->state);
    if (!run->plain) {
        fprintf(run->err, "%s: %s %s=%u not sent: ", run->program,
                text->state.names[outcome->target], sequence_name(run),
                report_sequence(outcome->number));
        if (outcome->error == EMSGSIZE && outcome->mtu != 0)
            fprintf(run->err, "Message too long, mtu=%u", outcome->mtu);
        else
            fputs(strerror(outcome->error), run->err);
        const char *advice = report_errno_advice(outcome->error);
        if (advice && text->advised != outcome->error)
            fprintf(run->err, " (%s)", advice);
        text->advised = outcome->error;
    } else if (outcome->error == EMSGSIZE && outcome->mtu != 0) {
        fprintf(run->err, "%s: local error: message too long, mtu%s%u", run->program,
                ipv6 ? ": " : "=", outcome->mtu);
    } else {
        fprintf(run->err, "%s: sendmsg: %s", run->program, strerror(outcome->error));
    }
    fputc('\n', run->err);
    fflush(run->err);
}

/* --- the seam -------------------------------------------------------------------------------- */

/*
 * ping holds its dots back when more probes are on their way than a line of the screen holds,
 * because a backspace does not climb to the line above.
 */
static bool dot_fits(const struct text_report *text, uint32_t target)
{
    uint32_t columns = text->state.run.screen_columns;
    const struct report_ledger *ledger = &text->state.ledgers[target];
    uint64_t transmitted = report_transmitted(&text->state, target);
    return columns == 0 || ledger->pipe < columns || transmitted < ledger->answered + columns;
}

static void sent(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error)
{
    struct text_report *text = self;
    const struct report_run *run = &text->state.run;
    if (error == 0 || run->plain) /* ping's time runs on when nothing gets out */
        report_state_sent(&text->state, probe, at);
    if (error > 0)
        return;
    if (!run->flood || run->quiet || mute(text) || !dot_fits(text, probe->target))
        return;
    fputc('.', run->out);
    text->state.dirty = true;
}

static bool is_icmp_error(const struct sonde_outcome *outcome)
{
    switch (outcome->kind) {
    case SONDE_TIME_EXCEEDED:
    case SONDE_UNREACHABLE:
    case SONDE_TOO_BIG:
    case SONDE_PARAMETER_PROBLEM:
    case SONDE_REDIRECT:
    case SONDE_SOURCE_QUENCH:
    case SONDE_LATER_ERROR:
        return true;
    case SONDE_LATE:
    case SONDE_DUPLICATE:
    case SONDE_CORRUPT:
        return !report_is_reply(outcome);
    default:
        return false;
    }
}

static void flood_outcome(struct text_report *text, const struct sonde_outcome *outcome)
{
    if (outcome->kind == SONDE_SEND_FAILED)
        fputc('E', text->state.run.out);
    else if (report_is_reply(outcome))
        flood_reply(text, outcome);
    else if (is_icmp_error(outcome) && !forwarded(outcome))
        fputs("\bE", text->state.run.out);
}

static void outcome_told(void *self, const struct sonde_outcome *outcome)
{
    struct text_report *text = self;
    report_state_outcome(&text->state, outcome);
    if (text->state.run.quiet || mute(text))
        return;
    if (text->state.run.flood)
        flood_outcome(text, outcome);
    else if (outcome->kind == SONDE_SEND_FAILED)
        failure_line(text, outcome);
    else if (report_is_reply(outcome))
        reply_line(text, outcome);
    else if (is_icmp_error(outcome))
        error_line(text, outcome);
    else
        return;
    text->state.dirty = true;
}

static void unanswered(void *self, uint32_t target, uint64_t number)
{
    struct text_report *text = self;
    const struct report_run *run = &text->state.run;
    if (mute(text))
        return;
    time_of_day(text, report_now(&text->state));
    if (run->target_count > 1)
        fprintf(run->out, "no answer yet from %s for %s=%u\n", text->state.names[target],
                sequence_name(run), report_sequence(number));
    else
        fprintf(run->out, "no answer yet for %s=%u\n", sequence_name(run), report_sequence(number));
    text->state.dirty = true;
}

static void progress(void *self)
{
    struct text_report *text = self;
    report_progress(&text->state);
}

static void summary(void *self, const struct report_measurement *measurement)
{
    struct text_report *text = self;
    if (mute(text))
        return;
    text_summary(text, measurement);
    text->state.dirty = true;
}

static void destroy(void *self)
{
    struct text_report *text = self;
    free(text->routes);
    report_destroy(text);
}

int report_text_create(struct report *report, const struct report_run *run)
{
    static const struct report_ops ops = {
        .begin = begin,
        .start = start,
        .sent = sent,
        .outcome = outcome_told,
        .unanswered = unanswered,
        .progress = progress,
        .summary = summary,
        .flush = report_flush,
        .destroy = destroy,
    };
    int result = report_create(report, run, &ops, sizeof(struct text_report));
    bool routes = run->target_count == 1 || run->ip_option_bytes > 0; /* one may come unasked */
    if (result != 0 || run->target_count == 0 || !routes)
        return result;
    struct text_report *text = report->self;
    text->routes = calloc(run->target_count, sizeof *text->routes);
    if (text->routes)
        return 0;
    destroy(text);
    *report = (struct report){0};
    return -ENOMEM;
}
