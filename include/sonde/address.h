/* IPv4 and IPv6 addresses as one plain value. */
#ifndef SONDE_ADDRESS_H
#define SONDE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sonde_family {
    SONDE_FAMILY_NONE = 0, /* no address: "unknown" or "let the kernel choose" */
    SONDE_IPV4 = 4,
    SONDE_IPV6 = 6,
};

/* Room for the longest text of an address: IPv6, '%', a scope number, NUL. */
#define SONDE_ADDRESS_TEXT 60

struct sonde_address {
    uint8_t family;    /* enum sonde_family */
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
    uint32_t scope;    /* interface index of a link-local IPv6 address (RFC 4007), else 0 */
};

/* Four or 16 bytes in network order made an address. `family` must be IPv4 or IPv6. */
struct sonde_address sonde_address_from_bytes(enum sonde_family family, const uint8_t *bytes);

/* 4, 16, or 0 for no address. */
size_t sonde_address_length(const struct sonde_address *address);

/* Same family and bytes; scopes are compared only when both are set. */
bool sonde_address_equal(const struct sonde_address *a, const struct sonde_address *b);

bool sonde_address_is_multicast(const struct sonde_address *address);
bool sonde_address_is_loopback(const struct sonde_address *address);
bool sonde_address_is_link_local(const struct sonde_address *address);

/*
 * Numeric text, RFC 5952 for IPv6, with "%scope" as a number when there is one; "*" for no address.
 * Returns text.
 */
const char *sonde_address_format(const struct sonde_address *address,
                                 char text[static SONDE_ADDRESS_TEXT]);

/* Reads numeric text ("192.0.2.1", "2001:db8::1", "fe80::1%3"). False when it is anything else. */
bool sonde_address_parse(const char *text, struct sonde_address *address);

#endif
