/* A session of mtr-packet's protocol from its first probe on, until the client has had enough. */
#ifndef CLI_PACKET_SESSION_H
#define CLI_PACKET_SESSION_H

#include "cli/packet_means.h"
#include "cli/packet_pipe.h"

struct packet_session_config {
    const struct packet_means *means;
    const struct sonde_transport *transport;
    const struct packet_line *first; /* the probe that the transport was opened for */
    struct packet_input *input;      /* what was read behind it is there */
    struct packet_output *output;
    int from, to; /* descriptors of the client's lines, and of replies */
};

/*
 * Runs until the client's lines end and every probe has its reply. Returns 0, or a negative errno
 * of the transport or of a descriptor.
 */
int packet_session_run(const struct packet_session_config *config);

/* Replies to a line that asks for no probe. Returns 0 or -ENOMEM. */
int packet_session_answer(const struct packet_means *means, const struct packet_line *line,
                          struct packet_output *output);

#endif
