/* What reading options and writing about them share. */
#ifndef CLI_OPTIONS_INSIDE_H
#define CLI_OPTIONS_INSIDE_H

#include "cli/options.h"

enum cli_need { CLI_NEEDS_NONE, CLI_NEEDS_MAYBE, CLI_NEEDS_ARGUMENT };

enum cli_need cli_option_need(const struct cli_option *option);
bool cli_option_available(const struct cli_options *table, const struct cli_option *option);

#define CLI_VALUE_TEXT   48
#define CLI_CHOICES_TEXT 200

/* A bound or default of the option, with its unit. */
void cli_value_text(const struct cli_option *option, int64_t value,
                    char text[static CLI_VALUE_TEXT]);

/* The choices with `between` in between. */
void cli_choices_text(const struct cli_option *option, const char *between,
                      char text[static CLI_CHOICES_TEXT]);

#endif
