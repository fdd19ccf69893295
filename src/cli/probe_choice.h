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

/* For --payload: CLI_PAYLOAD_BY_PORT or an enum sonde_payload, with NULL at the end. */
extern const struct cli_choice cli_payload_choices[];

/* A port. The option's `value` is the kind. Into struct cli_probe_choice. */
bool cli_read_probe_port(const struct cli_option *option, const char *argument, void *member,
                         struct cli_error *error);

/* The payload of a choice: `given` is the value of --payload. */
enum sonde_payload cli_payload_of(const struct cli_probe_choice *choice, int given);

/* The transport's `protocols` that the kind needs beside ICMP. */
unsigned cli_protocols_of(enum sonde_probe_kind kind);

#endif
