#include <errno.h>

#include "packet/checksum.h"
#include "packet/icmp.h"
#include "packet/protocol.h"

#define OPTION_REDIRECTED_HEADER 4u
#define LENGTH_FIELD_MAX         255u

static size_t round_up(size_t length, size_t unit)
{
    return (length + unit - 1) / unit * unit;
}

/* How many bytes the quote takes, padding included. */
static size_t quote_room(const struct packet_icmp_error *error, size_t unit)
{
    switch (error->form) {
    case PACKET_EXTENSION_COMPLIANT:
        return error->quote.length < PACKET_EXTENSION_QUOTE ? PACKET_EXTENSION_QUOTE
                                                            : round_up(error->quote.length, unit);
    case PACKET_EXTENSION_PRE_RFC:
        return PACKET_EXTENSION_QUOTE;
    default:
        return error->quote.length;
    }
}

static void write_padded(struct packet_writer *writer, struct sonde_bytes bytes, size_t length)
{
    size_t copied = bytes.length < length ? bytes.length : length;
    packet_write_bytes(writer, bytes.data, copied);
    packet_write_zeros(writer, length - copied);
}

static bool error_fits_v4(const struct packet_icmp *message)
{
    const struct packet_icmp_error *error = &message->error;
    if (message->type == PACKET_ICMPV4_REDIRECT)
        return error->gateway.family == SONDE_IPV4;
    return error->pointer <= UINT8_MAX && error->mtu <= UINT16_MAX;
}

/* Bytes 4 to 7 of an error. */
static void write_error_word(struct packet_writer *writer, const struct packet_icmp *message,
                             uint8_t length_field)
{
    const struct packet_icmp_error *error = &message->error;
    if (message->family == SONDE_IPV6) {
        if (message->type == PACKET_ICMPV6_TOO_BIG)
            packet_write_u32(writer, error->mtu);
        else if (message->type == PACKET_ICMPV6_PARAMETER_PROBLEM)
            packet_write_u32(writer, error->pointer);
        else
            packet_write_u32(writer, (uint32_t)length_field << 24);
        return;
    }
    if (message->type == PACKET_ICMPV4_REDIRECT) {
        packet_write_bytes(writer, error->gateway.bytes, 4);
        return;
    }
    bool pointer = message->type == PACKET_ICMPV4_PARAMETER_PROBLEM;
    bool mtu = message->type == PACKET_ICMPV4_UNREACHABLE &&
               message->code == PACKET_ICMPV4_FRAGMENTATION_NEEDED;
    packet_write_u8(writer, pointer ? (uint8_t)error->pointer : 0);
    packet_write_u8(writer, length_field);
    packet_write_u16(writer, mtu ? (uint16_t)error->mtu : 0);
}

static int write_redirect_v6(struct packet_writer *writer, const struct packet_icmp_error *error)
{
    size_t option_bytes = round_up(8 + error->quote.length, 8);
    if (error->gateway.family != SONDE_IPV6 || error->redirected.family != SONDE_IPV6 ||
        option_bytes / 8 > LENGTH_FIELD_MAX || error->extensions.length)
        return -EINVAL;
    packet_write_u32(writer, 0);
    packet_write_bytes(writer, error->gateway.bytes, 16);
    packet_write_bytes(writer, error->redirected.bytes, 16);
    packet_write_u8(writer, OPTION_REDIRECTED_HEADER);
    packet_write_u8(writer, (uint8_t)(option_bytes / 8));
    packet_write_zeros(writer, 6);
    write_padded(writer, error->quote, option_bytes - 8);
    return 0;
}

static int write_error(struct packet_writer *writer, const struct packet_icmp *message)
{
    const struct packet_icmp_error *error = &message->error;
    if (message->family == SONDE_IPV6 && message->type == PACKET_ICMPV6_REDIRECT)
        return write_redirect_v6(writer, error);
    if (message->family == SONDE_IPV4 && !error_fits_v4(message))
        return -EINVAL;

    bool extended =
        error->form == PACKET_EXTENSION_COMPLIANT || error->form == PACKET_EXTENSION_PRE_RFC;
    size_t unit = packet_extension_unit(message->family, message->type);
    if (extended ? unit == 0 : error->extensions.length != 0)
        return -EINVAL;
    size_t room = quote_room(error, unit);
    size_t length_field = error->form == PACKET_EXTENSION_COMPLIANT ? room / unit : 0;
    if (length_field > LENGTH_FIELD_MAX)
        return -EINVAL;
    write_error_word(writer, message, (uint8_t)length_field);
    write_padded(writer, error->quote, room);
    packet_write_bytes(writer, error->extensions.data, error->extensions.length);
    return 0;
}

static int write_extended(struct packet_writer *writer, const struct packet_icmp *message)
{
    const struct packet_icmp_extended *extended = &message->extended;
    if (extended->state > 7)
        return -EINVAL;
    unsigned flags = extended->local ? 1 : 0;
    if (message->form == PACKET_ICMP_EXTENDED_ECHO_ANSWER) {
        flags = (unsigned)extended->state << 5;
        flags |= extended->active ? 4 : 0;
        flags |= extended->ipv4 ? 2 : 0;
        flags |= extended->ipv6 ? 1 : 0;
    }
    packet_write_u16(writer, extended->identifier);
    packet_write_u8(writer, extended->sequence);
    packet_write_u8(writer, (uint8_t)flags);
    return 0;
}

static int write_form(struct packet_writer *writer, const struct packet_icmp *message)
{
    switch (message->form) {
    case PACKET_ICMP_OTHER:
        packet_write_u32(writer, message->word);
        return 0;
    case PACKET_ICMP_ECHO:
        packet_write_u16(writer, message->echo.identifier);
        packet_write_u16(writer, message->echo.sequence);
        return 0;
    case PACKET_ICMP_TIMES:
        packet_write_u16(writer, message->timestamp.identifier);
        packet_write_u16(writer, message->timestamp.sequence);
        packet_write_u32(writer, message->timestamp.originate);
        packet_write_u32(writer, message->timestamp.receive);
        packet_write_u32(writer, message->timestamp.transmit);
        return 0;
    case PACKET_ICMP_EXTENDED_ECHO_REQUEST:
    case PACKET_ICMP_EXTENDED_ECHO_ANSWER:
        return write_extended(writer, message);
    case PACKET_ICMP_NODE:
        packet_write_u16(writer, message->node.qtype);
        packet_write_u16(writer, message->node.flags);
        packet_write_bytes(writer, message->node.nonce, sizeof(message->node.nonce));
        return 0;
    case PACKET_ICMP_ERROR:
        return write_error(writer, message);
    }
    return -EINVAL;
}

static bool writable(const struct packet_icmp *message, const struct sonde_address *source,
                     const struct sonde_address *destination)
{
    if (message->family == SONDE_IPV6) {
        if (!source || !destination || source->family != SONDE_IPV6 ||
            destination->family != SONDE_IPV6)
            return false;
    } else if (message->family != SONDE_IPV4) {
        return false;
    }
    return message->form == packet_icmp_form(message->family, message->type);
}

int packet_icmp_write(struct packet_writer *writer, const struct packet_icmp *message,
                      const struct sonde_address *source, const struct sonde_address *destination)
{
    size_t start = packet_written(writer);
    int error = writable(message, source, destination) ? 0 : -EINVAL;
    if (!error) {
        packet_write_u8(writer, message->type);
        packet_write_u8(writer, message->code);
        packet_write_u16(writer, 0);
        error = write_form(writer, message);
    }
    if (error) {
        writer->failed = true;
        return error;
    }
    if (message->form != PACKET_ICMP_ERROR)
        packet_write_bytes(writer, message->payload.data, message->payload.length);
    if (writer->failed)
        return -ENOBUFS;

    struct sonde_bytes written = packet_written_from(writer, start);
    struct packet_sum sum = {0};
    if (message->family == SONDE_IPV6)
        packet_sum_pseudo(&sum, source, destination, PACKET_ICMPV6, (uint32_t)written.length);
    packet_sum_add(&sum, written.data, written.length);
    packet_patch_u16(writer, start + PACKET_ICMP_CHECKSUM_AT, packet_sum_checksum(&sum));
    return 0;
}
