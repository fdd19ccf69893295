#include "sim/wire.h"

#include <stdlib.h>
#include <string.h>

#include "packet/cursor.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "sonde/time.h"

#define ENTRIES   16
#define UNITS     (65536 / 8)
#define FIRST_MAX 1500
#define PATIENCE  (30 * SONDE_NS_PER_S)

/* A datagram of which some fragments are there. */
struct partial {
    bool used;
    uint8_t family;
    uint8_t protocol;
    uint32_t id;
    struct sonde_address source;
    struct sonde_address destination;
    int64_t began;
    uint32_t total; /* bytes of the whole payload; 0 while the last fragment is missing */
    uint32_t units; /* of eight bytes that are there */
    uint32_t largest;
    uint32_t first_bytes;
    uint8_t first[FIRST_MAX];
    uint8_t there[UNITS / 8];
    uint8_t payload[65536];
};

struct sim_wire {
    struct partial partials[ENTRIES];
    uint8_t whole[PACKET_DATAGRAM_MAX];
    uint8_t first[FIRST_MAX];
};

/* One fragment, of either family. */
struct piece {
    uint8_t family;
    uint8_t protocol;
    uint32_t id;
    uint32_t offset;
    bool more;
    struct sonde_address source;
    struct sonde_address destination;
    struct sonde_bytes body;
    struct sonde_bytes bytes;
};

struct sim_wire *sim_wire_create(void)
{
    return calloc(1, sizeof(struct sim_wire));
}

void sim_wire_destroy(struct sim_wire *wire)
{
    free(wire);
}

static struct partial *partial_of(struct sim_wire *wire, const struct piece *piece, int64_t at)
{
    struct partial *oldest = &wire->partials[0];
    for (int i = 0; i < ENTRIES; i++) {
        struct partial *p = &wire->partials[i];
        if (p->used && sonde_saturating_sub(at, p->began) > PATIENCE)
            p->used = false;
        if (p->used && p->family == piece->family && p->id == piece->id &&
            p->protocol == piece->protocol && sonde_address_equal(&p->source, &piece->source) &&
            sonde_address_equal(&p->destination, &piece->destination))
            return p;
        if (oldest->used && (!p->used || p->began < oldest->began))
            oldest = p;
    }
    memset(oldest, 0, sizeof(*oldest));
    oldest->used = true;
    oldest->family = piece->family;
    oldest->protocol = piece->protocol;
    oldest->id = piece->id;
    oldest->source = piece->source;
    oldest->destination = piece->destination;
    oldest->began = at;
    return oldest;
}

/* The header that the whole datagram will have, from that of its first fragment. */
static bool write_whole_header(const struct piece *piece, uint32_t total,
                               struct packet_writer *writer)
{
    if (piece->family == SONDE_IPV4) {
        struct packet_ipv4 header;
        if (packet_ipv4_parse(piece->bytes, &header))
            return false;
        header.total_bytes = (uint16_t)(packet_ipv4_header_bytes(&header) + total);
        header.more_fragments = false;
        header.fragment_offset = 0;
        return packet_ipv4_header_bytes(&header) + total <= 65535 &&
               packet_ipv4_write(writer, &header) == 0;
    }
    struct packet_ipv6 header;
    if (packet_ipv6_parse(piece->bytes, &header))
        return false;
    header.next_header = piece->protocol;
    header.payload_bytes = (uint16_t)total;
    return total <= 65535 && packet_ipv6_write(writer, &header) == 0;
}

/* Enters the piece. False when it cannot belong to a datagram. */
static bool enter(struct partial *partial, const struct piece *piece)
{
    uint32_t length = (uint32_t)piece->body.length;
    if ((piece->more && (length == 0 || length % 8)) || piece->offset + length > 65535)
        return false;
    if (!piece->more)
        partial->total = piece->offset + length;
    for (uint32_t unit = piece->offset / 8; unit < (piece->offset + length + 7) / 8; unit++) {
        partial->units += !(partial->there[unit / 8] >> unit % 8 & 1);
        partial->there[unit / 8] |= (uint8_t)(1u << unit % 8);
    }
    if (length)
        memcpy(partial->payload + piece->offset, piece->body.data, length);
    if (piece->bytes.length > partial->largest)
        partial->largest = (uint32_t)piece->bytes.length;
    if (piece->offset == 0) {
        partial->first_bytes =
            (uint32_t)(piece->bytes.length < FIRST_MAX ? piece->bytes.length : FIRST_MAX);
        memcpy(partial->first, piece->bytes.data, partial->first_bytes);
    }
    return true;
}

static bool parse_whole(struct sonde_bytes bytes, struct sim_packet *packet, struct piece *piece)
{
    *piece = (struct piece){.bytes = bytes};
    if (bytes.length && bytes.data[0] >> 4 == 4) {
        struct packet_ipv4 header;
        if (packet_ipv4_parse(bytes, &header) || header.truncated || !header.checksum_ok ||
            header.total_bytes != bytes.length || header.ttl == 0)
            return false;
        *packet = (struct sim_packet){.family = SONDE_IPV4,
                                      .hop_limit = header.ttl,
                                      .traffic_class = header.traffic_class,
                                      .protocol = header.protocol,
                                      .may_fragment = !header.dont_fragment,
                                      .id = header.id,
                                      .source = header.source,
                                      .destination = header.destination,
                                      .options = header.options,
                                      .upper = header.payload};
        piece->id = header.id;
        piece->offset = header.fragment_offset;
        piece->more = header.more_fragments;
        piece->body = header.payload;
    } else {
        struct packet_ipv6 header;
        struct packet_ipv6_upper upper;
        if (packet_ipv6_parse(bytes, &header) || header.truncated || header.hop_limit == 0 ||
            header.payload_bytes + PACKET_IPV6_HEADER != bytes.length ||
            packet_ipv6_upper(header.next_header, header.payload, &upper))
            return false;
        *packet = (struct sim_packet){.family = SONDE_IPV6,
                                      .hop_limit = header.hop_limit,
                                      .traffic_class = header.traffic_class,
                                      .protocol = upper.protocol,
                                      .flow_label = header.flow_label,
                                      .source = header.source,
                                      .destination = header.destination,
                                      .upper = upper.bytes};
        if (upper.fragmented) {
            piece->id = upper.fragment.id;
            piece->offset = upper.fragment.offset;
            piece->more = upper.fragment.more;
            piece->body = upper.bytes;
        }
    }
    packet->whole = packet->first = bytes;
    packet->largest = (uint32_t)bytes.length;
    piece->family = packet->family;
    piece->protocol = packet->protocol;
    piece->source = packet->source;
    piece->destination = packet->destination;
    return true;
}

enum sim_wire_result sim_wire_take(struct sim_wire *wire, struct sonde_bytes bytes, int64_t at,
                                   struct sim_packet *packet)
{
    struct piece piece;
    if (!parse_whole(bytes, packet, &piece))
        return SIM_WIRE_MALFORMED;
    if (!piece.more && piece.offset == 0)
        return SIM_WIRE_PACKET;
    struct partial *partial = partial_of(wire, &piece, at);
    if (!enter(partial, &piece)) {
        partial->used = false;
        return SIM_WIRE_MALFORMED;
    }
    if (!partial->total || partial->units != (partial->total + 7) / 8)
        return SIM_WIRE_HELD;

    struct piece first = piece;
    first.bytes = (struct sonde_bytes){wire->first, partial->first_bytes};
    memcpy(wire->first, partial->first, partial->first_bytes);
    partial->used = false;
    struct packet_writer writer = packet_writer_over(wire->whole, sizeof(wire->whole));
    if (!write_whole_header(&first, partial->total, &writer))
        return SIM_WIRE_MALFORMED;
    packet_write_bytes(&writer, partial->payload, partial->total);
    uint32_t largest = partial->largest;
    if (!parse_whole(packet_written_from(&writer, 0), packet, &piece))
        return SIM_WIRE_MALFORMED;
    packet->first = first.bytes;
    packet->largest = largest;
    return SIM_WIRE_PACKET;
}
