/* A survey without a network: targets, and answers made by hand of what it sends. */
#ifndef TESTS_UNIT_STRATEGY_SURVEY_HELP_H
#define TESTS_UNIT_STRATEGY_SURVEY_HELP_H

#include <criterion/criterion.h>
#include <string.h>

#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "sonde/survey.h"

#define MS SONDE_NS_PER_MS

static const uint16_t survey_identifiers[4] = {0x4000, 0x4001, 0x4002, 0x4003};

static inline struct sonde_address address_of(const char *text)
{
    struct sonde_address address;
    cr_assert(sonde_address_parse(text, &address), "%s", text);
    return address;
}

/* Target number i of `self`, an address: that address plus i, in the last two bytes. */
static inline struct sonde_address row_at(const void *self, uint64_t index)
{
    struct sonde_address address = *(const struct sonde_address *)self;
    size_t last = sonde_address_length(&address) - 1;
    address.bytes[last] = (uint8_t)(address.bytes[last] + index);
    address.bytes[last - 1] = (uint8_t)(address.bytes[last - 1] + (index >> 8));
    return address;
}

static inline struct sonde_survey_config survey_config(struct sonde_address *first, uint64_t count)
{
    return (struct sonde_survey_config){
        .key = "quite a secret",
        .seed = 1,
        .identifiers = survey_identifiers,
        .identifier_count = 4,
        .targets = {count, first, row_at},
        .gap_ns = 1000,
        .gap_slots = 1,
        .cooldown = {1000 * MS},
        .source = {address_of("192.0.2.254"), address_of("2001:db8::fe")},
        .hop_limit = 61,
        .traffic_class = 0x28,
        .payload_bytes = 24,
    };
}

/* A received datagram and where its bytes are. */
struct letter {
    uint8_t bytes[512];
    struct sonde_event event;
};

static inline void post(struct letter *letter, const struct sonde_address *from,
                        const struct sonde_address *to, const struct packet_icmp *message,
                        int64_t at_ns)
{
    uint8_t upper[400];
    struct packet_writer writer = packet_writer_over(upper, sizeof upper);
    cr_assert_eq(packet_icmp_write(&writer, message, from, to), 0);
    struct sonde_bytes icmp = packet_written_from(&writer, 0);
    writer = packet_writer_over(letter->bytes, sizeof letter->bytes);
    if (from->family == SONDE_IPV4)
        packet_ipv4_write(&writer,
                          &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + icmp.length),
                                                .ttl = 50,
                                                .protocol = PACKET_ICMPV4,
                                                .source = *from,
                                                .destination = *to});
    else
        packet_ipv6_write(&writer, &(struct packet_ipv6){.payload_bytes = (uint16_t)icmp.length,
                                                         .next_header = PACKET_ICMPV6,
                                                         .hop_limit = 50,
                                                         .source = *from,
                                                         .destination = *to});
    packet_write_bytes(&writer, icmp.data, icmp.length);
    cr_assert_not(writer.failed);
    letter->event = (struct sonde_event){
        .kind = SONDE_EVENT_DATAGRAM,
        .stamp = {{at_ns}, SONDE_STAMP_KERNEL},
        .read = {at_ns + 500},
        .layer = SONDE_LAYER_IP,
        .bytes = packet_written_from(&writer, 0),
        .from = *from,
        .to = *to,
        .hop_limit = -1,
        .traffic_class = -1,
    };
}

/* The ICMP message of a datagram that the survey has built, and who sends it. */
static inline struct packet_icmp open_datagram(const struct sonde_datagram *datagram,
                                               struct sonde_address *source)
{
    struct sonde_bytes bytes = {datagram->bytes, datagram->length};
    struct sonde_bytes icmp;
    enum sonde_family family = (enum sonde_family)datagram->to.family;
    struct packet_icmp message;
    if (family == SONDE_IPV4) {
        struct packet_ipv4 ip;
        cr_assert_eq(packet_ipv4_parse(bytes, &ip), 0);
        cr_assert(ip.checksum_ok && !ip.truncated);
        cr_assert(sonde_address_equal(&ip.destination, &datagram->to));
        *source = ip.source;
        icmp = ip.payload;
    } else {
        struct packet_ipv6 ip;
        cr_assert_eq(packet_ipv6_parse(bytes, &ip), 0);
        cr_assert(sonde_address_equal(&ip.destination, &datagram->to));
        *source = ip.source;
        icmp = ip.payload;
    }
    cr_assert(packet_icmp_checksum_ok(family, icmp, source, &datagram->to));
    cr_assert_eq(packet_icmp_parse(family, icmp, &message), 0);
    return message;
}

/* The reply that the target of a datagram would give. */
static inline void reply_to(struct letter *letter, const struct sonde_datagram *datagram,
                            int64_t at_ns)
{
    struct sonde_address source;
    struct packet_icmp message = open_datagram(datagram, &source);
    message.type = (uint8_t)packet_icmp_reply_type((enum sonde_family)message.family, message.type);
    post(letter, &datagram->to, &source, &message, at_ns);
}

/* Unreachable, told by `from`, quoting so many bytes. */
static inline void complain(struct letter *letter, const struct sonde_datagram *datagram,
                            const char *from, size_t quoted, int64_t at_ns)
{
    struct sonde_address source, router = address_of(from);
    open_datagram(datagram, &source);
    struct packet_icmp message = {
        .family = router.family,
        .type = router.family == SONDE_IPV4 ? PACKET_ICMPV4_UNREACHABLE : PACKET_ICMPV6_UNREACHABLE,
        .code = 1,
        .form = PACKET_ICMP_ERROR,
        .error = {.quote = {datagram->bytes,
                            quoted < datagram->length ? quoted : datagram->length}},
    };
    post(letter, &router, &source, &message, at_ns);
}

#endif
