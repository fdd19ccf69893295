/*
 * The engine: due times in, datagrams out; datagrams in, outcomes out.
 *
 * It does no I/O and never asks the time. It leases identifiers and sequence numbers to probes,
 * builds the datagrams, keeps what is in flight, matches answers and gives verdicts. The strategy
 * decides what to ask; the observer hears what became of it.
 */
#ifndef SONDE_ENGINE_H
#define SONDE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/strategy.h"
#include "sonde/transport.h"

struct sonde_engine;

/* What a UDP probe says. All but PATTERN make their own length, and are answered by servers. */
enum sonde_payload {
    SONDE_PAYLOAD_PATTERN, /* as in an echo request */
    SONDE_PAYLOAD_DNS,     /* a query for the root's name servers, RFC 1035; ID: the sequence */
    SONDE_PAYLOAD_NTP,     /* a client's request, RFC 5905; transmit timestamp: the sequence and 48
                              bits of the proof */
    SONDE_PAYLOAD_QUIC,    /* an Initial of a version that calls for negotiation, RFC 9000 section
                              6.1; source connection id: as the transmit timestamp */
};

/* Hears the engine. Members may be NULL. Called in the order of events, from within engine calls.
 */
struct sonde_observer {
    void *self;
    /* A probe has left (stamp and lag follow with its outcome), or has failed to (error > 0). */
    void (*sent)(void *self, const struct sonde_probe *probe, struct sonde_mono at, int error);
    void (*outcome)(void *self, const struct sonde_outcome *outcome);
};

/*
 * What every datagram of an engine has in common. Zero is a good default for all but the key and
 * the identifiers.
 *
 * Payload of an echo request: from 16 bytes on it begins with the token and the proof (SipHash of
 * token, address, identifier and sequence), from 8 bytes on with the proof; the pattern fills the
 * rest, counted from the payload's first byte. Of flows other than 0 two more bytes, behind token
 * and proof, make the checksum the flow's own: so those need 18 and 10 bytes, and 2 to keep the
 * flow at all. A timestamp request carries 31 bits of the proof as a non-standard originate time
 * (RFC 792), a node information query 32 bits in its nonce.
 *
 * UDP, TCP and SCTP probes carry identifier and sequence thus: the identifier is the source port.
 * The sequence, never 0, is the IPv4 header's identification; of UDP also the checksum, which two
 * bytes of the payload make so (behind token and proof, or where a server does not mind); of TCP
 * the upper half of the sequence number and of SCTP that of the initiate tag, whose lower halves
 * are 16 bits of the proof. UDP of fewer than 2 bytes is known by the identification alone; over
 * IPv6 it is refused, EINVAL.
 *
 * So a flow has 65,535 probes in flight at most; the next one waits, and what is behind it.
 */
struct sonde_engine_config {
    uint8_t key[16];             /* secret and random: proves that an answer belongs to our probe */
    struct sonde_span linger;    /* how long answered and timed-out probes are remembered */
    uint32_t max_in_flight;      /* open and lingering probes together; 0: 1,048,576 */
    const uint16_t *identifiers; /* as the transport offers them */
    size_t identifier_count;

    const uint8_t *pattern; /* repeated through the payload; NULL: 0, 1, 2 … */
    size_t pattern_bytes;
    /*
     * Path MTU discovery (RFC 1191, RFC 8201): DF on every IPv4 datagram that need not be
     * fragmented; a TOO_BIG answer lowers the MTU that its target is asked with from then on.
     */
    bool discover_mtu;
    struct sonde_bytes ipv4_options; /* ready to send, a multiple of four bytes, 40 at most */
    uint8_t own_time_at; /* offset in them of four bytes for the time at which a probe is due, in
                            milliseconds since midnight UT (RFC 791); 0: none */
    struct sonde_wall wall_at_zero; /* civil time at 0 of the transport's clock, for that */

    enum sonde_payload payload; /* of UDP */
    /*
     * UDP where neither identification nor checksum are ours (datagram sockets): the destination
     * port is the probe's plus the sequence modulo as many ports as there are from it on (32,768 at
     * most; with fewer than 1,024 probes are refused, EINVAL). Then flows are not kept, and all
     * probes must name one port. Without it an error is about the newest open probe of its flow.
     */
    bool sequence_in_port;
    struct sonde_bytes body; /* extended echo: the interface identification; node information: the
                                subject, empty for the target's address */
    bool local_interface;    /* extended echo: the L bit */
    uint8_t node_code;       /* node information: what the subject is (RFC 4620 section 5) */
    uint16_t node_qtype;
    uint16_t node_flags;
};

struct sonde_engine_target {
    struct sonde_address address;
    struct sonde_address source;
    struct sonde_address first_hop; /* source route: where the datagram goes first; else NONE */
    uint32_t mtu;
    bool many_answer; /* broadcast, multicast: replies come from other addresses */
};

/* What the engine counted of things that belong to no probe. Every counter only grows. */
struct sonde_engine_counters {
    uint64_t foreign;    /* not an answer to us: no such lease, or the proof is wrong */
    uint64_t malformed;  /* lengths or fields that cannot be */
    uint64_t leases_out; /* times a probe had to wait because every lease was taken */
};

/*
 * Returns 0, -EINVAL, or -ENOMEM. The configuration is copied, except what it points to. Probes of
 * one engine may be of several kinds; only extended echo, which has 256 sequence numbers, must be
 * the first one's kind if it is to be any's.
 */
int sonde_engine_create(struct sonde_engine **engine, const struct sonde_engine_config *config,
                        struct sonde_strategy strategy, struct sonde_observer observer);
void sonde_engine_destroy(struct sonde_engine *engine);

/*
 * Adds a target; its index is the number of targets before. Returns 0, -ENOMEM, or -EINVAL behind
 * lent ones.
 */
int sonde_engine_add_target(struct sonde_engine *engine, const struct sonde_engine_target *target);

/*
 * All targets at once, instead of adding each: they stay the caller's, who keeps them as long as
 * the engine; what it learns of their MTUs it writes there. Returns 0, -ENOMEM, or -EINVAL when
 * there are targets already.
 */
int sonde_engine_lend_targets(struct sonde_engine *engine, struct sonde_engine_target *targets,
                              uint32_t count);

/*
 * Gives identifiers[index] another value: a source port that is wanted for its own sake. Returns 0,
 * -EBUSY while a probe with the present one is open, -EEXIST when another index has the value,
 * -EINVAL or -ENOMEM. An identifier that is kept for this begins as a copy of the first one.
 */
int sonde_engine_rename_identifier(struct sonde_engine *engine, size_t index, uint16_t identifier);

/*
 * How long the datagram of a probe to its target is, IP header included; a negative errno when it
 * cannot be built: -EMSGSIZE for one that is too long, -EINVAL for one that is too short.
 */
int sonde_engine_datagram_bytes(const struct sonde_engine *engine, const struct sonde_probe *probe);

/*
 * Builds what is due at `now`, up to `capacity` datagrams. Fragments of one datagram follow each
 * other. The bytes stay valid until the next call. Returns how many were filled.
 */
size_t sonde_engine_transmit(struct sonde_engine *engine, struct sonde_mono now,
                             struct sonde_datagram *batch, size_t capacity);

/* Tells how sending went: the same batch, after the transport has filled it. */
void sonde_engine_transmitted(struct sonde_engine *engine, const struct sonde_datagram *batch,
                              size_t count);

/* Takes one event of a transport (signals are not the engine's). */
void sonde_engine_receive(struct sonde_engine *engine, const struct sonde_event *event);

/* Gives the verdicts that are due at `now`. */
void sonde_engine_expire(struct sonde_engine *engine, struct sonde_mono now);

/* When transmit or expire must be called next; SONDE_NEVER when only an answer changes anything. */
struct sonde_mono sonde_engine_deadline(const struct sonde_engine *engine);

/*
 * True while RTTs depend on when answers are read, because one end of them has no stamp that is
 * better. Until the first answer it is not known, and true.
 */
bool sonde_engine_reads_matter(const struct sonde_engine *engine);

/* True when the strategy is done and every probe has its final outcome. */
bool sonde_engine_finished(const struct sonde_engine *engine);

/*
 * Ends the run at `now`. Open probes that have exhausted the strategy's patience are timed out; the
 * younger ones, whose answer may be on its way, are SONDE_UNFINISHED.
 */
void sonde_engine_stop(struct sonde_engine *engine, struct sonde_mono now);

void sonde_engine_counters(const struct sonde_engine *engine,
                           struct sonde_engine_counters *counters);

#endif
