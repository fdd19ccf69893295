#include "lab/truth_packet.h"

#include "base/printable.h"
#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "packet/quote.h"

#define NAME_TEXT (4 * PACKET_INTERFACE_NAME_MAX + 1)

static void number(json_t *object, const char *key, uint32_t value)
{
    json_object_set_new_nocheck(object, key, json_integer(value));
}

static void flag(json_t *object, const char *key, bool value)
{
    json_object_set_new_nocheck(object, key, json_boolean(value));
}

json_t *lab_truth_address(const struct sonde_address *address)
{
    char text[SONDE_ADDRESS_TEXT];

    if (address->family == SONDE_FAMILY_NONE)
        return json_null();
    return json_string(sonde_address_format(address, text));
}

static void address_of(json_t *object, const char *key, const struct sonde_address *address)
{
    if (address->family != SONDE_FAMILY_NONE)
        json_object_set_new_nocheck(object, key, lab_truth_address(address));
}

static json_t *protocol_of(uint8_t protocol)
{
    switch (protocol) {
    case PACKET_ICMPV4:
        return json_string("icmp");
    case PACKET_ICMPV6:
        return json_string("icmp6");
    case PACKET_UDP:
        return json_string("udp");
    case PACKET_TCP:
        return json_string("tcp");
    case PACKET_SCTP:
        return json_string("sctp");
    default:
        return json_integer(protocol);
    }
}

/* --- what stands behind the IP header --------------------------------------------------------- */

static void describe_transport(json_t *object, const struct packet_transport *transport)
{
    json_object_set_new_nocheck(object, "protocol", protocol_of(transport->protocol));
    if (transport->has_checksum)
        number(object, "checksum", transport->checksum);
    if (transport->has_type) {
        number(object, "type", transport->type);
        number(object, "code", transport->code);
    }
    if (transport->has_lease) {
        number(object, "identifier", transport->identifier);
        number(object, "sequence", transport->sequence);
    }
    if (transport->has_ports) {
        number(object, "source_port", transport->source_port);
        number(object, "destination_port", transport->destination_port);
    }
    if (transport->has_tcp_sequence)
        number(object, "tcp_sequence", transport->tcp_sequence);
    if (transport->has_acknowledgment)
        number(object, "tcp_acknowledgment", transport->acknowledgment);
    if (transport->has_tcp_flags)
        number(object, "tcp_flags", transport->tcp_flags);
    if (transport->has_verification_tag)
        number(object, "verification_tag", transport->verification_tag);
}

static json_t *labels_of(const struct packet_extension_object *extension)
{
    json_t *labels = json_array();
    struct packet_mpls entry;

    for (size_t i = 0; packet_extension_mpls(extension, i, &entry) == 1; i++) {
        json_t *label = json_object();

        number(label, "label", entry.label);
        number(label, "traffic_class", entry.traffic_class);
        flag(label, "bottom", entry.bottom);
        number(label, "ttl", entry.ttl);
        json_array_append_new(labels, label);
    }
    return labels;
}

static void describe_interface(json_t *object, const struct packet_interface_info *info)
{
    char text[NAME_TEXT];

    number(object, "role", info->role);
    if (info->has_index)
        number(object, "index", info->index);
    if (info->has_mtu)
        number(object, "mtu", info->mtu);
    address_of(object, "address", &info->address);
    if (info->name.length) {
        base_printable((const char *)info->name.data, info->name.length, text, sizeof text);
        json_object_set_new_nocheck(object, "name", json_string(text));
    }
}

static void describe_extensions(json_t *object, const struct packet_icmp_error *error)
{
    struct packet_reader reader = packet_extension_objects(error->extensions);
    struct packet_extension_object extension;
    json_t *list;

    if (error->form != PACKET_EXTENSION_COMPLIANT && error->form != PACKET_EXTENSION_PRE_RFC)
        return;
    json_object_set_new_nocheck(
        object, "extensions_form",
        json_string(error->form == PACKET_EXTENSION_COMPLIANT ? "compliant" : "old"));
    list = json_array();
    while (packet_extension_next(&reader, &extension) == 1) {
        json_t *one = json_object();
        struct packet_interface_info info;

        number(one, "class", extension.class_number);
        number(one, "c_type", extension.c_type);
        if (extension.class_number == PACKET_CLASS_MPLS)
            json_object_set_new_nocheck(one, "labels", labels_of(&extension));
        if (packet_extension_interface_info(&extension, &info) == 0)
            describe_interface(one, &info);
        json_array_append_new(list, one);
    }
    json_object_set_new_nocheck(object, "extensions", list);
}

static void describe_quote(json_t *object, enum sonde_family family, struct sonde_bytes bytes)
{
    struct sonde_quote quote;
    struct packet_transport transport;
    json_t *quoted;

    if (packet_quote_parse(family, bytes, &quote, &transport) || !quote.present)
        return;
    quoted = json_object();
    number(quoted, "length", quote.total_bytes);
    number(quoted, "family", family);
    address_of(quoted, "source", &quote.from);
    address_of(quoted, "destination", &quote.to);
    number(quoted, "hop_limit", quote.hop_limit);
    number(quoted, "traffic_class", quote.traffic_class);
    if (family == SONDE_IPV4)
        number(quoted, "ip_id", quote.ip_id);
    else
        number(quoted, "flow_label", quote.flow_label);
    describe_transport(quoted, &transport);
    json_object_set_new_nocheck(object, "quote", quoted);
}

static void describe_error(json_t *object, enum sonde_family family, struct sonde_bytes bytes)
{
    struct packet_icmp message;
    int outcome;

    if (packet_icmp_parse(family, bytes, &message) || message.form != PACKET_ICMP_ERROR)
        return;
    outcome = packet_icmp_outcome(family, message.type, message.code);
    if (outcome == SONDE_TOO_BIG)
        number(object, "mtu", message.error.mtu);
    if (outcome == SONDE_PARAMETER_PROBLEM)
        number(object, "pointer", message.error.pointer);
    address_of(object, "gateway", &message.error.gateway);
    describe_quote(object, family, message.error.quote);
    describe_extensions(object, &message.error);
}

static void describe_upper(json_t *object, enum sonde_family family, uint8_t protocol,
                           struct sonde_bytes bytes)
{
    struct packet_transport transport;

    packet_transport_parse(protocol, bytes, &transport);
    describe_transport(object, &transport);
    if (protocol == (family == SONDE_IPV4 ? PACKET_ICMPV4 : PACKET_ICMPV6))
        describe_error(object, family, bytes);
}

/* --- the IP header ---------------------------------------------------------------------------- */

static void describe_ipv4(json_t *object, const struct packet_ipv4 *header)
{
    number(object, "family", 4);
    address_of(object, "source", &header->source);
    address_of(object, "destination", &header->destination);
    number(object, "hop_limit", header->ttl);
    number(object, "traffic_class", header->traffic_class);
    number(object, "ip_id", header->id);
    flag(object, "dont_fragment", header->dont_fragment);
    if (header->more_fragments || header->fragment_offset) {
        flag(object, "more_fragments", header->more_fragments);
        number(object, "fragment_offset", header->fragment_offset);
    }
    if (header->fragment_offset)
        json_object_set_new_nocheck(object, "protocol", protocol_of(header->protocol));
    else
        describe_upper(object, SONDE_IPV4, header->protocol, header->payload);
}

static void describe_ipv6(json_t *object, const struct packet_ipv6 *header)
{
    struct packet_ipv6_upper upper;

    number(object, "family", 6);
    address_of(object, "source", &header->source);
    address_of(object, "destination", &header->destination);
    number(object, "hop_limit", header->hop_limit);
    number(object, "traffic_class", header->traffic_class);
    number(object, "flow_label", header->flow_label);
    if (packet_ipv6_upper(header->next_header, header->payload, &upper))
        return;
    if (upper.fragmented) {
        flag(object, "more_fragments", upper.fragment.more);
        number(object, "fragment_offset", upper.fragment.offset);
        number(object, "fragment_id", upper.fragment.id);
    }
    if (upper.fragmented && upper.fragment.offset)
        json_object_set_new_nocheck(object, "protocol", protocol_of(upper.protocol));
    else
        describe_upper(object, SONDE_IPV6, upper.protocol, upper.bytes);
}

void lab_truth_packet(json_t *object, struct sonde_bytes packet)
{
    struct packet_ipv4 v4;
    struct packet_ipv6 v6;

    json_object_set_new_nocheck(object, "length", json_integer((json_int_t)packet.length));
    if (packet_ipv4_parse(packet, &v4) == 0)
        describe_ipv4(object, &v4);
    else if (packet_ipv6_parse(packet, &v6) == 0)
        describe_ipv6(object, &v6);
}
