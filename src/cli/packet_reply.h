/* Replies of mtr-packet's protocol: mtr-packet(8). Each writes one line with its newline. */
#ifndef CLI_PACKET_REPLY_H
#define CLI_PACKET_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/probe.h"

#define PACKET_REPLY_ROOM 1024u /* what every reply fits in; of MPLS labels as many as fit */

/* What became of a probe; a final outcome. Returns the line's length. */
size_t packet_reply_outcome(char line[PACKET_REPLY_ROOM], int64_t token,
                            const struct sonde_outcome *outcome);

/* A probe that cannot be sent; `error` is a positive errno. */
size_t packet_reply_error(char line[PACKET_REPLY_ROOM], int64_t token, int error);

/* The answer to check-support. */
size_t packet_reply_support(char line[PACKET_REPLY_ROOM], int64_t token, const char *support);

/* Any other reply. */
size_t packet_reply_word(char line[PACKET_REPLY_ROOM], int64_t token, const char *word);

#endif
