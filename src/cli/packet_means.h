/*
 * What a session may send: the sockets that can be had, and what its first probe settles for all of
 * it, because it takes privilege that is given up before that probe leaves.
 */
#ifndef CLI_PACKET_MEANS_H
#define CLI_PACKET_MEANS_H

#include <stdbool.h>

#include "cli/command.h"
#include "cli/packet_line.h"
#include "sonde/transport.h"

#define PACKET_IDENTIFIERS 256u /* source ports that probes take turns with */

struct packet_means {
    bool raw;
    bool ipv4;
    bool ipv6;
    struct packet_request settled; /* the first probe, once a transport was opened for it */
};

/*
 * Tries what can be opened, and closes it again. Returns 0, or a negative errno with *operation
 * when nothing can.
 */
int packet_means_find(struct packet_means *means, struct privilege *privilege,
                      const char **operation);

/* What check-support answers: "ok", "no", or a version. */
const char *packet_means_support(const struct packet_means *means, enum packet_feature feature);

/*
 * Why these means will never do for a probe, in the words of the protocol; NULL: they may.
 */
const char *packet_means_refusal(const struct packet_means *means,
                                 const struct packet_request *request);

/* Opens the transport that the first probe needs. Returns 0 or a negative errno. */
int packet_means_open(struct packet_means *means, struct privilege *privilege,
                      const struct packet_request *first, struct sonde_transport *transport);

/* Whether that transport can send this probe, too. Returns 0, or -EPERM: that took privilege. */
int packet_means_allow(const struct packet_means *means, const struct packet_request *request);

#endif
