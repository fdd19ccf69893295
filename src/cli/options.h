/*
 * Options from a table: name, kind, range, default and help have one home. The parser, --help, the
 * man page's section and the shell's completion are all made from it.
 *
 * An option writes to a member of a settings struct, by offset. What is wrong with a command line
 * comes back as a value; one function puts it into words.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_option_kind {
    CLI_FLAG,     /* bool: true */
    CLI_COUNTED,  /* int64_t: how often it was given */
    CLI_SET,      /* int: becomes `value`; several options may write to one member */
    CLI_INTEGER,  /* int64_t between min and max */
    CLI_SIZE,     /* likewise, in bytes; K, M, G stand for powers of 1024 */
    CLI_DURATION, /* struct sonde_span, bounds in ns; a bare number is seconds */
    CLI_TEXT,     /* const char *: the argument itself, valid as long as argv */
    CLI_CHOICE,   /* int: the value of one of `choices` */
    CLI_LIST,     /* struct cli_list of min to max items */
    CLI_PARSED,   /* whatever `parse` makes of the argument */
    CLI_HELP,     /* int (enum cli_help); parsing ends here */
};

enum cli_help {
    CLI_HELP_NONE,
    CLI_HELP_TEXT,       /* for a person */
    CLI_HELP_SCDOC,      /* for the man page, in the language of scdoc(5) */
    CLI_HELP_COMPLETION, /* for the shell; see cli_options_help */
};

/* Where an option exists. */
enum {
    CLI_IN_SONDE = 1,
    CLI_IN_DROP_IN = 2, /* started under the name of the peer that the command stands in for */
    CLI_EVERYWHERE = CLI_IN_SONDE | CLI_IN_DROP_IN,
};

/* An array of these ends with a NULL name. */
struct cli_choice {
    const char *name;
    int value;
};

#define CLI_LIST_ITEMS 16

/* Texts that were separated by commas. A plain value. */
struct cli_list {
    size_t count;
    uint16_t starts[CLI_LIST_ITEMS];
    char text[1024];
};

const char *cli_list_item(const struct cli_list *list, size_t index);

/* The peer's words for a bad argument: %s is the argument, %l and %h are the bounds. */
struct cli_peer_words {
    const char *malformed;
    const char *range;
    const char *overflow;   /* beyond 64 bits */
    const char *characters; /* all that it reads in such an argument; NULL: as we do */
    int status;             /* the peer's exit code */
};

struct cli_option;
struct cli_error;

/*
 * Reads an argument into the member. Returns true, or false after cli_error_argument(); it may set
 * error->peer as well.
 */
typedef bool cli_parse(const struct cli_option *option, const char *argument, void *member,
                       struct cli_error *error);

struct cli_option {
    char letter;      /* 0: none */
    const char *name; /* long; never NULL */
    enum cli_option_kind kind;
    const char *group;    /* heading; NULL: that of the option before */
    const char *argument; /* what it is called in the help; NULL: none, or the choices */
    const char *help;     /* one sentence without a full stop */
    size_t offset;        /* of the member */
    size_t given;         /* offset of a bool that becomes true when the option is given; 0: none */
    int64_t min;
    int64_t max;
    int64_t fallback; /* the default; -1 is "not set" where 0 means something */
    int value;        /* SET */
    const struct cli_choice *choices;
    cli_parse *parse;
    const char *preset; /* PARSED: the default, as it would be typed; NULL: the zero value */
    unsigned where;     /* 0: everywhere */
    const struct cli_peer_words *peer;
};

struct cli_options {
    const struct cli_option *options;
    size_t count;         /* 96 at most */
    const char *synopsis; /* behind the program's name: "[options] HOST..." */
    const char *summary;  /* one sentence */
    unsigned where;       /* CLI_IN_SONDE or CLI_IN_DROP_IN */
    bool stops;           /* the first operand ends the options: what follows is another's */
};

enum cli_error_kind {
    CLI_NO_ERROR,
    CLI_UNKNOWN_OPTION,
    CLI_AMBIGUOUS_OPTION,
    CLI_MISSING_ARGUMENT,
    CLI_UNWANTED_ARGUMENT,
    CLI_BAD_ARGUMENT, /* malformed or out of range */
    CLI_CONFLICT,     /* each is right by itself; or something else than an argument is wrong */
};

struct cli_error {
    enum cli_error_kind kind;
    const struct cli_option *option; /* NULL: unknown, or several */
    char typed[64];                  /* UNKNOWN, AMBIGUOUS: the option as typed, printable */
    bool by_letter;                  /* it was typed as a letter */
    char argument[128];              /* BAD_ARGUMENT: printable */
    char message[256];               /* BAD_ARGUMENT: behind the argument; CONFLICT: all of it */
    char peer[256];                  /* the peer's words behind the program's name; "": ours */
    int peer_status;                 /* the peer's exit code; 0: 2 */
};

/* Writes every default. The settings must be zero before. */
void cli_options_defaults(const struct cli_options *table, void *settings);

/*
 * Reads a command line (argv[0] is skipped); operands may stand anywhere (unless the table says
 * that the first one ends the options), "--" ends the options. argv is reordered: the operands come
 * last. Long names may be shortened as far as they stay unique. Returns the index of the first
 * operand, or a negative number with *error.
 */
int cli_options_parse(const struct cli_options *table, void *settings, int argc, char **argv,
                      struct cli_error *error);

/*
 * Writes the help. For completion: a line for each option with its spellings, separated by blanks
 * and with a "=" behind a long name that takes an argument; a tab; and either the words that the
 * argument can be, or the argument's name in capitals, or nothing.
 */
void cli_options_help(const struct cli_options *table, enum cli_help form, const char *program,
                      FILE *out);

/* Says in an error what is wrong with the argument: "is not a duration (expected …)". */
void cli_error_argument(struct cli_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes an error of its own: `peer` may be NULL. Returns false. */
bool cli_error_conflict(struct cli_error *error, const char *message, const char *peer);

/* Writes one line about the error (the peer adds its usage). Returns the exit code. */
int cli_error_print(const struct cli_error *error, const struct cli_options *table,
                    const char *program, FILE *out);

#endif
