#include "cli/lab_options.h"

#include <criterion/criterion.h>
#include <string.h>

#include "command_line.h"

static bool read_line(const char *text, struct lab_settings *settings, struct command_line *line,
                      struct cli_error *error)
{
    split(line, text);
    return lab_options_read(settings, line->argc, line->argv, error);
}

static struct lab_settings lab_line(const char *text, struct command_line *line)
{
    struct lab_settings settings;
    struct cli_error error;
    cr_assert(read_line(text, &settings, line, &error), "%s: %s", text, error.message);
    return settings;
}

/* The words of the command, separated by blanks. */
static const char *command_of(const struct lab_settings *settings, char text[static 128])
{
    text[0] = '\0';
    for (char **word = settings->command; *word; word++) {
        strcat(text, word == settings->command ? "" : " ");
        strcat(text, *word);
    }
    return text;
}

Test(cli_lab_options, defaults)
{
    struct command_line line;
    const struct lab_settings s = lab_line("lab net.scn", &line);
    cr_expect_str_eq(s.scenario, "net.scn");
    cr_expect_null(s.command[0]);
    cr_expect_null(s.truth);
    cr_expect_null(s.pcap);
    cr_expect_eq(s.seed, -1);
    cr_expect(!s.check && !s.verbose);
    cr_expect_eq(s.help, CLI_HELP_NONE);
}

Test(cli_lab_options, where_the_command_begins)
{
    static const struct {
        const char *line;
        const char *command;
    } cases[] = {
        {"lab -v n.scn -- ping -c 5 far", "ping -c 5 far"},
        {"lab -v n.scn ping -c 5 far", "ping -c 5 far"},
        {"lab n.scn -v ping -v far", "ping -v far"},
        {"lab n.scn -v -- -v far", "-v far"},
        {"lab -v -- n.scn ping", "ping"},
        {"lab -v -- n.scn -- ping -- -c", "ping -- -c"},
        {"lab -v n.scn --", ""},
        {"lab -v n.scn ping -- far", "ping -- far"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_line line;
        char text[128];
        const struct lab_settings s = lab_line(cases[i].line, &line);
        cr_expect_str_eq(s.scenario, "n.scn", "%s", cases[i].line);
        cr_expect_str_eq(command_of(&s, text), cases[i].command, "%s", cases[i].line);
        cr_expect(s.verbose, "%s", cases[i].line);
    }
}

Test(cli_lab_options, values)
{
    struct command_line line;
    const struct lab_settings s =
        lab_line("lab --truth t.json --seed=7 n.scn --pcap p.pcapng --check", &line);
    cr_expect_str_eq(s.truth, "t.json");
    cr_expect_str_eq(s.pcap, "p.pcapng");
    cr_expect_eq(s.seed, 7);
    cr_expect(s.check);
}

Test(cli_lab_options, help_needs_no_scenario)
{
    struct command_line line;
    cr_expect_eq(lab_line("lab --help", &line).help, CLI_HELP_TEXT);
    cr_expect_eq(lab_line("lab --help=scdoc", &line).help, CLI_HELP_SCDOC);
    cr_expect_eq(lab_line("lab n.scn --help", &line).help, CLI_HELP_TEXT);
}

Test(cli_lab_options, mistakes)
{
    static const struct {
        const char *line;
        enum cli_error_kind kind;
    } cases[] = {
        {"lab", CLI_CONFLICT},
        {"lab --verbose", CLI_CONFLICT},
        {"lab --nonsense n.scn", CLI_UNKNOWN_OPTION},
        {"lab n.scn -x", CLI_UNKNOWN_OPTION},
        {"lab n.scn --truth", CLI_MISSING_ARGUMENT},
        {"lab --seed=-1 n.scn", CLI_BAD_ARGUMENT},
        {"lab --seed=x n.scn", CLI_BAD_ARGUMENT},
        {"lab --check=yes n.scn", CLI_UNWANTED_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct command_line line;
        struct lab_settings settings;
        struct cli_error error;
        cr_expect_not(read_line(cases[i].line, &settings, &line, &error), "%s", cases[i].line);
        cr_expect_eq(error.kind, cases[i].kind, "%s", cases[i].line);
    }
}
