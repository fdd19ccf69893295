#include "cli/packet_line.h"

#include <criterion/criterion.h>
#include <string.h>

static struct packet_line line_of(const char *text)
{
    struct packet_line line;
    packet_line_read(&line, text, strlen(text));
    return line;
}

static struct packet_request request_of(const char *text)
{
    struct packet_line line = line_of(text);
    cr_assert_eq(line.kind, PACKET_LINE_PROBE, "%s", text);
    return line.request;
}

static struct sonde_address address(const char *text)
{
    struct sonde_address found;
    cr_assert(sonde_address_parse(text, &found));
    return found;
}

Test(packet_line, defaults_are_those_of_mtr_packet)
{
    struct packet_line line = line_of("42 send-probe ip-4 192.0.2.1");
    const struct packet_request *request = &line.request;
    struct sonde_address host = address("192.0.2.1");
    cr_assert_eq(line.kind, PACKET_LINE_PROBE);
    cr_assert_eq(line.token, 42);
    cr_assert(sonde_address_equal(&request->address, &host));
    cr_assert_eq(request->source.family, SONDE_FAMILY_NONE);
    cr_assert_eq(request->kind, SONDE_PROBE_ECHO);
    cr_assert_eq(request->port, 0);
    cr_assert_eq(request->local_port, 0);
    cr_assert_eq(request->size, 64);
    cr_assert_eq(request->hop_limit, 255);
    cr_assert_eq(request->traffic_class, 0);
    cr_assert_eq(request->fill, 0);
    cr_assert_eq(request->mark, 0);
    cr_assert_eq(request->timeout.ns, 10 * SONDE_NS_PER_S);
    cr_assert_str_eq(request->device, "");
}

Test(packet_line, every_argument)
{
    struct packet_request request = request_of(
        "7 send-probe ip-6 2001:db8::1 local-ip-6 2001:db8::2 protocol udp port 53 local-port 5000 "
        "local-device eth0 timeout 3 ttl 9 size 1200 bit-pattern 165 tos 184 mark 4294967295");
    struct sonde_address host = address("2001:db8::1"), source = address("2001:db8::2");
    cr_assert(sonde_address_equal(&request.address, &host));
    cr_assert(sonde_address_equal(&request.source, &source));
    cr_assert_eq(request.kind, SONDE_PROBE_UDP);
    cr_assert_eq(request.port, 53);
    cr_assert_eq(request.local_port, 5000);
    cr_assert_str_eq(request.device, "eth0");
    cr_assert_eq(request.timeout.ns, 3 * SONDE_NS_PER_S);
    cr_assert_eq(request.hop_limit, 9);
    cr_assert_eq(request.size, 1200);
    cr_assert_eq(request.fill, 165);
    cr_assert_eq(request.traffic_class, 184);
    cr_assert_eq(request.mark, UINT32_MAX);
}

Test(packet_line, protocols)
{
    static const struct {
        const char *name;
        enum sonde_probe_kind kind;
    } protocols[] = {{"icmp", SONDE_PROBE_ECHO},
                     {"udp", SONDE_PROBE_UDP},
                     {"tcp", SONDE_PROBE_TCP},
                     {"sctp", SONDE_PROBE_SCTP}};
    for (size_t i = 0; i < 4; i++) {
        char text[80] = "1 send-probe ip-4 192.0.2.1 protocol ";
        strcat(text, protocols[i].name);
        cr_assert_eq(request_of(text).kind, protocols[i].kind);
    }
}

Test(packet_line, what_is_not_known_is_passed_over_and_the_last_value_counts)
{
    struct packet_request request =
        request_of(" \t1  send-probe future yes ip-4 192.0.2.1 ttl 3 ttl 4 \r");
    cr_assert_eq(request.hop_limit, 4);
}

Test(packet_line, the_lowest_bits_of_a_pattern_count)
{
    /* mtr -B 256 asks for random bytes with such */
    cr_assert_eq(request_of("1 send-probe ip-4 192.0.2.1 bit-pattern 300").fill, 44);
    cr_assert_eq(request_of("1 send-probe ip-4 192.0.2.1 bit-pattern -1").fill, 255);
}

Test(packet_line, an_unspecified_source_is_none)
{
    cr_assert_eq(request_of("1 send-probe ip-4 192.0.2.1 local-ip-4 0.0.0.0").source.family,
                 SONDE_FAMILY_NONE);
}

Test(packet_line, lines_without_a_token)
{
    static const char *const lines[] = {"",  "   ",  "hello", "x send-probe ip-4 192.0.2.1",
                                        "-", "1x a", "+",     "99999999999999999999 send-probe"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert_eq(line_of(lines[i]).kind, PACKET_LINE_NO_TOKEN, "%s", lines[i]);
}

Test(packet_line, invalid_lines_keep_their_token)
{
    static const char *const rest[] = {
        "",
        "check-support",
        "check-support feature",
        "check-support feature udp feature",
        "check-support other udp",
        "send-probe",
        "send-probe ttl 3",
        "send-probe ip-4",
        "send-probe ip-4 192.0.2.1 ttl",
        "send-probe ip-4 2001:db8::1",
        "send-probe ip-6 192.0.2.1",
        "send-probe ip-4 host.example",
        "send-probe ip-4 0.0.0.0",
        "send-probe ip-6 ::",
        "send-probe ip-4 192.0.2.1 local-ip-6 2001:db8::1",
        "send-probe ip-4 192.0.2.1 local-ip-4 2001:db8::1",
        "send-probe ip-4 192.0.2.1 protocol icmp6",
        "send-probe ip-4 192.0.2.1 port 65536",
        "send-probe ip-4 192.0.2.1 port -1",
        "send-probe ip-4 192.0.2.1 port 1e3",
        "send-probe ip-4 192.0.2.1 local-port 1023",
        "send-probe ip-4 192.0.2.1 local-port 65536",
        "send-probe ip-4 192.0.2.1 local-device a-name-of-16-byt",
        "send-probe ip-4 192.0.2.1 ttl 0",
        "send-probe ip-4 192.0.2.1 ttl 256",
        "send-probe ip-4 192.0.2.1 ttl three",
        "send-probe ip-4 192.0.2.1 size 65536",
        "send-probe ip-4 192.0.2.1 size -1",
        "send-probe ip-4 192.0.2.1 tos 256",
        "send-probe ip-4 192.0.2.1 timeout -1",
        "send-probe ip-4 192.0.2.1 timeout 2.5",
        "send-probe ip-4 192.0.2.1 mark -1",
        "send-probe ip-4 192.0.2.1 mark 4294967296",
        "send-probe ip-4 192.0.2.1 bit-pattern x",
    };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++) {
        char text[160] = "-12 ";
        strcat(text, rest[i]);
        if (i == 22)
            strcat(text, "e"); /* sixteen characters: one too many */
        struct packet_line line = line_of(text);
        cr_assert_eq(line.kind, PACKET_LINE_INVALID, "%s", text);
        cr_assert_eq(line.token, -12, "%s", text);
    }
}

Test(packet_line, bytes_that_are_no_text)
{
    struct packet_line line;
    packet_line_read(&line, "3 send-probe ip-4 192.0.2.1\0002", 29);
    cr_assert_eq(line.kind, PACKET_LINE_INVALID);
    packet_line_read(&line, "3 send-probe ip-4 192.0.2.1 local-device e\0th", 45);
    cr_assert_eq(line.kind, PACKET_LINE_INVALID);
    packet_line_read(&line, "\xff\x00 1", 4);
    cr_assert_eq(line.kind, PACKET_LINE_NO_TOKEN);
}

Test(packet_line, features)
{
    static const struct {
        const char *name;
        enum packet_feature feature;
    } features[] = {{"version", PACKET_FEATURE_VERSION}, {"ip-4", PACKET_FEATURE_IPV4},
                    {"ip-6", PACKET_FEATURE_IPV6},       {"send-probe", PACKET_FEATURE_SEND_PROBE},
                    {"icmp", PACKET_FEATURE_ICMP},       {"udp", PACKET_FEATURE_UDP},
                    {"tcp", PACKET_FEATURE_TCP},         {"sctp", PACKET_FEATURE_SCTP},
                    {"mark", PACKET_FEATURE_MARK},       {"local-device", PACKET_FEATURE_DEVICE},
                    {"teleport", PACKET_FEATURE_NONE}};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        char text[80] = "5 check-support feature ";
        strcat(text, features[i].name);
        struct packet_line line = line_of(text);
        cr_assert_eq(line.kind, PACKET_LINE_SUPPORT);
        cr_assert_eq(line.feature, features[i].feature, "%s", text);
    }
}

Test(packet_line, a_command_that_nobody_knows)
{
    cr_assert_eq(line_of("5 explode").kind, PACKET_LINE_UNKNOWN);
    cr_assert_eq(line_of("5 send-prob ip-4 192.0.2.1").kind, PACKET_LINE_UNKNOWN);
}
