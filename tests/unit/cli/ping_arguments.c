#include "cli/ping_arguments.h"

#include <criterion/criterion.h>
#include <string.h>

#include "packet/node_info.h"
#include "ping_line.h"

Test(cli_ping_arguments, patterns)
{
    static const struct {
        const char *line;
        uint8_t length;
        uint8_t bytes[PING_PATTERN_BYTES];
    } cases[] = {
        {"ping -p ff h", 1, {0xff}},
        {"ping -p f h", 1, {0x0f}},
        {"ping -p 1234567 h", 4, {0x12, 0x34, 0x56, 0x07}},
        {"ping -p aBcD h", 2, {0xab, 0xcd}},
        {"ping -p \"\" h", 0, {0}},
        {"ping -p 000102030405060708090a0b0c0d0e0f h",
         16,
         {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
        {"ping -p 000102030405060708090a0b0c0d0e0f10 h",
         16,
         {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_line line;
        const struct ping_settings s = ping_line(cases[i].line, false, &line);
        cr_expect(s.pattern_given);
        cr_expect_eq(s.pattern.length, cases[i].length, "%s", cases[i].line);
        cr_expect_arr_eq(s.pattern.bytes, cases[i].bytes, PING_PATTERN_BYTES, "%s", cases[i].line);
    }
    expect_refused("ping -p 12xy h", true, "ping: patterns must be specified as hex digits: xy\n",
                   2);
    expect_refused("ping -p 0x12 h", false,
                   "sonde ping: --pattern: '0x12' is not a pattern (expected hexadecimal digits)\n",
                   2);
}

Test(cli_ping_arguments, traffic_classes)
{
    static const struct {
        const char *line;
        int64_t value;
    } cases[] = {
        {"ping -Q 0 h", 0},           {"ping -Q 0x10 h", 16},
        {"ping -Q 255 h", 255},       {"ping -Q ef h", 0xb8},
        {"ping -Q af11 h", 0x28},     {"ping -Q af43 h", 0x98},
        {"ping -Q cs6 h", 0xc0},      {"ping -Q le h", 0x04},
        {"ping -Q lowdelay h", 0x10}, {"ping -Q voice-admit h", 0xb0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_line line;
        cr_expect_eq(ping_line(cases[i].line, false, &line).traffic_class, cases[i].value, "%s",
                     cases[i].line);
    }
    expect_refused("ping -Q af44 h", false,
                   "sonde ping: --tos: 'af44' is not a traffic class (expected 0 to 255, or a name "
                   "like af41, ef)\n",
                   2);
    expect_refused("ping -Q af44 h", true, "ping: bad TOS value: af44\n", 2);
}

Test(cli_ping_arguments, percentiles)
{
    struct command_line line;
    struct ping_settings s = ping_line("ping --percentiles 50,90,99,99.9 h", false, &line);
    static const uint32_t expected[] = {500000, 900000, 990000, 999000};
    cr_assert_eq(s.percentiles.count, 4);
    cr_expect_arr_eq(s.percentiles.ppm, expected, sizeof expected);
    s = ping_line("ping --percentiles 0,.5,100,99.9999 h", false, &line);
    static const uint32_t ends[] = {0, 5000, 1000000, 999999};
    cr_assert_eq(s.percentiles.count, 4);
    cr_expect_arr_eq(s.percentiles.ppm, ends, sizeof ends);

    static const char *const bad[] = {
        "101", "100.0001", "-1",       "50,",   ",50", "50,,90", "abc", "50ms",
        "5e1", "\"\"",     "99.99999", "1.2.3", "+5",  "0x10",   ".",   "999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[96], expected_text[200];
        snprintf(text, sizeof text, "ping --percentiles %s h", bad[i]);
        snprintf(expected_text, sizeof expected_text,
                 "sonde ping: --percentiles: '%s' is not a list of percentiles (expected numbers "
                 "from 0 to 100 with commas in between: 50,90,99.9)\n",
                 bad[i][0] == '"' ? "" : bad[i]);
        expect_refused(text, false, expected_text, 2);
    }
    expect_refused("ping --percentiles 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 h", false,
                   "sonde ping: --percentiles: '1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17' has too "
                   "many items (expected 16 at most)\n",
                   2);
}

static void expect_source(const char *text, const char *address, const char *device)
{
    struct command_line line;
    char written[SONDE_ADDRESS_TEXT];
    const struct ping_settings s = ping_line(text, false, &line);
    cr_expect_str_eq(sonde_address_format(&s.source.address, written), address, "%s", text);
    cr_expect_eq(s.source.device == NULL, device == NULL, "%s", text);
    if (device && s.source.device)
        cr_expect_str_eq(s.source.device, device, "%s", text);
}

Test(cli_ping_arguments, sources)
{
    expect_source("ping -I 192.0.2.1 h", "192.0.2.1", NULL);
    expect_source("ping -I eth0 h", "*", "eth0");
    expect_source("ping -I 2001:db8::1 h", "2001:db8::1", NULL);
    expect_source("ping -I fe80::1%eth0 h", "fe80::1", "eth0");
    expect_source("ping -I vrf-red -I 192.0.2.1 h", "192.0.2.1", "vrf-red");
    expect_source("ping -I 192.0.2.1 -I vrf-red h", "192.0.2.1", "vrf-red");
    expect_source("ping -I odd%name h", "*", "odd%name");
    expect_refused("ping -I 2001:db8::zz h", true, "ping: invalid source address: 2001:db8::zz\n",
                   2);
    expect_refused("ping -I fe80::1% h", false,
                   "sonde ping: --source: 'fe80::1%' is neither an address nor a device\n", 2);
    expect_refused("ping -I \"\" h", false,
                   "sonde ping: --source: '' is neither an address nor a device\n", 2);
    expect_refused("ping -I a-name-of-16-chr h", false,
                   "sonde ping: --source: 'a-name-of-16-chr' is neither an address nor a device\n",
                   2);
}

Test(cli_ping_arguments, interfaces_of_the_far_node)
{
    struct command_line line;
    struct ping_settings s =
        ping_line("ping --icmp-type extended --interface eth0 h", false, &line);
    cr_expect(s.far_interface.kind == PING_FAR_NAME);
    cr_expect_str_eq(s.far_interface.text, "eth0");
    s = ping_line("ping --icmp-type extended --interface 4294967295 h", false, &line);
    cr_expect(s.far_interface.kind == PING_FAR_INDEX && s.far_interface.index == UINT32_MAX);
    s = ping_line("ping --icmp-type extended --interface 192.0.2.1 h", false, &line);
    cr_expect(s.far_interface.kind == PING_FAR_ADDRESS);
    cr_expect_eq(s.far_interface.address.family, SONDE_IPV4);
    s = ping_line("ping --icmp-type extended --interface ::1 h", false, &line);
    cr_expect(s.far_interface.kind == PING_FAR_ADDRESS);

    static const char *const out_of_range[] = {"0", "4294967296", "99999999999999999999"};
    for (size_t i = 0; i < 3; i++) {
        char text[96], expected[160];
        snprintf(text, sizeof text, "ping --icmp-type extended --interface %s h", out_of_range[i]);
        snprintf(expected, sizeof expected,
                 "sonde ping: --interface: '%s' is out of range (expected an index of 1 to "
                 "4294967295)\n",
                 out_of_range[i]);
        expect_refused(text, false, expected, 2);
    }
    expect_refused("ping --icmp-type extended --interface \"\" h", false,
                   "sonde ping: --interface: '' is not an interface (expected its name, index or "
                   "address)\n",
                   2);
}

Test(cli_ping_arguments, node_queries)
{
    struct command_line line;
    struct ping_settings s = ping_line("ping -N name h", false, &line);
    cr_expect(s.node_given && s.node.qtype == PACKET_NODE_NAME);
    cr_expect_eq(s.kind, SONDE_PROBE_NODE_INFO);
    s = ping_line("ping -N ipv6-global -N ipv6-linklocal -N subject-ipv6=::1 h", false, &line);
    cr_expect_eq(s.node.qtype, PACKET_NODE_IPV6);
    cr_expect_eq(s.node.flags, PACKET_NODE_GLOBAL | PACKET_NODE_LINK_LOCAL);
    cr_expect_eq(s.node.subject, PING_SUBJECT_IPV6);
    cr_expect_str_eq(s.node.subject_text, "::1");
    s = ping_line("ping -N ipv4-all -N subject-name=a.b h", true, &line);
    cr_expect(s.node.qtype == PACKET_NODE_IPV4 && s.node.flags == PACKET_NODE_ALL);
    cr_expect_eq(s.node.subject, PING_SUBJECT_NAME);
    s = ping_line("ping -N subject-fqdn=a h", false, &line);
    cr_expect(s.node.qtype == 0 && s.kind == SONDE_PROBE_ECHO);
    cr_expect_str_eq(ping_settings_target(&s, 0), "h");
    s = ping_line("ping -N subject-name=Foo.example%eth0", false, &line);
    cr_expect(s.node.qtype == PACKET_NODE_IPV6 && s.kind == SONDE_PROBE_NODE_INFO);
    cr_expect_str_eq(s.node.name, "Foo.example");
    cr_expect_eq(ping_settings_target_count(&s), 1);
    cr_expect_str_eq(ping_settings_target(&s, 0), "ff02::2:ffcc:6165%eth0");
    s = ping_line("ping -N name -N subject-fqdn=foo", true, &line);
    cr_expect(s.node.qtype == PACKET_NODE_NAME && ping_settings_hop_count(&s) == 0);
    cr_expect_str_eq(ping_settings_target(&s, 0), "ff02::2:ffcc:6165");
    cr_expect(ping_line("ping -N help", false, &line).node.help);
    cr_expect_not_null(strstr(ping_node_words(), "  subject-fqdn=name\n"));

    static const char *const unknown[] = {
        "nonsense", "ipv6=1", "subject-ipv6", "subject-ipv6=", "ipv", "ipv66", "\"\""};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        char text[64], expected[160];
        snprintf(text, sizeof text, "ping -N %s h", unknown[i]);
        snprintf(expected, sizeof expected,
                 "sonde ping: --node-info: '%s' is not a question to a node; `--node-info help` "
                 "lists them\n",
                 unknown[i][0] == '"' ? "" : unknown[i]);
        expect_refused(text, false, expected, 2);
    }
    expect_refused("ping -N name -N ipv6 h", true, "ping: Qtype conflict\n", 2);
    expect_refused("ping -N subject-name=a -N subject-ipv4=1.2.3.4 h", true,
                   "ping: Subject type conflict\n", 2);
}
