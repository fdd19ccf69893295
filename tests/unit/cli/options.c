#include "cli/options.h"

#include <criterion/criterion.h>
#include <string.h>

#include "command_line.h"
#include "sonde/time.h"

struct settings {
    bool flag;
    bool other;
    int64_t counted;
    int set;
    int64_t integer;
    bool integer_given;
    int64_t size;
    struct sonde_span duration;
    const char *text;
    int choice;
    struct cli_list list;
    int parsed;
    int help;
};

static bool read_even(const struct cli_option *option, const char *argument, void *member,
                      struct cli_error *error)
{
    (void)option;
    const int value = atoi(argument);
    if (value % 2 != 0) {
        cli_error_argument(error, "is not even");
        return false;
    }
    *(int *)member = value;
    return true;
}

static const struct cli_choice colours[] = {{"red", 4}, {"green", 5}, {NULL, 0}};
static const struct cli_peer_words words = {"bad: '%s'", "range: '%s' not in %l..%h",
                                            "too big: '%s'", NULL, 1};

#define AT(member) .offset = offsetof(struct settings, member)

static const struct cli_option options[] = {
    {'f', "flag", CLI_FLAG, "First", NULL, "a flag", AT(flag)},
    {'o', "other", CLI_FLAG, NULL, NULL, "another flag", AT(other), .where = CLI_IN_SONDE},
    {'v', "verbose", CLI_COUNTED, NULL, NULL, "say more", AT(counted)},
    {'x', "ex", CLI_SET, NULL, NULL, "set to 7", AT(set), .value = 7},
    {'y', "wye", CLI_SET, NULL, NULL, "set to 8", AT(set), .value = 8},
    {'i', "integer", CLI_INTEGER, "Second", "N", "a number", AT(integer),
     .given = offsetof(struct settings, integer_given), .min = -5, .max = 100, .fallback = 42,
     .peer = &words},
    {'s', "size", CLI_SIZE, NULL, "BYTES", "a size", AT(size), .min = 1, .max = 1 << 20},
    {'d', "duration", CLI_DURATION, NULL, "TIME", "a time", AT(duration),
     .max = 10 * SONDE_NS_PER_S, .fallback = 1500 * SONDE_NS_PER_MS, .peer = &words},
    {'t', "text", CLI_TEXT, NULL, "TEXT", "a text", AT(text)},
    {0, "choice", CLI_CHOICE, NULL, NULL, "a colour", AT(choice), .fallback = 5,
     .choices = colours},
    {0, "list", CLI_LIST, NULL, "ITEM,...", "a list", AT(list), .max = 3},
    {0, "parsed", CLI_PARSED, NULL, "EVEN", "an even number", AT(parsed), .parse = read_even,
     .preset = "12"},
    {'h', "help", CLI_HELP, NULL, "scdoc|completion", "this text", AT(help)},
};

static struct cli_options table_of(unsigned where)
{
    return (struct cli_options){
        options, sizeof options / sizeof *options, "[options] THING...", "Does things.", where,
        false};
}

static int read_line(const char *text, struct command_line *line, struct settings *settings,
                     struct cli_error *error)
{
    const struct cli_options table = table_of(CLI_IN_SONDE);
    *settings = (struct settings){0};
    split(line, text);
    cli_options_defaults(&table, settings);
    return cli_options_parse(&table, settings, line->argc, line->argv, error);
}

static struct settings understood(const char *text, struct command_line *line)
{
    struct settings settings;
    struct cli_error error;
    const int first = read_line(text, line, &settings, &error);
    cr_assert_geq(first, 0, "'%s': %s", text, error.message);
    cr_expect_eq(error.kind, CLI_NO_ERROR);
    return settings;
}

static void expect_complaint(const char *text, unsigned where, const char *expected, int status)
{
    struct command_line line;
    struct settings settings = {0};
    struct cli_error error;
    struct printed out;
    const struct cli_options table = table_of(where);
    split(&line, text);
    cr_assert_lt(cli_options_parse(&table, &settings, line.argc, line.argv, &error), 0, "'%s'",
                 text);
    printed_open(&out);
    cr_expect_eq(cli_error_print(&error, &table, "prog", out.stream), status, "'%s'", text);
    const char *said = printed_text(&out);
    cr_expect(strncmp(said, expected, strlen(expected)) == 0, "'%s': %s", text, said);
    if (where == CLI_IN_SONDE)
        cr_expect_eq(strchr(said, '\n'), said + strlen(said) - 1, "one line: %s", said);
    printed_close(&out);
}

Test(cli_options, defaults)
{
    struct command_line line;
    const struct settings settings = understood("prog", &line);
    cr_expect_eq(settings.integer, 42);
    cr_expect_eq(settings.duration.ns, 1500 * SONDE_NS_PER_MS);
    cr_expect_eq(settings.choice, 5);
    cr_expect_eq(settings.parsed, 12);
    cr_expect_not(settings.integer_given);
    cr_expect_null(settings.text);
}

Test(cli_options, every_kind_by_letter_and_by_name)
{
    static const char *const lines[] = {
        "prog -fovv -x -y -i-3 -s 2K -d 200ms -t hi --choice red --list a,b --parsed 4",
        "prog --flag --other --verbose --verbose --ex --wye --integer=-3 --size=2048 "
        "--duration=0.2 --text=hi --choice=red --list=a,b --parsed=4",
        "prog --fl --oth --verb -v --ex --wy --int -3 --si 2K --dur 0.2s --tex hi --cho red --li "
        "a,b "
        "--par 4",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct command_line line;
        const struct settings settings = understood(lines[i], &line);
        cr_expect(settings.flag && settings.other && settings.integer_given);
        cr_expect_eq(settings.counted, 2);
        cr_expect_eq(settings.set, 8);
        cr_expect_eq(settings.integer, -3);
        cr_expect_eq(settings.size, 2048);
        cr_expect_eq(settings.duration.ns, 200 * SONDE_NS_PER_MS);
        cr_expect_str_eq(settings.text, "hi");
        cr_expect_eq(settings.choice, 4);
        cr_expect_eq(settings.list.count, 2);
        cr_expect_str_eq(cli_list_item(&settings.list, 0), "a");
        cr_expect_str_eq(cli_list_item(&settings.list, 1), "b");
        cr_expect_eq(settings.parsed, 4);
    }
}

Test(cli_options, operands_may_stand_anywhere)
{
    struct command_line line;
    struct settings settings;
    struct cli_error error;
    const int first = read_line("prog a -f b -i 3 -- -c", &line, &settings, &error);
    cr_assert_eq(first, line.argc - 3);
    cr_expect_str_eq(line.argv[first], "a");
    cr_expect_str_eq(line.argv[first + 1], "b");
    cr_expect_str_eq(line.argv[first + 2], "-c");
    cr_expect(settings.flag);
    /* A second line begins anew. */
    cr_expect_eq(read_line("prog -i 4 a", &line, &settings, &error), 3);
    cr_expect_eq(settings.integer, 4);
    cr_expect_not(settings.flag);
}

Test(cli_options, the_first_operand_may_end_the_options)
{
    struct command_line line;
    struct settings settings = {0};
    struct cli_error error;
    struct cli_options table = table_of(CLI_IN_SONDE);
    table.stops = true;
    split(&line, "program -f host -o --unknown");
    cr_assert_eq(cli_options_parse(&table, &settings, line.argc, line.argv, &error), 2);
    cr_expect(settings.flag && !settings.other);
    cr_expect_str_eq(line.argv[2], "host");
    cr_expect_str_eq(line.argv[3], "-o");
}

Test(cli_options, help_ends_the_reading)
{
    struct command_line line;
    cr_expect_eq(understood("prog -h --nonsense", &line).help, CLI_HELP_TEXT);
    cr_expect_eq(understood("prog --help=scdoc -Z", &line).help, CLI_HELP_SCDOC);
    cr_expect_eq(understood("prog --help=completion", &line).help, CLI_HELP_COMPLETION);
    expect_complaint("prog --help=html", CLI_IN_SONDE,
                     "prog: --help: 'html' is not one of scdoc, completion\n", 2);
}

Test(cli_options, complaints_of_ours)
{
    static const struct {
        const char *line;
        const char *says;
    } cases[] = {
        {"prog -Z", "prog: there is no option -Z; `prog --help` lists them\n"},
        {"prog -fZ", "prog: there is no option -Z;"},
        {"prog --zebra=1", "prog: there is no option --zebra=1;"},
        {"prog --\033[2J", "prog: there is no option --\\x1b[2J;"},
        {"prog --t\033", "prog: there is no option --t\\x1b;"},
        {"prog -\033", "prog: there is no option -\\x1b;"},
        {"prog -i", "prog: --integer: its argument is missing (N)\n"},
        {"prog --integer", "prog: --integer: its argument is missing (N)\n"},
        {"prog --choice", "prog: --choice: its argument is missing (red|green)\n"},
        {"prog --flag=1", "prog: --flag: takes no argument\n"},
        {"prog -i abc", "prog: --integer: 'abc' is not a whole number\n"},
        {"prog -i \"\"", "prog: --integer: '' is not a whole number\n"},
        {"prog -i 5x", "prog: --integer: '5x' is not a whole number\n"},
        {"prog -i 101", "prog: --integer: '101' is out of range (expected -5 to 100)\n"},
        {"prog -i -6", "prog: --integer: '-6' is out of range (expected -5 to 100)\n"},
        {"prog -i 99999999999999999999", "prog: --integer: '99999999999999999999' is out of range"},
        {"prog -i \033[31m", "prog: --integer: '\\x1b[31m' is not a whole number\n"},
        {"prog -s 0", "prog: --size: '0' is out of range (expected 1 to 1048576)\n"},
        {"prog -s 2M", "prog: --size: '2M' is out of range"},
        {"prog -s 99999999999999999999G", "prog: --size: '99999999999999999999G' is out of range"},
        {"prog -s K", "prog: --size: 'K' is not a size"},
        {"prog -s -1K", "prog: --size: '-1K' is out of range"},
        {"prog -s 1.5K", "prog: --size: '1.5K' is not a size"},
        {"prog -d abc", "prog: --duration: 'abc' is not a duration (expected seconds or a number "
                        "with a unit: 0.2, 200ms)\n"},
        {"prog -d 11", "prog: --duration: '11' is out of range (expected 0 s to 10 s)\n"},
        {"prog -d -1", "prog: --duration: '-1' is out of range"},
        {"prog --choice blue", "prog: --choice: 'blue' is not one of red, green\n"},
        {"prog --choice \"\"", "prog: --choice: '' is not one of red, green\n"},
        {"prog --list a,,b", "prog: --list: 'a,,b' is not a list"},
        {"prog --list a,b,c,d", "prog: --list: 'a,b,c,d' has too many items (expected 3 at most)"},
        {"prog --list ,", "prog: --list: ',' is not a list"},
        {"prog --parsed 3", "prog: --parsed: '3' is not even\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_complaint(cases[i].line, CLI_IN_SONDE, cases[i].says, 2);
}

Test(cli_options, an_ambiguous_name_is_told_from_an_unknown_one)
{
    static const struct cli_option twins[] = {
        {0, "alpha", CLI_FLAG, NULL, NULL, "", .offset = 0},
        {0, "alps", CLI_COUNTED, NULL, NULL, "", .offset = sizeof(int64_t)},
    };
    const struct cli_options table = {twins, 2, "", "", CLI_IN_SONDE, false};
    struct command_line line;
    int64_t settings[2] = {0};
    struct cli_error error;
    split(&line, "prog --alp");
    cr_assert_lt(cli_options_parse(&table, settings, line.argc, line.argv, &error), 0);
    cr_expect_eq(error.kind, CLI_AMBIGUOUS_OPTION);
    cr_expect_str_eq(error.typed, "--alp");
    split(&line, "prog --alphabet");
    cr_assert_lt(cli_options_parse(&table, settings, line.argc, line.argv, &error), 0);
    cr_expect_eq(error.kind, CLI_UNKNOWN_OPTION);
}

Test(cli_options, complaints_of_the_peer)
{
    static const struct {
        const char *line;
        const char *says;
        int status;
    } cases[] = {
        {"prog -Z", "prog: invalid option -- 'Z'\nUsage: prog", 2},
        {"prog -o", "prog: invalid option -- 'o'\nUsage: prog", 2}, /* not in this guise */
        {"prog --other", "prog: unrecognized option '--other'\nUsage: prog", 2},
        {"prog -i", "prog: option requires an argument -- 'i'\nUsage: prog", 2},
        {"prog --integer", "prog: option '--integer' requires an argument\nUsage: prog", 2},
        {"prog --flag=1", "prog: option '--flag' doesn't allow an argument\nUsage: prog", 2},
        {"prog -i abc", "prog: bad: 'abc'\n", 1},
        {"prog -i 101", "prog: range: '101' not in -5..100\n", 1},
        {"prog -i 99999999999999999999", "prog: too big: '99999999999999999999'\n", 1},
        {"prog --choice blue", "prog: --choice: 'blue' is not one of red, green\n", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_complaint(cases[i].line, CLI_IN_DROP_IN, cases[i].says, cases[i].status);
}

Test(cli_options, long_arguments_are_cut_not_overrun)
{
    char word[2000];
    memset(word, '\033', sizeof word);
    word[sizeof word - 1] = '\0';
    char *argv[] = {(char[]){"prog"}, (char[]){"-i"}, word, NULL};
    const struct cli_options table = table_of(CLI_IN_DROP_IN);
    struct settings settings = {0};
    struct cli_error error;
    cr_assert_lt(cli_options_parse(&table, &settings, 3, argv, &error), 0);
    cr_expect_lt(strlen(error.argument), sizeof error.argument);
    cr_expect_lt(strlen(error.peer), sizeof error.peer);
    cr_expect_eq(error.peer_status, 1);
}
