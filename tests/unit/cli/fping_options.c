#include "cli/fping_options.h"

#include <string.h>

#include "command_line.h"
#include "report/fping_text.h"

static struct fping_settings understood(const char *text, const char *started_as,
                                        struct command_line *line)
{
    struct fping_settings settings;
    struct cli_error error;
    split(line, text);
    cr_assert(fping_options_read(&settings, started_as, false, line->argc, line->argv, &error),
              "'%s': %s", text, error.peer);
    return settings;
}

static void refused(const char *text, const char *expected)
{
    struct command_line line;
    struct fping_settings settings;
    struct cli_error error;
    struct printed out;
    split(&line, text);
    cr_assert_not(fping_options_read(&settings, "fping", false, line.argc, line.argv, &error),
                  "'%s'", text);
    printed_open(&out);
    cr_expect_eq(fping_options_complain(&error, "fping", out.stream), 1, "'%s'", text);
    cr_expect_eq(strncmp(printed_text(&out), expected, strlen(expected)), 0, "'%s': %s", text,
                 out.text);
    printed_close(&out);
}

Test(fping_options, defaults)
{
    struct command_line line;
    const struct fping_settings s = understood("fping a b", "fping", &line);
    cr_assert_eq(s.operand_count, 2);
    cr_assert_str_eq(s.operands[1], "b");
    cr_assert_eq(s.payload_bytes, 56);
    cr_assert_eq(s.retries, 3);
    cr_assert_eq(s.backoff, 1.5);
    cr_assert_eq(s.interval.ns, 10 * SONDE_NS_PER_MS);
    cr_assert_eq(s.period.ns, SONDE_NS_PER_S);
    cr_assert_eq(s.timeout.ns, 500 * SONDE_NS_PER_MS);
    cr_assert_eq(s.remember.ns, 10 * SONDE_NS_PER_S);
    cr_assert_eq(fping_settings_family(&s), SONDE_FAMILY_NONE);
    cr_assert(s.words && !s.lines);
}

Test(fping_options, the_timeout_follows_the_period_up_to_two_seconds)
{
    struct command_line line;
    cr_assert_eq(understood("fping -c1 -p 300 a", "fping", &line).timeout.ns,
                 300 * SONDE_NS_PER_MS);
    cr_assert_eq(understood("fping -l -p 3000 a", "fping", &line).timeout.ns, 2 * SONDE_NS_PER_S);
    cr_assert_eq(understood("fping -C1 -p 300 -t 70 a", "fping", &line).timeout.ns,
                 70 * SONDE_NS_PER_MS);
    cr_assert_eq(understood("fping -p 300 a", "fping", &line).timeout.ns, 500 * SONDE_NS_PER_MS);
}

Test(fping_options, which_lines_are_written)
{
    static const struct {
        const char *text;
        bool words, lines, alive;
    } table[] = {
        {"fping a", true, false, false},          {"fping -a a", false, false, true},
        {"fping -u a", false, false, false},      {"fping -x 1 a", false, false, false},
        {"fping -q a", false, false, false},      {"fping -c 1 a", false, true, false},
        {"fping -c 1 -q a", false, false, false}, {"fping -c 1 -Q 5 a", false, false, false},
        {"fping -c 1 -a a", false, true, false},  {"fping -l a", false, true, false},
        {"fping -l -q a", false, true, false},    {"fping -l -Q 5 a", false, false, false},
        {"fping -l -Q 0 a", false, true, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct command_line line;
        const struct fping_settings s = understood(table[i].text, "fping", &line);
        cr_expect_eq(s.words, table[i].words, "%s", table[i].text);
        cr_expect_eq(s.lines, table[i].lines, "%s", table[i].text);
        cr_expect_eq(s.alive, table[i].alive, "%s", table[i].text);
    }
}

Test(fping_options, options_of_later_versions)
{
    struct command_line line;
    struct fping_settings s = understood(
        "fping -J -C 70000 -X 2 -k 7 --print-tos --print-ttl --check-source --seqmap-timeout=5 "
        "-Q 1.5,cumulative --timestamp-format=iso a",
        "fping", &line);
    cr_assert(s.json && s.fast_reachable && s.print_tos && s.print_ttl && s.check_source);
    cr_assert(s.all_rtts && s.every.cumulative);
    cr_assert_eq(s.count, 70000);
    cr_assert_eq(s.reachable, 2);
    cr_assert_eq(s.mark, 7);
    cr_assert_eq(s.remember.ns, 5 * SONDE_NS_PER_MS);
    cr_assert_eq(s.every.interval.ns, 1500 * SONDE_NS_PER_MS);
    cr_assert_eq(s.clock, REPORT_FPING_ISO);
    s = understood("fping --icmp-timestamp a", "fping", &line);
    cr_assert_eq(s.payload_bytes, 12);
    cr_assert_eq(fping_settings_family(&s), SONDE_IPV4);
}

Test(fping_options, the_name_with_a_six_is_ipv6)
{
    struct command_line line;
    const struct fping_settings s = understood("fping6 a", "fping6", &line);
    cr_assert_eq(fping_settings_family(&s), SONDE_IPV6);
}

Test(fping_options, complaints)
{
    refused("fping -z", "fping: invalid option -- 'z'\nsee 'fping -h' for usage information\n");
    refused("fping --foo=1", "fping: invalid option -- 'foo=1'\nsee 'fping -h'");
    refused("fping -c", "fping: option requires an argument -- 'c'\n");
    refused("fping --count", "fping: option requires an argument -- 'count'\n");
    refused("fping --alive=1", "fping: option takes no arguments -- 'alive'\n");
    refused("fping -4 -6 a", "fping: can't specify both -4 and -6\n");
    refused("fping -a -u a", "fping: specify only one of a, u\n");
    refused("fping -c 1 -l a", "fping: specify only one of c, l\n");
    refused("fping -n -d a", "fping: use either one of -d or -n\n");
    refused("fping -J a", "fping: option -J, --json requires -c, -C, or -l\n");
    refused("fping -H 256 a", "fping: ttl 256 out of range\n");
    refused("fping -b 65508 a",
            "fping: data size 65508 not valid, must not be larger than 65507\n");
    refused("fping -B 0.9 a", "fping: backoff factor 0.9 not valid, must be between 1.0 and 5.0\n");
    refused("fping -p 0 a", "fping: -p must be >= 0.001\n");
    refused("fping -S x a", "fping: can't parse source address: x\n");
    refused("fping --icmp-timestamp -b 5 a", "fping: cannot change ICMP Timestamp size\n");
    refused("fping --icmp-timestamp -6 a", "fping: ICMP Timestamp is IPv4 only\n");
}

Test(fping_options, bad_arguments_bring_the_help)
{
    static const char *const lines[] = {
        "fping -c 0 a",
        "fping -c 10xyz a",
        "fping -c -1 a",
        "fping -c 4294967296 a",
        "fping -t -1 a",
        "fping -t nan a",
        "fping -i inf a",
        "fping -p 1x a",
        "fping -Q 1x a",
        "fping -Q -1 a",
        "fping -H 0 a",
        "fping -x 0 a",
        "fping -O 256 a",
        "fping -O -1 a",
        "fping -r -1 a",
        "fping -B x a",
        "fping -k 0 a",
        "fping -X x a",
        "fping --seqmap-timeout=x a",
        "fping -t 1e300 a",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        refused(lines[i], "Usage: fping [options]");
}

/* SmokePing and Zabbix look for these at the beginning of a line of the help. */
Test(fping_options, the_help_shows_source_and_type_of_service)
{
    struct printed out;
    const struct cli_options table = fping_options();
    printed_open(&out);
    cli_options_help(&table, CLI_HELP_TEXT, "fping", out.stream);
    cr_assert(strstr(printed_text(&out), "\n  -S, "));
    cr_assert(strstr(out.text, "\n  -O, "));
    printed_close(&out);
}
