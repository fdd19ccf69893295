/*
 * The extension structure of ICMP errors: RFC 4884; its objects: MPLS label stack (RFC 4950),
 * interface information (RFC 5837), interface identification (RFC 8335), extended information
 * (RFC 8883).
 */
#ifndef SONDE_PACKET_EXTENSION_H
#define SONDE_PACKET_EXTENSION_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/cursor.h"
#include "sonde/address.h"
#include "sonde/probe.h"

#define PACKET_EXTENSION_HEADER 4u
/* Where extensions begin at the earliest: behind this much of the quoted datagram. */
#define PACKET_EXTENSION_QUOTE 128u

/* How an error carries an extension structure. */
enum packet_extension_form {
    PACKET_EXTENSION_NONE,
    PACKET_EXTENSION_COMPLIANT, /* behind as many bytes of quote as the length field says */
    PACKET_EXTENSION_PRE_RFC,   /* no length field: behind exactly 128 bytes (RFC 4884 section 5) */
    PACKET_EXTENSION_BROKEN,    /* the length field promises one; what is there is none */
};

/*
 * Bytes of one unit of the length field in errors of this type: 4 or 8; 0 for types that have no
 * such field and carry no extensions (RFC 4884 section 4).
 */
size_t packet_extension_unit(enum sonde_family family, uint8_t icmp_type);

/*
 * Divides what follows the eight bytes of an error's header into quote and extension structure.
 * `quote_bytes` is the length field in bytes, 0 when it says nothing. The structure is taken only
 * when its version is 2 and its checksum is right; without a length field an absent checksum (0) is
 * not enough. *quote and *extensions become slices of `body`; extensions is empty unless the form
 * is COMPLIANT or PRE_RFC.
 */
enum packet_extension_form packet_extension_locate(struct sonde_bytes body, size_t quote_bytes,
                                                   struct sonde_bytes *quote,
                                                   struct sonde_bytes *extensions);

/*
 * Judges a structure that begins at bytes: 0, -ENODATA when it is cut, -EPROTONOSUPPORT when its
 * version is not 2, -EBADMSG when its checksum is wrong. *checksum_absent (may be NULL) is set when
 * the sender left it out.
 */
int packet_extension_verify(struct sonde_bytes bytes, bool *checksum_absent);

enum packet_extension_class {
    PACKET_CLASS_MPLS = 1,           /* RFC 4950 */
    PACKET_CLASS_INTERFACE_INFO = 2, /* RFC 5837 */
    PACKET_CLASS_INTERFACE_ID = 3,   /* RFC 8335 */
    PACKET_CLASS_EXTENDED_INFO = 4,  /* RFC 8883 */
};

#define PACKET_OBJECT_HEADER 4u
/* The C-types that exist of the classes MPLS and EXTENDED_INFO. */
#define PACKET_MPLS_INCOMING 1u
#define PACKET_INFO_POINTER  1u

/* C-type of interface information: the role in the highest two bits, and what is there. */
#define PACKET_INFO_ROLE_SHIFT  6
#define PACKET_INFO_HAS_INDEX   0x08u
#define PACKET_INFO_HAS_ADDRESS 0x04u
#define PACKET_INFO_HAS_NAME    0x02u
#define PACKET_INFO_HAS_MTU     0x01u

/* IANA address family numbers. */
#define PACKET_AFI_IPV4 1u
#define PACKET_AFI_IPV6 2u

/* One object as it stands. */
struct packet_extension_object {
    uint8_t class_number;
    uint8_t c_type;
    struct sonde_bytes payload; /* behind the object's header; a slice */
};

/* Starts at the first object of a structure (header included in `extensions`). */
struct packet_reader packet_extension_objects(struct sonde_bytes extensions);

/* The next object. Returns 1, 0 at the end, or -EBADMSG when a length cannot be: then it is over.
 */
int packet_extension_next(struct packet_reader *objects, struct packet_extension_object *object);

/* RFC 3032: an entry of a label stack. */
struct packet_mpls {
    uint32_t label;        /* 20 bits */
    uint8_t traffic_class; /* 3 bits */
    bool bottom;
    uint8_t ttl;
};

/*
 * Entry `index` of an MPLS object, from the top of the stack. Returns 1, 0 behind the last entry,
 * or -EINVAL when the object is none of MPLS's incoming label stack.
 */
int packet_extension_mpls(const struct packet_extension_object *object, size_t index,
                          struct packet_mpls *entry);

/* What an interface is to the datagram: RFC 5837 section 4.1. */
enum packet_interface_role {
    PACKET_INTERFACE_INCOMING = 0,
    PACKET_INTERFACE_SUB_IP = 1,
    PACKET_INTERFACE_OUTGOING = 2,
    PACKET_INTERFACE_NEXT_HOP = 3,
};

#define PACKET_INTERFACE_NAME_MAX 63u

/* RFC 5837. Absent members: has_… false, address of family NONE, name empty. */
struct packet_interface_info {
    uint8_t role; /* enum packet_interface_role */
    bool has_index;
    bool has_mtu;
    uint32_t index;
    uint32_t mtu;
    struct sonde_address address;
    struct sonde_bytes
        name; /* UTF-8 of the network: untrusted; without padding, 63 bytes at most */
};

/* Returns 0, -EINVAL when the object is of another class, -EBADMSG when a part is cut or wrong. */
int packet_extension_interface_info(const struct packet_extension_object *object,
                                    struct packet_interface_info *info);

/* How an interface is named: RFC 8335 section 2.1; the C-types of the class. */
enum packet_interface_by {
    PACKET_INTERFACE_BY_NAME = 1,
    PACKET_INTERFACE_BY_INDEX = 2,
    PACKET_INTERFACE_BY_ADDRESS = 3,
};

/* RFC 8335. */
struct packet_interface_id {
    uint8_t by;              /* enum packet_interface_by, which says what of this is meant */
    struct sonde_bytes name; /* without padding */
    uint32_t index;
    uint16_t address_family;     /* IANA number: 1 IPv4, 2 IPv6, 6 a 48-bit MAC … */
    struct sonde_bytes hardware; /* the address where it is neither IPv4 nor IPv6 */
    struct sonde_address address;
};

/* Returns 0, -EINVAL when the object is of another class, -EBADMSG when it cannot be. */
int packet_extension_interface_id(const struct packet_extension_object *object,
                                  struct packet_interface_id *id);

/* RFC 8883 section 3.2: offset of the offending byte in the quoted datagram. Errors as above. */
int packet_extension_pointer(const struct packet_extension_object *object, uint32_t *pointer);

/*
 * Building: begin, any objects, end, which writes the checksum. All of these may be called without
 * looking; a lack of room shows in writer->failed and a value that does not fit is -EINVAL.
 *
 *     size_t start = packet_extension_begin(&writer);
 *     packet_extension_write_mpls(&writer, entries, count);
 *     packet_extension_end(&writer, start);
 */
size_t packet_extension_begin(struct packet_writer *writer);
int packet_extension_end(struct packet_writer *writer, size_t start);

/* Any object; the payload is padded with zeros to a multiple of four. Returns 0, -EINVAL, -ENOBUFS.
 */
int packet_extension_write(struct packet_writer *writer,
                           const struct packet_extension_object *object);

/* `bottom` is written as given. Returns 0, -EINVAL when a field does not fit, -ENOBUFS. */
int packet_extension_write_mpls(struct packet_writer *writer, const struct packet_mpls *entries,
                                size_t count);
int packet_extension_write_interface_info(struct packet_writer *writer,
                                          const struct packet_interface_info *info);
int packet_extension_write_interface_id(struct packet_writer *writer,
                                        const struct packet_interface_id *id);
int packet_extension_write_pointer(struct packet_writer *writer, uint32_t pointer);

#endif
