#include "report/json_extension.h"

#include "json_help.h"

/* The objects of a structure without a header; nobody checks its checksum any more. Owned by the
 * caller. */
static json_t *told(const uint8_t *objects, size_t length)
{
    uint8_t bytes[4096] = {0x20};
    json_t *object = json_object();
    memcpy(bytes + 4, objects, length);
    json_extensions(object, (struct sonde_bytes){bytes, length + 4});
    return object;
}

static json_t *at(json_t *object, size_t index)
{
    return json_array_get(json_object_get(object, "extensions"), index);
}

Test(report_json_extension, labels)
{
    static const uint8_t objects[] = {0,    12,   1,    1, 0x05, 0xdc, 0xf0, 0x01, 0x49,
                                      0x44, 0x0b, 0x02, 0, 5,    247,  1,    0x7f};
    json_t *object = told(objects, sizeof objects);
    expect_integer(at(object, 0), "class", 1);
    expect_integer(at(object, 0), "c_type", 1);
    json_t *labels = member(at(object, 0), "labels");
    cr_assert_eq(json_array_size(labels), 2);
    expect_integer(json_array_get(labels, 0), "label", 24015);
    expect_integer(json_array_get(labels, 0), "traffic_class", 0);
    expect_integer(json_array_get(labels, 0), "ttl", 1);
    expect_absent(json_array_get(labels, 0), "bottom");
    expect_integer(json_array_get(labels, 1), "label", 300096);
    expect_integer(json_array_get(labels, 1), "traffic_class", 5);
    cr_assert(json_is_true(member(json_array_get(labels, 1), "bottom")));
    expect_integer(at(object, 1), "class", 247);
    expect_absent(at(object, 1), "labels");
    cr_assert_null(at(object, 2));
    json_decref(object);
}

Test(report_json_extension, interface)
{
    static const uint8_t objects[] = {0, 28, 2, 0x0f, 0,   0,      0,   7, 0, 1, 0, 0, 198, 18,
                                      5, 1,  8, 'g',  'e', '\x1b', '0', 0, 0, 0, 0, 0, 5,   220};
    json_t *object = told(objects, sizeof objects);
    expect_integer(at(object, 0), "role", 0);
    expect_integer(at(object, 0), "index", 7);
    expect_text(at(object, 0), "address", "198.18.5.1");
    expect_text(at(object, 0), "name", "ge\\x1b0");
    expect_integer(at(object, 0), "mtu", 1500);
    json_decref(object);
}

Test(report_json_extension, broken)
{
    static const uint8_t cut[] = {0, 12, 1, 1, 0, 0, 0, 0};
    json_t *object = told(cut, sizeof cut);
    cr_assert_eq(json_array_size(member(object, "extensions")), 0);
    json_decref(object);

    object = json_object();
    json_extensions(object, (struct sonde_bytes){NULL, 0});
    expect_absent(object, "extensions");
    json_decref(object);
}

/* As much as fits a datagram does not make a line of megabytes. */
Test(report_json_extension, very_many)
{
    static uint8_t objects[4000];
    for (size_t i = 0; i < sizeof objects; i += 4)
        memcpy(objects + i, (uint8_t[]){0, 4, 9, 9}, 4);
    json_t *object = told(objects, sizeof objects);
    cr_assert_leq(json_array_size(member(object, "extensions")), 16);
    json_decref(object);
}
