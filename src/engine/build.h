/* Building the datagrams of probes: prepared once a shape, patched for each probe. */
#ifndef ENGINE_BUILD_H
#define ENGINE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/checksum.h"
#include "sonde/engine.h"

/* The identity that a datagram carries. */
struct build_lease {
    uint64_t token;
    uint16_t identifier;
    uint16_t sequence;
};

/* A datagram ready but for addresses, hop limit, ports and identity. */
struct build_template {
    uint8_t *bytes; /* NULL until it is prepared */
    size_t capacity;
    size_t length;
    size_t upper_at;       /* offset of the header behind IP's */
    struct packet_sum sum; /* from there on, with all that is patched zero */
    struct sonde_probe shape;
    bool fits; /* in the MTU of the target it was prepared for */
};

struct builder {
    const struct sonde_engine_config *config; /* the engine's copy */
    struct build_template ipv4;
    struct build_template ipv6;
};

void build_init(struct builder *builder, const struct sonde_engine_config *config);
void build_destroy(struct builder *builder);

/*
 * The complete datagram of a probe. The bytes are the builder's and valid until the next call.
 * Returns 0, -EMSGSIZE when it cannot fit an IP datagram, -EAFNOSUPPORT when the family has no such
 * message, -EINVAL when a configured part cannot be or a UDP payload is too short for what IPv6
 * needs of it, or -ENOMEM.
 */
int build_datagram(struct builder *builder, const struct sonde_probe *probe,
                   const struct sonde_engine_target *target, const struct build_lease *lease,
                   struct sonde_bytes *datagram);

/* How long that datagram is, or a negative errno as above. */
int build_datagram_bytes(const struct builder *builder, const struct sonde_probe *probe,
                         const struct sonde_engine_target *target);

/* UDP, TCP and SCTP: the identifier is a source port, and the sequence stands in the IP header. */
bool build_has_ports(enum sonde_probe_kind kind);

/* How many sequences the ports from one on tell apart, in datagram sockets' UDP. */
uint32_t build_port_sequences(uint16_t port);

/* The destination port of a probe: of datagram sockets' UDP it carries the sequence. */
uint16_t build_port(const struct sonde_engine_config *config, const struct sonde_probe *probe,
                    uint16_t sequence);

/* --- identity ----------------------------------------------------------------------------------
 */

/* The keyed proof of a probe: who does not know the key cannot make it. */
uint64_t build_proof(const struct sonde_engine_config *config, const struct sonde_address *address,
                     const struct build_lease *lease);

/* RFC 792: not milliseconds since midnight, says the highest bit; the rest is ours to choose. */
uint32_t build_originate(uint64_t proof);

/* What a TCP probe has as its sequence number and an SCTP probe as its initiate tag. Never 0. */
uint32_t build_word(uint16_t sequence, uint64_t proof);

/* The identity in the payloads of NTP and QUIC: the sequence, and 48 bits of the proof. */
uint64_t build_mark(uint16_t sequence, uint64_t proof);

/* --- payload -----------------------------------------------------------------------------------
 */

#define BUILD_NO_BALANCE SIZE_MAX

/* Where the payload of an echo request or a UDP probe has what. */
struct build_payload {
    size_t bytes;       /* all of it */
    size_t proof_bytes; /* at the start: 16 token and proof, 8 proof, 0 */
    size_t balance_at;  /* two bytes that make the checksum what it is to be; or NO_BALANCE */
};

/* True for probes whose checksum is given: UDP, and the flows of echo requests but the first. */
bool build_is_balanced(const struct sonde_probe *probe);

struct build_payload build_payload_of(const struct sonde_engine_config *config,
                                      enum sonde_probe_kind kind, size_t payload_bytes,
                                      bool balanced);

/* The payload byte at an offset behind the proof. */
uint8_t build_pattern_at(const struct sonde_engine_config *config, size_t offset);

#endif
