#include <errno.h>

#include "packet/checksum.h"
#include "packet/extension.h"

#define VERSION_BYTE   0x20u
#define OBJECT_MAX     65532u /* the greatest length that is whole words */
#define NAME_MAX_BYTES 255u

size_t packet_extension_begin(struct packet_writer *writer)
{
    size_t start = packet_written(writer);
    packet_write_u8(writer, VERSION_BYTE);
    packet_write_u8(writer, 0);
    packet_write_u16(writer, 0);
    return start;
}

int packet_extension_end(struct packet_writer *writer, size_t start)
{
    struct sonde_bytes written = packet_written_from(writer, start);
    if (written.length < PACKET_EXTENSION_HEADER)
        return writer->failed ? -ENOBUFS : -EINVAL;
    uint16_t checksum = packet_checksum(written.data, written.length);
    /* Zero would mean "no checksum"; its other form in one's complement is as right. */
    packet_patch_u16(writer, start + 2, checksum ? checksum : 0xffff);
    return 0;
}

static size_t begin_object(struct packet_writer *writer, uint8_t class_number, uint8_t c_type)
{
    size_t start = packet_written(writer);
    packet_write_u16(writer, 0);
    packet_write_u8(writer, class_number);
    packet_write_u8(writer, c_type);
    return start;
}

/* Pads the object to whole words and writes its length. */
static int end_object(struct packet_writer *writer, size_t start)
{
    size_t length = packet_written(writer) - start;
    size_t padded = (length + 3) / 4 * 4;
    packet_write_zeros(writer, padded - length);
    if (writer->failed)
        return -ENOBUFS;
    packet_patch_u16(writer, start, (uint16_t)padded);
    return 0;
}

int packet_extension_write(struct packet_writer *writer,
                           const struct packet_extension_object *object)
{
    if (object->payload.length > OBJECT_MAX - PACKET_OBJECT_HEADER)
        return -EINVAL;
    size_t start = begin_object(writer, object->class_number, object->c_type);
    packet_write_bytes(writer, object->payload.data, object->payload.length);
    return end_object(writer, start);
}

int packet_extension_write_mpls(struct packet_writer *writer, const struct packet_mpls *entries,
                                size_t count)
{
    if (count > (OBJECT_MAX - PACKET_OBJECT_HEADER) / 4)
        return -EINVAL;
    for (size_t i = 0; i < count; i++)
        if (entries[i].label > 0xfffff || entries[i].traffic_class > 7)
            return -EINVAL;
    size_t start = begin_object(writer, PACKET_CLASS_MPLS, PACKET_MPLS_INCOMING);
    for (size_t i = 0; i < count; i++)
        packet_write_u32(writer, entries[i].label << 12 | (uint32_t)entries[i].traffic_class << 9 |
                                     (entries[i].bottom ? 1u << 8 : 0) | entries[i].ttl);
    return end_object(writer, start);
}

static uint16_t family_number(const struct sonde_address *address)
{
    return address->family == SONDE_IPV4 ? PACKET_AFI_IPV4 : PACKET_AFI_IPV6;
}

int packet_extension_write_interface_info(struct packet_writer *writer,
                                          const struct packet_interface_info *info)
{
    size_t address_bytes = sonde_address_length(&info->address);
    if (info->role > PACKET_INTERFACE_NEXT_HOP || info->name.length > PACKET_INTERFACE_NAME_MAX)
        return -EINVAL;
    unsigned c_type = (unsigned)info->role << PACKET_INFO_ROLE_SHIFT;
    c_type |= info->has_index ? PACKET_INFO_HAS_INDEX : 0;
    c_type |= address_bytes ? PACKET_INFO_HAS_ADDRESS : 0;
    c_type |= info->name.length ? PACKET_INFO_HAS_NAME : 0;
    c_type |= info->has_mtu ? PACKET_INFO_HAS_MTU : 0;

    size_t start = begin_object(writer, PACKET_CLASS_INTERFACE_INFO, (uint8_t)c_type);
    if (info->has_index)
        packet_write_u32(writer, info->index);
    if (address_bytes) {
        packet_write_u16(writer, family_number(&info->address));
        packet_write_u16(writer, 0);
        packet_write_bytes(writer, info->address.bytes, address_bytes);
    }
    if (info->name.length) {
        size_t padded = (1 + info->name.length + 3) / 4 * 4;
        packet_write_u8(writer, (uint8_t)padded);
        packet_write_bytes(writer, info->name.data, info->name.length);
        packet_write_zeros(writer, padded - 1 - info->name.length);
    }
    if (info->has_mtu)
        packet_write_u32(writer, info->mtu);
    return end_object(writer, start);
}

static bool id_fits(const struct packet_interface_id *id)
{
    switch (id->by) {
    case PACKET_INTERFACE_BY_NAME:
        return id->name.length > 0 && id->name.length <= NAME_MAX_BYTES;
    case PACKET_INTERFACE_BY_INDEX:
        return true;
    case PACKET_INTERFACE_BY_ADDRESS:
        if (id->address.family != SONDE_FAMILY_NONE)
            return true;
        return id->hardware.length > 0 && id->hardware.length <= 255 &&
               id->address_family != PACKET_AFI_IPV4 && id->address_family != PACKET_AFI_IPV6;
    default:
        return false;
    }
}

int packet_extension_write_interface_id(struct packet_writer *writer,
                                        const struct packet_interface_id *id)
{
    if (!id_fits(id))
        return -EINVAL;
    size_t start = begin_object(writer, PACKET_CLASS_INTERFACE_ID, id->by);
    size_t address_bytes = sonde_address_length(&id->address);
    if (id->by == PACKET_INTERFACE_BY_NAME) {
        packet_write_bytes(writer, id->name.data, id->name.length);
    } else if (id->by == PACKET_INTERFACE_BY_INDEX) {
        packet_write_u32(writer, id->index);
    } else if (address_bytes) {
        packet_write_u16(writer, family_number(&id->address));
        packet_write_u8(writer, (uint8_t)address_bytes);
        packet_write_u8(writer, 0);
        packet_write_bytes(writer, id->address.bytes, address_bytes);
    } else {
        packet_write_u16(writer, id->address_family);
        packet_write_u8(writer, (uint8_t)id->hardware.length);
        packet_write_u8(writer, 0);
        packet_write_bytes(writer, id->hardware.data, id->hardware.length);
    }
    return end_object(writer, start);
}

int packet_extension_write_pointer(struct packet_writer *writer, uint32_t pointer)
{
    size_t start = begin_object(writer, PACKET_CLASS_EXTENDED_INFO, PACKET_INFO_POINTER);
    packet_write_u32(writer, pointer);
    return end_object(writer, start);
}
