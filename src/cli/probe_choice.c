#include "cli/probe_choice.h"

#include "base/number.h"
#include "sonde/net.h"

#define PORT_DNS  53
#define PORT_NTP  123
#define PORT_QUIC 443

#define LEAST_FLOWS 16
#define MOST_FLOWS  4096
#define SHORTEST_S  1e-6

const struct cli_choice cli_payload_choices[] = {
    {"port", CLI_PAYLOAD_BY_PORT}, {"pattern", SONDE_PAYLOAD_PATTERN}, {"dns", SONDE_PAYLOAD_DNS},
    {"ntp", SONDE_PAYLOAD_NTP},    {"quic", SONDE_PAYLOAD_QUIC},       {NULL, 0},
};

bool cli_read_probe_port(const struct cli_option *option, const char *argument, void *member,
                         struct cli_error *error)
{
    int64_t port;
    if (base_parse_integer(argument, 1, UINT16_MAX, &port) != BASE_NUMBER_OK) {
        cli_error_argument(error, "is not a port (expected 1 to 65535)");
        return false;
    }
    const struct cli_probe_choice *before = member;
    if (before->port > 0 && (int)before->kind != option->value)
        return cli_error_conflict(error, "only one of --udp, --tcp and --sctp can be asked", NULL);
    *(struct cli_probe_choice *)member = (struct cli_probe_choice){
        .kind = (enum sonde_probe_kind)option->value,
        .port = (uint16_t)port,
    };
    return true;
}

enum sonde_payload cli_payload_of(const struct cli_probe_choice *choice, int given)
{
    if (given != CLI_PAYLOAD_BY_PORT)
        return (enum sonde_payload)given;
    switch (choice->port) {
    case PORT_DNS:
        return SONDE_PAYLOAD_DNS;
    case PORT_NTP:
        return SONDE_PAYLOAD_NTP;
    case PORT_QUIC:
        return SONDE_PAYLOAD_QUIC;
    default:
        return SONDE_PAYLOAD_PATTERN;
    }
}

const char *cli_payload_word(const struct cli_probe_choice *choice, int given)
{
    const enum sonde_payload payload = cli_payload_of(choice, given);
    if (choice->kind != SONDE_PROBE_UDP || payload == SONDE_PAYLOAD_PATTERN)
        return NULL;
    for (const struct cli_choice *word = cli_payload_choices; word->name; word++)
        if (word->value == (int)payload)
            return word->name;
    return NULL;
}

bool cli_probe_choice_check(const struct cli_probe_choice *choice, int payload, bool filled,
                            bool sized, struct cli_error *error)
{
    const bool udp = choice->kind == SONDE_PROBE_UDP;
    const bool data = filled || sized;
    if (payload != CLI_PAYLOAD_BY_PORT && !udp)
        return cli_error_conflict(error, "--payload is for --udp", NULL);
    if (payload != CLI_PAYLOAD_BY_PORT && payload != SONDE_PAYLOAD_PATTERN && data)
        return cli_error_conflict(
            error, "--payload says it all: there is no other size and no other data in it", NULL);
    if (choice->kind == SONDE_PROBE_SCTP && data)
        return cli_error_conflict(
            error, "--sctp asks by INIT chunks, which have no data: no --size", NULL);
    if (choice->kind == SONDE_PROBE_TCP && filled && !sized)
        return cli_error_conflict(error, "--tcp sends no data, unless --size says how much", NULL);
    return true;
}

uint32_t cli_flows(double interval_s, double timeout_s)
{
    const double flows = timeout_s / (interval_s > SHORTEST_S ? interval_s : SHORTEST_S) + 2;
    return flows < LEAST_FLOWS ? LEAST_FLOWS : flows < MOST_FLOWS ? (uint32_t)flows : MOST_FLOWS;
}

const char *cli_protocol_option(enum sonde_probe_kind kind)
{
    switch (kind) {
    case SONDE_PROBE_UDP:
        return "--udp";
    case SONDE_PROBE_TCP:
        return "--tcp";
    case SONDE_PROBE_SCTP:
        return "--sctp";
    default:
        return NULL;
    }
}

const char *cli_raw_option(const struct cli_probe_choice *choice, bool sized)
{
    if (choice->kind == SONDE_PROBE_SCTP)
        return "--sctp";
    return choice->kind == SONDE_PROBE_TCP && sized ? "--size with --tcp" : NULL;
}

unsigned cli_protocols_of(enum sonde_probe_kind kind)
{
    switch (kind) {
    case SONDE_PROBE_UDP:
        return SONDE_NET_UDP;
    case SONDE_PROBE_TCP:
        return SONDE_NET_TCP;
    case SONDE_PROBE_SCTP:
        return SONDE_NET_SCTP;
    default:
        return 0;
    }
}
