/*
 * Fragmentation: every fragment is well formed and fits, and together they are the datagram. The
 * first two bytes of the input are the MTU; the datagram's length fields are set right, so that
 * more inputs get through.
 */
#include "packet/fragment.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "packet_help.h"

/* Appends a fragment's part of the body; returns true for the last one. */
static bool take_fragment(const struct packet_fragmenter *fragmenter, struct sonde_bytes bytes,
                          uint8_t *body, size_t *done)
{
    struct sonde_bytes piece;
    size_t offset;
    bool more;
    if (fragmenter->family == SONDE_IPV4) {
        struct packet_ipv4 header;
        MUST(packet_ipv4_parse(bytes, &header) == 0);
        MUST(header.checksum_ok && header.total_bytes == bytes.length);
        piece = header.payload;
        MUST(header.fragment_offset >= fragmenter->ipv4.fragment_offset);
        offset = (size_t)header.fragment_offset - fragmenter->ipv4.fragment_offset;
        more = header.more_fragments;
    } else {
        struct packet_ipv6 header;
        struct packet_ipv6_upper upper;
        MUST(packet_ipv6_parse(bytes, &header) == 0);
        MUST(header.payload_bytes + PACKET_IPV6_HEADER == bytes.length);
        MUST(packet_ipv6_upper(header.next_header, header.payload, &upper) == 0);
        MUST(upper.fragmented && upper.fragment.id == fragmenter->id);
        size_t headers = fragmenter->fixed + PACKET_IPV6_FRAGMENT_HEADER;
        piece = (struct sonde_bytes){bytes.data + headers, bytes.length - headers};
        offset = upper.fragment.offset;
        more = upper.fragment.more;
    }
    MUST(offset == *done);
    MUST(!more || piece.length % 8 == 0);
    memcpy(body + *done, piece.data, piece.length);
    *done += piece.length;
    return !more;
}

static void split(struct sonde_bytes datagram, size_t mtu)
{
    struct packet_fragmenter fragmenter;
    if (packet_fragmenter_init(&fragmenter, datagram, mtu, 0x01020304))
        return;
    size_t count = packet_fragmenter_count(&fragmenter), seen = 0, done = 0;
    uint8_t *room = malloc(mtu), *body = malloc(datagram.length);
    MUST(room && body);
    bool last = false;
    for (;;) {
        struct packet_writer writer = packet_writer_over(room, mtu);
        int more = packet_fragmenter_next(&fragmenter, &writer);
        MUST(more >= 0);
        if (more == 0)
            break;
        seen++;
        struct sonde_bytes bytes = packet_written_from(&writer, 0);
        if (fragmenter.whole)
            MUST(same(bytes, datagram));
        else
            last = take_fragment(&fragmenter, bytes, body, &done);
    }
    MUST(seen == count);
    if (!fragmenter.whole) {
        MUST(last || fragmenter.ipv4.more_fragments);
        MUST(same((struct sonde_bytes){body, done}, fragmenter.body));
    }
    free(body);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 8 || size > 65535)
        return 0;
    size_t mtu = (size_t)(data[0] << 8 | data[1]);
    struct sonde_bytes bytes = exact_copy(data + 2, size - 2);
    uint8_t *fix = (uint8_t *)(uintptr_t)bytes.data;
    bool v6 = fix[0] >> 4 == 6;
    size_t length = v6 && bytes.length >= 40 ? bytes.length - 40 : bytes.length;
    fix[v6 ? 4 : 2] = (uint8_t)(length >> 8);
    fix[v6 ? 5 : 3] = (uint8_t)length;
    split(bytes, mtu);
    drop(bytes);
    return 0;
}
