#include "cli/lab_options.h"

#define AT(member) .offset = offsetof(struct lab_settings, member)

static const struct cli_option table[] = {
    {0, "seed", CLI_INTEGER, "The network", "NUMBER",
     "of the network's random numbers: with the same seed the same packets meet the same fate; "
     "one at random if not given",
     AT(seed), .max = INT64_MAX, .fallback = -1},
    {0, "check", CLI_FLAG, NULL, NULL, "read the scenario, say what is in it, and run nothing",
     AT(check)},

    {0, "truth", CLI_TEXT, "What is written down", "FILE",
     "write what became of each packet, as one JSON object a line; -: to standard output",
     AT(truth)},
    {0, "pcap", CLI_TEXT, NULL, "FILE",
     "write every packet, with what became of it as its comment, for Wireshark (pcapng)", AT(pcap)},

    {'v', "verbose", CLI_FLAG, "Other", NULL,
     "say on standard error what was built, and at the end what happened", AT(verbose)},
    {'h', "help", CLI_HELP, NULL, "scdoc|completion",
     "this text, or the man page's section, or what a shell completes", AT(help)},
};

struct cli_options lab_options(void)
{
    return (struct cli_options){
        .options = table,
        .count = sizeof table / sizeof *table,
        .synopsis = "[options] SCENARIO [--] [COMMAND [ARGUMENT...]]",
        .summary = "Puts the network that a scenario describes behind a network device, and runs\n"
                   "COMMAND (your shell) on a machine that has this device alone.",
        .where = CLI_IN_SONDE,
        .stops = true,
    };
}

bool lab_options_read(struct lab_settings *settings, int argc, char **argv, struct cli_error *error)
{
    const struct cli_options options = lab_options();
    *settings = (struct lab_settings){0};
    cli_options_defaults(&options, settings);
    const int scenario = cli_options_parse(&options, settings, argc, argv, error);
    if (scenario < 0)
        return false;
    if (settings->help != CLI_HELP_NONE)
        return true;
    if (scenario == argc)
        return cli_error_conflict(
            error, "the scenario is missing; `sonde lab --help` tells how to begin", NULL);
    /* What stands behind it is read like a command line of which it is the program's name. */
    const int command =
        cli_options_parse(&options, settings, argc - scenario, argv + scenario, error);
    if (command < 0)
        return false;
    settings->scenario = argv[scenario];
    settings->command = argv + scenario + command;
    return true;
}
