#include "cli/path_options.h"

#include <criterion/criterion.h>

#include "command_line.h"

static struct path_settings read_line(const char *text, unsigned command, struct command_line *line)
{
    struct path_settings settings;
    struct cli_error error = {0};
    split(line, text);
    cr_assert(path_options_read(&settings, command, line->argc, line->argv, &error), "'%s': %s %s",
              text, error.argument, error.message);
    return settings;
}

static void refuse(const char *text, unsigned command, const char *words)
{
    struct command_line line;
    struct path_settings settings;
    struct cli_error error = {0};
    split(&line, text);
    cr_assert_not(path_options_read(&settings, command, line.argc, line.argv, &error), "'%s'",
                  text);
    const struct cli_options table = path_options(command);
    struct printed out;
    printed_open(&out);
    cr_expect_eq(cli_error_print(&error, &table, "sonde", out.stream), 2);
    cr_expect(strstr(printed_text(&out), words), "'%s': %s", text, out.text);
    printed_close(&out);
}

Test(cli_path_options, defaults)
{
    struct command_line line;
    const struct path_settings s = read_line("trace host", PATH_IN_TRACE, &line);
    cr_expect_str_eq(s.host, "host");
    cr_expect_eq(s.choice.kind, SONDE_PROBE_ECHO);
    cr_expect_eq(s.queries, 3);
    cr_expect_eq(s.rounds, 1);
    cr_expect_eq(s.last_hop, 30);
    cr_expect_eq(s.flow, 1);
}

Test(cli_path_options, many_rounds_have_one_query_each)
{
    struct command_line line;
    cr_expect_eq(read_line("trace --report h", PATH_IN_TRACE, &line).rounds, 10);
    cr_expect_eq(read_line("trace --report h", PATH_IN_TRACE, &line).queries, 1);
    cr_expect_eq(read_line("trace --report -r 3 -q 2 h", PATH_IN_TRACE, &line).rounds, 3);
    cr_expect_eq(read_line("trace --report -r 3 -q 2 h", PATH_IN_TRACE, &line).queries, 2);
}

Test(cli_path_options, kinds_and_payloads)
{
    static const struct {
        const char *line;
        enum sonde_probe_kind kind;
        uint16_t port;
        enum sonde_payload payload;
    } cases[] = {
        {"trace --udp 33434 h", SONDE_PROBE_UDP, 33434, SONDE_PAYLOAD_PATTERN},
        {"trace --udp 53 h", SONDE_PROBE_UDP, 53, SONDE_PAYLOAD_DNS},
        {"trace --udp 123 h", SONDE_PROBE_UDP, 123, SONDE_PAYLOAD_NTP},
        {"trace --udp 443 h", SONDE_PROBE_UDP, 443, SONDE_PAYLOAD_QUIC},
        {"trace --udp 53 --payload pattern h", SONDE_PROBE_UDP, 53, SONDE_PAYLOAD_PATTERN},
        {"trace --tcp 443 h", SONDE_PROBE_TCP, 443, SONDE_PAYLOAD_QUIC},
        {"trace --sctp 9 h", SONDE_PROBE_SCTP, 9, SONDE_PAYLOAD_PATTERN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_line line;
        const struct path_settings s = read_line(cases[i].line, PATH_IN_TRACE, &line);
        cr_expect_eq(s.choice.kind, cases[i].kind, "%s", cases[i].line);
        cr_expect_eq(s.choice.port, cases[i].port, "%s", cases[i].line);
        cr_expect_eq(cli_payload_of(&s.choice, s.payload), cases[i].payload, "%s", cases[i].line);
    }
}

Test(cli_path_options, what_a_probe_carries)
{
    static const struct {
        const char *line;
        int64_t bytes;
        enum sonde_payload payload;
    } cases[] = {
        {"trace h", 32, SONDE_PAYLOAD_PATTERN},
        {"trace --tcp 80 h", 0, SONDE_PAYLOAD_PATTERN},
        {"trace --tcp 80 -s 100 h", 100, SONDE_PAYLOAD_PATTERN},
        {"trace --sctp 9 h", 0, SONDE_PAYLOAD_PATTERN},
        {"trace --udp 123 -s 100 h", 100, SONDE_PAYLOAD_PATTERN},
        {"trace --udp 53 --payload pattern -s 100 h", 100, SONDE_PAYLOAD_PATTERN},
    };
    struct command_line line;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct path_settings s = read_line(cases[i].line, PATH_IN_TRACE, &line);
        cr_expect_eq(s.payload_bytes, cases[i].bytes, "%s", cases[i].line);
        cr_expect_eq(cli_payload_of(&s.choice, s.payload), cases[i].payload, "%s", cases[i].line);
    }
    /* whose size is sought cannot have one of its own */
    const struct path_settings s = read_line("mtu --udp 53 h", PATH_IN_MTU, &line);
    cr_expect_eq(cli_payload_of(&s.choice, s.payload), SONDE_PAYLOAD_PATTERN);
}

Test(cli_path_options, contradictions)
{
    static const struct {
        const char *line;
        const char *words;
    } cases[] = {
        {"trace", "a host is missing"},
        {"trace a b", "one host at a time"},
        {"trace --udp 0 h", "is not a port"},
        {"trace --tcp 65536 h", "is not a port"},
        {"trace -4 -6 h", "exclude each other"},
        {"trace -6 -I 192.0.2.1 h", "--ipv6 excludes it"},
        {"trace -f 9 -m 3 h", "--first-hop is behind --max-hops"},
        {"trace --multipath --report h", "--multipath looks once"},
        {"trace --dot h", "what --multipath finds"},
        {"trace --multipath --confidence 97 h", "is 95 or 99"},
        {"trace --json --csv h", "only one of"},
        {"trace --tcp 443 --payload dns h", "--payload is for --udp"},
        {"trace --seed 3 h", "--seed is for --simulate"},
        {"trace --as --geo x h", "exclude each other"},
        {"trace --least 100 h", "there is no option"},
        {"trace --confidence 99 h", "--confidence is of --multipath"},
        {"trace --algorithm mda h", "--algorithm is of --multipath"},
        {"trace --multipath -q 3 h", "--queries excludes it"},
        {"trace -i 1 h", "it needs --rounds or --report"},
        {"trace --udp 53 --payload dns -s 100 h", "there is no other size"},
        {"trace --sctp 9 -s 100 h", "no --size"},
        {"trace --socket dgram --tcp 80 -s 100 h", "--size with --tcp needs raw sockets"},
        {"trace --socket dgram --sctp 9 h", "--sctp needs raw sockets"},
        {"trace --socket dgram --multipath h", "--multipath needs raw sockets"},
        {"trace --socket dgram --via a h", "--via needs raw sockets"},
        {"trace --socket raw --simulate x h", "--simulate opens no socket"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(cases[i].line, PATH_IN_TRACE, cases[i].words);
    refuse("mtu --least 1500 --most 1000 h", PATH_IN_MTU, "--least is larger than --most");
    refuse("mtu --socket dgram --tcp 80 h", PATH_IN_MTU, "--tcp needs raw sockets");
    refuse("mtu --report h", PATH_IN_MTU, "there is no option");
}
