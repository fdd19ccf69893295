#include "cli/options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#include "base/number.h"
#include "base/printable.h"
#include "cli/options_inside.h"

#define OPTIONS_MAX 96
#define LONG_BASE   0x400 /* getopt's value of the first option's long name; above every letter */

static void *member(const struct cli_option *option, void *settings)
{
    return (char *)settings + option->offset;
}

bool cli_option_available(const struct cli_options *table, const struct cli_option *option)
{
    return option->where == 0 || (option->where & table->where) != 0;
}

enum cli_need cli_option_need(const struct cli_option *option)
{
    switch (option->kind) {
    case CLI_FLAG:
    case CLI_COUNTED:
    case CLI_SET:
        return CLI_NEEDS_NONE;
    case CLI_HELP:
        return CLI_NEEDS_MAYBE;
    default:
        return CLI_NEEDS_ARGUMENT;
    }
}

const char *cli_list_item(const struct cli_list *list, size_t index)
{
    return list->text + list->starts[index];
}

static void preset(const struct cli_option *option, void *settings)
{
    struct cli_error error = {.option = option};
    const bool understood = option->parse(option, option->preset, member(option, settings), &error);
    assert(understood);
    (void)understood;
}

void cli_options_defaults(const struct cli_options *table, void *settings)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        switch (option->kind) {
        case CLI_INTEGER:
        case CLI_SIZE:
            *(int64_t *)member(option, settings) = option->fallback;
            break;
        case CLI_DURATION:
            ((struct sonde_span *)member(option, settings))->ns = option->fallback;
            break;
        case CLI_CHOICE:
            *(int *)member(option, settings) = (int)option->fallback;
            break;
        case CLI_PARSED:
            if (option->preset)
                preset(option, settings);
            break;
        default:
            break;
        }
    }
}

/* Fills in the peer's words. */
static void peer_words(struct cli_error *error, const char *words)
{
    const struct cli_option *option = error->option;
    size_t used = 0;
    for (; *words && used + 1 < sizeof error->peer; words++) {
        char *at = error->peer + used;
        const size_t room = sizeof error->peer - used;
        if (words[0] != '%') {
            at[0] = *words;
            at[1] = '\0';
        } else if (*++words == 's') {
            snprintf(at, room, "%s", error->argument);
        } else {
            snprintf(at, room, "%lld", (long long)(*words == 'l' ? option->min : option->max));
        }
        used += strlen(at);
    }
}

void cli_error_argument(struct cli_error *error, const char *format, ...)
{
    error->kind = CLI_BAD_ARGUMENT;
    va_list list;
    va_start(list, format);
    vsnprintf(error->message, sizeof error->message, format, list);
    va_end(list);
    const struct cli_peer_words *peer = error->option->peer;
    if (peer) {
        error->peer_status = peer->status;
        peer_words(error, peer->malformed);
    }
}

bool cli_error_conflict(struct cli_error *error, const char *message, const char *peer)
{
    *error = (struct cli_error){.kind = CLI_CONFLICT};
    snprintf(error->message, sizeof error->message, "%s", message);
    snprintf(error->peer, sizeof error->peer, "%s", peer ? peer : "");
    return false;
}

static void out_of_range(struct cli_error *error, bool overflow)
{
    const struct cli_option *option = error->option;
    char low[CLI_VALUE_TEXT], high[CLI_VALUE_TEXT];
    cli_value_text(option, option->min, low);
    cli_value_text(option, option->max, high);
    if (option->max == INT64_MAX)
        cli_error_argument(error, "is out of range (expected %s or more)", low);
    else
        cli_error_argument(error, "is out of range (expected %s to %s)", low, high);
    if (option->peer)
        peer_words(error, overflow ? option->peer->overflow : option->peer->range);
}

static bool read_integer(const struct cli_option *option, const char *argument, int64_t *value,
                         struct cli_error *error)
{
    int64_t any;
    switch (base_parse_integer(argument, option->min, option->max, value)) {
    case BASE_NUMBER_OK:
        return true;
    case BASE_NUMBER_OUT_OF_RANGE:
        out_of_range(error,
                     base_parse_integer(argument, INT64_MIN, INT64_MAX, &any) != BASE_NUMBER_OK);
        return false;
    default:
        cli_error_argument(error, "is not a whole number");
        return false;
    }
}

static bool read_size(const struct cli_option *option, const char *argument, int64_t *value,
                      struct cli_error *error)
{
    static const char units[] = "KMG";
    const size_t length = strlen(argument);
    const char *unit = length > 0 ? strchr(units, argument[length - 1]) : NULL;
    if (!unit)
        return read_integer(option, argument, value, error);
    char number[32];
    const int shift = 10 * (int)(unit - units + 1);
    int64_t count = 0;
    enum base_number_result result = BASE_NUMBER_MALFORMED;
    if (length <= sizeof number) {
        memcpy(number, argument, length - 1);
        number[length - 1] = '\0';
        result = base_parse_integer(number, 0, INT64_MAX >> shift, &count);
    }
    if (result == BASE_NUMBER_MALFORMED) {
        cli_error_argument(error, "is not a size (expected bytes, or a number with K, M or G)");
        return false;
    }
    if (result != BASE_NUMBER_OK || count << shift < option->min || count << shift > option->max) {
        out_of_range(error, false);
        return false;
    }
    *value = count << shift;
    return true;
}

static bool read_duration(const struct cli_option *option, const char *argument,
                          struct sonde_span *value, struct cli_error *error)
{
    switch (base_parse_duration(argument, (struct sonde_span){SONDE_NS_PER_S},
                                (struct sonde_span){option->min}, (struct sonde_span){option->max},
                                value)) {
    case BASE_NUMBER_OK:
        return true;
    case BASE_NUMBER_OUT_OF_RANGE:
        out_of_range(error, false);
        return false;
    default:
        cli_error_argument(error, "is not a duration (expected seconds or a number with a unit: "
                                  "0.2, 200ms)");
        return false;
    }
}

static bool read_choice(const struct cli_option *option, const char *argument, int *value,
                        struct cli_error *error)
{
    for (const struct cli_choice *choice = option->choices; choice->name; choice++)
        if (strcmp(argument, choice->name) == 0) {
            *value = choice->value;
            return true;
        }
    char words[CLI_CHOICES_TEXT];
    cli_choices_text(option, ", ", words);
    cli_error_argument(error, "is not one of %s", words);
    return false;
}

static bool read_list(const struct cli_option *option, const char *argument, struct cli_list *list,
                      struct cli_error *error)
{
    *list = (struct cli_list){0};
    size_t used = 0;
    for (;;) {
        const size_t length = strcspn(argument, ",");
        if (length == 0 || used + length >= sizeof list->text) {
            cli_error_argument(error, "is not a list (expected items with commas in between)");
            return false;
        }
        if (list->count == CLI_LIST_ITEMS || list->count >= (size_t)option->max) {
            cli_error_argument(error, "has too many items (expected %lld at most)",
                               (long long)option->max);
            return false;
        }
        list->starts[list->count++] = (uint16_t)used;
        memcpy(list->text + used, argument, length);
        used += length + 1;
        if (argument[length] == '\0')
            return true;
        argument += length + 1;
    }
}

static bool read_help(const char *argument, int *form, struct cli_error *error)
{
    *form = CLI_HELP_TEXT;
    if (!argument)
        return true;
    if (strcmp(argument, "scdoc") == 0)
        *form = CLI_HELP_SCDOC;
    else if (strcmp(argument, "completion") == 0)
        *form = CLI_HELP_COMPLETION;
    else
        cli_error_argument(error, "is not one of scdoc, completion");
    return error->kind == CLI_NO_ERROR;
}

/* The peer reads its whole numbers in one form only. */
static bool peer_refuses(const struct cli_options *table, const struct cli_option *option,
                         const char *text)
{
    return table->where == CLI_IN_DROP_IN && option->peer && option->peer->characters &&
           text[strspn(text, option->peer->characters)] != '\0';
}

static bool store(const struct cli_options *table, const struct cli_option *option,
                  const char *argument, void *settings, struct cli_error *error)
{
    void *at = member(option, settings);
    const char *text = argument ? argument : "";
    if (option->given)
        *(bool *)((char *)settings + option->given) = true;
    error->option = option;
    base_printable(text, strlen(text), error->argument, sizeof error->argument);
    if (peer_refuses(table, option, text)) {
        cli_error_argument(error, "is not a whole number");
        return false;
    }
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)at = true;
        return true;
    case CLI_COUNTED:
        ++*(int64_t *)at;
        return true;
    case CLI_SET:
        *(int *)at = option->value;
        return true;
    case CLI_INTEGER:
        return read_integer(option, text, at, error);
    case CLI_SIZE:
        return read_size(option, text, at, error);
    case CLI_DURATION:
        return read_duration(option, text, at, error);
    case CLI_TEXT:
        *(const char **)at = text;
        return true;
    case CLI_CHOICE:
        return read_choice(option, text, at, error);
    case CLI_LIST:
        return read_list(option, text, at, error);
    case CLI_PARSED:
        return option->parse(option, text, at, error);
    case CLI_HELP:
        return read_help(argument, at, error);
    }
    return false;
}

struct getopt_tables {
    char letters[3 + 2 * OPTIONS_MAX];
    struct option names[OPTIONS_MAX + 1];
};

static void make_getopt_tables(const struct cli_options *table, struct getopt_tables *made)
{
    static const int arguments[] = {no_argument, optional_argument, required_argument};
    assert(table->count <= OPTIONS_MAX);
    *made = (struct getopt_tables){0};
    char *letter = made->letters;
    struct option *name = made->names;
    if (table->stops)
        *letter++ = '+';
    *letter++ = ':'; /* tell a missing argument apart */
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        if (!cli_option_available(table, option))
            continue;
        const enum cli_need need = cli_option_need(option);
        *name++ = (struct option){option->name, arguments[need], NULL, LONG_BASE + (int)i};
        if (option->letter)
            *letter++ = option->letter;
        if (option->letter && need == CLI_NEEDS_ARGUMENT)
            *letter++ = ':';
    }
}

/* The option that getopt's value stands for, NULL if none. */
static const struct cli_option *meant(const struct cli_options *table, int value)
{
    if (value >= LONG_BASE)
        return &table->options[value - LONG_BASE];
    for (size_t i = 0; i < table->count; i++)
        if (value != 0 && table->options[i].letter == value &&
            cli_option_available(table, &table->options[i]))
            return &table->options[i];
    return NULL;
}

/* How many long names begin with what was typed behind "--". */
static size_t names_beginning(const struct cli_options *table, const char *typed)
{
    const size_t length = strcspn(typed, "=");
    size_t found = 0;
    for (size_t i = 0; i < table->count; i++)
        found += cli_option_available(table, &table->options[i]) &&
                 strncmp(table->options[i].name, typed, length) == 0;
    return found;
}

/* What getopt complains about. `word` is the argument of the command line it was reading. */
static void not_understood(const struct cli_options *table, int answer, const char *word,
                           struct cli_error *error)
{
    error->option = meant(table, optopt);
    error->by_letter = optopt != 0 && optopt < LONG_BASE;
    if (error->option) {
        error->kind = answer == ':' ? CLI_MISSING_ARGUMENT : CLI_UNWANTED_ARGUMENT;
    } else if (error->by_letter) {
        error->kind = CLI_UNKNOWN_OPTION;
        base_printable(&(const char){(char)optopt}, 1, error->typed, sizeof error->typed);
    } else {
        error->kind = CLI_UNKNOWN_OPTION;
        if (strncmp(word, "--", 2) == 0 && names_beginning(table, word + 2) > 1)
            error->kind = CLI_AMBIGUOUS_OPTION;
        base_printable(word, strlen(word), error->typed, sizeof error->typed);
    }
}

int cli_options_parse(const struct cli_options *table, void *settings, int argc, char **argv,
                      struct cli_error *error)
{
    struct getopt_tables tables;
    make_getopt_tables(table, &tables);
    *error = (struct cli_error){0};
    opterr = 0;
    optind = 0; /* begin anew: getopt remembers the last command line */
    for (;;) {
        const int answer = getopt_long(argc, argv, tables.letters, tables.names, NULL);
        if (answer == -1)
            return optind;
        if (answer == '?' || answer == ':') {
            not_understood(table, answer, argv[optind - 1], error);
            return -EINVAL;
        }
        const struct cli_option *option = meant(table, answer);
        if (!store(table, option, optarg, settings, error))
            return -EINVAL;
        if (option->kind == CLI_HELP)
            return optind;
    }
}
