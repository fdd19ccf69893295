/* Which settings of ping go together, and what is allowed to whom. */
#include <string.h>

#include "cli/ping_options.h"
#include "packet/icmp.h"
#include "packet/ipv4_options.h"
#include "sonde/net.h"
#include "sonde/probe.h"

struct rule {
    bool broken;
    const char *ours;
    const char *peers; /* NULL: as ours */
};

static bool check(const struct rule *rules, size_t count, struct cli_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].broken)
            return cli_error_conflict(error, rules[i].ours, rules[i].peers);
    return true;
}

#define CHECK(rules, error) check(rules, sizeof(rules) / sizeof *(rules), error)

static bool check_families(const struct ping_settings *s, struct cli_error *error)
{
    const bool stamps = s->ip_timestamp >= 0;
    const struct rule rules[] = {
        {s->only_ipv4 && s->only_ipv6, "--ipv4 and --ipv6 exclude each other",
         "only one -4 or -6 option may be specified"},
        {!s->drop_in && s->only_ipv6 && s->record_route,
         "--record-route is of IPv4, --ipv6 excludes it", NULL},
        {!s->drop_in && s->only_ipv6 && stamps, "--ip-timestamp is of IPv4, --ipv6 excludes it",
         NULL},
        {s->only_ipv6 && ping_settings_hop_count(s) > 0, "source routes are of IPv4", NULL},
        {!s->drop_in && s->only_ipv4 && s->flow_label >= 0,
         "--flow-label is of IPv6, --ipv4 excludes it", NULL},
        {!s->drop_in && s->only_ipv4 && s->node_given, "--node-info is of IPv6, --ipv4 excludes it",
         NULL},
        {s->only_ipv6 && s->kind == SONDE_PROBE_TIMESTAMP,
         "--icmp-type timestamp is of IPv4, --ipv6 excludes it", NULL},
        {!s->drop_in && s->only_ipv6 && s->source.address.family == SONDE_IPV4,
         "--source is an IPv4 address, --ipv6 excludes it", NULL},
        {!s->drop_in && s->only_ipv4 && s->source.address.family == SONDE_IPV6,
         "--source is an IPv6 address, --ipv4 excludes it", NULL},
    };
    return CHECK(rules, error);
}

static bool check_header_options(const struct ping_settings *s, struct cli_error *error)
{
    const size_t hops = ping_settings_hop_count(s);
    const bool stamps = s->ip_timestamp >= 0;
    const bool prespecified = s->ip_timestamp == PACKET_TIMESTAMP_PRESPECIFIED;
    const struct rule rules[] = {
        {s->record_route && stamps,
         "--record-route and --ip-timestamp exclude each other: the IPv4 header has room for one",
         "only one of -T or -R may be used"},
        {s->record_route && hops > 0,
         "--record-route leaves no room for a source route in the IPv4 header", NULL},
        {stamps && !prespecified && hops > 0,
         "only --ip-timestamp tsprespec goes together with hops", NULL},
        {prespecified && hops > 4, "--ip-timestamp tsprespec has room for 4 hosts", NULL},
        {!s->drop_in && prespecified && hops == 0,
         "--ip-timestamp tsprespec needs --via with the hosts that are to add their time", NULL},
        {hops > PING_HOPS, "a source route has room for 9 hops", NULL},
        {hops > 0 && (ping_settings_target_count(s) > 1 || s->all_addresses),
         "a source route leads to one host: ask one at a time", NULL},
    };
    return CHECK(rules, error);
}

static bool check_kind(const struct ping_settings *s, struct cli_error *error)
{
    const bool ports = s->choice.kind != SONDE_PROBE_ECHO;
    const bool extended = s->kind == SONDE_PROBE_EXTENDED_ECHO;
    const struct rule rules[] = {
        {extended && s->far_interface.kind == PING_FAR_NONE,
         "--icmp-type extended needs --interface: which interface of the far node?", NULL},
        {!extended && s->far_interface.kind != PING_FAR_NONE,
         "--interface needs --icmp-type extended; for a device of ours use --source", NULL},
        {s->node_given && s->kind != SONDE_PROBE_NODE_INFO && s->kind != SONDE_PROBE_ECHO,
         "--node-info and --icmp-type exclude each other", NULL},
        {s->node_given && s->socket == PING_SOCKET_DGRAM, "--node-info needs raw sockets", NULL},
        {ports && s->node_given, "--node-info asks by ICMP: --udp, --tcp and --sctp exclude it",
         NULL},
        {ports && s->kind_given, "--icmp-type excludes --udp, --tcp and --sctp", NULL},
        {ports && s->identifier >= 0,
         "--identifier is of ICMP; with --udp, --tcp and --sctp the source port changes", NULL},
        {ports && (s->record_route || s->ip_timestamp >= 0),
         "--record-route and --ip-timestamp come back in ICMP replies only: not with --udp, --tcp "
         "and --sctp",
         NULL},
        {s->choice.kind == SONDE_PROBE_SCTP && s->socket == PING_SOCKET_DGRAM,
         "--sctp needs raw sockets: --socket dgram excludes it", NULL},
        {ports && s->socket == PING_SOCKET_DGRAM && ping_settings_hop_count(s) > 0,
         "--via needs raw sockets: --socket dgram excludes it", NULL},
        {s->choice.kind == SONDE_PROBE_TCP && s->socket == PING_SOCKET_DGRAM && s->size_given,
         "--size with --tcp needs raw sockets: --socket dgram excludes it", NULL},
        {s->kind != SONDE_PROBE_ECHO && s->socket == PING_SOCKET_DGRAM,
         "--socket dgram can send echo requests only", NULL},
        {s->scenario && s->socket != PING_SOCKET_DEFAULT,
         "--simulate opens no socket, --socket has no meaning", NULL},
    };
    return CHECK(rules, error) &&
           cli_probe_choice_check(&s->choice, s->payload, s->pattern_given, s->size_given, error);
}

bool ping_settings_check(const struct ping_settings *s, struct cli_error *error)
{
    const struct rule rules[] = {
        {s->json && s->csv, "--json and --csv exclude each other", NULL},
        {s->poisson && (s->flood || s->adaptive),
         "--poisson excludes --flood and --adaptive: their intervals follow the answers", NULL},
        {s->poisson && s->interval.ns == 0, "--poisson needs an --interval above 0", NULL},
        {ping_settings_target_count(s) == 0, "a host is missing",
         "usage error: Destination address required"},
    };
    return check_families(s, error) && check_header_options(s, error) && check_kind(s, error) &&
           CHECK(rules, error);
}

bool ping_settings_check_user(const struct ping_settings *s, bool is_root, struct cli_error *error)
{
    char preload[80];
    snprintf(preload, sizeof preload, "cannot set preload to value greater than %d: %lld",
             PING_USER_PRELOAD, (long long)s->preload);
    const bool fast = s->interval.ns < PING_USER_INTERVAL.ns;
    static const char *const too_fast =
        "cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)";
    const struct rule rules[] = {
        {!is_root && s->preload > PING_USER_PRELOAD,
         "--preload: only root may send more than 3 probes at once", preload},
        {!is_root && fast && s->flood && !s->interval_given,
         "--flood: only root may; with --interval 2ms or more everybody may", too_fast},
        {!is_root && fast, "--interval: only root may go below 2 ms", too_fast},
    };
    return s->scenario || CHECK(rules, error);
}

static bool check_size(const struct ping_settings *s, const struct sonde_address *target,
                       struct cli_error *error)
{
    const bool ipv4 = target->family == SONDE_IPV4;
    const bool options = s->record_route || s->ip_timestamp >= 0 || ping_settings_hop_count(s) > 0;
    int64_t limit = !ipv4     ? PING_PAYLOAD_IPV6
                    : options ? PING_PAYLOAD_IPV4 - PING_OPTIONS_BYTES
                              : PING_PAYLOAD_IPV4;
    if (!ipv4 && s->choice.kind == SONDE_PROBE_UDP && s->payload_bytes < PING_UDP_IPV6)
        return cli_error_conflict(
            error, "--size: UDP over IPv6 needs 2 bytes, by which a probe is known", NULL);
    if (s->choice.kind == SONDE_PROBE_TCP)
        limit -= SONDE_PROBE_SYN_HEADER - (int64_t)PACKET_ICMP_HEADER;
    if (s->payload_bytes <= limit)
        return true;
    char ours[120], peers[120];
    snprintf(ours, sizeof ours, "--size: '%lld' is out of range (expected 0 to %lld for %s)",
             (long long)s->payload_bytes, (long long)limit, ipv4 ? "IPv4" : "IPv6");
    snprintf(peers, sizeof peers, "invalid -s value: '%lld': out of range: 0 <= value <= %lld",
             (long long)s->payload_bytes, (long long)limit);
    cli_error_conflict(error, ours, peers);
    error->peer_status = 1;
    return false;
}

bool ping_settings_check_target(const struct ping_settings *s, bool is_root,
                                const struct sonde_address *target, bool is_broadcast,
                                struct cli_error *error)
{
    const bool ipv4 = target->family == SONDE_IPV4;
    const bool group = is_broadcast || sonde_address_is_multicast(target);
    const bool limited = group && !is_root && !s->scenario;
    const struct rule rules[] = {
        {ipv4 && s->hop_limit == 0, "--ttl: 0 is not allowed for IPv4",
         "cannot set unicast time-to-live: Invalid argument"},
        {!ipv4 && s->kind == SONDE_PROBE_TIMESTAMP,
         "--icmp-type timestamp is of IPv4, the host has an IPv6 address", NULL},
        {!ipv4 && ping_settings_hop_count(s) > 0,
         "source routes are of IPv4, the host has an IPv6 address", NULL},
        {group && (s->choice.kind == SONDE_PROBE_TCP || s->choice.kind == SONDE_PROBE_SCTP),
         "--tcp and --sctp ask one host: this is a broadcast or multicast address", NULL},
        {is_broadcast && !s->broadcast, "this is a broadcast address: --broadcast if that is meant",
         "Do you want to ping broadcast? Then -b. If not, check your local firewall rules"},
        {limited && s->interval.ns < PING_USER_GROUP_WAIT.ns,
         "--interval: only root may go below 1 s to broadcast and multicast addresses",
         ipv4 ? "minimal interval for broadcast ping for user must be >= 1000 ms, use -i 1 (or "
                "higher)"
              : "minimal interval for multicast ping for user must be >= 1000 ms, use -i 1 (or "
                "higher)"},
        {limited && s->pmtu != SONDE_NET_PMTU_DEFAULT && s->pmtu != SONDE_NET_PMTU_DO,
         "--path-mtu: only root may let probes to broadcast and multicast addresses be fragmented",
         ipv4 ? "broadcast ping does not fragment" : "multicast ping does not fragment"},
    };
    return check_size(s, target, error) && CHECK(rules, error);
}
