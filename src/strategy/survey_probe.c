#include "strategy/survey_probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "packet/cursor.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define IDENTITY_AT         4u /* in the ICMP message; the seal follows the four bytes */
#define IDENTITY_BYTES      4u
#define IPV4_DESTINATION_AT 16u
#define IPV6_DESTINATION_AT 24u
#define IPV4_DATAGRAM_MAX   65535u

/* --- keys, identity, seal --------------------------------------------------------------------- */

/* Written out, because compilers make one store or load of this, and eight of a loop. */
static inline void store(uint8_t *bytes, uint64_t value)
{
    bytes[0] = (uint8_t)(value >> 56);
    bytes[1] = (uint8_t)(value >> 48);
    bytes[2] = (uint8_t)(value >> 40);
    bytes[3] = (uint8_t)(value >> 32);
    bytes[4] = (uint8_t)(value >> 24);
    bytes[5] = (uint8_t)(value >> 16);
    bytes[6] = (uint8_t)(value >> 8);
    bytes[7] = (uint8_t)value;
}

static inline uint64_t load(const uint8_t *bytes)
{
    return (uint64_t)bytes[0] << 56 | (uint64_t)bytes[1] << 48 | (uint64_t)bytes[2] << 40 |
           (uint64_t)bytes[3] << 32 | (uint64_t)bytes[4] << 24 | (uint64_t)bytes[5] << 16 |
           (uint64_t)bytes[6] << 8 | (uint64_t)bytes[7];
}

static void derive(uint8_t out[static 16], const uint8_t key[static 16], uint8_t purpose)
{
    for (uint8_t half = 0; half < 2; half++)
        store(out + 8 * half, base_siphash(key, (const uint8_t[]){purpose, half}, 2));
}

struct survey_identity survey_identify(const struct survey_prober *prober,
                                       const struct sonde_address *target)
{
    uint64_t mark = base_siphash(prober->keys.mark, target->bytes, sonde_address_length(target));
    size_t which = (size_t)((mark >> 32) * prober->identifier_count >> 32);
    return (struct survey_identity){mark, prober->identifiers[which], (uint16_t)mark};
}

static uint64_t prove(const struct survey_prober *prober, uint64_t mark, uint64_t time)
{
    uint8_t bytes[16];
    store(bytes, time);
    store(bytes + 8, mark);
    return base_siphash(prober->keys.proof, bytes, sizeof bytes);
}

/* The proof is the nonce: no two times of a target have the same mask. */
static uint64_t mask_of(const struct survey_prober *prober, uint64_t proof)
{
    uint8_t bytes[8];
    store(bytes, proof);
    return base_siphash(prober->keys.mask, bytes, sizeof bytes);
}

static void seal(const struct survey_prober *prober, uint64_t mark, struct sonde_mono now,
                 uint8_t *bytes)
{
    uint64_t proof = prove(prober, mark, (uint64_t)now.ns);
    store(bytes, (uint64_t)now.ns ^ mask_of(prober, proof));
    store(bytes + 8, proof);
}

bool survey_seal_open(const struct survey_prober *prober, uint64_t mark, const uint8_t *bytes,
                      struct sonde_mono *sent)
{
    uint64_t proof = load(bytes + 8);
    uint64_t time = load(bytes) ^ mask_of(prober, proof);
    sent->ns = (int64_t)time;
    return prove(prober, mark, time) == proof;
}

/* --- the template ----------------------------------------------------------------------------- */

static void write_header(struct packet_writer *writer, const struct sonde_survey_config *config,
                         const struct sonde_address *source, size_t icmp_bytes)
{
    struct sonde_address nowhere = {.family = source->family};
    if (source->family == SONDE_IPV4)
        packet_ipv4_write(writer, &(struct packet_ipv4){
                                      .traffic_class = config->traffic_class,
                                      .total_bytes = (uint16_t)(PACKET_IPV4_HEADER + icmp_bytes),
                                      .ttl = config->hop_limit,
                                      .protocol = PACKET_ICMPV4,
                                      .source = *source,
                                      .destination = nowhere,
                                  });
    else
        packet_ipv6_write(writer, &(struct packet_ipv6){
                                      .traffic_class = config->traffic_class,
                                      .payload_bytes = (uint16_t)icmp_bytes,
                                      .next_header = PACKET_ICMPV6,
                                      .hop_limit = config->hop_limit,
                                      .source = *source,
                                      .destination = nowhere,
                                  });
}

static void write_message(struct packet_writer *writer, const struct sonde_survey_config *config,
                          uint8_t type)
{
    packet_write_u8(writer, type);
    packet_write_zeros(writer, PACKET_ICMP_HEADER - 1 + SURVEY_SEAL_BYTES);
    packet_write_bytes(writer, config->text, config->text_bytes);
    packet_write_zeros(writer, config->payload_bytes - SURVEY_SEAL_BYTES - config->text_bytes);
}

/* Sums everything that does not change; what does is zero yet. */
static void sum_template(struct survey_template *template, const struct sonde_address *source)
{
    size_t icmp_bytes = template->length - template->icmp_at;
    packet_sum_add(&template->icmp, template->bytes + template->icmp_at, icmp_bytes);
    if (icmp_bytes % 2 == 1)
        packet_sum_add(&template->icmp, (const uint8_t[]){0},
                       1); /* patches begin at even offsets */
    if (source->family == SONDE_IPV4) {
        memset(template->bytes + PACKET_IPV4_CHECKSUM_AT, 0, 2);
        packet_sum_add(&template->header, template->bytes, PACKET_IPV4_HEADER);
    } else {
        struct sonde_address nowhere = {.family = SONDE_IPV6};
        packet_sum_pseudo(&template->icmp, source, &nowhere, PACKET_ICMPV6, (uint32_t)icmp_bytes);
    }
}

static int prepare(struct survey_template *template, const struct sonde_survey_config *config,
                   const struct sonde_address *source)
{
    enum sonde_family family = (enum sonde_family)source->family;
    size_t icmp_bytes = PACKET_ICMP_HEADER + config->payload_bytes;
    template->icmp_at = family == SONDE_IPV4 ? PACKET_IPV4_HEADER : PACKET_IPV6_HEADER;
    template->length = template->icmp_at + icmp_bytes;
    if (PACKET_IPV4_HEADER + icmp_bytes > IPV4_DATAGRAM_MAX)
        return -EINVAL;
    template->bytes = malloc(template->length);
    if (!template->bytes)
        return -ENOMEM;
    struct packet_writer writer = packet_writer_over(template->bytes, template->length);
    write_header(&writer, config, source, icmp_bytes);
    write_message(&writer, config, (uint8_t)packet_icmp_request_type(family, SONDE_PROBE_ECHO));
    if (writer.failed)
        return -EINVAL;
    sum_template(template, source);
    return 0;
}

int survey_prober_init(struct survey_prober *prober, const struct sonde_survey_config *config)
{
    if (config->identifier_count == 0 || config->identifier_count > 65536 ||
        config->payload_bytes < SURVEY_SEAL_BYTES ||
        config->text_bytes > config->payload_bytes - SURVEY_SEAL_BYTES)
        return -EINVAL;
    prober->identifiers = config->identifiers;
    prober->identifier_count = config->identifier_count;
    derive(prober->keys.mark, config->key, 'm');
    derive(prober->keys.proof, config->key, 'p');
    derive(prober->keys.mask, config->key, 't');
    for (int i = 0; i < 2; i++) {
        const struct sonde_address *source = &config->source[i];
        if (source->family == SONDE_FAMILY_NONE)
            continue;
        if (source->family != (i == 0 ? SONDE_IPV4 : SONDE_IPV6))
            return -EINVAL;
        int error = prepare(&prober->templates[i], config, source);
        if (error)
            return error;
    }
    return 0;
}

void survey_prober_destroy(struct survey_prober *prober)
{
    free(prober->templates[0].bytes);
    free(prober->templates[1].bytes);
}

const struct survey_template *survey_template_for(const struct survey_prober *prober,
                                                  const struct sonde_address *target)
{
    const struct survey_template *template = &prober->templates[target->family == SONDE_IPV6];
    return template->bytes ? template : NULL;
}

size_t survey_datagram_bytes(const struct survey_prober *prober)
{
    size_t ipv4 = prober->templates[0].length, ipv6 = prober->templates[1].length;
    return ipv4 > ipv6 ? ipv4 : ipv6;
}

/* --- the patch -------------------------------------------------------------------------------- */

static void store_checksum(uint8_t *bytes, const struct packet_sum *sum)
{
    uint16_t checksum = packet_sum_checksum(sum);
    bytes[0] = (uint8_t)(checksum >> 8);
    bytes[1] = (uint8_t)checksum;
}

/* Destination and identification; an identification of 0 the kernel would replace. */
static void patch_ipv4(const struct survey_template *template, const struct sonde_address *target,
                       const uint8_t *seal_bytes, uint8_t *bytes)
{
    struct packet_sum sum = template->header;
    memcpy(bytes + IPV4_DESTINATION_AT, target->bytes, 4);
    packet_sum_add(&sum, target->bytes, 4);
    bytes[PACKET_IPV4_ID_AT] = seal_bytes[0] | 1;
    bytes[PACKET_IPV4_ID_AT + 1] = seal_bytes[1];
    packet_sum_add(&sum, bytes + PACKET_IPV4_ID_AT, 2);
    store_checksum(bytes + PACKET_IPV4_CHECKSUM_AT, &sum);
}

void survey_probe_write(const struct survey_prober *prober, const struct survey_template *template,
                        const struct sonde_address *target, struct sonde_mono now, uint8_t *bytes)
{
    struct survey_identity identity = survey_identify(prober, target);
    memcpy(bytes, template->bytes, template->length);
    uint8_t *icmp = bytes + template->icmp_at;
    uint8_t *patch = icmp + IDENTITY_AT;
    patch[0] = (uint8_t)(identity.identifier >> 8);
    patch[1] = (uint8_t)identity.identifier;
    patch[2] = (uint8_t)(identity.sequence >> 8);
    patch[3] = (uint8_t)identity.sequence;
    seal(prober, identity.mark, now, patch + IDENTITY_BYTES);

    struct packet_sum sum = template->icmp;
    packet_sum_add(&sum, patch, IDENTITY_BYTES + SURVEY_SEAL_BYTES);
    if (target->family == SONDE_IPV4) {
        patch_ipv4(template, target, patch + IDENTITY_BYTES, bytes);
    } else {
        memcpy(bytes + IPV6_DESTINATION_AT, target->bytes, 16);
        packet_sum_add(&sum, target->bytes, 16);
    }
    store_checksum(icmp + PACKET_ICMP_CHECKSUM_AT, &sum);
}
