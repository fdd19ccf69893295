/*
 * The TCP header: RFC 9293 section 3.1. Options: iteration over any, values for those that open a
 * connection, and for timestamps (RFC 7323).
 */
#ifndef SONDE_PACKET_TCP_H
#define SONDE_PACKET_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_TCP_HEADER      20u /* without options */
#define PACKET_TCP_OPTIONS_MAX 40u
#define PACKET_TCP_CHECKSUM_AT 16u

enum packet_tcp_flag {
    PACKET_TCP_FIN = 0x001,
    PACKET_TCP_SYN = 0x002,
    PACKET_TCP_RST = 0x004,
    PACKET_TCP_PSH = 0x008,
    PACKET_TCP_ACK = 0x010,
    PACKET_TCP_URG = 0x020,
    PACKET_TCP_ECE = 0x040, /* RFC 3168 */
    PACKET_TCP_CWR = 0x080, /* RFC 3168 */
    PACKET_TCP_FLAGS = 0xfff,
};

struct packet_tcp {
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t sequence;
    uint32_t acknowledgment;
    uint16_t flags;  /* enum packet_tcp_flag, or-ed; with the reserved bits twelve */
    uint16_t window; /* as it stands: not scaled */
    uint16_t urgent;
    struct sonde_bytes options; /* slices of the input; padding included */
    struct sonde_bytes payload;

    uint16_t checksum; /* set by parsing, not looked at when writing */
};

/*
 * Reads a segment, from the TCP header on. The checksum is not judged: see below. Returns 0;
 * -ENODATA when the header or its options are cut; -EBADMSG when the data offset is less than the
 * header. After an error *tcp is all zero.
 */
int packet_tcp_parse(struct sonde_bytes bytes, struct packet_tcp *tcp);

/* True when the checksum of a whole segment between these addresses (of one family) is right. */
bool packet_tcp_checksum_ok(struct sonde_bytes bytes, const struct sonde_address *source,
                            const struct sonde_address *destination);

/*
 * Writes a segment with its checksum; the options are padded with zeros (end of list) to a multiple
 * of four. Returns 0, -ENOBUFS, or -EINVAL when a value does not fit its field or the addresses are
 * not of one family; after an error the writer has failed.
 */
int packet_tcp_write(struct packet_writer *writer, const struct packet_tcp *tcp,
                     const struct sonde_address *source, const struct sonde_address *destination);

/*
 * How far a segment moves the sequence number on: its payload, and one each for SYN and FIN
 * (RFC 9293 section 3.4).
 */
uint32_t packet_tcp_segment_length(const struct packet_tcp *tcp);

/* --- options ---------------------------------------------------------------------------------- */

enum packet_tcp_option_kind {
    PACKET_TCP_END = 0,
    PACKET_TCP_NOP = 1,
    PACKET_TCP_MSS = 2,
    PACKET_TCP_WINDOW_SCALE = 3,   /* RFC 7323 section 2 */
    PACKET_TCP_SACK_PERMITTED = 4, /* RFC 2018 section 2 */
    PACKET_TCP_SACK = 5,           /* RFC 2018 section 3 */
    PACKET_TCP_TIMESTAMPS = 8,     /* RFC 7323 section 3 */
    PACKET_TCP_FAST_OPEN = 34,     /* RFC 7413 */
};

/* An option. `known` tells that it has a value: its kind is one of those four and its length right.
 */
struct packet_tcp_option {
    uint8_t kind; /* enum packet_tcp_option_kind */
    bool known;
    union {
        uint16_t mss;         /* MSS: bytes */
        uint8_t window_scale; /* WINDOW_SCALE: shift; above 14 means 14 (RFC 7323 section 2.3) */
        struct {              /* TIMESTAMPS */
            uint32_t value;   /* the sender's clock */
            uint32_t echo;    /* what the sender heard last */
        } timestamps;
    };
    struct sonde_bytes data; /* behind kind and length; empty for NOP. A slice of the input */
};

/* Where an iteration stands. Start with packet_tcp_options(). */
struct packet_tcp_options {
    struct packet_reader reader;
};

struct packet_tcp_options packet_tcp_options(struct sonde_bytes options);

/*
 * The next option, NOP included. Returns 1; 0 at the end (END itself is not handed out); -EBADMSG
 * when a length is less than two or reaches beyond the options, and the iteration is over.
 */
int packet_tcp_options_next(struct packet_tcp_options *options, struct packet_tcp_option *option);

/*
 * Writes an option without padding: its value when `known`, else its data as it stands. END and NOP
 * have neither. Returns 0; -EINVAL when `known` is set for a kind without a value or the data are
 * longer than a header can hold; -ENOBUFS.
 */
int packet_tcp_option_write(struct packet_writer *writer, const struct packet_tcp_option *option);

#endif
