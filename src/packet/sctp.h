/*
 * SCTP packets: RFC 9260 section 3. The common header, the chunks behind it, the fixed part of INIT
 * and INIT ACK, and the parameters (or error causes) in a chunk.
 */
#ifndef SONDE_PACKET_SCTP_H
#define SONDE_PACKET_SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/probe.h"

#define PACKET_SCTP_HEADER       12u
#define PACKET_SCTP_CHECKSUM_AT  8u
#define PACKET_SCTP_CHUNK_HEADER 4u  /* also of a parameter */
#define PACKET_SCTP_INIT_FIXED   16u /* of INIT and INIT ACK, behind the chunk's header */

struct packet_sctp {
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t verification_tag;
    struct sonde_bytes chunks; /* a slice of the input; for packet_sctp_chunks */

    uint32_t checksum; /* as it stands: the CRC32c as a number; not looked at when writing */
};

/*
 * Reads a packet, from the common header on. Neither checksum nor chunks are judged: see below.
 * Returns 0, or -ENODATA when the header is cut and *sctp is all zero.
 */
int packet_sctp_parse(struct sonde_bytes bytes, struct packet_sctp *sctp);

/*
 * The checksum of a packet: CRC32c over all of it, its own field taken for zeros. It stands on the
 * wire with its lowest byte first (RFC 9260 appendix A), unlike every other field.
 */
uint32_t packet_sctp_checksum(struct sonde_bytes bytes);

/* True when the packet has a header and its checksum is right. */
bool packet_sctp_checksum_ok(struct sonde_bytes bytes);

/* --- chunks ----------------------------------------------------------------------------------- */

enum packet_sctp_chunk_type {
    PACKET_SCTP_DATA = 0,
    PACKET_SCTP_INIT = 1,
    PACKET_SCTP_INIT_ACK = 2,
    PACKET_SCTP_SACK = 3,
    PACKET_SCTP_HEARTBEAT = 4,
    PACKET_SCTP_HEARTBEAT_ACK = 5,
    PACKET_SCTP_ABORT = 6,
    PACKET_SCTP_SHUTDOWN = 7,
    PACKET_SCTP_SHUTDOWN_ACK = 8,
    PACKET_SCTP_ERROR = 9,
    PACKET_SCTP_COOKIE_ECHO = 10,
    PACKET_SCTP_COOKIE_ACK = 11,
    PACKET_SCTP_SHUTDOWN_COMPLETE = 14,
};

/* Flag of ABORT and SHUTDOWN COMPLETE: the verification tag is the one of the packet answered. */
#define PACKET_SCTP_TAG_REFLECTED 0x01u

struct packet_sctp_chunk {
    uint8_t type; /* enum packet_sctp_chunk_type */
    uint8_t flags;
    uint16_t length;          /* header and value, without the padding behind it */
    struct sonde_bytes value; /* a slice of the input */
};

/* Where an iteration stands. Start with packet_sctp_chunks() or packet_sctp_parameters(). */
struct packet_sctp_items {
    struct packet_reader reader;
};

struct packet_sctp_items packet_sctp_chunks(struct sonde_bytes chunks);

/*
 * The next chunk, and over its padding, which may be missing behind the last one (RFC 9260 section
 * 3.2). Returns 1; 0 at the end; -EBADMSG when a chunk's length is less than its header or more
 * than there is, and the iteration is over.
 */
int packet_sctp_chunks_next(struct packet_sctp_items *chunks, struct packet_sctp_chunk *chunk);

/* A parameter of INIT, INIT ACK, HEARTBEAT …, or an error cause of ABORT and ERROR. */
enum packet_sctp_parameter_type {
    PACKET_SCTP_HEARTBEAT_INFO = 1,
    PACKET_SCTP_IPV4 = 5,
    PACKET_SCTP_IPV6 = 6,
    PACKET_SCTP_STATE_COOKIE = 7,
    PACKET_SCTP_UNRECOGNIZED = 8,
    PACKET_SCTP_COOKIE_PRESERVATIVE = 9,
    PACKET_SCTP_ADDRESS_TYPES = 12,
};

struct packet_sctp_parameter {
    uint16_t type;            /* enum packet_sctp_parameter_type */
    uint16_t length;          /* header and value, without the padding behind it */
    struct sonde_bytes value; /* a slice of the input */
};

struct packet_sctp_items packet_sctp_parameters(struct sonde_bytes parameters);

/* As packet_sctp_chunks_next. */
int packet_sctp_parameters_next(struct packet_sctp_items *parameters,
                                struct packet_sctp_parameter *parameter);

/* INIT and INIT ACK: RFC 9260 sections 3.3.2 and 3.3.3. */
struct packet_sctp_init {
    uint32_t tag;                  /* what the other side's packets shall carry; never 0 */
    uint32_t window;               /* advertised receiver window credit, bytes */
    uint16_t outbound_streams;     /* never 0 */
    uint16_t inbound_streams;      /* never 0 */
    uint32_t sequence;             /* initial transmission sequence number */
    struct sonde_bytes parameters; /* a slice of the input; for packet_sctp_parameters */
};

/*
 * Reads the value of an INIT or INIT ACK. Returns 0, -EINVAL when the chunk is another, -ENODATA
 * when the fixed part is cut. After an error *init is all zero. Values that must not be 0 are not
 * judged.
 */
int packet_sctp_init_parse(const struct packet_sctp_chunk *chunk, struct packet_sctp_init *init);

/* --- writing ---------------------------------------------------------------------------------- */

/*
 * A packet is written as: begin; chunks, each whole or between chunk_begin and chunk_end; end. What
 * begin functions return is for the end. The common header's chunks are not looked at.
 */
size_t packet_sctp_begin(struct packet_writer *writer, const struct packet_sctp *sctp);

/* Writes the checksum. Returns 0, or -ENOBUFS when something found no room. */
int packet_sctp_end(struct packet_writer *writer, size_t packet);

/* Writes a chunk with its padding. Returns 0, -ENOBUFS, or -EINVAL when the value is too long;
 * after an error the writer has failed. */
int packet_sctp_chunk_write(struct packet_writer *writer, uint8_t type, uint8_t flags,
                            struct sonde_bytes value);

/*
 * The same for a value that is written in between, with any of the functions of packet/cursor.h and
 * those below.
 */
size_t packet_sctp_chunk_begin(struct packet_writer *writer, uint8_t type, uint8_t flags);
int packet_sctp_chunk_end(struct packet_writer *writer, size_t chunk);

/* Writes the fixed part of an INIT or INIT ACK; init->parameters is not looked at. */
void packet_sctp_init_write(struct packet_writer *writer, const struct packet_sctp_init *init);

/*
 * Writes a parameter or cause behind what the chunk holds, which is padded first: the chunk's
 * length covers the padding of all its parameters but the last (RFC 9260 section 3.2.1). Returns 0,
 * -ENOBUFS, or -EINVAL when the value is too long; after an error the writer has failed.
 */
int packet_sctp_parameter_write(struct packet_writer *writer, size_t chunk, uint16_t type,
                                struct sonde_bytes value);

#endif
