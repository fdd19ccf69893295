/* Help, man page, completion and error messages, all from the option table. */
#include <ctype.h>
#include <string.h>

#include "cli/options_inside.h"
#include "sonde/time.h"

#define HELP_WIDTH  80
#define HELP_INDENT 30 /* where the sentences begin */

static void duration_text(int64_t ns, char text[static CLI_VALUE_TEXT])
{
    if (ns > 0 && ns < SONDE_NS_PER_S && ns % SONDE_NS_PER_MS == 0) {
        snprintf(text, CLI_VALUE_TEXT, "%lld ms", (long long)(ns / SONDE_NS_PER_MS));
        return;
    }
    int length = snprintf(text, CLI_VALUE_TEXT, "%lld.%09lld", (long long)(ns / SONDE_NS_PER_S),
                          (long long)(ns % SONDE_NS_PER_S));
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    snprintf(text + length, CLI_VALUE_TEXT - (size_t)length, " s");
}

void cli_value_text(const struct cli_option *option, int64_t value,
                    char text[static CLI_VALUE_TEXT])
{
    if (option->kind == CLI_DURATION)
        duration_text(value, text);
    else
        snprintf(text, CLI_VALUE_TEXT, "%lld", (long long)value);
}

void cli_choices_text(const struct cli_option *option, const char *between,
                      char text[static CLI_CHOICES_TEXT])
{
    size_t used = 0;
    text[0] = '\0';
    for (const struct cli_choice *choice = option->choices; choice->name; choice++) {
        snprintf(text + used, CLI_CHOICES_TEXT - used, "%s%s", used ? between : "", choice->name);
        used += strlen(text + used);
    }
}

/* The default in words; false when there is none to tell. */
static bool default_text(const struct cli_option *option, char text[static CLI_VALUE_TEXT])
{
    switch (option->kind) {
    case CLI_INTEGER:
    case CLI_SIZE:
    case CLI_DURATION:
        cli_value_text(option, option->fallback, text);
        return option->fallback > 0; /* that nothing is set goes without saying */
    case CLI_CHOICE:
        for (const struct cli_choice *choice = option->choices; choice->name; choice++)
            if (choice->value == option->fallback) {
                snprintf(text, CLI_VALUE_TEXT, "%s", choice->name);
                return true;
            }
        return false;
    case CLI_PARSED:
        if (option->preset)
            snprintf(text, CLI_VALUE_TEXT, "%s", option->preset);
        return option->preset != NULL;
    default:
        return false;
    }
}

static void argument_text(const struct cli_option *option, const char *between,
                          char text[static CLI_CHOICES_TEXT])
{
    text[0] = '\0';
    if (option->argument)
        snprintf(text, CLI_CHOICES_TEXT, "%s", option->argument);
    else if (option->choices)
        cli_choices_text(option, between, text);
}

static void sentence(const struct cli_option *option, char *text, size_t size)
{
    char value[CLI_VALUE_TEXT];
    if (default_text(option, value))
        snprintf(text, size, "%s (default %s)", option->help, value);
    else
        snprintf(text, size, "%s", option->help);
}

/* Writes text word by word from `column` on, in lines of the help's width. */
static void wrap(const char *text, int column, FILE *out)
{
    bool first = true;
    while (*text) {
        const int length = (int)strcspn(text, " ");
        if (!first && column + 1 + length > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_INDENT, "");
            column = HELP_INDENT;
            first = true;
        }
        column += fprintf(out, "%s%.*s", first ? "" : " ", length, text);
        first = false;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void help_option(const struct cli_option *option, FILE *out)
{
    char argument[CLI_CHOICES_TEXT], text[512], left[300];
    argument_text(option, "|", argument);
    const char *join = !*argument ? "" : cli_option_need(option) == CLI_NEEDS_MAYBE ? "[=" : "=";
    int column = option->letter ? snprintf(left, sizeof left, "  -%c, ", option->letter)
                                : snprintf(left, sizeof left, "      ");
    snprintf(left + column, sizeof left - (size_t)column, "--%s%s%s%s", option->name, join,
             argument, *join == '[' ? "]" : "");
    if (strlen(left) + 2 > HELP_INDENT)
        fprintf(out, "%s\n%*s", left, HELP_INDENT, "");
    else
        fprintf(out, "%-*s", HELP_INDENT, left);
    sentence(option, text, sizeof text);
    wrap(text, HELP_INDENT, out);
}

static void help_text(const struct cli_options *table, const char *program, FILE *out)
{
    fprintf(out, "Usage: %s %s\n\n%s\n", program, table->synopsis, table->summary);
    const char *group = NULL, *shown = NULL;
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        group = option->group ? option->group : group;
        if (!cli_option_available(table, option))
            continue;
        if (group && group != shown)
            fprintf(out, "\n%s:\n", group);
        shown = group;
        help_option(option, out);
    }
}

/* Text in which nothing means anything to scdoc(5). */
static void scdoc_plain(const char *text, FILE *out)
{
    for (; *text; text++) {
        if (strchr("\\*_#[]|~`<>.", *text) && *text != '.')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void scdoc_option(const struct cli_option *option, FILE *out)
{
    char argument[CLI_CHOICES_TEXT], text[512];
    if (option->letter)
        fprintf(out, "*-%c*, ", option->letter);
    fputs("*--", out);
    scdoc_plain(option->name, out);
    fputc('*', out);
    argument_text(option, "|", argument);
    if (*argument) {
        const bool maybe = cli_option_need(option) == CLI_NEEDS_MAYBE;
        fputs(maybe ? "\\[=" : "=", out);
        fputs(option->argument ? "_" : "", out);
        scdoc_plain(argument, out);
        fputs(option->argument ? "_" : "", out);
        fputs(maybe ? "\\]" : "", out);
    }
    fputs("\n\t", out);
    sentence(option, text, sizeof text);
    text[0] = (char)toupper((unsigned char)text[0]);
    scdoc_plain(text, out);
    fputs(".\n\n", out);
}

static void help_scdoc(const struct cli_options *table, FILE *out)
{
    const char *group = NULL, *shown = NULL;
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        group = option->group ? option->group : group;
        if (!cli_option_available(table, option))
            continue;
        if (group && group != shown)
            fprintf(out, "## %s\n\n", group);
        shown = group;
        scdoc_option(option, out);
    }
}

static void help_completion(const struct cli_options *table, FILE *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        if (!cli_option_available(table, option))
            continue;
        char argument[CLI_CHOICES_TEXT];
        argument_text(option, " ", argument);
        if (option->letter)
            fprintf(out, "-%c ", option->letter);
        fprintf(out, "--%s%s\t%s\n", option->name,
                cli_option_need(option) == CLI_NEEDS_ARGUMENT ? "=" : "", argument);
    }
}

void cli_options_help(const struct cli_options *table, enum cli_help form, const char *program,
                      FILE *out)
{
    switch (form) {
    case CLI_HELP_NONE:
        break;
    case CLI_HELP_TEXT:
        help_text(table, program, out);
        break;
    case CLI_HELP_SCDOC:
        help_scdoc(table, out);
        break;
    case CLI_HELP_COMPLETION:
        help_completion(table, out);
        break;
    }
}

static void print_ours(const struct cli_error *error, const char *program, FILE *out)
{
    const struct cli_option *option = error->option;
    fprintf(out, "%s: ", program);
    switch (error->kind) {
    case CLI_NO_ERROR:
        break;
    case CLI_UNKNOWN_OPTION:
        fprintf(out, "there is no option %s%s; `%s --help` lists them\n",
                error->by_letter ? "-" : "", error->typed, program);
        break;
    case CLI_AMBIGUOUS_OPTION:
        fprintf(out, "%s may mean more than one option; `%s --help` lists them\n", error->typed,
                program);
        break;
    case CLI_MISSING_ARGUMENT: {
        char argument[CLI_CHOICES_TEXT];
        argument_text(option, "|", argument);
        fprintf(out, "--%s: its argument is missing (%s)\n", option->name, argument);
        break;
    }
    case CLI_UNWANTED_ARGUMENT:
        fprintf(out, "--%s: takes no argument\n", option->name);
        break;
    case CLI_BAD_ARGUMENT:
        fprintf(out, "--%s: '%s' %s\n", option->name, error->argument, error->message);
        break;
    case CLI_CONFLICT:
        fprintf(out, "%s\n", error->message);
        break;
    }
}

/* Complaints in the words of getopt_long(3), which the peer uses. */
static void print_getopts(const struct cli_error *error, const char *program, FILE *out)
{
    const struct cli_option *option = error->option;
    fprintf(out, "%s: ", program);
    if (error->kind == CLI_UNKNOWN_OPTION && error->by_letter)
        fprintf(out, "invalid option -- '%s'\n", error->typed);
    else if (error->kind == CLI_UNKNOWN_OPTION)
        fprintf(out, "unrecognized option '%s'\n", error->typed);
    else if (error->kind == CLI_AMBIGUOUS_OPTION)
        fprintf(out, "option '%s' is ambiguous\n", error->typed);
    else if (error->kind == CLI_UNWANTED_ARGUMENT)
        fprintf(out, "option '--%s' doesn't allow an argument\n", option->name);
    else if (error->by_letter)
        fprintf(out, "option requires an argument -- '%c'\n", option->letter);
    else
        fprintf(out, "option '--%s' requires an argument\n", option->name);
}

int cli_error_print(const struct cli_error *error, const struct cli_options *table,
                    const char *program, FILE *out)
{
    if (table->where != CLI_IN_DROP_IN) {
        print_ours(error, program, out);
        return 2;
    }
    if (error->kind == CLI_BAD_ARGUMENT || error->kind == CLI_CONFLICT) {
        if (*error->peer)
            fprintf(out, "%s: %s\n", program, error->peer);
        else
            print_ours(error, program, out);
        return error->peer_status ? error->peer_status : 2;
    }
    print_getopts(error, program, out);
    help_text(table, program, out);
    return 2;
}
