#include "packet/fragment.h"

#include <errno.h>

#include "packet/ipv4_options.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"

#define UNIT              8u /* offsets count in eights, both families */
#define IPV6_NEXT_AT      6u /* offset of the IPv6 header's next header */
#define IPV6_PAYLOAD_AT   4u
#define DATAGRAM_BODY_MAX 65535u

static size_t round_down(size_t length)
{
    return length / UNIT * UNIT;
}

/* RFC 791 section 3.1: only options with the copied flag go into the later fragments. */
static int pick_later_options(struct packet_fragmenter *fragmenter)
{
    struct packet_writer writer =
        packet_writer_over(fragmenter->later_options, sizeof(fragmenter->later_options));
    struct packet_ipv4_options options = packet_ipv4_options(fragmenter->ipv4.options);
    struct packet_ipv4_option option;
    int more;
    while ((more = packet_ipv4_options_next(&options, &option)) == 1) {
        if (!(option.type & PACKET_OPTION_COPIED))
            continue;
        packet_write_u8(&writer, option.type);
        packet_write_u8(&writer, (uint8_t)(option.data.length + 2));
        packet_write_bytes(&writer, option.data.data, option.data.length);
    }
    if (more < 0 || packet_ipv4_options_pad(&writer, 0))
        return -EINVAL;
    fragmenter->later_options_bytes = packet_written(&writer);
    return 0;
}

/* How much of the body the next fragment can carry. */
static size_t capacity(const struct packet_fragmenter *fragmenter, bool first)
{
    size_t header;
    if (fragmenter->family == SONDE_IPV6)
        header = fragmenter->fixed + PACKET_IPV6_FRAGMENT_HEADER;
    else
        header = PACKET_IPV4_HEADER +
                 (first ? fragmenter->ipv4.options.length : fragmenter->later_options_bytes);
    return fragmenter->mtu > header ? round_down(fragmenter->mtu - header) : 0;
}

static int init_ipv4(struct packet_fragmenter *fragmenter)
{
    struct packet_ipv4 *header = &fragmenter->ipv4;
    if (packet_ipv4_parse(fragmenter->datagram, header) ||
        header->total_bytes != fragmenter->datagram.length)
        return -EINVAL;
    fragmenter->body = header->payload;
    if (header->fragment_offset + fragmenter->body.length > DATAGRAM_BODY_MAX ||
        (header->more_fragments && fragmenter->body.length % UNIT))
        return -EINVAL;
    if (fragmenter->whole)
        return 0;
    if (header->dont_fragment)
        return -EMSGSIZE;
    int error = pick_later_options(fragmenter);
    if (error)
        return error;
    return capacity(fragmenter, true) && capacity(fragmenter, false) ? 0 : -EMSGSIZE;
}

/* The longest that the upper layer's header may be: it belongs into the first fragment. */
static size_t upper_header_bytes(uint8_t protocol)
{
    switch (protocol) {
    case PACKET_TCP:
        return 60;
    case PACKET_SCTP:
        return 12;
    default:
        return 8;
    }
}

static int init_ipv6(struct packet_fragmenter *fragmenter)
{
    struct packet_ipv6 header;
    size_t length = fragmenter->datagram.length;
    if (packet_ipv6_parse(fragmenter->datagram, &header) ||
        length != PACKET_IPV6_HEADER + (size_t)header.payload_bytes)
        return -EINVAL;
    if (fragmenter->whole)
        return 0;
    if (fragmenter->mtu < PACKET_IPV6_MIN_MTU)
        return -EMSGSIZE;

    /* What every node on the way must see stands in each fragment: RFC 8200 section 4.5. */
    fragmenter->fixed = PACKET_IPV6_HEADER;
    fragmenter->link = IPV6_NEXT_AT;
    fragmenter->body_next = header.next_header;
    struct packet_ipv6_chain chain = packet_ipv6_chain(header.next_header, header.payload);
    struct packet_ipv6_extension extension;
    int more;
    while ((more = packet_ipv6_chain_next(&chain, &extension)) == 1) {
        if (extension.protocol == PACKET_FRAGMENT)
            return -EINVAL;
        if (extension.protocol != PACKET_HOP_BY_HOP && extension.protocol != PACKET_ROUTING)
            continue;
        fragmenter->link = PACKET_IPV6_HEADER + extension.offset;
        fragmenter->fixed = fragmenter->link + extension.bytes.length;
        fragmenter->body_next = extension.next_header;
    }
    /* The fragment header is one more: the chain must not outgrow what is read here. */
    if (more < 0 || chain.count == PACKET_IPV6_CHAIN_MAX)
        return -EINVAL;
    struct packet_reader body = packet_reader_over(fragmenter->datagram);
    packet_skip(&body, fragmenter->fixed);
    fragmenter->body = packet_rest(&body);

    /* RFC 7112: the first fragment holds all headers, the upper layer's included. */
    size_t upper = packet_left(&chain.reader);
    size_t headers = fragmenter->body.length - upper;
    if (upper > upper_header_bytes(chain.next))
        upper = upper_header_bytes(chain.next);
    size_t room = capacity(fragmenter, true);
    return room == 0 || room < headers + upper ? -EMSGSIZE : 0;
}

int packet_fragmenter_init(struct packet_fragmenter *fragmenter, struct sonde_bytes datagram,
                           size_t mtu, uint32_t id)
{
    *fragmenter = (struct packet_fragmenter){
        .datagram = datagram, .mtu = mtu, .whole = datagram.length <= mtu, .id = id};
    if (datagram.length == 0)
        return -EINVAL;
    switch (datagram.data[0] >> 4) {
    case 4:
        fragmenter->family = SONDE_IPV4;
        return init_ipv4(fragmenter);
    case 6:
        fragmenter->family = SONDE_IPV6;
        return init_ipv6(fragmenter);
    default:
        return -EINVAL;
    }
}

size_t packet_fragmenter_count(const struct packet_fragmenter *fragmenter)
{
    if (fragmenter->whole)
        return 1;
    size_t first = capacity(fragmenter, true);
    size_t later = capacity(fragmenter, false);
    if (fragmenter->body.length <= first || later == 0)
        return 1;
    return 1 + (fragmenter->body.length - first + later - 1) / later;
}

static struct sonde_bytes next_piece(const struct packet_fragmenter *fragmenter, bool *last)
{
    size_t left = fragmenter->body.length - fragmenter->done;
    size_t room = capacity(fragmenter, !fragmenter->started);
    *last = left <= room;
    return (struct sonde_bytes){fragmenter->body.data + fragmenter->done, *last ? left : room};
}

static void write_ipv4(const struct packet_fragmenter *fragmenter, struct packet_writer *writer,
                       struct sonde_bytes piece, bool last)
{
    struct packet_ipv4 header = fragmenter->ipv4;
    if (fragmenter->started)
        header.options =
            (struct sonde_bytes){fragmenter->later_options, fragmenter->later_options_bytes};
    header.total_bytes = (uint16_t)(packet_ipv4_header_bytes(&header) + piece.length);
    header.fragment_offset = (uint16_t)(header.fragment_offset + fragmenter->done);
    header.more_fragments = !last || fragmenter->ipv4.more_fragments;
    if (packet_ipv4_write(writer, &header))
        writer->failed = true;
    packet_write_bytes(writer, piece.data, piece.length);
}

static void write_ipv6(const struct packet_fragmenter *fragmenter, struct packet_writer *writer,
                       struct sonde_bytes piece, bool last)
{
    size_t start = packet_written(writer);
    uint8_t *fixed = packet_write_space(writer, fragmenter->fixed);
    if (!fixed)
        return;
    memcpy(fixed, fragmenter->datagram.data, fragmenter->fixed);
    fixed[fragmenter->link] = PACKET_FRAGMENT;
    size_t payload =
        fragmenter->fixed - PACKET_IPV6_HEADER + PACKET_IPV6_FRAGMENT_HEADER + piece.length;
    packet_patch_u16(writer, start + IPV6_PAYLOAD_AT, (uint16_t)payload);
    struct packet_ipv6_fragment fragment = {.next_header = fragmenter->body_next,
                                            .offset = (uint16_t)fragmenter->done,
                                            .more = !last,
                                            .id = fragmenter->id};
    if (packet_ipv6_fragment_write(writer, &fragment))
        writer->failed = true;
    packet_write_bytes(writer, piece.data, piece.length);
}

int packet_fragmenter_next(struct packet_fragmenter *fragmenter, struct packet_writer *writer)
{
    if (fragmenter->started && (fragmenter->whole || fragmenter->done == fragmenter->body.length))
        return 0;
    struct packet_writer before = *writer;
    struct sonde_bytes piece = {NULL, 0};
    if (fragmenter->whole) {
        packet_write_bytes(writer, fragmenter->datagram.data, fragmenter->datagram.length);
    } else {
        bool last;
        piece = next_piece(fragmenter, &last);
        if (fragmenter->family == SONDE_IPV4)
            write_ipv4(fragmenter, writer, piece, last);
        else
            write_ipv6(fragmenter, writer, piece, last);
    }
    if (writer->failed) {
        *writer = before;
        return -ENOBUFS;
    }
    fragmenter->started = true;
    fragmenter->done += piece.length;
    return 1;
}
