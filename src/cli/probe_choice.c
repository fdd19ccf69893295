#include "cli/probe_choice.h"

#include "base/number.h"
#include "sonde/net.h"

#define PORT_DNS  53
#define PORT_NTP  123
#define PORT_QUIC 443

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
