/* Building the datagrams of probes: prepared once a shape, patched for each probe. */
#ifndef ENGINE_BUILD_H
#define ENGINE_BUILD_H

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

/* A datagram ready but for addresses and identity. */
struct build_template {
    uint8_t *bytes; /* NULL until it is prepared */
    size_t capacity;
    size_t length;
    size_t icmp_at;        /* offset of the ICMP header */
    struct packet_sum sum; /* of the ICMP message, with identity and checksum zero */
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
 * message, -EINVAL when a configured part cannot be, or -ENOMEM.
 */
int build_datagram(struct builder *builder, const struct sonde_probe *probe,
                   const struct sonde_engine_target *target, const struct build_lease *lease,
                   struct sonde_bytes *datagram);

/* The keyed proof of a probe: who does not know the key cannot make it. */
uint64_t build_proof(const struct sonde_engine_config *config, const struct sonde_address *address,
                     const struct build_lease *lease);

/* Bytes at the start of an echo payload that hold token and proof: 16, 8 or 0. */
size_t build_proof_bytes(size_t payload_bytes);

/* The payload byte at an offset behind the proof. */
uint8_t build_pattern_at(const struct sonde_engine_config *config, size_t offset);

/* RFC 792: not milliseconds since midnight, says the highest bit; the rest is ours to choose. */
uint32_t build_originate(uint64_t proof);

#endif
