/* The extension structure of ICMP errors: RFC 4884, 4950, 5837. */
#include "json_extension.h"

#include <string.h>

#include "packet/extension.h"

/* More objects, or labels of one, than an honest router has. */
#define MOST_OBJECTS 16
#define MOST_LABELS  16

static json_t *labels_of(const struct packet_extension_object *object)
{
    json_t *labels = json_array();
    struct packet_mpls entry;
    for (size_t i = 0; i < MOST_LABELS && packet_extension_mpls(object, i, &entry) == 1; i++) {
        json_t *label = json_object();
        report_json_count(label, "label", entry.label);
        report_json_count(label, "traffic_class", entry.traffic_class);
        if (entry.bottom)
            report_json_flag(label, "bottom", true);
        report_json_count(label, "ttl", entry.ttl);
        json_array_append_new(labels, label);
    }
    return labels;
}

static void put_interface(json_t *object, const struct packet_interface_info *info)
{
    char name[PACKET_INTERFACE_NAME_MAX + 1] = "";
    report_json_count(object, "role", info->role);
    if (info->has_index)
        report_json_count(object, "index", info->index);
    report_json_address(object, "address", &info->address);
    if (info->name.length > 0 && info->name.length < sizeof name) {
        memcpy(name, info->name.data, info->name.length);
        report_json_text(object, "name", name);
    }
    if (info->has_mtu)
        report_json_count(object, "mtu", info->mtu);
}

void json_extensions(json_t *object, struct sonde_bytes extensions)
{
    struct packet_reader reader = packet_extension_objects(extensions);
    struct packet_extension_object extension;
    if (extensions.length == 0)
        return;
    json_t *list = json_array();
    for (int i = 0; i < MOST_OBJECTS && packet_extension_next(&reader, &extension) == 1; i++) {
        struct packet_interface_info info;
        json_t *one = json_object();
        report_json_count(one, "class", extension.class_number);
        report_json_count(one, "c_type", extension.c_type);
        if (extension.class_number == PACKET_CLASS_MPLS)
            json_object_set_new_nocheck(one, "labels", labels_of(&extension));
        if (packet_extension_interface_info(&extension, &info) == 0)
            put_interface(one, &info);
        json_array_append_new(list, one);
    }
    json_object_set_new_nocheck(object, "extensions", list);
}
