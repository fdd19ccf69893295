/*
 * How a probe of a session goes: as which flow, to which port, and from one that is wanted for its
 * own sake.
 *
 * Echo requests are one flow, so that a session shows one path. UDP without a port of its own asks
 * a new one each time, as mtr-packet does; with one, and TCP and SCTP always, source ports take
 * turns; with local-port as well, UDP is one flow.
 */
#ifndef CLI_PACKET_PORTS_H
#define CLI_PACKET_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/packet_line.h"
#include "sonde/engine.h"
#include "sonde/net.h"

struct packet_ports {
    struct sonde_transport transport;
    struct sonde_engine *engine; /* set by the owner, once it was made with these identifiers */
    uint16_t *identifiers;       /* the transport's, and behind them places for local ports */
    size_t identifier_count;
    uint32_t own; /* the transport's */
    uint16_t local[SONDE_NET_HEARD_PORTS];
    uint32_t open[SONDE_NET_HEARD_PORTS]; /* probes that need it */
    uint32_t oldest;                      /* the place that was given longest ago */
    uint32_t turn;                        /* of the ports that take turns */
    bool raw;
};

/* Returns 0 or -ENOMEM. */
int packet_ports_init(struct packet_ports *ports, const struct sonde_transport *transport,
                      bool raw);
void packet_ports_free(struct packet_ports *ports);

/* The probe of a request, without what is the session's to say: flow, port, target, number, due. */
struct sonde_probe packet_ports_probe(const struct packet_request *request, bool raw);

/*
 * Fills in flow and port. Returns 0, or a negative errno; -EADDRINUSE: open probes have as many
 * local ports as there are places for.
 */
int packet_ports_choose(struct packet_ports *ports, const struct packet_request *request,
                        struct sonde_probe *probe);

/* A probe of this flow has its final outcome. */
void packet_ports_release(struct packet_ports *ports, uint16_t flow);

#endif
