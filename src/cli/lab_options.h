/* The command line of `sonde lab`. */
#ifndef CLI_LAB_OPTIONS_H
#define CLI_LAB_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"

struct lab_settings {
    const char *truth; /* NULL: not written; "-": standard output */
    const char *pcap;  /* NULL: not written */
    int64_t seed;      /* -1: one at random */
    bool check;
    bool verbose;
    int help; /* enum cli_help */
    const char *scenario;
    char **command; /* NULL-terminated; empty: the shell */
};

struct cli_options lab_options(void);

/*
 * Reads SCENARIO and the options in front of and behind it; the command begins behind "--", or at
 * the first word behind SCENARIO that is no option. argv must outlive the settings. Returns false
 * with *error.
 */
bool lab_options_read(struct lab_settings *settings, int argc, char **argv,
                      struct cli_error *error);

#endif
