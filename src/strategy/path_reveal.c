/* What an answer shows of the network: label stacks, interfaces, our datagram as it arrived. */
#include <string.h>

#include "packet/extension.h"
#include "strategy/path_inside.h"

static void keep_labels(struct sonde_path_hop *hop, const struct packet_extension_object *object)
{
    struct packet_mpls entry;
    for (size_t i = 0;
         hop->label_count < SONDE_PATH_LABELS && packet_extension_mpls(object, i, &entry) == 1; i++)
        hop->labels[hop->label_count++] = (struct sonde_path_label){
            .label = entry.label,
            .traffic_class = entry.traffic_class,
            .ttl = entry.ttl,
            .bottom = entry.bottom,
        };
}

static void keep_interface(struct sonde_path_hop *hop, const struct packet_extension_object *object)
{
    struct packet_interface_info info;
    if (hop->interface_count == SONDE_PATH_INTERFACES ||
        packet_extension_interface_info(object, &info) != 0)
        return;
    struct sonde_path_interface *interface = &hop->interfaces[hop->interface_count++];
    *interface = (struct sonde_path_interface){
        .role = info.role,
        .has_index = info.has_index,
        .has_mtu = info.has_mtu,
        .index = info.index,
        .mtu = info.mtu,
        .address = info.address,
    };
    size_t length = info.name.length < sizeof interface->name - 1 ? info.name.length
                                                                  : sizeof interface->name - 1;
    if (length > 0)
        memcpy(interface->name, info.name.data, length);
}

static void keep_extensions(struct sonde_path_hop *hop, struct sonde_bytes extensions)
{
    hop->label_count = hop->interface_count = 0;
    if (extensions.length == 0)
        return;
    struct packet_reader objects = packet_extension_objects(extensions);
    struct packet_extension_object object;
    while (packet_extension_next(&objects, &object) == 1) {
        if (object.class_number == PACKET_CLASS_MPLS)
            keep_labels(hop, &object);
        else if (object.class_number == PACKET_CLASS_INTERFACE_INFO)
            keep_interface(hop, &object);
    }
}

/* RFC 9293, 768, 9260: probes of these carry their sequence as identification (engine.h). */
static bool knows_ip_id(const struct sonde_path *path, const struct sonde_outcome *heard)
{
    enum sonde_probe_kind kind = path->config.probe.kind;
    return heard->quote.from.family == SONDE_IPV4 && heard->sequence != 0 &&
           (kind == SONDE_PROBE_UDP || kind == SONDE_PROBE_TCP || kind == SONDE_PROBE_SCTP);
}

static void keep_quote(struct path_hop *hop, const struct sonde_quote *quote, bool ip_id_differs)
{
    struct sonde_path_hop *shown = &hop->shown;
    bool as_before = shown->quoted && path_same_source(&shown->quote, quote) &&
                     shown->quote.checksum_differs == quote->checksum_differs &&
                     shown->ip_id_differs == ip_id_differs;
    hop->alike = as_before ? hop->alike + 1 : 1;
    shown->quoted = true;
    shown->quote = *quote;
    shown->ip_id_differs = ip_id_differs;
}

void path_reveal(struct sonde_path *path, struct path_hop *hop, const struct sonde_outcome *heard)
{
    struct sonde_path_hop *shown = &hop->shown;
    if (heard->kind != SONDE_REPLY)
        keep_extensions(shown, heard->extensions);
    if (heard->kind == SONDE_TOO_BIG && heard->mtu > 0 &&
        (shown->mtu == 0 || heard->mtu < shown->mtu))
        shown->mtu = heard->mtu;
    if (heard->quote.present)
        keep_quote(hop, &heard->quote,
                   knows_ip_id(path, heard) && heard->quote.ip_id != heard->sequence);
}
