/* IPv6 headers and extension chains: the walk ends, slices lie inside, headers build again. */
#include "packet/ipv6.h"
#include "packet_help.h"

static void check_chain(const struct packet_ipv6 *header)
{
    struct packet_ipv6_chain chain = packet_ipv6_chain(header->next_header, header->payload);
    struct packet_ipv6_extension extension;
    size_t end = 0;
    int more;
    while ((more = packet_ipv6_chain_next(&chain, &extension)) == 1) {
        MUST(inside(extension.bytes, header->payload));
        MUST(extension.offset == end);
        MUST(extension.bytes.data[0] == extension.next_header);
        end += extension.bytes.length;
    }
    struct packet_ipv6_upper upper;
    MUST(packet_ipv6_upper(header->next_header, header->payload, &upper) == more);
    if (more)
        return;
    MUST(upper.extensions <= PACKET_IPV6_CHAIN_MAX);
    MUST(upper.protocol == chain.next);
    MUST(inside(upper.bytes, header->payload));
    MUST(end + upper.bytes.length == header->payload.length);
    if (!upper.fragmented)
        return;
    uint8_t room[PACKET_IPV6_FRAGMENT_HEADER];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    MUST(packet_ipv6_fragment_write(&writer, &upper.fragment) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sonde_bytes bytes = exact_copy(data, size);
    struct packet_ipv6 header;
    if (packet_ipv6_parse_quoted(bytes, &header) == 0) {
        MUST(header.payload.length + PACKET_IPV6_HEADER == bytes.length);
        check_chain(&header);
        MUST(packet_ipv6_parse(bytes, &header) == 0);
        MUST(inside(header.payload, bytes));
        MUST(header.payload.length <= header.payload_bytes);
        check_chain(&header);
        uint8_t room[PACKET_IPV6_HEADER];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        MUST(packet_ipv6_write(&writer, &header) == 0);
        MUST(memcmp(room, bytes.data, sizeof(room)) == 0);
    }
    drop(bytes);
    return 0;
}
