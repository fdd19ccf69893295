/* Protocol numbers that stand in an IPv4 header or in an IPv6 next header field (IANA registry). */
#ifndef SONDE_PACKET_PROTOCOL_H
#define SONDE_PACKET_PROTOCOL_H

enum packet_protocol {
    PACKET_HOP_BY_HOP = 0, /* RFC 8200 section 4.3 */
    PACKET_ICMPV4 = 1,
    PACKET_TCP = 6,
    PACKET_UDP = 17,
    PACKET_ROUTING = 43,  /* RFC 8200 section 4.4 */
    PACKET_FRAGMENT = 44, /* RFC 8200 section 4.5 */
    PACKET_ESP = 50,
    PACKET_AH = 51, /* RFC 4302 */
    PACKET_ICMPV6 = 58,
    PACKET_NO_NEXT_HEADER = 59, /* RFC 8200 section 4.7 */
    PACKET_DESTINATION_OPTIONS = 60,
    PACKET_SCTP = 132,
    PACKET_MOBILITY = 135, /* RFC 6275 */
    PACKET_UDPLITE = 136,
    PACKET_HIP = 139,   /* RFC 7401 */
    PACKET_SHIM6 = 140, /* RFC 5533 */
};

/* Room for the largest IPv4 or IPv6 datagram: a 40-byte header and 65,535 bytes. */
#define PACKET_DATAGRAM_MAX 65575

#endif
