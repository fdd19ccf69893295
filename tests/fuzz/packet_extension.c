/*
 * Extension structures: found inside, iteration ends, and objects that decode are the same after
 * building. The first byte of the input is the length field, in words.
 */
#include "packet/extended_echo.h"
#include "packet/extension.h"
#include "packet_help.h"

static struct packet_extension_object first_object(const struct packet_writer *writer)
{
    struct packet_reader objects = packet_extension_objects(packet_written_from(writer, 0));
    struct packet_extension_object object;
    MUST(packet_extension_next(&objects, &object) == 1);
    return object;
}

static void check_mpls(const struct packet_extension_object *object, struct packet_writer writer)
{
    struct packet_mpls entry, back;
    for (size_t i = 0; packet_extension_mpls(object, i, &entry) == 1; i++) {
        struct packet_writer one = writer;
        MUST(packet_extension_write_mpls(&one, &entry, 1) == 0);
        struct packet_extension_object again = first_object(&one);
        MUST(packet_extension_mpls(&again, 0, &back) == 1);
        MUST(again.payload.length == 4);
        MUST(memcmp(again.payload.data, object->payload.data + 4 * i, 4) == 0);
    }
}

static void check_info(const struct packet_extension_object *object, struct packet_writer writer)
{
    struct packet_interface_info info, back;
    if (packet_extension_interface_info(object, &info))
        return;
    MUST(inside(info.name, object->payload));
    MUST(packet_extension_write_interface_info(&writer, &info) == 0);
    struct packet_extension_object again = first_object(&writer);
    MUST(packet_extension_interface_info(&again, &back) == 0);
    MUST(back.role == info.role && back.index == info.index && back.mtu == info.mtu);
    MUST(sonde_address_equal(&back.address, &info.address));
    MUST(same(back.name, info.name));
}

static void check_id(const struct packet_extension_object *object, struct packet_writer writer)
{
    struct packet_interface_id id, back;
    if (packet_extension_interface_id(object, &id))
        return;
    MUST(inside(id.name, object->payload) && inside(id.hardware, object->payload));
    if (packet_extension_write_interface_id(&writer, &id)) {
        MUST(id.name.length > 255 || (id.by == PACKET_INTERFACE_BY_ADDRESS && !id.hardware.length));
        return;
    }
    struct packet_extension_object again = first_object(&writer);
    MUST(packet_extension_interface_id(&again, &back) == 0);
    MUST(back.by == id.by && back.index == id.index);
    MUST(same(back.name, id.name) && same(back.hardware, id.hardware));
    MUST(sonde_address_equal(&back.address, &id.address));
}

static void check_objects(struct sonde_bytes extensions)
{
    static uint8_t room[512];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_extension_begin(&writer);
    struct packet_reader objects = packet_extension_objects(extensions);
    struct packet_extension_object object;
    size_t turns = 0;
    int more;
    while ((more = packet_extension_next(&objects, &object)) == 1) {
        MUST(++turns <= extensions.length / 4);
        MUST(inside(object.payload, extensions));
        uint32_t pointer;
        packet_extension_pointer(&object, &pointer);
        check_mpls(&object, writer);
        check_info(&object, writer);
        check_id(&object, writer);
    }
    MUST(packet_extension_next(&objects, &object) == more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct sonde_bytes bytes = exact_copy(data + 1, size - 1);
    struct sonde_bytes quote, extensions;
    enum packet_extension_form form =
        packet_extension_locate(bytes, data[0] * (size_t)4, &quote, &extensions);
    MUST(inside(quote, bytes) && inside(extensions, bytes));
    bool found = form == PACKET_EXTENSION_COMPLIANT || form == PACKET_EXTENSION_PRE_RFC;
    MUST(found == (extensions.length != 0));
    if (found) {
        MUST(quote.length + extensions.length == bytes.length);
        MUST(packet_extension_verify(extensions, NULL) == 0);
        check_objects(extensions);
    }
    /* A checksum is hard to guess: the objects are looked at without it as well. */
    check_objects(bytes);
    struct packet_interface_id id;
    if (packet_extended_echo_parse(bytes, &id) == 0)
        MUST(inside(id.name, bytes));
    drop(bytes);
    return 0;
}
