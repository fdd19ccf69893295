/* Quoted datagrams of both families: nothing is said to be there that is not. */
#include "packet/quote.h"
#include "packet_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum sonde_family family = family_of(data[0]);
    struct sonde_bytes bytes = exact_copy(data + 1, size - 1);
    struct sonde_quote quote;
    struct packet_transport transport;
    int error = packet_quote_parse(family, bytes, &quote, &transport);
    MUST(quote.present == (error == 0));
    MUST(!quote.icmp_intact);
    MUST(inside(transport.bytes, bytes));
    if (error) {
        MUST(transport.bytes.length == 0 && !transport.has_type && !transport.has_ports);
    } else {
        size_t header = family == SONDE_IPV4 ? 20 : 40;
        size_t there = transport.bytes.length;
        MUST(quote.from.family == family && quote.to.family == family);
        MUST(header + there <= bytes.length);
        MUST(!transport.has_type || there >= 2);
        MUST(!transport.has_checksum || there >= 4);
        MUST(!transport.has_lease || there >= 7);
        MUST(!transport.has_ports || there >= 4);
        MUST(!transport.has_length || there >= 6);
        MUST(!transport.has_tcp_sequence || there >= 8);
        MUST(!transport.has_acknowledgment || there >= 12);
        MUST(!transport.has_tcp_flags || there >= 14);
        MUST(!transport.has_verification_tag || there >= 8);
        MUST(!transport.inner_fragment || (!transport.has_type && !transport.has_ports));
    }
    drop(bytes);
    return 0;
}
