/* Which kind of probe: --udp, --tcp, --sctp and --payload of all commands that have them. */
#ifndef CLI_PROBE_CHOICE_H
#define CLI_PROBE_CHOICE_H

#include <stdint.h>

#include "cli/options.h"
#include "sonde/engine.h"
#include "sonde/probe.h"

/* Zero is an echo request. */
struct cli_probe_choice {
    enum sonde_probe_kind kind;
    uint16_t port; /* of the destination; UDP, TCP, SCTP */
};

/* What is said in UDP when --payload is not given: what a server of that port understands. */
#define CLI_PAYLOAD_BY_PORT (-1)

/* What the help says of the options, in the table of each command. */
#define CLI_UDP_HELP  "UDP datagrams to this port, instead of echo requests"
#define CLI_TCP_HELP  "TCP SYNs to this port; what they open is closed"
#define CLI_SCTP_HELP "SCTP INITs to this port"
#define CLI_PAYLOAD_HELP                                                                           \
    "with --udp: what a server of this kind answers; by default what fits the port, else a "       \
    "pattern"

/* For --payload: CLI_PAYLOAD_BY_PORT or an enum sonde_payload, with NULL at the end. */
extern const struct cli_choice cli_payload_choices[];

/* A port. The option's `value` is the kind. Into struct cli_probe_choice. */
bool cli_read_probe_port(const struct cli_option *option, const char *argument, void *member,
                         struct cli_error *error);

/* The payload of a choice: `given` is the value of --payload. */
enum sonde_payload cli_payload_of(const struct cli_probe_choice *choice, int given);

/* Its word where a UDP probe has one that makes its own length; else NULL. */
const char *cli_payload_word(const struct cli_probe_choice *choice, int given);

/*
 * Whether choice and data go together: `filled`, what the payload holds was given, and `sized`, how
 * long it is. Returns false with *error.
 */
bool cli_probe_choice_check(const struct cli_probe_choice *choice, int payload, bool filled,
                            bool sized, struct cli_error *error);

/*
 * How many flows a host is asked by in turn, so that none comes again while its last probe may
 * still be answered: a half-open connection would swallow the next SYN, and a reply in UDP does not
 * say which probe of its flow it is for.
 */
uint32_t cli_flows(double interval_s, double timeout_s);

/* "--tcp"; NULL for an echo request. */
const char *cli_protocol_option(enum sonde_probe_kind kind);

/* The option of it that datagram sockets cannot serve; NULL: there is none. `sized`: the probe has
 * a length that was asked for, and a SYN of connect(2) has none of ours. */
const char *cli_raw_option(const struct cli_probe_choice *choice, bool sized);

/* The transport's `protocols` that the kind needs beside ICMP. */
unsigned cli_protocols_of(enum sonde_probe_kind kind);

#endif
