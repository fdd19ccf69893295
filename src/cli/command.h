/* What every command gets and what it answers. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>

#include "privilege/privilege.h"

/* Exit codes of all commands; those of ping. */
enum {
    CLI_ANSWERED = 0, /* every target has answered */
    CLI_SILENT = 1,   /* at least one target has not */
    CLI_FAILED = 2,   /* bad input, no privilege, or anything else that stops the work */
};

struct cli_context {
    const char *program;    /* before messages: "sonde ping", or as it was started: "ping" */
    const char *started_as; /* last part of argv[0] */
    bool drop_in;           /* started under the name of a peer: that one's texts and exit codes */
    struct privilege privilege;
};

struct cli_command {
    const char *name;
    const char *summary; /* for the list of commands */
    /* argv[0] is the command's name. Returns the exit code. */
    int (*run)(struct cli_context *context, int argc, char **argv);
    /*
     * It runs a program of the user's, with the rights of the user: what root may, that one may
     * too, so nothing is given up before it has been started. Of anybody else's privilege it gets
     * nothing.
     */
    bool runs_programs;
};

int cli_fping(struct cli_context *context, int argc, char **argv);
int cli_lab(struct cli_context *context, int argc, char **argv);
int cli_mtu(struct cli_context *context, int argc, char **argv);
int cli_packet(struct cli_context *context, int argc, char **argv);
int cli_ping(struct cli_context *context, int argc, char **argv);
int cli_sweep(struct cli_context *context, int argc, char **argv);
int cli_trace(struct cli_context *context, int argc, char **argv);

#endif
