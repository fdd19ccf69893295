/* IPv4 headers: slices lie inside; what parses builds the same bytes again, but for the checksum.
 */
#include "packet/ipv4.h"
#include "packet_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sonde_bytes bytes = exact_copy(data, size);
    struct packet_ipv4 header, quoted;
    int error = packet_ipv4_parse(bytes, &header);
    int quoted_error = packet_ipv4_parse_quoted(bytes, &quoted);
    MUST(error || !quoted_error);
    if (!quoted_error) {
        MUST(inside(quoted.options, bytes) && inside(quoted.payload, bytes));
        MUST(packet_ipv4_header_bytes(&quoted) + quoted.payload.length == bytes.length);
    }
    if (!error) {
        size_t header_bytes = packet_ipv4_header_bytes(&header);
        MUST(inside(header.options, bytes) && inside(header.payload, bytes));
        MUST(header_bytes + header.payload.length <= header.total_bytes);
        MUST(header.truncated == (header.total_bytes > bytes.length));
        uint8_t room[PACKET_IPV4_HEADER_MAX];
        struct packet_writer writer = packet_writer_over(room, header_bytes);
        MUST(packet_ipv4_write(&writer, &header) == 0);
        MUST(memcmp(room, bytes.data, PACKET_IPV4_CHECKSUM_AT) == 0);
        MUST(memcmp(room + 12, bytes.data + 12, header_bytes - 12) == 0);
        MUST(packet_ipv4_parse((struct sonde_bytes){room, header_bytes}, &quoted) == 0);
        MUST(quoted.checksum_ok);
    }
    drop(bytes);
    return 0;
}
