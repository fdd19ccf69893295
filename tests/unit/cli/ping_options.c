#include "cli/ping_options.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "packet/ipv4_options.h"
#include "ping_line.h"
#include "sonde/net.h"
#include "sonde/probe.h"

Test(cli_ping_options, defaults)
{
    struct command_line line;
    const struct ping_settings s = ping_line("ping host", false, &line);
    cr_expect_eq(s.count, 0);
    cr_expect_eq(s.interval.ns, SONDE_NS_PER_S);
    cr_expect_eq(s.timeout.ns, 10 * SONDE_NS_PER_S);
    cr_expect_eq(s.deadline.ns, 0);
    cr_expect_eq(s.payload_bytes, 56);
    cr_expect_eq(s.preload, 1);
    cr_expect(s.identifier == -1 && s.hop_limit == -1 && s.mark == -1 && s.flow_label == -1);
    cr_expect(s.ip_timestamp == -1 && s.seed == -1);
    cr_expect(s.traffic_class == 0 && s.send_buffer_bytes == 0);
    cr_expect_eq(s.kind, SONDE_PROBE_ECHO);
    cr_expect_eq(s.pmtu, SONDE_NET_PMTU_DEFAULT);
    cr_expect_eq(s.stamps, SONDE_NET_STAMPS_KERNEL);
    cr_expect_eq(s.socket, PING_SOCKET_DEFAULT);
    cr_expect_eq(s.names, PING_NAMES_DEFAULT);
    cr_expect_eq(s.percentiles.count, 3);
    cr_expect_eq(s.percentiles.ppm[2], 990000);
    cr_expect_eq(ping_settings_family(&s), SONDE_FAMILY_NONE);
    cr_expect_eq(ping_settings_target_count(&s), 1);
    cr_expect_str_eq(ping_settings_target(&s, 0), "host");
    cr_expect_eq(ping_settings_hop_count(&s), 0);
}

Test(cli_ping_options, every_letter_of_the_peer_is_understood_in_both_guises)
{
    static const char *const lines[] = {
        "ping -3 h",      "ping -4 h",    "ping -6 h",   "ping -a h",        "ping -A h",
        "ping -b h",      "ping -B h",    "ping -c 1 h", "ping -C h",        "ping -d h",
        "ping -D h",      "ping -e 1 h",  "ping -f h",   "ping -F 1 h",      "ping -H h",
        "ping -i 1 h",    "ping -I lo h", "ping -j h",   "ping -l 1 h",      "ping -L h",
        "ping -m 1 h",    "ping -M do h", "ping -n h",   "ping -O h",        "ping -p ff h",
        "ping -N ipv6 h", "ping -q h",    "ping -Q 1 h", "ping -r h",        "ping -R h",
        "ping -s 1 h",    "ping -S 1 h",  "ping -t 1 h", "ping -T tsonly h", "ping -U h",
        "ping -v h",      "ping -V",      "ping -w 1 h", "ping -W 1 h",      "ping -h",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct command_line line;
        ping_line(lines[i], true, &line);
        ping_line(lines[i], false, &line);
    }
}

Test(cli_ping_options, letters_and_names_mean_the_same)
{
    struct command_line one, two;
    const struct ping_settings a = ping_line(
        "ping -c 3 -i .2 -w 5 -W 2 -l 2 -s 100 -t 9 -Q ef -F 0x12345 -M do -e 7 -m 8 -S 4K "
        "-qvnDO3aL h",
        false, &one);
    const struct ping_settings b = ping_line(
        "ping --count=3 --interval=200ms --deadline=5 --timeout=2 --preload=2 --size=100 --ttl=9 "
        "--tos=0xb8 --flow-label=74565 --path-mtu=do --identifier=7 --mark=8 --send-buffer=4096 "
        "--quiet --verbose --numeric h",
        false, &two);
    cr_expect(a.count == 3 && b.count == 3);
    cr_expect(a.interval.ns == 200000000 && b.interval.ns == 200000000);
    cr_expect(a.interval_given && b.interval_given);
    cr_expect(a.deadline.ns == b.deadline.ns && a.timeout.ns == b.timeout.ns);
    cr_expect(a.preload == 2 && b.preload == 2);
    cr_expect(a.payload_bytes == 100 && b.payload_bytes == 100);
    cr_expect(a.hop_limit == 9 && b.hop_limit == 9);
    cr_expect(a.traffic_class == 0xb8 && b.traffic_class == 0xb8);
    cr_expect(a.flow_label == 0x12345 && b.flow_label == 0x12345);
    cr_expect(a.pmtu == SONDE_NET_PMTU_DO && b.pmtu == SONDE_NET_PMTU_DO);
    cr_expect(a.identifier == 7 && b.identifier == 7 && a.mark == 8 && b.mark == 8);
    cr_expect(a.send_buffer_bytes == 4096 && b.send_buffer_bytes == 4096);
    cr_expect(a.quiet && a.print_time && a.outstanding && a.full_precision && a.audible);
    cr_expect(a.no_loopback && a.verbosity == 1 && a.names == PING_NAMES_NEVER);
}

Test(cli_ping_options, flood_sets_interval_and_names_unless_they_are_given)
{
    struct command_line line;
    struct ping_settings s = ping_line("ping -f h", false, &line);
    cr_expect(s.interval.ns == 0 && s.names == PING_NAMES_NEVER);
    s = ping_line("ping -i 0.5 -f -H h", false, &line);
    cr_expect(s.interval.ns == 500 * SONDE_NS_PER_MS && s.names == PING_NAMES_ALWAYS);
}

Test(cli_ping_options, the_last_of_numeric_and_resolve_counts)
{
    struct command_line line;
    cr_expect_eq(ping_line("ping -n -H h", false, &line).names, PING_NAMES_ALWAYS);
    cr_expect_eq(ping_line("ping -H -n h", false, &line).names, PING_NAMES_NEVER);
}

Test(cli_ping_options, stamps)
{
    struct command_line line;
    cr_expect_eq(ping_line("ping -U h", true, &line).stamps, SONDE_NET_STAMPS_USER);
    cr_expect_eq(ping_line("ping --timestamps hw h", false, &line).stamps,
                 SONDE_NET_STAMPS_HARDWARE);
    cr_expect_eq(ping_line("ping -W 0 h", false, &line).timeout.ns, SONDE_FOREVER.ns);
}

Test(cli_ping_options, the_peers_name_may_choose_the_family)
{
    struct command_line line;
    cr_expect_eq(ping_settings_family(&(struct ping_settings){0}), SONDE_FAMILY_NONE);
    struct ping_settings s = ping_line("ping4 h", true, &line);
    cr_expect_eq(ping_settings_family(&s), SONDE_IPV4);
    s = ping_line("ping6 h", true, &line);
    cr_expect_eq(ping_settings_family(&s), SONDE_IPV6);
    s = ping_line("ping6 h", false, &line);
    cr_expect_eq(ping_settings_family(&s), SONDE_FAMILY_NONE);
    expect_refused("ping6 -4 h", true, "ping: only one -4 or -6 option may be specified\n", 2);
}

Test(cli_ping_options, hosts_and_hops)
{
    struct command_line line;
    struct ping_settings s = ping_line("ping a b c", false, &line);
    cr_expect_eq(ping_settings_target_count(&s), 3);
    cr_expect_str_eq(ping_settings_target(&s, 1), "b");
    cr_expect_eq(ping_settings_hop_count(&s), 0);
    s = ping_line("ping --via x,y a", false, &line);
    cr_expect_eq(ping_settings_target_count(&s), 1);
    cr_expect_eq(ping_settings_hop_count(&s), 2);
    cr_expect_str_eq(ping_settings_hop(&s, 1), "y");
    s = ping_line("ping a b c", true, &line);
    cr_expect_eq(ping_settings_target_count(&s), 1);
    cr_expect_str_eq(ping_settings_target(&s, 0), "c");
    cr_expect_eq(ping_settings_hop_count(&s), 2);
    cr_expect_str_eq(ping_settings_hop(&s, 0), "a");
}

Test(cli_ping_options, environment)
{
    struct command_line line;
    setenv("NO_COLOR", "", 1);
    cr_expect_not(ping_line("ping h", false, &line).no_color);
    setenv("NO_COLOR", "1", 1);
    cr_expect(ping_line("ping h", false, &line).no_color);
    setenv("IPUTILS_PING_PTR_LOOKUP", "0", 1);
    struct ping_settings s = ping_line("ping h", true, &line);
    cr_expect(s.names == PING_NAMES_NEVER && s.names_by_environment);
    s = ping_line("ping -H h", true, &line);
    cr_expect(s.names == PING_NAMES_ALWAYS && !s.names_by_environment);
    s = ping_line("ping h", false, &line);
    cr_expect(s.names == PING_NAMES_DEFAULT && !s.names_by_environment);
}

Test(cli_ping_options, the_new_options_are_not_the_peers)
{
    struct command_line line;
    struct ping_settings settings;
    struct cli_error error;
    split(&line, "ping --histogram h");
    cr_assert_not(ping_options_read(&settings, true, "ping", line.argc, line.argv, &error));
    cr_expect_eq(error.kind, CLI_UNKNOWN_OPTION);
    const struct ping_settings s = ping_line(
        "ping --csv --histogram --precise --poisson --all-addresses --socket raw --seed 5 "
        "--percentiles 50 --no-color --icmp-type timestamp h",
        false, &line);
    cr_expect(s.csv && s.histogram && s.precise && s.poisson && s.all_addresses && s.no_color);
    cr_expect(s.socket == PING_SOCKET_RAW && s.seed == 5 && s.kind == SONDE_PROBE_TIMESTAMP);
}

/* For each option with a number: just outside, garbage, empty, overflow. */
Test(cli_ping_options, bad_numbers)
{
    static const struct {
        const char *line;
        const char *ours;
        const char *peers;
        int status;
    } cases[] = {
        {"-c 0", "--count: '0' is out of range (expected 1 or more)",
         "invalid argument: '0': out of range: 1 <= value <= 9223372036854775807", 1},
        {"-c -1", "--count: '-1' is out of range (expected 1 or more)",
         "invalid argument: '-1': out of range: 1 <= value <= 9223372036854775807", 1},
        {"-c 9223372036854775808",
         "--count: '9223372036854775808' is out of range (expected 1 or more)",
         "invalid argument: '9223372036854775808': Numerical result out of range", 1},
        {"-c abc", "--count: 'abc' is not a whole number", "invalid argument: 'abc'", 1},
        {"-c 1x", "--count: '1x' is not a whole number", "invalid argument: '1x'", 1},
        {"-c \"\"", "--count: '' is not a whole number", "invalid argument: ''", 1},
        {"-s -1", "--size: '-1' is out of range (expected 0 to 2147483647)",
         "invalid argument: '-1': out of range: 0 <= value <= 2147483647", 1},
        {"-s 99999999999", "--size: '99999999999' is out of range (expected 0 to 2147483647)",
         "invalid argument: '99999999999': out of range: 0 <= value <= 2147483647", 1},
        {"-l 0", "--preload: '0' is out of range (expected 1 to 65536)",
         "invalid argument: '0': out of range: 1 <= value <= 65536", 1},
        {"-l 65537", "--preload: '65537' is out of range (expected 1 to 65536)",
         "invalid argument: '65537': out of range: 1 <= value <= 65536", 1},
        {"-t 256", "--ttl: '256' is out of range (expected 0 to 255)",
         "invalid argument: '256': out of range: 0 <= value <= 255", 1},
        {"-t -1", "--ttl: '-1' is out of range (expected 0 to 255)",
         "invalid argument: '-1': out of range: 0 <= value <= 255", 1},
        {"-e 65536", "--identifier: '65536' is out of range (expected 0 to 65535)",
         "invalid argument: '65536': out of range: 0 <= value <= 65535", 1},
        {"-m 4294967296", "--mark: '4294967296' is out of range (expected 0 to 4294967295)",
         "invalid argument: '4294967296': out of range: 0 <= value <= 4294967295", 1},
        {"-S 0", "--send-buffer: '0' is out of range (expected 1 to 2147483647)",
         "invalid argument: '0': out of range: 1 <= value <= 2147483647", 1},
        {"-w -1", "--deadline: '-1' is out of range (expected 0 s to 2147483647 s)",
         "invalid argument: '-1': out of range: 0 <= value <= 2147483647", 1},
        {"-w 2147483648", "--deadline: '2147483648' is out of range (expected 0 s to 2147483647 s)",
         "invalid argument: '2147483648': out of range: 0 <= value <= 2147483647", 1},
        {"-w abc",
         "--deadline: 'abc' is not a duration (expected seconds or a number with a unit: 0.2, "
         "200ms)",
         "invalid argument: 'abc'", 1},
        {"-i -1", "--interval: '-1' is out of range (expected 0 s to 2147483.647 s)",
         "bad timing interval: -1", 2},
        {"-i 2147483.648",
         "--interval: '2147483.648' is out of range (expected 0 s to 2147483.647 s)",
         "bad timing interval: 2147483.648", 2},
        {"-i abc",
         "--interval: 'abc' is not a duration (expected seconds or a number with a unit: 0.2, "
         "200ms)",
         "bad timing interval: abc", 2},
        {"-i nan",
         "--interval: 'nan' is not a duration (expected seconds or a number with a unit: 0.2, "
         "200ms)",
         "bad timing interval: nan", 2},
        {"-W -0.1", "--timeout: '-0.1' is out of range (expected 0 s to 4294.967295 s)",
         "bad linger time: -0.1", 2},
        {"-W 4295", "--timeout: '4295' is out of range (expected 0 s to 4294.967295 s)",
         "bad linger time: 4295", 2},
        {"-F 0x100000", "--flow-label: '0x100000' is out of range (expected 0 to 1048575)",
         "flow value is greater than 20 bits: 0x100000", 2},
        {"-F 1z", "--flow-label: '1z' is not a whole number", "bad value for flowinfo: 1z", 2},
        {"-Q 256", "--tos: '256' is out of range (expected 0 to 255)",
         "the decimal value of TOS bits must be in range 0-255: 256", 2},
        {"-Q -1", "--tos: '-1' is out of range (expected 0 to 255)",
         "the decimal value of TOS bits must be in range 0-255: -1", 2},
        {"-M no", "--path-mtu: 'no' is not one of do, want, dont, probe", "invalid -M argument: no",
         2},
        {"-T now", "--ip-timestamp: 'now' is not one of tsonly, tsandaddr, tsprespec",
         "invalid timestamp type: now", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[128], expected[256];
        snprintf(line, sizeof line, "ping %s h", cases[i].line);
        snprintf(expected, sizeof expected, "sonde ping: %s\n", cases[i].ours);
        expect_refused(line, false, expected, 2);
        snprintf(expected, sizeof expected, "ping: %s\n", cases[i].peers);
        expect_refused(line, true, expected, cases[i].status);
    }
}

Test(cli_ping_options, the_ends_of_the_ranges_are_allowed)
{
    static const char *const lines[] = {
        "ping -c 1 h",           "ping -c 9223372036854775807 h",
        "ping -s 0 h",           "ping -s 65527 h",
        "ping -l 65536 h",       "ping -t 0 h",
        "ping -t 255 h",         "ping -e 0 h",
        "ping -e 65535 h",       "ping -m 0 h",
        "ping -m 4294967295 h",  "ping -i 0 h",
        "ping -i 2147483.647 h", "ping -w 0 h",
        "ping -w 2147483647 h",  "ping -W 4294.967295 h",
        "ping -F 0xfffff h",     "ping -F 0 h",
        "ping -Q 0 h",           "ping -Q 255 h",
        "ping -S 2147483647 h",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct command_line line;
        ping_line(lines[i], true, &line);
        ping_line(lines[i], false, &line);
    }
}

Test(cli_ping_options, other_probes_than_echo_requests)
{
    struct command_line line;
    struct ping_settings s = ping_line("ping --tcp 443 h", false, &line);
    cr_expect_eq(ping_settings_kind(&s), SONDE_PROBE_TCP);
    cr_expect_eq(s.choice.port, 443);
    cr_expect_eq(s.payload_bytes, 0);
    s = ping_line("ping --tcp 443 -s 100 h", false, &line);
    cr_expect_eq(s.payload_bytes, 100);
    s = ping_line("ping --sctp 9 h", false, &line);
    cr_expect_eq(ping_settings_kind(&s), SONDE_PROBE_SCTP);
    cr_expect_eq(s.payload_bytes, 0);
    s = ping_line("ping --udp 53 h", false, &line);
    cr_expect_eq(ping_settings_kind(&s), SONDE_PROBE_UDP);
    cr_expect_eq(cli_payload_of(&s.choice, s.payload), SONDE_PAYLOAD_DNS);
    cr_expect_str_eq(cli_payload_word(&s.choice, s.payload), "dns");
    s = ping_line("ping --udp 53 -s 20 h", false, &line);
    cr_expect_eq(cli_payload_of(&s.choice, s.payload), SONDE_PAYLOAD_PATTERN);
    cr_expect_null(cli_payload_word(&s.choice, s.payload));
    s = ping_line("ping --udp 9 -p ff h", false, &line);
    cr_expect_eq(cli_payload_of(&s.choice, s.payload), SONDE_PAYLOAD_PATTERN);
    s = ping_line("ping h", false, &line);
    cr_expect_eq(ping_settings_kind(&s), SONDE_PROBE_ECHO);
    cr_expect_eq(s.payload_bytes, 56);
    cr_expect_null(cli_payload_word(&s.choice, s.payload));
}

Test(cli_ping_options, a_flow_does_not_come_again_too_soon)
{
    cr_expect_eq(cli_flows(1, 10), 16);
    cr_expect_geq(cli_flows(0.01, 10), 1000);
    cr_expect_eq(cli_flows(0, 10), 4096);
}
