/*
 * ICMP messages of both families as one value: RFC 792, RFC 4443, and those that icmp_types.h
 * names.
 */
#ifndef SONDE_PACKET_ICMP_H
#define SONDE_PACKET_ICMP_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "packet/extension.h"
#include "packet/icmp_types.h"
#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_ICMP_HEADER      8u /* what all messages begin with */
#define PACKET_ICMP_CHECKSUM_AT 2u
#define PACKET_ICMP_SEQUENCE_AT 6u /* echo, timestamp */

/* Which member of the union holds. */
enum packet_icmp_form {
    PACKET_ICMP_OTHER,                 /* word */
    PACKET_ICMP_ECHO,                  /* echo */
    PACKET_ICMP_TIMES,                 /* timestamp */
    PACKET_ICMP_EXTENDED_ECHO_REQUEST, /* extended */
    PACKET_ICMP_EXTENDED_ECHO_ANSWER,  /* extended */
    PACKET_ICMP_NODE,                  /* node */
    PACKET_ICMP_ERROR,                 /* error; redirects too */
};

/* The form of a type. Everything but what has a form of its own is OTHER. */
enum packet_icmp_form packet_icmp_form(enum sonde_family family, uint8_t type);

struct packet_icmp_echo {
    uint16_t identifier;
    uint16_t sequence;
};

/* Times are milliseconds since midnight UT, unless their highest bit is set (RFC 792). */
struct packet_icmp_timestamp {
    uint16_t identifier;
    uint16_t sequence;
    uint32_t originate;
    uint32_t receive;
    uint32_t transmit;
};

/* RFC 8335 sections 2 and 3. */
struct packet_icmp_extended {
    uint16_t identifier;
    uint8_t sequence;
    bool local;    /* request: the interface is the proxy's own */
    uint8_t state; /* reply: enum packet_extended_echo_state */
    bool active;   /* reply: the interface is up … */
    bool ipv4;     /* … runs IPv4 … */
    bool ipv6;     /* … and IPv6 */
};

/* RFC 4620 section 4. What the payload means: packet/node_info.h. */
struct packet_icmp_node {
    uint16_t qtype;
    uint16_t flags;
    uint8_t nonce[8];
};

struct packet_icmp_error {
    uint32_t mtu;                    /* fragmentation needed, packet too big; else 0 */
    uint32_t pointer;                /* parameter problem; else 0 */
    struct sonde_address gateway;    /* redirect: the better first hop; else family NONE */
    struct sonde_address redirected; /* IPv6 redirect: for which destination (RFC 4861) */
    enum packet_extension_form form; /* how the extensions are carried */
    struct sonde_bytes quote; /* as much of our datagram as came back, maybe padded with zeros */
    struct sonde_bytes extensions; /* from the extension structure's header on; empty: none */
};

struct packet_icmp {
    uint8_t family; /* enum sonde_family */
    uint8_t type;
    uint8_t code;
    uint16_t checksum; /* as it stands; not looked at when writing */
    enum packet_icmp_form form;
    union {
        uint32_t word; /* bytes 4 to 7 */
        struct packet_icmp_echo echo;
        struct packet_icmp_timestamp timestamp;
        struct packet_icmp_extended extended;
        struct packet_icmp_node node;
        struct packet_icmp_error error;
    };
    struct sonde_bytes payload; /* behind the fixed part of the form; a slice. Empty for errors */
};

/*
 * Reads a message, from the ICMP header on. The checksum is not judged: see below. Returns 0,
 * -ENODATA when the fixed part of its form is cut (*message then has type, code and checksum when
 * those four bytes are there, form OTHER), -EINVAL when family is neither IPv4 nor IPv6.
 */
int packet_icmp_parse(enum sonde_family family, struct sonde_bytes bytes,
                      struct packet_icmp *message);

/*
 * True when the checksum of a whole message is right. The addresses are those of the IP header, for
 * IPv6's pseudo-header; IPv4 does not look at them and they may be NULL.
 */
bool packet_icmp_checksum_ok(enum sonde_family family, struct sonde_bytes bytes,
                             const struct sonde_address *source,
                             const struct sonde_address *destination);

/*
 * Writes a message with its checksum; message->form must be the one of its type. Addresses as
 * above.
 *
 * Errors: the quote is written as given, cut by the caller to what the error may carry (RFC 792:
 * the header and 8 bytes; RFC 1812: up to 576 bytes in all; RFC 4443: up to 1,280 in all). With
 * extensions, COMPLIANT pads the quote with zeros to 128 bytes at least and to whole units of 4
 * (IPv4) or 8 bytes (IPv6); PRE_RFC cuts or pads it to exactly 128. Only unreachable, time
 * exceeded, and IPv4's parameter problem can carry them (RFC 4884 section 4). An IPv6 redirect puts
 * the quote into a Redirected Header option (RFC 4861 section 4.6.3), padded to units of 8 bytes.
 *
 * Returns 0, -ENOBUFS, or -EINVAL when a value does not fit; after an error the writer has failed.
 */
int packet_icmp_write(struct packet_writer *writer, const struct packet_icmp *message,
                      const struct sonde_address *source, const struct sonde_address *destination);

/* --- what the engine asks of types ------------------------------------------------------------ */

/* The type that asks, of a kind of probe; -1 when the family has none. */
int packet_icmp_request_type(enum sonde_family family, enum sonde_probe_kind kind);

/* The type that answers a request's type; -1 when it is no request. */
int packet_icmp_reply_type(enum sonde_family family, uint8_t request_type);

/*
 * What an answer of this type and code is: REPLY, TIME_EXCEEDED, UNREACHABLE, TOO_BIG,
 * PARAMETER_PROBLEM, REDIRECT or SOURCE_QUENCH; -1 when it is no answer to a probe. An ICMPv6 error
 * of an unknown type is UNREACHABLE (RFC 4443 section 2.4 has it reported).
 */
int packet_icmp_outcome(enum sonde_family family, uint8_t type, uint8_t code);

/*
 * Identifier and sequence of a request or a reply: echo, timestamp, extended echo (whose sequence
 * has eight bits), and node information (the first four bytes of the nonce). False for other forms.
 */
bool packet_icmp_lease(const struct packet_icmp *message, uint16_t *identifier, uint16_t *sequence);

#endif
