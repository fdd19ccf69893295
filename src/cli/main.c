/* sonde: a table of commands. Started under the name of a peer, it is that peer. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

static int help(struct cli_context *context, int argc, char **argv);

static const struct cli_command commands[] = {
    {"ping", "send echo requests to hosts and say what comes back", .run = cli_ping},
    {"sweep", "find out which of many hosts answer", .run = cli_sweep},
    {"trace", "show the way to a host, hop by hop, and where packets suffer", .run = cli_trace},
    {"mtu", "find the largest datagram that gets through to a host", .run = cli_mtu},
    {"packet", "send the probes that a program asks for, line by line, as mtr-packet does",
     .run = cli_packet},
    {"lab", "play a scripted network to any program", .run = cli_lab, .runs_programs = true},
    {"help", "this list; `sonde COMMAND --help` for one command", .run = help},
};

/* Names of peers, and what stands in for them. */
static const struct cli_command drop_ins[] = {
    {"ping", .run = cli_ping},   {"ping4", .run = cli_ping},   {"ping6", .run = cli_ping},
    {"fping", .run = cli_fping}, {"fping6", .run = cli_fping}, {"mtr-packet", .run = cli_packet},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct cli_command *command_named(const char *name)
{
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int help(struct cli_context *context, int argc, char **argv)
{
    (void)context;
    if (argc > 1 && !command_named(argv[1])) {
        fprintf(stderr, "sonde: there is no command '%s'; `sonde help` lists them\n", argv[1]);
        return CLI_FAILED;
    }
    if (argc > 1 && strcmp(argv[1], "help") != 0) {
        char *arguments[] = {argv[1], (char[]){"--help"}, NULL};
        return command_named(argv[1])->run(context, 2, arguments);
    }
    puts("sonde - what is the network doing to my packets?\n\n"
         "Usage: sonde COMMAND [OPTIONS] [HOST...]\n\n"
         "Commands:");
    for (size_t i = 0; i < COUNT(commands); i++)
        printf("  %-8s %s\n", commands[i].name, commands[i].summary);
    puts("\n`sonde --version` prints the version. Manual: sonde(1), sonde-ping(1), sonde-sweep(1), "
         "sonde-trace(1), sonde-mtu(1), sonde-packet(1), sonde-lab(1).");
    return CLI_ANSWERED;
}

/* NULL: the program has a name of its own. */
static const struct cli_command *peer_of(const struct cli_context *context)
{
    for (size_t i = 0; i < COUNT(drop_ins); i++)
        if (strcmp(context->started_as, drop_ins[i].name) == 0)
            return &drop_ins[i];
    return NULL;
}

/* NULL: the arguments are no command's. */
static const struct cli_command *command_of(const struct cli_context *context, int argc,
                                            char **argv)
{
    const struct cli_command *peer = peer_of(context);
    if (peer)
        return peer;
    return argc > 1 ? command_named(argv[1]) : NULL;
}

static int begin(struct cli_context *context, const struct cli_command *command)
{
    if (command && command->runs_programs && getuid() == 0 && geteuid() == 0)
        return 0;
    int error = privilege_begin(&context->privilege);
    if (error)
        fprintf(stderr, "%s: cannot %s: %s\n", context->started_as, context->privilege.operation,
                strerror(-error));
    return error;
}

/* A closed standard stream would make the next descriptor opened, a socket, stand in for it. */
static int occupy_standard_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    struct cli_context context = {
        .started_as = slash      ? slash + 1
                      : argc > 0 ? argv[0]
                                 : "sonde",
    };
    if (occupy_standard_streams() != 0 || begin(&context, command_of(&context, argc, argv)) != 0)
        return CLI_FAILED;
    const struct cli_command *peer = peer_of(&context);
    if (peer) {
        context.drop_in = true;
        context.program = argv[0];
        return peer->run(&context, argc, argv);
    }
    if (argc < 2) {
        fprintf(stderr, "sonde: a command is missing; `sonde help` lists them\n");
        return CLI_FAILED;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return puts("sonde " SONDE_VERSION) < 0 ? CLI_FAILED : CLI_ANSWERED;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(&context, 1, argv);
    const struct cli_command *command = command_named(argv[1]);
    if (!command) {
        fprintf(stderr, "sonde: there is no command '%s'; `sonde help` lists them\n", argv[1]);
        return CLI_FAILED;
    }
    char program[64];
    snprintf(program, sizeof program, "sonde %s", command->name);
    context.program = program;
    return command->run(&context, argc - 1, argv + 1);
}
