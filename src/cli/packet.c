/* sonde packet, mtr-packet: probes for another program, over a protocol of lines. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/packet_reply.h"
#include "cli/packet_session.h"

/* Who asks: its lines, and the replies to it. */
struct client {
    struct packet_input input;
    struct packet_output output;
};

static int complain(const struct cli_context *context, const char *operation, int error)
{
    fprintf(stderr, "%s: cannot %s: %s\n", context->program, operation, strerror(-error));
    return CLI_FAILED;
}

/* The next line of whatever kind, waited for, or the end. Returns 0 or a negative errno. */
static int wait_for_line(struct client *client, struct packet_line *line, bool *ended)
{
    char reply[PACKET_REPLY_ROOM];
    const char *text;
    size_t length;
    for (;;) {
        switch (packet_input_next(&client->input, &text, &length)) {
        case PACKET_INPUT_LINE:
            packet_line_read(line, text, length);
            return 0;
        case PACKET_INPUT_TOO_LONG:
            length = packet_reply_word(reply, 0, "command-buffer-overflow");
            if (packet_output_add(&client->output, reply, length))
                return -ENOMEM;
            break;
        case PACKET_INPUT_NONE: {
            int error = packet_output_write(&client->output, STDOUT_FILENO, true);
            *ended = client->input.ended;
            if (error || *ended)
                return error;
            error = packet_input_read(&client->input, STDIN_FILENO);
            if (error)
                return error;
        }
        }
    }
}

/*
 * Answers lines until one asks for a probe that a transport can be opened for. What the probe needs
 * privilege for, a mark above all, stands in it: so privilege is kept as long, and nothing is read
 * from the network. *ended: the lines ended before. Returns 0 or a negative errno.
 */
static int begin(struct client *client, struct packet_means *means, struct privilege *privilege,
                 struct packet_line *line, struct sonde_transport *transport, bool *ended)
{
    char reply[PACKET_REPLY_ROOM];
    *ended = false;
    for (;;) {
        int error = wait_for_line(client, line, ended);
        if (error || *ended)
            return error;
        const char *refusal = NULL;
        if (line->kind == PACKET_LINE_PROBE)
            refusal = packet_means_refusal(means, &line->request);
        if (refusal) {
            error = packet_output_add(&client->output, reply,
                                      packet_reply_word(reply, line->token, refusal));
        } else if (line->kind != PACKET_LINE_PROBE) {
            error = packet_session_answer(means, line, &client->output);
        } else {
            error = packet_means_open(means, privilege, &line->request, transport);
            if (!error)
                return 0;
            error = packet_output_add(&client->output, reply,
                                      packet_reply_error(reply, line->token, -error));
        }
        if (error)
            return error;
    }
}

static int run(struct cli_context *context, struct client *client)
{
    struct packet_means means;
    struct packet_line first;
    struct sonde_transport transport;
    const char *operation;
    int error = packet_means_find(&means, &context->privilege, &operation);
    if (error)
        return complain(context, operation, error);
    bool ended;
    error = begin(client, &means, &context->privilege, &first, &transport, &ended);
    if (error)
        return complain(context, "talk with who asks", error);
    if (ended)
        return CLI_ANSWERED;
    error = privilege_drop(&context->privilege);
    if (!error)
        error = privilege_filter(&context->privilege, PRIVILEGE_LOOP);
    operation = context->privilege.operation;
    if (!error) {
        operation = "go on";
        error = packet_session_run(&(struct packet_session_config){
            .means = &means,
            .transport = &transport,
            .first = &first,
            .input = &client->input,
            .output = &client->output,
            .from = STDIN_FILENO,
            .to = STDOUT_FILENO,
        });
    }
    transport.ops->close(transport.self);
    return error ? complain(context, operation, error) : CLI_ANSWERED;
}

/* As mtr-packet, which looks at no argument, so does what bears its name. */
static int read_arguments(const struct cli_context *context, int argc, char **argv)
{
    if (argc < 2 || context->drop_in)
        return 0;
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        puts("Usage: sonde packet\n\n"
             "Reads commands line by line, sends the probes that they ask for, and writes a line\n"
             "for what became of each: the protocol of mtr-packet(8), which mtr speaks.\n\n"
             "  MTR_PACKET=/path/to/mtr-packet mtr HOST    with a link of that name to sonde\n\n"
             "Manual: sonde-packet(1).");
        return 1;
    }
    fprintf(stderr, "%s: it takes no arguments; commands are read from standard input\n",
            context->program);
    return -EINVAL;
}

int cli_packet(struct cli_context *context, int argc, char **argv)
{
    struct client client = {0};
    const int read = read_arguments(context, argc, argv);
    if (read)
        return read > 0 ? CLI_ANSWERED : CLI_FAILED;
    const int status = run(context, &client);
    packet_output_free(&client.output);
    return status;
}
