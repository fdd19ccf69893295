#include "packet/extended_echo.h"

#include <errno.h>
#include <string.h>

static int write_body(struct packet_writer *writer, const struct packet_interface_id *id)
{
    size_t start = packet_extension_begin(writer);
    int error = packet_extension_write_interface_id(writer, id);
    return error ? error : packet_extension_end(writer, start);
}

int packet_extended_echo_by_name(struct packet_writer *writer, const char *name)
{
    struct packet_interface_id id = {.by = PACKET_INTERFACE_BY_NAME,
                                     .name = {(const uint8_t *)name, strlen(name)}};
    return write_body(writer, &id);
}

int packet_extended_echo_by_index(struct packet_writer *writer, uint32_t index)
{
    struct packet_interface_id id = {.by = PACKET_INTERFACE_BY_INDEX, .index = index};
    return write_body(writer, &id);
}

int packet_extended_echo_by_address(struct packet_writer *writer,
                                    const struct sonde_address *address)
{
    struct packet_interface_id id = {.by = PACKET_INTERFACE_BY_ADDRESS, .address = *address};
    return write_body(writer, &id);
}

int packet_extended_echo_parse(struct sonde_bytes body, struct packet_interface_id *id)
{
    *id = (struct packet_interface_id){0};
    if (packet_extension_verify(body, NULL))
        return -EBADMSG;
    struct packet_reader objects = packet_extension_objects(body);
    struct packet_extension_object object;
    if (packet_extension_next(&objects, &object) != 1 || packet_left(&objects) != 0 ||
        packet_extension_interface_id(&object, id))
        return -EBADMSG;
    return 0;
}
