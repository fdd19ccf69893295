/* The probes of a survey: what they carry, and building them from a template. */
#ifndef STRATEGY_SURVEY_PROBE_H
#define STRATEGY_SURVEY_PROBE_H

#include "packet/checksum.h"
#include "sonde/survey.h"

#define SURVEY_SEAL_BYTES 16u /* masked time and proof, at the start of the payload */

struct survey_keys {
    uint8_t mark[16];
    uint8_t proof[16];
    uint8_t mask[16];
};

/* What only who knows the keys can say about an address. */
struct survey_identity {
    uint64_t mark; /* the keyed hash of the address, of which the others are parts */
    uint16_t identifier;
    uint16_t sequence;
};

/* A datagram but for target, identity and time, and the sums of its unchanging parts. */
struct survey_template {
    uint8_t *bytes; /* NULL: the family has no source */
    size_t length;
    size_t icmp_at;
    struct packet_sum header; /* IPv4 header */
    struct packet_sum icmp;   /* ICMP message, for IPv6 with the rest of the pseudo-header */
};

struct survey_prober {
    struct survey_keys keys;
    const uint16_t *identifiers;
    size_t identifier_count;
    struct survey_template templates[2]; /* IPv4, IPv6 */
};

/* Takes what it needs of the configuration. Returns 0, -EINVAL or -ENOMEM. */
int survey_prober_init(struct survey_prober *prober, const struct sonde_survey_config *config);
void survey_prober_destroy(struct survey_prober *prober);

/* NULL where the address's family has no source. */
const struct survey_template *survey_template_for(const struct survey_prober *prober,
                                                  const struct sonde_address *target);

/* Length of the longest datagram. */
size_t survey_datagram_bytes(const struct survey_prober *prober);

struct survey_identity survey_identify(const struct survey_prober *prober,
                                       const struct sonde_address *target);

/* Writes the probe, template->length bytes. */
void survey_probe_write(const struct survey_prober *prober, const struct survey_template *template,
                        const struct sonde_address *target, struct sonde_mono now, uint8_t *bytes);

/* Reads the SURVEY_SEAL_BYTES that came back. False when they are not ours. */
bool survey_seal_open(const struct survey_prober *prober, uint64_t mark, const uint8_t *seal,
                      struct sonde_mono *sent);

#endif
