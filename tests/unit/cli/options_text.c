#include <criterion/criterion.h>
#include <string.h>

#include "cli/ping_options.h"
#include "command_line.h"

static void write_help(struct printed *out, bool drop_in, enum cli_help form)
{
    const struct cli_options table = ping_options(drop_in);
    printed_open(out);
    cli_options_help(&table, form, "sonde ping", out->stream);
    printed_text(out);
}

Test(cli_options_text, help_keeps_to_80_columns)
{
    struct printed out;
    write_help(&out, false, CLI_HELP_TEXT);
    int lines = 0;
    for (const char *at = out.text; *at; lines++) {
        const size_t length = strcspn(at, "\n");
        cr_expect_leq(length, 80, "%.*s", (int)length, at);
        cr_expect(length == 0 || at[length - 1] != ' ', "blank at the end: %.*s", (int)length, at);
        at += length + 1;
    }
    cr_expect_gt(lines, 60);
    printed_close(&out);
}

Test(cli_options_text, help_names_options_arguments_and_defaults)
{
    static const char *const parts[] = {
        "Usage: sonde ping [options] HOST...\n",
        "\nHow many and when:\n  -c, --count=COUNT           stop after",
        "      --poisson               ",
        "--path-mtu=do|want|dont|probe\n",
        "(default 1 s)",
        "(default 56)",
        "(default echo)",
        "(default 50,90,99)",
        "  -h, --help[=scdoc|completion]\n",
    };
    struct printed out;
    write_help(&out, false, CLI_HELP_TEXT);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect_not_null(strstr(out.text, parts[i]), "%s", parts[i]);
    printed_close(&out);
}

Test(cli_options_text, help_shows_what_exists_in_this_guise)
{
    struct printed out;
    write_help(&out, true, CLI_HELP_TEXT);
    cr_expect_null(strstr(out.text, "--histogram"));
    cr_expect_null(strstr(out.text, "Simulation"));
    cr_expect_not_null(strstr(out.text, "--flood"));
    cr_expect_not_null(strstr(out.text, "\nOther:\n"));
    printed_close(&out);
}

Test(cli_options_text, every_option_is_in_every_form)
{
    const struct cli_options table = ping_options(false);
    static const enum cli_help forms[] = {CLI_HELP_TEXT, CLI_HELP_COMPLETION};
    for (size_t f = 0; f < 2; f++) {
        struct printed out;
        write_help(&out, false, forms[f]);
        for (size_t i = 0; i < table.count; i++) {
            char name[64];
            snprintf(name, sizeof name, "--%s", table.options[i].name);
            cr_expect_not_null(strstr(out.text, name), "%s", name);
        }
        printed_close(&out);
    }
}

Test(cli_options_text, man_page_section)
{
    struct printed out;
    write_help(&out, false, CLI_HELP_SCDOC);
    cr_expect(strncmp(out.text, "## How many and when\n\n*-c*, *--count*=_COUNT_\n\tStop", 47) ==
              0);
    cr_expect_not_null(strstr(out.text, "*-M*, *--path-mtu*=do\\|want\\|dont\\|probe\n\t"));
    cr_expect_not_null(strstr(out.text, "Time to live, hop limit.\n\n"));
    cr_expect_not_null(strstr(out.text, "\\`help\\` lists the words"));
    printed_close(&out);
}

Test(cli_options_text, completion_lines)
{
    struct printed out;
    write_help(&out, false, CLI_HELP_COMPLETION);
    cr_expect_not_null(strstr(out.text, "-c --count=\tCOUNT\n"));
    cr_expect_not_null(strstr(out.text, "-q --quiet\t\n"));
    cr_expect_not_null(strstr(out.text, "\n--timestamps=\thw kernel user\n"));
    cr_expect_not_null(strstr(out.text, "\n-h --help\tscdoc|completion\n"));
    printed_close(&out);
}
