#include <string.h>

#include "packet/extension.h"
#include "packet/icmp_types.h"
#include "packet/ipv6.h"
#include "sim/noise.h"

#define QUOTE_MOST 96 /* bytes of the packet in a quote */

/* A message in the making. */
struct hostile {
    const struct sim_visit *visit;
    struct packet_writer writer;
    bool v4;
    uint64_t random;
    uint8_t options[8]; /* IPv4 options of the datagram itself … */
    size_t options_bytes;
    uint8_t *quote; /* where the quote stands … */
    size_t upper;   /* … and behind how much of it the upper layer begins */
};

/* Type, code, a place for the checksum, and the four bytes that follow. */
static void begin(struct hostile *hostile, unsigned type4, unsigned type6, unsigned code,
                  uint32_t word)
{
    packet_write_u8(&hostile->writer, (uint8_t)(hostile->v4 ? type4 : type6));
    packet_write_u8(&hostile->writer, (uint8_t)code);
    packet_write_u16(&hostile->writer, 0);
    packet_write_u32(&hostile->writer, word);
}

static void begin_unreachable(struct hostile *hostile, uint8_t length_field)
{
    begin(hostile, PACKET_ICMPV4_UNREACHABLE, PACKET_ICMPV6_UNREACHABLE, 1,
          hostile->v4 ? (uint32_t)length_field << 16 : (uint32_t)length_field << 24);
}

/*
 * Quotes the packet as if somebody else had sent it: identifier or source port are others. At most
 * `most` bytes, padded with zeros to `least`.
 */
static void quote(struct hostile *hostile, size_t least, size_t most)
{
    const struct sim_packet *packet = hostile->visit->packet;
    size_t length = packet->first.length < most ? packet->first.length : most;
    uint8_t *bytes = packet_write_space(&hostile->writer, length);
    if (!bytes)
        return;
    memcpy(bytes, packet->first.data, length);
    hostile->quote = bytes;
    hostile->upper = hostile->v4 ? (packet->first.data[0] & 15) * (size_t)4 : PACKET_IPV6_HEADER;
    bool icmp = packet->protocol == (hostile->v4 ? PACKET_ICMPV4 : PACKET_ICMPV6);
    size_t at = hostile->upper + (icmp ? 4 : 0);
    if (at + 2 <= length) {
        bytes[at] ^= (uint8_t)(0x80 | (hostile->random >> 16 & 0x7f));
        bytes[at + 1] ^= (uint8_t)(hostile->random >> 24);
    }
    if (length < least)
        packet_write_zeros(&hostile->writer, least - length);
}

/* --- shapes ----------------------------------------------------------------------------------- */

static void length_beyond_the_message(struct hostile *hostile)
{
    begin_unreachable(hostile, 255);
    quote(hostile, 0, QUOTE_MOST);
}

/* An extension structure with one object whose length is given. */
static void with_object(struct hostile *hostile, uint16_t object_bytes, bool checksum_right)
{
    begin_unreachable(hostile, hostile->v4 ? 32 : 16);
    quote(hostile, PACKET_EXTENSION_QUOTE, QUOTE_MOST);
    size_t start = packet_extension_begin(&hostile->writer);
    packet_write_u16(&hostile->writer, object_bytes);
    packet_write_u8(&hostile->writer, PACKET_CLASS_MPLS);
    packet_write_u8(&hostile->writer, PACKET_MPLS_INCOMING);
    packet_write_u32(&hostile->writer, (uint32_t)hostile->random | 0x100);
    packet_extension_end(&hostile->writer, start);
    if (!checksum_right && !hostile->writer.failed)
        hostile->writer.start[start + 2] ^= 0x55;
}

static void object_without_length(struct hostile *hostile)
{
    with_object(hostile, 0, true);
}

static void object_beyond_the_message(struct hostile *hostile)
{
    with_object(hostile, 0xffff, true);
}

static void wrong_extension_checksum(struct hostile *hostile)
{
    with_object(hostile, 8, false);
}

static void quoted_header_too_long(struct hostile *hostile)
{
    begin_unreachable(hostile, 0);
    quote(hostile, 0, hostile->v4 ? 28 : PACKET_IPV6_HEADER + 8);
    if (hostile->quote && hostile->v4)
        hostile->quote[0] = 0x4f;
    else if (hostile->quote)
        hostile->quote[6] = PACKET_ROUTING; /* which the eight bytes behind it are not */
}

static void quoted_header_without_length(struct hostile *hostile)
{
    begin_unreachable(hostile, 0);
    quote(hostile, 0, QUOTE_MOST);
    if (hostile->quote)
        hostile->quote[0] = hostile->v4 ? 0x40 : 0x00;
}

static void quoted_length_lies(struct hostile *hostile)
{
    begin(hostile, PACKET_ICMPV4_TIME_EXCEEDED, PACKET_ICMPV6_TIME_EXCEEDED, 0, 0);
    quote(hostile, 0, QUOTE_MOST);
    size_t at = hostile->v4 ? 2 : 4;
    if (hostile->quote)
        memset(hostile->quote + at, hostile->random & 1 ? 0xff : 0, 2);
}

static void quote_cut(struct hostile *hostile)
{
    size_t header = hostile->v4 ? 20 : PACKET_IPV6_HEADER;
    begin(hostile, PACKET_ICMPV4_TIME_EXCEEDED, PACKET_ICMPV6_TIME_EXCEEDED, 0, 0);
    quote(hostile, 0, hostile->random & 1 ? header + 3 : header - 13);
}

/* IPv6: hop-by-hop headers that lead to nothing but themselves, the last one cut. IPv4: options
 * whose lengths lie. */
static void quoted_chain(struct hostile *hostile)
{
    begin(hostile, PACKET_ICMPV4_PARAMETER_PROBLEM, PACKET_ICMPV6_PARAMETER_PROBLEM, 0, 0);
    quote(hostile, 0, hostile->v4 ? 20 : PACKET_IPV6_HEADER);
    if (!hostile->quote)
        return;
    if (hostile->v4) {
        hostile->quote[0] = 0x47;
        packet_write_u32(&hostile->writer, 0x07ff0401);
        packet_write_u32(&hostile->writer, 0x44000500);
        return;
    }
    hostile->quote[6] = PACKET_HOP_BY_HOP;
    for (int i = 0; i < 40; i++)
        packet_write_u64(&hostile->writer, 0);
    packet_write_u32(&hostile->writer, 0x00ff0000);
}

static void too_big_for(struct hostile *hostile, uint16_t mtu)
{
    begin(hostile, PACKET_ICMPV4_UNREACHABLE, PACKET_ICMPV6_TOO_BIG,
          hostile->v4 ? PACKET_ICMPV4_FRAGMENTATION_NEEDED : 0, mtu);
    quote(hostile, 0, QUOTE_MOST);
}

static void no_mtu(struct hostile *hostile)
{
    too_big_for(hostile, 0);
}

static void absurd_mtu(struct hostile *hostile)
{
    too_big_for(hostile, 65535);
}

static void pointer_beyond(struct hostile *hostile)
{
    begin(hostile, PACKET_ICMPV4_PARAMETER_PROBLEM, PACKET_ICMPV6_PARAMETER_PROBLEM, 0, 0xffffffff);
    quote(hostile, 0, QUOTE_MOST);
}

static void redirect_to_everybody(struct hostile *hostile)
{
    static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};
    begin(hostile, PACKET_ICMPV4_REDIRECT, PACKET_ICMPV6_REDIRECT, 1, hostile->v4 ? 0xe0000001 : 0);
    if (!hostile->v4) {
        packet_write_bytes(&hostile->writer, all_nodes, 16);
        packet_write_bytes(&hostile->writer, hostile->visit->packet->destination.bytes, 16);
        packet_write_u64(&hostile->writer, 0x0400000000000000); /* an option without length */
    }
    quote(hostile, 0, QUOTE_MOST);
}

/* A reply whose fixed part is not all there. */
static void reply_cut(struct hostile *hostile)
{
    begin(hostile, PACKET_ICMPV4_TIMESTAMP_REPLY, PACKET_ICMPV6_NODE_INFO_REPLY, 0,
          (uint32_t)hostile->random | 0x80000000);
    packet_write_u16(&hostile->writer, (uint16_t)hostile->random);
}

static void extended_reply_cut(struct hostile *hostile)
{
    begin(hostile, PACKET_ICMPV4_EXTENDED_ECHO_REPLY, PACKET_ICMPV6_EXTENDED_ECHO_REPLY, 0, 0);
    hostile->writer.at -= 3; /* of what follows the checksum one byte is left */
}

/* A reply to somebody else; IPv4: behind options that reach beyond the header. */
static void options_lie(struct hostile *hostile)
{
    static const uint8_t lies[8] = {0x07, 0x27, 0x04, 0x44, 0x28, 0x05, 0x83, 0x00};
    begin(hostile, PACKET_ICMPV4_ECHO_REPLY, PACKET_ICMPV6_ECHO_REPLY, 0,
          (uint32_t)hostile->random | 0x80000000);
    packet_write_u64(&hostile->writer, hostile->random);
    memcpy(hostile->options, lies, sizeof(lies));
    hostile->options_bytes = hostile->v4 ? sizeof(lies) : 0;
}

typedef void shape(struct hostile *hostile);

static shape *const shapes[] = {
    length_beyond_the_message,
    object_without_length,
    object_beyond_the_message,
    wrong_extension_checksum,
    quoted_header_too_long,
    quoted_header_without_length,
    quoted_length_lies,
    quote_cut,
    quoted_chain,
    no_mtu,
    absurd_mtu,
    pointer_beyond,
    redirect_to_everybody,
    reply_cut,
    extended_reply_cut,
    options_lie,
};

void sim_hostile_send(const struct sim_visit *visit)
{
    struct sim_network *network = visit->network;
    uint64_t choice = sim_dice_throw(visit->dice, SIM_THROW_HOSTILE_SHAPE);
    struct hostile hostile = {
        .visit = visit,
        .v4 = visit->packet->family == SONDE_IPV4,
        .random = sim_dice_throw(visit->dice, SIM_THROW_HOSTILE_BYTES),
        .writer = packet_writer_over(network->payload, sizeof(network->payload)),
    };
    shapes[choice % (sizeof(shapes) / sizeof(shapes[0]))](&hostile);
    struct sim_answer_from from = sim_host_header(visit);
    from.options = (struct sonde_bytes){hostile.options, hostile.options_bytes};
    size_t length = packet_written(&hostile.writer);
    sim_noise_checksum(&from, network->payload, length);
    struct packet_writer writer = packet_writer_over(network->scratch, sizeof(network->scratch));
    if (hostile.writer.failed ||
        sim_answer_write_bytes(&writer, &from, (struct sonde_bytes){network->payload, length}))
        return;
    sim_network_deliver(visit, packet_written_from(&writer, 0), sim_host_dwell(visit, 0),
                        &(struct sonde_sim_truth){.fate = SONDE_SIM_HOSTILE}, visit->node);
}
