/* The text report from inside: lines, IP options, summary. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "packet/icmp.h"
#include "packet/ipv4_options.h"
#include "report.h"
#include "state.h"

/* The record route of a target's last reply: ping says "(same route)". */
struct text_route {
    bool known;
    struct packet_ipv4_route route;
};

struct text_report {
    struct report_state state;
    struct text_route *routes; /* by target */
    int advised;               /* the errno that was explained last */
};

/* Colours, sober: what is well, what is to be watched, what is wrong. */
enum text_colour {
    TEXT_NORMAL,
    TEXT_GOOD,
    TEXT_FAIR,
    TEXT_BAD,
    TEXT_FAINT,
};

/* Writes the escape sequence when colours are wanted. */
void text_colour(const struct text_report *text, enum text_colour colour);

/* Writes an address, by name and number. */
void text_address(const struct text_report *text, const struct sonde_address *address);

/* text_options.c: the IPv4 options of a reply; `target` is whose last route is compared. */
void text_options(struct text_report *text, uint32_t target, struct sonde_bytes ip);
/* The quoted header of a redirect or source quench, for -v. */
void text_quoted_header(struct text_report *text, uint32_t target, struct sonde_bytes icmp);

/* text_reply.c: the answers of other probes than echo; they stand where icmp_seq is. */
void text_node_info(const struct text_report *text, const struct sonde_outcome *outcome);
/* … and what timestamp and extended echo replies say, behind the RTT. */
void text_reply_details(const struct text_report *text, const struct sonde_outcome *outcome);
/* The payload that is not what was sent, from its first wrong byte. */
void text_wrong_data(const struct text_report *text, const struct sonde_outcome *outcome);

/* text_summary.c */
void text_summary(struct text_report *text, const struct report_measurement *measurement);
/* text_extras.c: what sonde adds to ping's lines. */
void text_extras(const struct text_report *text, uint32_t target,
                 const struct report_numbers *numbers);
void text_measurement(const struct text_report *text, const struct report_measurement *measurement);

#endif
