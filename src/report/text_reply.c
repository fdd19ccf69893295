/* What replies say besides their sequence number and time. */
#include <inttypes.h>
#include <string.h>

#include "packet/node_info.h"
#include "text.h"
#include "words.h"

/* ping compares and shows the payload from here on: before it is what proves the reply ours. */
#define COMPARED_FROM 16u
#define DUMP_COLUMNS  32u

/* --- node information ------------------------------------------------------------------------ */

static void node_names(const struct text_report *text, struct packet_node_info *info)
{
    char name[PACKET_NAME_TEXT];
    int result;
    const char *separator = " ";
    while ((result = packet_node_info_next_name(&info->names, name)) == 1) {
        fprintf(text->state.run.out, "%s%s", separator, name);
        separator = ", ";
    }
    if (result < 0)
        fprintf(text->state.run.out, "%sparse error (truncated)", separator);
}

static void node_addresses(const struct text_report *text, struct packet_node_info *info)
{
    struct packet_node_address entry;
    char number[SONDE_ADDRESS_TEXT];
    int result;
    const char *separator = " ";
    while ((result = packet_node_info_next_address(info, &entry)) == 1) {
        fprintf(text->state.run.out, "%s%s", separator,
                sonde_address_format(&entry.address, number));
        separator = ", ";
    }
    if (result < 0)
        fprintf(text->state.run.out, "%sparse error (truncated)", separator);
    if (info->truncated)
        fputs(" (truncated)", text->state.run.out);
}

static void node_answer(const struct text_report *text, const struct packet_icmp *reply)
{
    FILE *out = text->state.run.out;
    uint16_t qtype = reply->node.qtype;
    struct packet_node_info info;
    if (qtype != PACKET_NODE_NAME && qtype != PACKET_NODE_IPV6 && qtype != PACKET_NODE_IPV4)
        fprintf(out, " unknown qtype(0x%02x)", qtype);
    else if (packet_node_info_parse(reply, &info) != 0)
        fputs(" parse error (too short)", out);
    else if (qtype == PACKET_NODE_NAME)
        node_names(text, &info);
    else
        node_addresses(text, &info);
}

void text_node_info(const struct text_report *text, const struct sonde_outcome *outcome)
{
    FILE *out = text->state.run.out;
    struct packet_icmp reply;
    if (packet_icmp_parse(SONDE_IPV6, outcome->icmp, &reply) != 0 || reply.form != PACKET_ICMP_NODE)
        fputs(" parse error (too short)", out);
    else if (reply.code == PACKET_NODE_INFO_OK)
        node_answer(text, &reply);
    else if (reply.code == PACKET_NODE_INFO_REFUSED)
        fputs(" refused", out);
    else if (reply.code == PACKET_NODE_INFO_UNKNOWN)
        fputs(" unknown", out);
    else
        fprintf(out, " unknown code(%02x)", reply.code);
    fprintf(out, "; seq=%u;", report_sequence(outcome->number));
}

/* --- timestamp, extended echo ---------------------------------------------------------------- */

/* Milliseconds since midnight UT, or whatever else the far end keeps (RFC 792). */
static void remote_time(FILE *out, const char *what, uint32_t time)
{
    if (time >= 86400000)
        fprintf(out, " %s=0x%08x", what, time);
    else
        fprintf(out, " %s=%02u:%02u:%02u.%03u", what, time / 3600000, time / 60000 % 60,
                time / 1000 % 60, time % 1000);
}

void text_reply_details(const struct text_report *text, const struct sonde_outcome *outcome)
{
    FILE *out = text->state.run.out;
    struct packet_icmp reply;
    enum sonde_probe_kind kind = text->state.run.kind;
    if (kind != SONDE_PROBE_TIMESTAMP && kind != SONDE_PROBE_EXTENDED_ECHO)
        return;
    enum sonde_family family = (enum sonde_family)outcome->from.family;
    if (packet_icmp_parse(family, outcome->icmp, &reply) != 0)
        return;
    if (reply.form == PACKET_ICMP_TIMES) {
        remote_time(out, "receive", reply.timestamp.receive);
        remote_time(out, "transmit", reply.timestamp.transmit);
    } else if (reply.form == PACKET_ICMP_EXTENDED_ECHO_ANSWER && reply.code != 0) {
        char words[REPORT_ICMP_WORDS];
        fprintf(out, " %s", report_icmp_words(family, reply.type, reply.code, 0, 0, words));
    } else if (reply.form == PACKET_ICMP_EXTENDED_ECHO_ANSWER && reply.extended.state != 0) {
        fprintf(out, " neighbour=%s", report_neighbour_word(reply.extended.state));
    } else if (reply.form == PACKET_ICMP_EXTENDED_ECHO_ANSWER) {
        /* the other bits are told of the proxy's own interfaces only: RFC 8335 section 3 */
        fprintf(out, " interface=%s%s%s", reply.extended.active ? "up" : "down",
                reply.extended.ipv4 ? ",ipv4" : "", reply.extended.ipv6 ? ",ipv6" : "");
    }
}

/* --- payload --------------------------------------------------------------------------------- */

static unsigned expected(const struct report_run *run, size_t offset)
{
    if (run->pattern && run->pattern_bytes > 0)
        return run->pattern[offset % run->pattern_bytes];
    return (unsigned)(offset & 0xff);
}

void text_wrong_data(const struct text_report *text, const struct sonde_outcome *outcome)
{
    const struct report_run *run = &text->state.run;
    size_t at = outcome->payload_differs_at;
    if (outcome->icmp.length < PACKET_ICMP_HEADER ||
        at >= outcome->icmp.length - PACKET_ICMP_HEADER)
        return;
    const uint8_t *payload = outcome->icmp.data + PACKET_ICMP_HEADER;
    size_t length = outcome->icmp.length - PACKET_ICMP_HEADER;
    size_t first = at < COMPARED_FROM ? 0 : COMPARED_FROM;
    fprintf(run->out, "\nwrong data byte #%zu should be 0x%x but was 0x%x", at, expected(run, at),
            payload[at]);
    for (size_t i = first; i < length; i++) {
        if ((i - first) % DUMP_COLUMNS == 0)
            fprintf(run->out, "\n#%zu\t", i);
        fprintf(run->out, "%x ", payload[i]);
    }
}
