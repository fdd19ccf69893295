#include "packet/extension.h"

#include <errno.h>

#include "help.h"
#include "packet/checksum.h"

static struct packet_extension_object only_object(const struct packet_writer *writer)
{
    struct sonde_bytes all = packet_written_from(writer, 0);
    cr_assert_eq(packet_extension_verify(all, NULL), 0);
    struct packet_reader objects = packet_extension_objects(all);
    struct packet_extension_object object;
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    cr_assert_eq(packet_left(&objects), 0);
    return object;
}

Test(packet_extension, known_mpls_structure)
{
    /* RFC 4884 section 7 and RFC 4950 section 3 by hand: label 24005, TC 0, bottom, TTL 1. */
    const uint8_t bytes[] = {0x20, 0x00, 0x88, 0x19, 0x00, 0x08,
                             0x01, 0x01, 0x05, 0xdc, 0x51, 0x01};
    struct sonde_bytes all = {bytes, sizeof(bytes)};
    struct packet_writer writer;
    uint8_t room[12];
    writer = packet_writer_over(room, sizeof(room));
    struct packet_mpls entry = {.label = 24005, .bottom = true, .ttl = 1};
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_mpls(&writer, &entry, 1), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    cr_assert_arr_eq(room + 4, bytes + 4, 8);
    cr_assert_arr_eq(room, bytes, 12);
    bool absent;
    cr_assert_eq(packet_extension_verify(all, &absent), 0);
    cr_assert_not(absent);
}

Test(packet_extension, mpls_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 2000; round++) {
        struct packet_mpls entries[8], back;
        size_t count = help_below(&random, 9);
        for (size_t i = 0; i < count; i++)
            entries[i] = (struct packet_mpls){
                .label = (uint32_t)help_below(&random, 1u << 20),
                .traffic_class = (uint8_t)help_below(&random, 8),
                .bottom = help_coin(&random),
                .ttl = (uint8_t)base_random_u64(&random),
            };
        uint8_t room[64];
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        size_t start = packet_extension_begin(&writer);
        cr_assert_eq(packet_extension_write_mpls(&writer, entries, count), 0);
        cr_assert_eq(packet_extension_end(&writer, start), 0);
        struct packet_extension_object object = only_object(&writer);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(packet_extension_mpls(&object, i, &back), 1);
            cr_assert_eq(back.label, entries[i].label);
            cr_assert_eq(back.traffic_class, entries[i].traffic_class);
            cr_assert_eq(back.bottom, entries[i].bottom);
            cr_assert_eq(back.ttl, entries[i].ttl);
        }
        cr_assert_eq(packet_extension_mpls(&object, count, &back), 0);
        cr_assert_eq(packet_extension_mpls(&object, SIZE_MAX, &back), 0);
        object.c_type = 2;
        cr_assert_eq(packet_extension_mpls(&object, 0, &back), -EINVAL);
    }
}

static struct packet_interface_info random_info(struct base_random *random, uint8_t *name)
{
    struct packet_interface_info info = {.role = (uint8_t)help_below(random, 4),
                                         .has_index = help_coin(random),
                                         .has_mtu = help_coin(random)};
    if (info.has_index)
        info.index = (uint32_t)base_random_u64(random);
    if (info.has_mtu)
        info.mtu = (uint32_t)base_random_u64(random);
    static const enum sonde_family families[] = {SONDE_FAMILY_NONE, SONDE_IPV4, SONDE_IPV6};
    enum sonde_family family = families[help_below(random, 3)];
    if (family)
        info.address = help_address(random, family);
    info.name = (struct sonde_bytes){name, help_below(random, 64)};
    for (size_t i = 0; i < info.name.length; i++)
        name[i] = (uint8_t)(1 + help_below(random, 255));
    return info;
}

Test(packet_extension, interface_info_round_trip)
{
    struct base_random random = help_random();
    for (int round = 0; round < 3000; round++) {
        uint8_t name[64], room[160];
        struct packet_interface_info info = random_info(&random, name), back;
        struct packet_writer writer = packet_writer_over(room, sizeof(room));
        size_t start = packet_extension_begin(&writer);
        cr_assert_eq(packet_extension_write_interface_info(&writer, &info), 0);
        cr_assert_eq(packet_extension_end(&writer, start), 0);
        struct packet_extension_object object = only_object(&writer);
        cr_assert_eq(packet_extension_interface_info(&object, &back), 0);
        cr_assert_eq(back.role, info.role);
        cr_assert_eq(back.has_index, info.has_index);
        cr_assert_eq(back.index, info.index);
        cr_assert_eq(back.has_mtu, info.has_mtu);
        cr_assert_eq(back.mtu, info.mtu);
        cr_assert(sonde_address_equal(&back.address, &info.address));
        cr_assert(help_same(back.name, info.name));
    }
}

Test(packet_extension, interface_info_cut_at_every_length)
{
    struct base_random random = help_random();
    uint8_t name[64], room[160];
    struct packet_interface_info info = random_info(&random, name), back;
    info.has_index = info.has_mtu = true;
    info.address = help_address(&random, SONDE_IPV6);
    info.name = (struct sonde_bytes){(const uint8_t *)"TenGigE0/1/0/3", 14};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_interface_info(&writer, &info), 0);
    struct packet_reader objects = packet_extension_objects(packet_written_from(&writer, 0));
    struct packet_extension_object object;
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    struct sonde_bytes payload = object.payload;
    for (size_t length = 0; length <= payload.length; length++) {
        object.payload = help_exact(payload.data, length);
        cr_assert_eq(packet_extension_interface_info(&object, &back),
                     length < payload.length ? -EBADMSG : 0);
        help_free(object.payload);
    }
    object.class_number = PACKET_CLASS_MPLS;
    cr_assert_eq(packet_extension_interface_info(&object, &back), -EINVAL);
}

Test(packet_extension, interface_info_with_impossible_parts)
{
    struct packet_interface_info info;
    const uint8_t family[] = {0, 9, 0, 0, 1, 2, 3, 4};
    struct packet_extension_object object = {
        PACKET_CLASS_INTERFACE_INFO, PACKET_INFO_HAS_ADDRESS, {family, sizeof(family)}};
    cr_assert_eq(packet_extension_interface_info(&object, &info), -EBADMSG);
    uint8_t name[80] = {0};
    object.c_type = PACKET_INFO_HAS_NAME;
    object.payload = (struct sonde_bytes){name, sizeof(name)};
    cr_assert_eq(packet_extension_interface_info(&object, &info), -EBADMSG, "length zero");
    name[0] = 65;
    cr_assert_eq(packet_extension_interface_info(&object, &info), -EBADMSG, "longer than 64");
    name[0] = 64;
    cr_assert_eq(packet_extension_interface_info(&object, &info), 0);
    cr_assert_eq(info.name.length, 0, "nothing but padding");
    info = (struct packet_interface_info){.role = 4};
    uint8_t room[200];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_extension_write_interface_info(&writer, &info), -EINVAL);
    info = (struct packet_interface_info){.name = {name, 64}};
    cr_assert_eq(packet_extension_write_interface_info(&writer, &info), -EINVAL);
}

static void check_id(const struct packet_interface_id *id)
{
    uint8_t room[300];
    struct packet_interface_id back;
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_interface_id(&writer, id), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    cr_assert_eq(packet_written(&writer) % 4, 0);
    struct packet_extension_object object = only_object(&writer);
    cr_assert_eq(packet_extension_interface_id(&object, &back), 0);
    cr_assert_eq(back.by, id->by);
    cr_assert(help_same(back.name, id->name));
    cr_assert(help_same(back.hardware, id->hardware));
    cr_assert_eq(back.index, id->index);
    cr_assert(sonde_address_equal(&back.address, &id->address));
}

Test(packet_extension, interface_id_round_trip)
{
    struct base_random random = help_random();
    uint8_t bytes[255];
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)(1 + help_below(&random, 255));
        check_id(&(struct packet_interface_id){.by = PACKET_INTERFACE_BY_NAME,
                                               .name = {bytes, 1 + help_below(&random, 255)}});
        check_id(&(struct packet_interface_id){.by = PACKET_INTERFACE_BY_INDEX,
                                               .index = (uint32_t)base_random_u64(&random)});
        check_id(&(struct packet_interface_id){.by = PACKET_INTERFACE_BY_ADDRESS,
                                               .address = help_address(&random, SONDE_IPV4)});
        check_id(&(struct packet_interface_id){.by = PACKET_INTERFACE_BY_ADDRESS,
                                               .address = help_address(&random, SONDE_IPV6)});
        check_id(&(struct packet_interface_id){.by = PACKET_INTERFACE_BY_ADDRESS,
                                               .address_family = 16389,
                                               .hardware = {bytes, 1 + help_below(&random, 255)}});
    }
}

Test(packet_extension, interface_id_refuses)
{
    uint8_t room[300], name[256] = {'x'};
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    const struct packet_interface_id bad[] = {
        {.by = 0},
        {.by = 4},
        {.by = PACKET_INTERFACE_BY_NAME},
        {.by = PACKET_INTERFACE_BY_NAME, .name = {name, 256}},
        {.by = PACKET_INTERFACE_BY_ADDRESS},
        {.by = PACKET_INTERFACE_BY_ADDRESS, .address_family = 1, .hardware = {name, 4}},
        {.by = PACKET_INTERFACE_BY_ADDRESS, .address_family = 6, .hardware = {name, 256}},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(packet_extension_write_interface_id(&writer, &bad[i]), -EINVAL, "%zu", i);
    cr_assert_eq(packet_written(&writer), 0);

    const uint8_t wrong_length[] = {0, 1, 16, 0,  1,  2,  3,  4,  5,  6,
                                    7, 8, 9,  10, 11, 12, 13, 14, 15, 16};
    struct packet_extension_object object = {PACKET_CLASS_INTERFACE_ID,
                                             PACKET_INTERFACE_BY_ADDRESS,
                                             {wrong_length, sizeof(wrong_length)}};
    struct packet_interface_id id;
    cr_assert_eq(packet_extension_interface_id(&object, &id), -EBADMSG);
    for (uint8_t c_type = 0; c_type < 5; c_type++) {
        object = (struct packet_extension_object){PACKET_CLASS_INTERFACE_ID, c_type, {NULL, 0}};
        cr_assert_eq(packet_extension_interface_id(&object, &id), -EBADMSG, "empty");
    }
    object.class_number = PACKET_CLASS_MPLS;
    cr_assert_eq(packet_extension_interface_id(&object, &id), -EINVAL);
}

Test(packet_extension, pointer_round_trip)
{
    uint8_t room[16];
    uint32_t pointer;
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_pointer(&writer, 0xdeadbeef), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    struct packet_extension_object object = only_object(&writer);
    cr_assert_eq(packet_extension_pointer(&object, &pointer), 0);
    cr_assert_eq(pointer, 0xdeadbeef);
    object.payload.length = 3;
    cr_assert_eq(packet_extension_pointer(&object, &pointer), -EBADMSG);
    object.c_type = 2;
    cr_assert_eq(packet_extension_pointer(&object, &pointer), -EINVAL);
}

Test(packet_extension, several_objects_and_unknown_ones)
{
    uint8_t room[64];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    size_t start = packet_extension_begin(&writer);
    struct packet_extension_object object = {77, 5, {(const uint8_t *)"odd", 3}};
    cr_assert_eq(packet_extension_write(&writer, &object), 0);
    cr_assert_eq(packet_extension_write_pointer(&writer, 1), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    struct packet_reader objects = packet_extension_objects(packet_written_from(&writer, 0));
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    cr_assert_eq(object.class_number, 77);
    cr_assert_eq(object.c_type, 5);
    cr_assert_eq(object.payload.length, 4, "padded to whole words");
    cr_assert_eq(packet_extension_next(&objects, &object), 1);
    cr_assert_eq(object.class_number, PACKET_CLASS_EXTENDED_INFO);
    cr_assert_eq(packet_extension_next(&objects, &object), 0);
    static uint8_t huge[65536];
    object.payload = (struct sonde_bytes){huge, sizeof(huge)};
    cr_assert_eq(packet_extension_write(&writer, &object), -EINVAL);
}

Test(packet_extension, object_lengths_that_cannot_be)
{
    const uint16_t lengths[] = {0, 1, 3, 9, 0xffff};
    for (size_t i = 0; i < 5; i++) {
        const uint8_t bytes[] = {
            0x20, 0, 0, 0, (uint8_t)(lengths[i] >> 8), (uint8_t)lengths[i], 1, 1, 1, 2, 3, 4};
        struct sonde_bytes exact = help_exact(bytes, sizeof(bytes));
        struct packet_reader objects = packet_extension_objects(exact);
        struct packet_extension_object object;
        cr_assert_eq(packet_extension_next(&objects, &object), -EBADMSG, "length %u", lengths[i]);
        cr_assert_eq(packet_extension_next(&objects, &object), -EBADMSG, "it is over");
        help_free(exact);
    }
}

Test(packet_extension, verification)
{
    uint8_t bytes[] = {0x20, 0, 0, 0, 0, 8, 4, 1, 0, 0, 0, 9};
    struct sonde_bytes all = {bytes, sizeof(bytes)};
    bool absent = false;
    cr_assert_eq(packet_extension_verify(all, &absent), 0);
    cr_assert(absent);
    bytes[3] = 1;
    cr_assert_eq(packet_extension_verify(all, &absent), -EBADMSG);
    cr_assert_not(absent);
    bytes[0] = 0x10;
    cr_assert_eq(packet_extension_verify(all, NULL), -EPROTONOSUPPORT);
    all.length = 3;
    cr_assert_eq(packet_extension_verify(all, NULL), -ENODATA);
}

Test(packet_extension, a_checksum_of_zero_is_never_written)
{
    /* Find a pointer whose structure sums up to 0xffff, so that its checksum would be zero. */
    uint8_t room[12];
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    packet_extension_begin(&writer);
    packet_extension_write_pointer(&writer, 0);
    uint16_t rest = packet_checksum(room, sizeof(room));
    writer = packet_writer_over(room, sizeof(room));
    size_t start = packet_extension_begin(&writer);
    packet_extension_write_pointer(&writer, rest);
    cr_assert_eq(packet_checksum(room, sizeof(room)), 0);
    cr_assert_eq(packet_extension_end(&writer, start), 0);
    bool absent;
    cr_assert_eq(packet_extension_verify(packet_written_from(&writer, 0), &absent), 0);
    cr_assert_not(absent);
}

/* 128 bytes of quote and a structure of one object behind it. */
static struct sonde_bytes body_with_structure(uint8_t *room, size_t size, bool checksum)
{
    struct packet_writer writer = packet_writer_over(room, size);
    packet_write_zeros(&writer, 128);
    size_t start = packet_extension_begin(&writer);
    cr_assert_eq(packet_extension_write_pointer(&writer, 5), 0);
    if (checksum)
        cr_assert_eq(packet_extension_end(&writer, start), 0);
    return packet_written_from(&writer, 0);
}

Test(packet_extension, located_by_the_length_field)
{
    uint8_t room[200];
    struct sonde_bytes body = body_with_structure(room, sizeof(room), true), quote, found;
    cr_assert_eq(packet_extension_locate(body, 128, &quote, &found), PACKET_EXTENSION_COMPLIANT);
    cr_assert_eq(quote.length, 128);
    cr_assert_eq(found.data, room + 128);
    cr_assert_eq(found.length, 12);
    cr_assert_eq(packet_extension_locate(body, 132, &quote, &found), PACKET_EXTENSION_BROKEN);
    cr_assert_eq(found.length, 0);
    cr_assert_eq(quote.length, 132);
    cr_assert_eq(packet_extension_locate(body, 1020, &quote, &found), PACKET_EXTENSION_BROKEN);
    cr_assert_eq(quote.length, body.length);
    cr_assert_eq(packet_extension_locate(body, body.length, &quote, &found), PACKET_EXTENSION_NONE);
    body = body_with_structure(room, sizeof(room), false);
    cr_assert_eq(packet_extension_locate(body, 128, &quote, &found), PACKET_EXTENSION_COMPLIANT,
                 "with a length field the checksum may be absent");
}

Test(packet_extension, located_without_a_length_field)
{
    uint8_t room[200];
    struct sonde_bytes body = body_with_structure(room, sizeof(room), true), quote, found;
    cr_assert_eq(packet_extension_locate(body, 0, &quote, &found), PACKET_EXTENSION_PRE_RFC);
    cr_assert_eq(quote.length, 128);
    cr_assert_eq(found.length, 12);
    room[139] ^= 1;
    cr_assert_eq(packet_extension_locate(body, 0, &quote, &found), PACKET_EXTENSION_NONE);
    cr_assert_eq(quote.length, body.length, "it is all quote then");
    body = body_with_structure(room, sizeof(room), false);
    cr_assert_eq(packet_extension_locate(body, 0, &quote, &found), PACKET_EXTENSION_NONE,
                 "a guess needs a checksum");
}

Test(packet_extension, located_at_every_length)
{
    uint8_t room[200];
    struct sonde_bytes body = body_with_structure(room, sizeof(room), true), quote, found;
    for (size_t length = 0; length < body.length; length++) {
        struct sonde_bytes cut = help_exact(room, length);
        enum packet_extension_form form = packet_extension_locate(cut, 0, &quote, &found);
        cr_assert_eq(form, PACKET_EXTENSION_NONE);
        cr_assert_eq(quote.length, length);
        form = packet_extension_locate(cut, 128, &quote, &found);
        cr_assert_eq(form, length == 128 ? PACKET_EXTENSION_NONE : PACKET_EXTENSION_BROKEN);
        cr_assert(help_inside(quote, cut));
        help_free(cut);
    }
}

Test(packet_extension, no_room)
{
    struct packet_mpls entry = {.label = 1};
    struct packet_interface_info info = {.has_index = true, .has_mtu = true};
    struct packet_interface_id id = {.by = PACKET_INTERFACE_BY_INDEX};
    uint8_t room[16];
    for (size_t size = 0; size < 8; size++) {
        struct packet_writer writer = packet_writer_over(room, size);
        cr_assert_eq(packet_extension_write_mpls(&writer, &entry, 1), -ENOBUFS);
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_extension_write_interface_info(&writer, &info), -ENOBUFS);
        writer = packet_writer_over(room, size);
        cr_assert_eq(packet_extension_write_interface_id(&writer, &id), -ENOBUFS);
        cr_assert_eq(packet_extension_end(&writer, 0), -ENOBUFS);
    }
    struct packet_writer writer = packet_writer_over(room, sizeof(room));
    cr_assert_eq(packet_extension_end(&writer, 0), -EINVAL, "never begun");
    entry.label = 1u << 20;
    cr_assert_eq(packet_extension_write_mpls(&writer, &entry, 1), -EINVAL);
    entry = (struct packet_mpls){.traffic_class = 8};
    cr_assert_eq(packet_extension_write_mpls(&writer, &entry, 1), -EINVAL);
    cr_assert_eq(packet_extension_write_mpls(&writer, &entry, 16383), -EINVAL);
}
