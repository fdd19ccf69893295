/*
 * What the ports of a simulated host do: `udp`, `tcp` and `sctp` of docs/scenarios.md.
 *
 * Nothing is remembered from one packet to the next. What an open port must know of a connection
 * stands in the packets, or follows from a keyed hash of addresses and ports; so a host holds any
 * number of connections in no memory, and a /8 of hosts does.
 *
 * - UDP. Open: the payload comes back (RFC 862). Closed: port unreachable, but not to what was sent
 *   to a group (RFC 1122 section 3.2.2, RFC 4443 section 2.4).
 * - TCP. Open: SYN is answered with SYN/ACK, whose sequence number is such a hash. Data is taken,
 *   acknowledged and dropped; what is behind a gap too, so that nobody sends again what a link has
 *   lost. Nothing is ever sent but acknowledgments, and a FIN when one came. So connect(), send(),
 *   shutdown() and close() end as with a real host. A segment that acknowledges what this host
 *   never sent gets RST, those without ACK but SYN get nothing (RFC 9293 section 3.10.7.2). Closed:
 *   RST (section 3.10.7.1).
 * - SCTP. Open: INIT, COOKIE ECHO with a cookie of this host, SHUTDOWN and HEARTBEAT are
 *   acknowledged; data is dropped without a word. Closed: ABORT, or what else RFC 9260 section 8.4
 *   says. An INIT that does not stand alone gets nothing (section 3.1 of the same).
 */
#ifndef SIM_SERVICE_H
#define SIM_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sim/answer.h"
#include "sim/inside.h"

/* A packet at a host's port, and the answer that is being written. */
struct sim_service {
    const struct sim_visit *visit;
    bool unicast;                /* sent to the host itself, not to a group */
    struct sim_answer_from from; /* the answer's IP header */
    struct packet_writer upper;  /* the answer, from the upper layer's header on */
    unsigned harm;               /* what was done to its payload */
};

/* What a port is, by the `udp`, `tcp` or `sctp` in force. */
enum sim_port sim_service_port(const struct sim_service *service, enum sim_property property,
                               uint16_t port);

/*
 * 64 bits that belong to a connection for good: by the seed, the host, and the packet's addresses
 * and ports; `word` tells one use from another.
 */
uint64_t sim_service_hash(const struct sim_service *service, uint16_t source_port,
                          uint16_t destination_port, uint64_t word);

/*
 * service_sctp.c: looks at a packet and writes the answer to it. Returns REPLY when one is written,
 * UNANSWERED or MALFORMED.
 */
enum sonde_sim_fate sim_service_sctp(struct sim_service *service);

#endif
