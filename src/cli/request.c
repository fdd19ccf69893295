#include "cli/request.h"

#include <errno.h>

#include "packet/extended_echo.h"
#include "packet/node_info.h"

#define TIMESTAMP_ENTRIES_AT 4 /* behind type, length, pointer, and overflow with form */

static struct packet_writer begin(struct request_options *options)
{
    return packet_writer_over(options->bytes, sizeof options->bytes);
}

static void end(struct request_options *options, struct packet_writer *writer)
{
    packet_ipv4_options_pad(writer, 0);
    options->length = writer->failed ? 0 : packet_written(writer);
}

void request_record_route(struct request_options *options, const struct sonde_address *source)
{
    struct packet_writer writer = begin(options);
    packet_write_u8(&writer, PACKET_OPTION_NOP); /* the addresses stand at multiples of four */
    packet_ipv4_route_write(
        &writer, &(struct packet_ipv4_route){
                     .type = PACKET_OPTION_RECORD_ROUTE, .slots = 9, .used = 1, .hops = {*source}});
    end(options, &writer);
}

void request_timestamps(struct request_options *options, enum packet_ipv4_timestamp_form form,
                        const struct sonde_address *source, const struct sonde_address *hops,
                        size_t hop_count)
{
    struct packet_ipv4_timestamp timestamp = {.form = (uint8_t)form};
    switch (form) {
    case PACKET_TIMESTAMP_ONLY:
        timestamp.slots = 9;
        timestamp.used = 1;
        options->own_time_at = TIMESTAMP_ENTRIES_AT;
        break;
    case PACKET_TIMESTAMP_AND_ADDRESS:
        timestamp.slots = 4;
        timestamp.used = 1;
        timestamp.entries[0].address = *source;
        options->own_time_at = TIMESTAMP_ENTRIES_AT + 4;
        break;
    case PACKET_TIMESTAMP_PRESPECIFIED:
        for (size_t i = 0; i < hop_count && i < 4; i++)
            timestamp.entries[timestamp.slots++].address = hops[i];
        break;
    }
    struct packet_writer writer = begin(options);
    packet_ipv4_timestamp_write(&writer, &timestamp);
    end(options, &writer);
}

void request_source_route(struct request_options *options, bool strict,
                          const struct sonde_address *hops, size_t hop_count,
                          const struct sonde_address *target)
{
    struct packet_ipv4_route route = {.type = strict ? PACKET_OPTION_STRICT_ROUTE
                                                     : PACKET_OPTION_LOOSE_ROUTE};
    for (size_t i = 1; i < hop_count && i < REQUEST_HOPS_MAX; i++)
        route.hops[route.slots++] = hops[i];
    route.hops[route.slots++] = *target;
    struct packet_writer writer = begin(options);
    packet_write_u8(&writer, PACKET_OPTION_NOP);
    packet_ipv4_route_write(&writer, &route);
    end(options, &writer);
}

int request_interface(struct request_body *body, const struct ping_far_interface *interface)
{
    struct packet_writer writer = packet_writer_over(body->bytes, sizeof body->bytes);
    int error = -EINVAL;
    switch (interface->kind) {
    case PING_FAR_NONE:
        break;
    case PING_FAR_NAME:
        error = packet_extended_echo_by_name(&writer, interface->text);
        break;
    case PING_FAR_INDEX:
        error = packet_extended_echo_by_index(&writer, interface->index);
        break;
    case PING_FAR_ADDRESS:
        error = packet_extended_echo_by_address(&writer, &interface->address);
        break;
    }
    body->length = packet_written(&writer);
    return error;
}

int request_subject_name(struct request_body *body, const char *name, bool full)
{
    struct packet_writer writer = packet_writer_over(body->bytes, sizeof body->bytes);
    int error = packet_node_info_write_name(&writer, name, full);
    body->length = packet_written(&writer);
    return error;
}

void request_subject_address(struct request_body *body, const struct sonde_address *address)
{
    struct packet_writer writer = packet_writer_over(body->bytes, sizeof body->bytes);
    packet_node_info_write_address(&writer, address);
    body->length = packet_written(&writer);
}
