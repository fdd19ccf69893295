#include <string.h>

#include "packet/cursor.h"
#include "packet/ipv4_options.h"
#include "sim/inside.h"

#define DAY_MS INT64_C(86400000)

uint32_t sim_network_time_of_day(const struct sim_network *network, int64_t at)
{
    int64_t ms = sonde_saturating_add(network->epoch.ns, at) / SONDE_NS_PER_MS % DAY_MS;
    return (uint32_t)(ms < 0 ? ms + DAY_MS : ms);
}

/* Step `step` of the round trip: the routers there, the host, the routers back. NULL: it has no
 * IPv4 address. */
static const struct sonde_address *address_at(const struct sim_visit *visit, uint32_t step)
{
    uint32_t hops = visit->way->hops;
    if (step == hops)
        return &visit->address;
    uint32_t hop = step < hops ? step : 2 * hops - step;
    const struct sim_prefix *own =
        sim_scenario_address(visit->network->scenario, visit->way->nodes[hop + 1], SONDE_IPV4);
    return own ? &own->address : NULL;
}

/* The way back is not yet known when the option is written: it counts as long as the way there. */
static uint32_t time_at(const struct sim_visit *visit, uint32_t step)
{
    const struct sim_network *network = visit->network;
    uint32_t hops = visit->way->hops;
    int64_t at = network->steps[step <= hops ? step : 2 * hops - step].at.ns;
    if (step > hops)
        at = sonde_saturating_add(network->steps[hops].at.ns, network->steps[hops].at.ns - at);
    return sim_network_time_of_day(visit->network, at);
}

static void record_route(const struct sim_visit *visit, struct packet_ipv4_route *route)
{
    for (uint32_t step = 0; step <= 2 * visit->way->hops && route->used < route->slots; step++) {
        const struct sonde_address *address = address_at(visit, step);
        if (address)
            route->hops[route->used++] = *address;
    }
}

static void record_times(const struct sim_visit *visit, struct packet_ipv4_timestamp *stamps)
{
    for (uint32_t step = 0; step <= 2 * visit->way->hops; step++) {
        const struct sonde_address *address = address_at(visit, step);
        bool asked = stamps->form != PACKET_TIMESTAMP_PRESPECIFIED;
        if (!asked && address && stamps->used < stamps->slots)
            asked = sonde_address_equal(address, &stamps->entries[stamps->used].address);
        if (!address || !asked)
            continue;
        if (stamps->used == stamps->slots) {
            stamps->overflow = (uint8_t)(stamps->overflow < 15 ? stamps->overflow + 1 : 15);
            continue;
        }
        if (stamps->form == PACKET_TIMESTAMP_AND_ADDRESS)
            stamps->entries[stamps->used].address = *address;
        stamps->entries[stamps->used++].time = time_at(visit, step);
    }
}

struct sonde_bytes sim_host_options(const struct sim_visit *visit)
{
    struct packet_writer writer =
        packet_writer_over(visit->network->options, sizeof(visit->network->options));
    struct packet_ipv4_options options = packet_ipv4_options(visit->packet->options);
    struct packet_ipv4_option option;
    while (packet_ipv4_options_next(&options, &option) == 1) {
        struct packet_ipv4_route route;
        struct packet_ipv4_timestamp stamps;
        if (option.type == PACKET_OPTION_RECORD_ROUTE &&
            packet_ipv4_route_parse(&option, &route) == 0) {
            record_route(visit, &route);
            packet_ipv4_route_write(&writer, &route);
        } else if (option.type == PACKET_OPTION_TIMESTAMP &&
                   packet_ipv4_timestamp_parse(&option, &stamps) == 0) {
            record_times(visit, &stamps);
            packet_ipv4_timestamp_write(&writer, &stamps);
        } else {
            size_t length = option.type == PACKET_OPTION_NOP ? 1 : option.data.length + 2;
            packet_write_bytes(&writer, visit->packet->options.data + option.offset, length);
        }
    }
    packet_ipv4_options_pad(&writer, 0);
    return packet_written_from(&writer, 0);
}
