#include "sonde/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

struct sonde_address sonde_address_from_bytes(enum sonde_family family, const uint8_t *bytes)
{
    struct sonde_address address = {.family = (uint8_t)family};
    if (family == SONDE_IPV4)
        memcpy(address.bytes, bytes, 4);
    else
        memcpy(address.bytes, bytes, 16);
    return address;
}

size_t sonde_address_length(const struct sonde_address *address)
{
    switch (address->family) {
    case SONDE_IPV4:
        return 4;
    case SONDE_IPV6:
        return 16;
    default:
        return 0;
    }
}

bool sonde_address_equal(const struct sonde_address *a, const struct sonde_address *b)
{
    if (a->family != b->family || memcmp(a->bytes, b->bytes, sonde_address_length(a)) != 0)
        return false;
    return a->scope == b->scope || a->scope == 0 || b->scope == 0;
}

bool sonde_address_is_multicast(const struct sonde_address *address)
{
    switch (address->family) {
    case SONDE_IPV4:
        return (address->bytes[0] & 0xf0) == 0xe0;
    case SONDE_IPV6:
        return address->bytes[0] == 0xff;
    default:
        return false;
    }
}

bool sonde_address_is_loopback(const struct sonde_address *address)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    switch (address->family) {
    case SONDE_IPV4:
        return address->bytes[0] == 127;
    case SONDE_IPV6:
        return memcmp(address->bytes, loopback6, sizeof loopback6) == 0;
    default:
        return false;
    }
}

bool sonde_address_is_link_local(const struct sonde_address *address)
{
    switch (address->family) {
    case SONDE_IPV4:
        return address->bytes[0] == 169 && address->bytes[1] == 254;
    case SONDE_IPV6:
        /* fe80::/10, and multicast of link-local scope (RFC 4291 section 2.7) */
        return (address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80) ||
               (address->bytes[0] == 0xff && (address->bytes[1] & 0x0f) == 2);
    default:
        return false;
    }
}

const char *sonde_address_format(const struct sonde_address *address,
                                 char text[static SONDE_ADDRESS_TEXT])
{
    int family = address->family == SONDE_IPV4 ? AF_INET : AF_INET6;
    if (address->family == SONDE_FAMILY_NONE ||
        !inet_ntop(family, address->bytes, text, SONDE_ADDRESS_TEXT))
        return strcpy(text, "*");
    if (address->scope != 0) {
        size_t length = strlen(text);
        snprintf(text + length, SONDE_ADDRESS_TEXT - length, "%%%u", address->scope);
    }
    return text;
}

bool sonde_address_parse(const char *text, struct sonde_address *address)
{
    char bare[SONDE_ADDRESS_TEXT];
    size_t length = strcspn(text, "%");
    if (length >= sizeof bare)
        return false;
    memcpy(bare, text, length);
    bare[length] = '\0';

    *address = (struct sonde_address){0};
    if (inet_pton(AF_INET, bare, address->bytes) == 1)
        address->family = SONDE_IPV4;
    else if (inet_pton(AF_INET6, bare, address->bytes) == 1)
        address->family = SONDE_IPV6;
    else
        return false;
    if (text[length] == '\0')
        return true;
    int64_t scope;
    if (address->family != SONDE_IPV6 ||
        base_parse_integer(text + length + 1, 1, UINT32_MAX, &scope) != BASE_NUMBER_OK)
        return false;
    address->scope = (uint32_t)scope;
    return true;
}
