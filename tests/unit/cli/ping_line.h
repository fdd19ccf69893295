/* ping's command lines, read in one guise or the other. */
#ifndef TEST_CLI_PING_LINE_H
#define TEST_CLI_PING_LINE_H

#include "cli/ping_options.h"
#include "command_line.h"

/* Reads a line that must be understood. `line` must live as long as what is returned. */
static inline struct ping_settings ping_line(const char *text, bool drop_in,
                                             struct command_line *line)
{
    struct ping_settings settings;
    struct cli_error error;
    split(line, text);
    cr_assert(ping_options_read(&settings, drop_in, line->argv[0], line->argc, line->argv, &error),
              "'%s': %s %s", text, error.argument, error.message);
    return settings;
}

/* An error printed as the guise says must be this text, with this exit code. */
static inline void expect_printed(const char *line, const struct cli_error *error, bool drop_in,
                                  const char *expected, int status)
{
    const struct cli_options table = ping_options(drop_in);
    struct printed out;
    printed_open(&out);
    cr_expect_eq(cli_error_print(error, &table, drop_in ? "ping" : "sonde ping", out.stream),
                 status, "'%s'", line);
    cr_expect_str_eq(printed_text(&out), expected, "'%s': %s", line, out.text);
    printed_close(&out);
}

static inline void expect_refused(const char *text, bool drop_in, const char *expected, int status)
{
    struct command_line line;
    struct ping_settings settings;
    struct cli_error error;
    split(&line, text);
    cr_assert_not(ping_options_read(&settings, drop_in, line.argv[0], line.argc, line.argv, &error),
                  "'%s'", text);
    expect_printed(text, &error, drop_in, expected, status);
}

#endif
