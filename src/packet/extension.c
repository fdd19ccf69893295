#include "packet/extension.h"

#include <errno.h>

#include "packet/checksum.h"
#include "packet/icmp_types.h"

#define VERSION    2u
#define MPLS_ENTRY 4u

int packet_extension_verify(struct sonde_bytes bytes, bool *checksum_absent)
{
    if (checksum_absent)
        *checksum_absent = false;
    struct packet_reader reader = packet_reader_over(bytes);
    uint8_t version = packet_read_u8(&reader) >> 4;
    packet_skip(&reader, 1);
    uint16_t checksum = packet_read_u16(&reader);
    if (reader.failed)
        return -ENODATA;
    if (version != VERSION)
        return -EPROTONOSUPPORT;
    if (checksum == 0) {
        if (checksum_absent)
            *checksum_absent = true;
        return 0;
    }
    return packet_checksum_ok(bytes.data, bytes.length) ? 0 : -EBADMSG;
}

size_t packet_extension_unit(enum sonde_family family, uint8_t icmp_type)
{
    if (family == SONDE_IPV4) {
        bool has = icmp_type == PACKET_ICMPV4_UNREACHABLE ||
                   icmp_type == PACKET_ICMPV4_TIME_EXCEEDED ||
                   icmp_type == PACKET_ICMPV4_PARAMETER_PROBLEM;
        return has ? 4 : 0;
    }
    bool has = icmp_type == PACKET_ICMPV6_UNREACHABLE || icmp_type == PACKET_ICMPV6_TIME_EXCEEDED;
    return has ? 8 : 0;
}

enum packet_extension_form packet_extension_locate(struct sonde_bytes body, size_t quote_bytes,
                                                   struct sonde_bytes *quote,
                                                   struct sonde_bytes *extensions)
{
    *quote = body;
    *extensions = (struct sonde_bytes){NULL, 0};
    if (quote_bytes > body.length)
        return PACKET_EXTENSION_BROKEN;

    size_t begin = quote_bytes ? quote_bytes : PACKET_EXTENSION_QUOTE;
    if (begin >= body.length)
        return PACKET_EXTENSION_NONE;
    struct packet_reader reader = packet_reader_over(body);
    struct sonde_bytes before = packet_read_bytes(&reader, begin);
    struct sonde_bytes structure = packet_rest(&reader);
    bool checksum_absent;
    bool intact = packet_extension_verify(structure, &checksum_absent) == 0;

    if (quote_bytes == 0 && (!intact || checksum_absent))
        return PACKET_EXTENSION_NONE;
    *quote = before;
    if (!intact)
        return PACKET_EXTENSION_BROKEN;
    *extensions = structure;
    return quote_bytes ? PACKET_EXTENSION_COMPLIANT : PACKET_EXTENSION_PRE_RFC;
}

struct packet_reader packet_extension_objects(struct sonde_bytes extensions)
{
    struct packet_reader reader = packet_reader_over(extensions);
    if (extensions.length)
        packet_skip(&reader, PACKET_EXTENSION_HEADER);
    return reader;
}

int packet_extension_next(struct packet_reader *objects, struct packet_extension_object *object)
{
    if (packet_left(objects) == 0)
        return objects->failed ? -EBADMSG : 0;
    uint16_t length = packet_read_u16(objects);
    object->class_number = packet_read_u8(objects);
    object->c_type = packet_read_u8(objects);
    if (length < PACKET_OBJECT_HEADER)
        objects->failed = true;
    object->payload = packet_read_bytes(
        objects, length < PACKET_OBJECT_HEADER ? 0 : length - PACKET_OBJECT_HEADER);
    return objects->failed ? -EBADMSG : 1;
}

int packet_extension_mpls(const struct packet_extension_object *object, size_t index,
                          struct packet_mpls *entry)
{
    if (object->class_number != PACKET_CLASS_MPLS || object->c_type != PACKET_MPLS_INCOMING)
        return -EINVAL;
    if (index >= object->payload.length / MPLS_ENTRY)
        return 0;
    struct packet_reader reader = packet_reader_over(object->payload);
    packet_skip(&reader, index * MPLS_ENTRY);
    uint32_t word = packet_read_u32(&reader);
    *entry = (struct packet_mpls){
        .label = word >> 12,
        .traffic_class = (word >> 9) & 7,
        .bottom = (word >> 8) & 1,
        .ttl = (uint8_t)word,
    };
    return 1;
}

/* An address whose family number was read already; the reader fails on other families. */
static struct sonde_address read_address(struct packet_reader *reader, uint16_t family_number)
{
    uint8_t bytes[16];
    if (family_number == PACKET_AFI_IPV4) {
        packet_read_copy(reader, bytes, 4);
        return sonde_address_from_bytes(SONDE_IPV4, bytes);
    }
    if (family_number == PACKET_AFI_IPV6) {
        packet_read_copy(reader, bytes, 16);
        return sonde_address_from_bytes(SONDE_IPV6, bytes);
    }
    reader->failed = true;
    return (struct sonde_address){0};
}

/* Names are padded with NUL to whole words. */
static struct sonde_bytes without_padding(struct sonde_bytes name)
{
    while (name.length && name.data[name.length - 1] == 0)
        name.length--;
    return name;
}

int packet_extension_interface_info(const struct packet_extension_object *object,
                                    struct packet_interface_info *info)
{
    *info = (struct packet_interface_info){0};
    if (object->class_number != PACKET_CLASS_INTERFACE_INFO)
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(object->payload);
    info->role = object->c_type >> PACKET_INFO_ROLE_SHIFT;
    if (object->c_type & PACKET_INFO_HAS_INDEX) {
        info->has_index = true;
        info->index = packet_read_u32(&reader);
    }
    if (object->c_type & PACKET_INFO_HAS_ADDRESS) {
        uint16_t family_number = packet_read_u16(&reader);
        packet_skip(&reader, 2);
        info->address = read_address(&reader, family_number);
    }
    if (object->c_type & PACKET_INFO_HAS_NAME) {
        uint8_t length = packet_read_u8(&reader); /* counts itself */
        if (length == 0 || length > PACKET_INTERFACE_NAME_MAX + 1)
            reader.failed = true;
        info->name = without_padding(packet_read_bytes(&reader, reader.failed ? 0 : length - 1u));
    }
    if (object->c_type & PACKET_INFO_HAS_MTU) {
        info->has_mtu = true;
        info->mtu = packet_read_u32(&reader);
    }
    if (!reader.failed)
        return 0;
    *info = (struct packet_interface_info){0};
    return -EBADMSG;
}

static void read_id_address(struct packet_reader *reader, struct packet_interface_id *id)
{
    id->address_family = packet_read_u16(reader);
    uint8_t length = packet_read_u8(reader);
    packet_skip(reader, 1);
    if (id->address_family != PACKET_AFI_IPV4 && id->address_family != PACKET_AFI_IPV6) {
        id->hardware = packet_read_bytes(reader, length);
        return;
    }
    if (length != (id->address_family == PACKET_AFI_IPV4 ? 4 : 16))
        reader->failed = true;
    id->address = read_address(reader, id->address_family);
}

int packet_extension_interface_id(const struct packet_extension_object *object,
                                  struct packet_interface_id *id)
{
    *id = (struct packet_interface_id){.by = object->c_type};
    if (object->class_number != PACKET_CLASS_INTERFACE_ID)
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(object->payload);
    switch (object->c_type) {
    case PACKET_INTERFACE_BY_NAME:
        id->name = without_padding(packet_rest(&reader));
        reader.failed = id->name.length == 0;
        break;
    case PACKET_INTERFACE_BY_INDEX:
        id->index = packet_read_u32(&reader);
        break;
    case PACKET_INTERFACE_BY_ADDRESS:
        read_id_address(&reader, id);
        break;
    default:
        reader.failed = true;
    }
    if (!reader.failed)
        return 0;
    *id = (struct packet_interface_id){0};
    return -EBADMSG;
}

int packet_extension_pointer(const struct packet_extension_object *object, uint32_t *pointer)
{
    *pointer = 0;
    if (object->class_number != PACKET_CLASS_EXTENDED_INFO || object->c_type != PACKET_INFO_POINTER)
        return -EINVAL;
    struct packet_reader reader = packet_reader_over(object->payload);
    *pointer = packet_read_u32(&reader);
    return reader.failed ? -EBADMSG : 0;
}
