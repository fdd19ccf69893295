/* What a path shows, in words that one can act on. */
#include <inttypes.h>
#include <string.h>

#include "trace_inside.h"
#include "words.h"

/* --- words for programs ---------------------------------------------------------------------- */

const char *trace_verdict_word(enum sonde_path_verdict verdict)
{
    static const char *const words[] = {
        [SONDE_PATH_NOT_ASKED] = "not_asked",
        [SONDE_PATH_FINE] = "fine",
        [SONDE_PATH_SILENT] = "silent",
        [SONDE_PATH_RATIONED] = "rationed",
        [SONDE_PATH_UNCLEAR] = "unclear",
        [SONDE_PATH_LOSS] = "loss",
        [SONDE_PATH_LOSS_GOES_ON] = "loss_goes_on",
        [SONDE_PATH_UNREACHABLE] = "unreachable",
        [SONDE_PATH_TOO_BIG] = "too_big",
        [SONDE_PATH_LOOP] = "loop",
        [SONDE_PATH_BLACK_HOLE] = "black_hole",
    };
    return words[verdict];
}

const char *trace_reason_word(enum sonde_trace_reason reason)
{
    static const char *const words[] = {
        [SONDE_TRACE_OPEN] = "open",
        [SONDE_TRACE_REACHED] = "reached",
        [SONDE_TRACE_UNREACHABLE] = "unreachable",
        [SONDE_TRACE_TOO_BIG] = "too_big",
        [SONDE_TRACE_PARAMETER] = "parameter_problem",
        [SONDE_TRACE_LOOP] = "loop",
        [SONDE_TRACE_SILENCE] = "silence",
        [SONDE_TRACE_LAST_HOP] = "last_hop",
        [SONDE_TRACE_SEND_FAILED] = "send_failed",
    };
    return words[reason];
}

/* --- a hop ----------------------------------------------------------------------------------- */

const char *trace_verdict(const struct sonde_path_hop *hop, char text[static TRACE_WORDS])
{
    text[0] = '\0';
    switch (hop->verdict) {
    case SONDE_PATH_NOT_ASKED:
    case SONDE_PATH_FINE:
        break;
    case SONDE_PATH_SILENT:
        snprintf(text, TRACE_WORDS, "does not answer, but forwards");
        break;
    case SONDE_PATH_RATIONED:
        snprintf(text, TRACE_WORDS, "no loss, it rations its answers");
        break;
    case SONDE_PATH_UNCLEAR:
        snprintf(text, TRACE_WORDS,
                 hop->asked_behind > 0
                     ? "too few probes to tell loss from rationed answers"
                     : "loss or rationed answers, and no hop behind it tells which");
        break;
    case SONDE_PATH_LOSS:
        snprintf(text, TRACE_WORDS, "packets are lost from here on");
        break;
    case SONDE_PATH_LOSS_GOES_ON:
        snprintf(text, TRACE_WORDS, "the loss of the hops before");
        break;
    case SONDE_PATH_UNREACHABLE:
        report_icmp_words((enum sonde_family)hop->addresses[hop->current].address.family,
                          hop->answer.icmp_type, hop->answer.icmp_code, hop->answer.mtu, 0, text);
        break;
    case SONDE_PATH_TOO_BIG:
        snprintf(text, TRACE_WORDS, "no larger packets than %" PRIu32 " bytes get further",
                 hop->mtu);
        break;
    case SONDE_PATH_LOOP:
        snprintf(text, TRACE_WORDS, "in a routing loop");
        break;
    case SONDE_PATH_BLACK_HOLE:
        snprintf(text, TRACE_WORDS, "nothing is heard from here on");
        break;
    }
    return text;
}

/* --- the end of the path --------------------------------------------------------------------- */

static const char *said_words(enum sonde_said said)
{
    switch (said) {
    case SONDE_SAID_PORT_CLOSED:
        return "; the port is closed";
    case SONDE_SAID_PROTOCOL_CLOSED:
        return "; the protocol is not served";
    case SONDE_SAID_SYN_ACK:
        return "; the port is open";
    case SONDE_SAID_RST:
        return "; the port is closed (RST)";
    case SONDE_SAID_INIT_ACK:
        return "; the port is open";
    case SONDE_SAID_ABORT:
        return "; the port is closed (ABORT)";
    case SONDE_SAID_UDP:
        return "; the port answers";
    case SONDE_SAID_ICMP_REPLY:
    case SONDE_SAID_NOTHING:
        break;
    }
    return "";
}

static void tell_end(const struct report_trace *report, const struct sonde_trace_end *end)
{
    FILE *out = report->state.run.out;
    char words[REPORT_ICMP_WORDS], number[SONDE_ADDRESS_TEXT];
    const char *target = report->state.names[0];
    switch (end->reason) {
    case SONDE_TRACE_REACHED:
        fprintf(out, "%s is %u %s away%s.\n", target, end->hop, end->hop == 1 ? "hop" : "hops",
                said_words(end->said));
        break;
    case SONDE_TRACE_UNREACHABLE:
    case SONDE_TRACE_PARAMETER:
        fprintf(out, "%s is not reached: %s, says %s at hop %u.\n", target,
                report_icmp_words((enum sonde_family)end->from.family, end->icmp_type,
                                  end->icmp_code, end->mtu, 0, words),
                sonde_address_format(&end->from, number), end->hop);
        break;
    case SONDE_TRACE_TOO_BIG:
        fprintf(out, "%s is not reached: from hop %u on no more than %" PRIu32 " bytes fit.\n",
                target, end->hop, end->mtu);
        break;
    case SONDE_TRACE_LOOP:
        fprintf(out, "%s is not reached: the packets go round between hops %u and %u.\n", target,
                end->loop_hop, end->loop_hop + end->loop_length - 1);
        break;
    case SONDE_TRACE_SILENCE:
        if (end->hop == 0)
            fprintf(out, "%s is not reached: nobody answers, not even the first hop.\n", target);
        else
            fprintf(out,
                    "%s is not reached: nothing is heard from behind hop %u (asked up to hop %u). "
                    "Dropped packets and mute hosts look the same.\n",
                    target, end->hop, end->asked);
        break;
    case SONDE_TRACE_LAST_HOP:
    case SONDE_TRACE_OPEN:
        fprintf(out, "%s is not reached within %u %s.\n", target, end->asked,
                end->asked == 1 ? "hop" : "hops");
        break;
    case SONDE_TRACE_SEND_FAILED:
        fprintf(out, "%s is not reached: cannot send: %s.\n", target, strerror(end->error));
        break;
    }
}

/* --- what else there is to say --------------------------------------------------------------- */

static void tell_loss(FILE *out, const struct sonde_path_hop *hop)
{
    char text[TRACE_WORDS];
    switch (hop->verdict) {
    case SONDE_PATH_LOSS:
    case SONDE_PATH_RATIONED:
    case SONDE_PATH_UNCLEAR:
        fprintf(out, "Hop %u: %" PRIu64 " of %" PRIu64 " probes unanswered", hop->hop, hop->missed,
                hop->asked);
        if (hop->asked_behind > 0)
            fprintf(out, ", %" PRIu64 " of %" PRIu64 " behind it", hop->missed_behind,
                    hop->asked_behind);
        fprintf(out, ": %s.\n", trace_verdict(hop, text));
        break;
    default:
        break;
    }
}

static void tell_rewriting(FILE *out, const struct sonde_path_hop *hop)
{
    if (hop->class_rewritten)
        fprintf(out, "Between hops %u and %u the traffic class is changed from 0x%02x to 0x%02x.\n",
                hop->rewrite_after, hop->hop, hop->class_before, hop->quote.traffic_class);
    if (hop->nat_before)
        fprintf(out, "Between hops %u and %u addresses or ports are translated (NAT).\n",
                hop->nat_after, hop->hop);
    if (hop->hop_limit_zero)
        fprintf(out,
                "Before hop %u a router passes packets on whose hop limit is 0: its own "
                "answer is missing.\n",
                hop->hop);
}

static void tell_changes(FILE *out, const struct sonde_path_hop *hop)
{
    char from[SONDE_ADDRESS_TEXT], to[SONDE_ADDRESS_TEXT];
    for (uint8_t i = 0; i < hop->change_count; i++)
        fprintf(out, "Hop %u: %s took the place of %s in round %" PRIu32 ".\n", hop->hop,
                sonde_address_format(&hop->changes[i].to, to),
                sonde_address_format(&hop->changes[i].from, from), hop->changes[i].round + 1);
    if (hop->variety == SONDE_PATH_ALTERNATES)
        fprintf(out, "Hop %u: %u addresses take turns; `sonde trace --multipath` finds all ways.\n",
                hop->hop, hop->address_count);
}

/* Answers come back over a clearly longer or shorter way. */
static void tell_return(FILE *out, const struct sonde_path_hop *hop)
{
    const int difference = hop->return_hops - (hop->hop - 1);
    if (hop->return_hops >= 0 && (difference > 1 || difference < -1))
        fprintf(out, "Hop %u: its answers take %d hops back, not %u: the ways differ.\n", hop->hop,
                hop->return_hops + 1, hop->hop);
}

void trace_findings(const struct report_trace *report, const struct sonde_trace_end *end)
{
    FILE *out = report->state.run.out;
    const uint8_t last = sonde_path_length(report->config.path);
    tell_end(report, end);
    for (unsigned i = report->config.trace->first_hop; i <= last; i++) {
        const struct sonde_path_hop *hop = sonde_path_hop(report->config.path, (uint8_t)i);
        tell_loss(out, hop);
        tell_rewriting(out, hop);
        tell_changes(out, hop);
        if (report->state.run.verbose)
            tell_return(out, hop);
    }
}
