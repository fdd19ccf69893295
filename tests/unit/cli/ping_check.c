#include <criterion/criterion.h>
#include <string.h>

#include "cli/ping_options.h"
#include "ping_line.h"
#include "sonde/address.h"

Test(cli_ping_check, contradictions)
{
    static const struct {
        const char *line;
        const char *says;
    } cases[] = {
        {"ping -4 -6 h", "--ipv4 and --ipv6 exclude each other"},
        {"ping --json --csv h", "--json and --csv exclude each other"},
        {"ping -R -T tsonly h", "--record-route and --ip-timestamp exclude each other: the IPv4 "
                                "header has room for one"},
        {"ping -R --via a h",
         "--record-route leaves no room for a source route in the IPv4 header"},
        {"ping -T tsonly --via a h", "only --ip-timestamp tsprespec goes together with hops"},
        {"ping -T tsprespec h",
         "--ip-timestamp tsprespec needs --via with the hosts that are to add their time"},
        {"ping -T tsprespec --via a,b,c,d,e h", "--ip-timestamp tsprespec has room for 4 hosts"},
        {"ping -6 -R h", "--record-route is of IPv4, --ipv6 excludes it"},
        {"ping -6 --via a h", "source routes are of IPv4"},
        {"ping -4 -F 1 h", "--flow-label is of IPv6, --ipv4 excludes it"},
        {"ping -4 -N name h", "--node-info is of IPv6, --ipv4 excludes it"},
        {"ping -6 --icmp-type timestamp h", "--icmp-type timestamp is of IPv4, --ipv6 excludes it"},
        {"ping -6 -I 192.0.2.1 h", "--source is an IPv4 address, --ipv6 excludes it"},
        {"ping -4 -I ::1 h", "--source is an IPv6 address, --ipv4 excludes it"},
        {"ping --icmp-type extended h",
         "--icmp-type extended needs --interface: which interface of the far node?"},
        {"ping --interface eth0 h",
         "--interface needs --icmp-type extended; for a device of ours use --source"},
        {"ping -N name --icmp-type timestamp h", "--node-info and --icmp-type exclude each other"},
        {"ping --poisson -f h",
         "--poisson excludes --flood and --adaptive: their intervals follow the answers"},
        {"ping --poisson -A h",
         "--poisson excludes --flood and --adaptive: their intervals follow the answers"},
        {"ping --poisson -i 0 h", "--poisson needs an --interval above 0"},
        {"ping --socket dgram --icmp-type timestamp h",
         "--socket dgram can send echo requests only"},
        {"ping --socket raw --simulate x h", "--simulate opens no socket, --socket has no meaning"},
        {"ping --tcp 80 --udp 53 h", "only one of --udp, --tcp and --sctp can be asked"},
        {"ping --tcp 80 --icmp-type echo h", "--icmp-type excludes --udp, --tcp and --sctp"},
        {"ping --udp 53 -N name h", "--node-info asks by ICMP: --udp, --tcp and --sctp exclude it"},
        {"ping --udp 53 -e 5 h",
         "--identifier is of ICMP; with --udp, --tcp and --sctp the source port changes"},
        {"ping --tcp 80 -R h", "--record-route and --ip-timestamp come back in ICMP replies only: "
                               "not with --udp, --tcp and --sctp"},
        {"ping --sctp 9 --socket dgram h", "--sctp needs raw sockets: --socket dgram excludes it"},
        {"ping --tcp 9 --socket dgram -s 9 h",
         "--size with --tcp needs raw sockets: --socket dgram excludes it"},
        {"ping --udp 9 --socket dgram --via a h",
         "--via needs raw sockets: --socket dgram excludes it"},
        {"ping --payload dns h", "--payload is for --udp"},
        {"ping --tcp 53 --payload dns h", "--payload is for --udp"},
        {"ping --udp 53 --payload dns -s 9 h",
         "--payload says it all: there is no other size and no other data in it"},
        {"ping --udp 53 --payload ntp -p ff h",
         "--payload says it all: there is no other size and no other data in it"},
        {"ping --sctp 9 -s 9 h", "--sctp asks by INIT chunks, which have no data: no --size"},
        {"ping --tcp 9 -p ff h", "--tcp sends no data, unless --size says how much"},
        {"ping", "a host is missing"},
        {"ping -q --", "a host is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "sonde ping: %s\n", cases[i].says);
        expect_refused(cases[i].line, false, expected, 2);
    }
}

Test(cli_ping_check, the_peers_words)
{
    expect_refused("ping -4 -6 h", true, "ping: only one -4 or -6 option may be specified\n", 2);
    expect_refused("ping -T tsonly -R h", true, "ping: only one of -T or -R may be used\n", 2);
    expect_refused("ping", true, "ping: usage error: Destination address required\n", 2);
}

Test(cli_ping_check, what_the_peer_lets_pass_passes)
{
    static const char *const lines[] = {"ping -6 -R h",        "ping -4 -F 1 h",
                                        "ping -4 -N name h",   "ping -6 -I 192.0.2.1 h",
                                        "ping -T tsprespec h", "ping -f -i 0.2 h"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct command_line line;
        ping_line(lines[i], true, &line);
    }
}

static void expect_user(const char *text, bool is_root, const char *ours, const char *peers)
{
    for (int drop_in = 0; drop_in < 2; drop_in++) {
        struct command_line line;
        struct cli_error error;
        const struct ping_settings s = ping_line(text, drop_in, &line);
        const bool allowed = ping_settings_check_user(&s, is_root, &error);
        cr_expect_eq(allowed, ours == NULL, "'%s' root %d", text, is_root);
        if (!allowed && ours)
            expect_printed(text, &error, drop_in, drop_in ? peers : ours, 2);
    }
}

Test(cli_ping_check, limits_for_users)
{
    static const char *const cannot_flood =
        "ping: cannot flood, minimal interval for user must be >= 2 ms, use -i 0.002 (or higher)\n";
    static const char *const too_fast = "sonde ping: --interval: only root may go below 2 ms\n";
    expect_user("ping -i 0.002 h", false, NULL, NULL);
    expect_user("ping -i 0.0019 h", false, too_fast, cannot_flood);
    expect_user("ping -i 0 h", false, too_fast, cannot_flood);
    expect_user("ping -f h", false,
                "sonde ping: --flood: only root may; with --interval 2ms or more everybody may\n",
                cannot_flood);
    expect_user("ping -f -i 0.002 h", false, NULL, NULL);
    expect_user("ping -l 3 h", false, NULL, NULL);
    expect_user("ping -l 4 h", false,
                "sonde ping: --preload: only root may send more than 3 probes at once\n",
                "ping: cannot set preload to value greater than 3: 4\n");
    expect_user("ping -l 65536 -f -i 0 h", true, NULL, NULL);
    expect_user("ping -A h", false, NULL, NULL);
}

Test(cli_ping_check, simulation_harms_nobody)
{
    struct command_line line;
    struct cli_error error;
    const struct ping_settings s = ping_line("ping --simulate x -f -l 100 h", false, &line);
    cr_expect(ping_settings_check_user(&s, false, &error));
}

struct target_case {
    const char *line;
    const char *address;
    bool broadcast;
    bool is_root;
    const char *ours; /* NULL: allowed */
    const char *peers;
    int peer_status;
};

static void expect_target(const struct target_case *c, bool drop_in)
{
    struct command_line line;
    struct cli_error error;
    struct sonde_address address;
    char expected[256];
    cr_assert(sonde_address_parse(c->address, &address));
    const struct ping_settings s = ping_line(c->line, drop_in, &line);
    const bool allowed = ping_settings_check_target(&s, c->is_root, &address, c->broadcast, &error);
    cr_expect_eq(allowed, c->ours == NULL, "%s %s", c->line, c->address);
    if (allowed || !c->ours)
        return;
    snprintf(expected, sizeof expected, "%s: %s\n", drop_in ? "ping" : "sonde ping",
             drop_in ? c->peers : c->ours);
    expect_printed(c->line, &error, drop_in, expected, drop_in ? c->peer_status : 2);
}

Test(cli_ping_check, targets)
{
    static const char *const no_broadcast =
        "Do you want to ping broadcast? Then -b. If not, check your local firewall rules";
    static const struct target_case cases[] = {
        {"ping -s 65507 h", "192.0.2.1", false, true, NULL, NULL, 0},
        {"ping -s 65508 h", "192.0.2.1", false, true,
         "--size: '65508' is out of range (expected 0 to 65507 for IPv4)",
         "invalid -s value: '65508': out of range: 0 <= value <= 65507", 1},
        {"ping -s 65467 -R h", "192.0.2.1", false, true, NULL, NULL, 0},
        {"ping -s 65468 -R h", "192.0.2.1", false, true,
         "--size: '65468' is out of range (expected 0 to 65467 for IPv4)",
         "invalid -s value: '65468': out of range: 0 <= value <= 65467", 1},
        {"ping -s 65527 h", "::1", false, true, NULL, NULL, 0},
        {"ping -s 2147483647 h", "::1", false, true,
         "--size: '2147483647' is out of range (expected 0 to 65527 for IPv6)",
         "invalid -s value: '2147483647': out of range: 0 <= value <= 65527", 1},
        {"ping -t 0 h", "192.0.2.1", false, true, "--ttl: 0 is not allowed for IPv4",
         "cannot set unicast time-to-live: Invalid argument", 2},
        {"ping -t 0 h", "::1", false, true, NULL, NULL, 0},
        {"ping h", "192.0.2.255", true, true,
         "this is a broadcast address: --broadcast if that is meant", no_broadcast, 2},
        {"ping -b h", "192.0.2.255", true, false, NULL, NULL, 0},
        {"ping -b -i 0.999 h", "192.0.2.255", true, false,
         "--interval: only root may go below 1 s to broadcast and multicast addresses",
         "minimal interval for broadcast ping for user must be >= 1000 ms, use -i 1 (or higher)",
         2},
        {"ping -b -i 0.1 h", "192.0.2.255", true, true, NULL, NULL, 0},
        {"ping -i 0.5 h", "ff02::1", false, false,
         "--interval: only root may go below 1 s to broadcast and multicast addresses",
         "minimal interval for multicast ping for user must be >= 1000 ms, use -i 1 (or higher)",
         2},
        {"ping -M want h", "224.0.0.1", false, false,
         "--path-mtu: only root may let probes to broadcast and multicast addresses be fragmented",
         "broadcast ping does not fragment", 2},
        {"ping -M do h", "224.0.0.1", false, false, NULL, NULL, 0},
        {"ping -M want h", "ff02::1", false, false,
         "--path-mtu: only root may let probes to broadcast and multicast addresses be fragmented",
         "multicast ping does not fragment", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_target(&cases[i], false);
        expect_target(&cases[i], true);
    }
}

Test(cli_ping_check, families_of_the_address)
{
    static const struct target_case cases[] = {
        {"ping --icmp-type timestamp h", "::1", false, true,
         "--icmp-type timestamp is of IPv4, the host has an IPv6 address", NULL, 0},
        {"ping --icmp-type timestamp h", "192.0.2.1", false, true, NULL, NULL, 0},
        {"ping --via a h", "::1", false, true,
         "source routes are of IPv4, the host has an IPv6 address", NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_target(&cases[i], false);
}

static void expect_address(const char *line, const char *address, const char *says)
{
    struct command_line split;
    const struct ping_settings settings = ping_line(line, false, &split);
    struct sonde_address target;
    struct cli_error error = {0};
    cr_assert(sonde_address_parse(address, &target));
    cr_expect_eq(ping_settings_check_target(&settings, true, &target, false, &error), says == NULL,
                 "%s", line);
    cr_expect_str_eq(error.message, says ? says : "", "%s", line);
}

Test(cli_ping_check, ports_of_one_host)
{
    static const char group[] =
        "--tcp and --sctp ask one host: this is a broadcast or multicast address";
    expect_address("ping --tcp 80 h", "224.0.0.1", group);
    expect_address("ping --sctp 80 h", "ff02::1", group);
    expect_address("ping --udp 80 h", "ff02::1", NULL);
    expect_address("ping --udp 80 -s 1 h", "::1",
                   "--size: UDP over IPv6 needs 2 bytes, by which a probe is known");
    expect_address("ping --udp 80 -s 1 h", "127.0.0.1", NULL);
    expect_address("ping --tcp 80 -s 65483 h", "127.0.0.1", NULL);
    expect_address("ping --tcp 80 -s 65484 h", "127.0.0.1",
                   "--size: '65484' is out of range (expected 0 to 65483 for IPv4)");
}
