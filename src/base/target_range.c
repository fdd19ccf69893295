#include <ctype.h>
#include <string.h>

#include "base/target_set.h"

/* The number that `text` is, digits of the base and nothing else; -1 when it is not. */
static int small_number(const char *text, int base, size_t digits_max, int max)
{
    size_t length = strlen(text);
    if (length == 0 || length > digits_max)
        return -1;
    int value = 0;
    for (; *text; text++) {
        int c = tolower((unsigned char)*text);
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : base;
        if (digit >= base)
            return -1;
        value = value * base + digit;
    }
    return value <= max ? value : -1;
}

/* The address in the first `length` characters. */
static bool parse_front(const char *text, size_t length, struct sonde_address *address)
{
    char front[SONDE_ADDRESS_TEXT];
    if (length >= sizeof front)
        return false;
    memcpy(front, text, length);
    front[length] = '\0';
    return sonde_address_parse(front, address);
}

static enum base_target_text parse_prefix(const char *length_text, struct base_target_range *range)
{
    size_t bytes = sonde_address_length(&range->first);
    int bits = small_number(length_text, 10, 3, (int)bytes * 8);
    if (bits < 0)
        return BASE_TARGET_BAD_LENGTH;
    bool host_bits = false;
    for (size_t i = 0; i < bytes; i++) {
        int here = bits - (int)i * 8;
        uint8_t mask = (uint8_t)(here >= 8 ? 0xffu : here <= 0 ? 0u : 0xff00u >> here);
        host_bits |= (range->first.bytes[i] & ~mask) != 0;
        range->first.bytes[i] &= mask;
        range->last.bytes[i] = (uint8_t)(range->first.bytes[i] | (uint8_t)~mask);
    }
    return host_bits ? BASE_TARGET_HOST_BITS : BASE_TARGET_OK;
}

/* The last part alone: a decimal byte of IPv4, a hexadecimal group of IPv6. */
static bool parse_last_part(const char *text, struct sonde_address *last)
{
    int part = last->family == SONDE_IPV4 ? small_number(text, 10, 3, 255)
                                          : small_number(text, 16, 4, 0xffff);
    if (part < 0)
        return false;
    if (last->family == SONDE_IPV4) {
        last->bytes[3] = (uint8_t)part;
    } else {
        last->bytes[14] = (uint8_t)(part >> 8);
        last->bytes[15] = (uint8_t)part;
    }
    return true;
}

static enum base_target_text parse_last(const char *text, struct base_target_range *range)
{
    struct sonde_address last;
    if (sonde_address_parse(text, &last)) {
        if (last.family != range->first.family)
            return BASE_TARGET_TWO_FAMILIES;
        if (last.scope != range->first.scope && last.scope != 0 && range->first.scope != 0)
            return BASE_TARGET_NO_ADDRESS; /* no row of addresses leads to another link */
        last.scope |= range->first.scope;
        range->first.scope = last.scope;
        range->last = last;
    } else if (!parse_last_part(text, &range->last)) {
        return BASE_TARGET_NO_ADDRESS;
    }
    bool backward = memcmp(range->last.bytes, range->first.bytes, sizeof(range->last.bytes)) < 0;
    return backward ? BASE_TARGET_BACKWARD : BASE_TARGET_OK;
}

enum base_target_text base_target_range_parse(const char *text, struct base_target_range *range)
{
    size_t length = strcspn(text, "/-");
    if (!parse_front(text, length, &range->first))
        return BASE_TARGET_NO_ADDRESS;
    range->last = range->first;
    if (text[length] == '/')
        return parse_prefix(text + length + 1, range);
    if (text[length] == '-')
        return parse_last(text + length + 1, range);
    return BASE_TARGET_OK;
}
