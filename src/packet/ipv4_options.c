#include "packet/ipv4_options.h"

#include <errno.h>

#include "packet/ipv4.h"

#define ROUTE_HEADER     3u /* type, length, pointer */
#define TIMESTAMP_HEADER 4u /* and overflow with form */
#define ADDRESS          4u
#define TIME             4u

struct packet_ipv4_options packet_ipv4_options(struct sonde_bytes options)
{
    return (struct packet_ipv4_options){.start = options.data,
                                        .reader = packet_reader_over(options)};
}

int packet_ipv4_options_next(struct packet_ipv4_options *options, struct packet_ipv4_option *option)
{
    struct packet_reader *reader = &options->reader;
    if (packet_left(reader) == 0)
        return reader->failed ? -EBADMSG : 0;

    *option = (struct packet_ipv4_option){.offset = (uint8_t)(reader->at - options->start)};
    option->type = packet_read_u8(reader);
    if (option->type == PACKET_OPTION_END) {
        reader->at = reader->end;
        return 0;
    }
    if (option->type == PACKET_OPTION_NOP)
        return 1;
    uint8_t length = packet_read_u8(reader);
    if (length < 2)
        reader->failed = true;
    option->data = packet_read_bytes(reader, length < 2 ? 0 : length - 2u);
    return reader->failed ? -EBADMSG : 1;
}

static struct sonde_address read_address(struct packet_reader *reader)
{
    uint8_t bytes[ADDRESS];
    packet_read_copy(reader, bytes, sizeof(bytes));
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

/* An address of ours, or zeros where there is none yet. */
static void write_address(struct packet_writer *writer, const struct sonde_address *address)
{
    if (address->family == SONDE_IPV4)
        packet_write_bytes(writer, address->bytes, ADDRESS);
    else
        packet_write_zeros(writer, ADDRESS);
}

static bool none_or_ipv4(const struct sonde_address *address)
{
    return address->family == SONDE_FAMILY_NONE || address->family == SONDE_IPV4;
}

/*
 * How many slots of `size` a pointer has passed. It counts from 1 at the type byte, so that the
 * first slot's is header + 1; one beyond the option means full. Negative when it cannot be.
 */
static int slots_passed(uint8_t pointer, unsigned header, unsigned size, unsigned slots)
{
    if (pointer <= header)
        return -EBADMSG;
    unsigned passed = (pointer - header - 1) / size;
    return (int)(passed < slots ? passed : slots);
}

static bool is_route(uint8_t type)
{
    return type == PACKET_OPTION_RECORD_ROUTE || type == PACKET_OPTION_LOOSE_ROUTE ||
           type == PACKET_OPTION_STRICT_ROUTE;
}

int packet_ipv4_route_parse(const struct packet_ipv4_option *option,
                            struct packet_ipv4_route *route)
{
    *route = (struct packet_ipv4_route){0};
    if (!is_route(option->type))
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(option->data);
    uint8_t pointer = packet_read_u8(&reader);
    size_t slots = packet_left(&reader) / ADDRESS;
    if (reader.failed || slots > PACKET_ROUTE_SLOTS)
        return -EBADMSG;
    int used = slots_passed(pointer, ROUTE_HEADER, ADDRESS, (unsigned)slots);
    if (used < 0)
        return used;
    route->type = option->type;
    route->slots = (uint8_t)slots;
    route->used = (uint8_t)used;
    for (size_t i = 0; i < slots; i++)
        route->hops[i] = read_address(&reader);
    return 0;
}

int packet_ipv4_route_write(struct packet_writer *writer, const struct packet_ipv4_route *route)
{
    if (!is_route(route->type) || route->slots > PACKET_ROUTE_SLOTS || route->used > route->slots)
        return -EINVAL;
    for (size_t i = 0; i < route->slots; i++)
        if (!none_or_ipv4(&route->hops[i]))
            return -EINVAL;
    size_t length = ROUTE_HEADER + route->slots * (size_t)ADDRESS;
    if (packet_room(writer) < length)
        return -ENOBUFS;
    packet_write_u8(writer, route->type);
    packet_write_u8(writer, (uint8_t)length);
    packet_write_u8(writer, (uint8_t)(ROUTE_HEADER + 1 + route->used * ADDRESS));
    for (size_t i = 0; i < route->slots; i++)
        write_address(writer, &route->hops[i]);
    return 0;
}

/* Bytes of a slot; 0 for a form that does not exist. */
static unsigned slot_bytes(uint8_t form)
{
    switch (form) {
    case PACKET_TIMESTAMP_ONLY:
        return TIME;
    case PACKET_TIMESTAMP_AND_ADDRESS:
    case PACKET_TIMESTAMP_PRESPECIFIED:
        return ADDRESS + TIME;
    default:
        return 0;
    }
}

int packet_ipv4_timestamp_parse(const struct packet_ipv4_option *option,
                                struct packet_ipv4_timestamp *timestamp)
{
    *timestamp = (struct packet_ipv4_timestamp){0};
    if (option->type != PACKET_OPTION_TIMESTAMP)
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(option->data);
    uint8_t pointer = packet_read_u8(&reader);
    uint8_t overflow_and_form = packet_read_u8(&reader);
    unsigned size = slot_bytes(overflow_and_form & 0x0f);
    if (reader.failed || size == 0)
        return -EBADMSG;
    size_t slots = packet_left(&reader) / size;
    if (slots > PACKET_ROUTE_SLOTS)
        return -EBADMSG;
    int used = slots_passed(pointer, TIMESTAMP_HEADER, size, (unsigned)slots);
    if (used < 0)
        return used;
    timestamp->form = overflow_and_form & 0x0f;
    timestamp->overflow = overflow_and_form >> 4;
    timestamp->slots = (uint8_t)slots;
    timestamp->used = (uint8_t)used;
    for (size_t i = 0; i < slots; i++) {
        if (timestamp->form != PACKET_TIMESTAMP_ONLY)
            timestamp->entries[i].address = read_address(&reader);
        timestamp->entries[i].time = packet_read_u32(&reader);
    }
    return 0;
}

int packet_ipv4_timestamp_write(struct packet_writer *writer,
                                const struct packet_ipv4_timestamp *timestamp)
{
    unsigned size = slot_bytes(timestamp->form);
    size_t length = TIMESTAMP_HEADER + (size_t)timestamp->slots * size;
    if (size == 0 || timestamp->overflow > 15 || length > PACKET_IPV4_OPTIONS_MAX ||
        timestamp->used > timestamp->slots)
        return -EINVAL;
    bool with_address = timestamp->form != PACKET_TIMESTAMP_ONLY;
    for (size_t i = 0; i < timestamp->slots && with_address; i++)
        if (!none_or_ipv4(&timestamp->entries[i].address))
            return -EINVAL;
    if (packet_room(writer) < length)
        return -ENOBUFS;
    packet_write_u8(writer, PACKET_OPTION_TIMESTAMP);
    packet_write_u8(writer, (uint8_t)length);
    packet_write_u8(writer, (uint8_t)(TIMESTAMP_HEADER + 1 + timestamp->used * size));
    packet_write_u8(writer, (uint8_t)(timestamp->overflow << 4 | timestamp->form));
    for (size_t i = 0; i < timestamp->slots; i++) {
        if (with_address)
            write_address(writer, &timestamp->entries[i].address);
        packet_write_u32(writer, timestamp->entries[i].time);
    }
    return 0;
}

int packet_ipv4_options_pad(struct packet_writer *writer, size_t start)
{
    size_t length = packet_written(writer) - start;
    size_t padded = (length + 3) / 4 * 4;
    if (padded > PACKET_IPV4_OPTIONS_MAX)
        return -EINVAL;
    packet_write_zeros(writer, padded - length);
    return writer->failed ? -ENOBUFS : 0;
}
