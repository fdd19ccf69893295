/* Any bytes as a scenario; a scenario that is one is then asked a few things. */
#include <stddef.h>
#include <stdint.h>

#include "packet/icmp.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "sim/network.h"
#include "sim/scenario.h"

#define NODES_ASKED 16
#define ANSWERS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An echo request from an address of the destination's family. */
static struct sonde_bytes build(const struct sonde_address *to, uint8_t hops, uint8_t type,
                                uint8_t *bytes, size_t room)
{
    static const uint8_t payload[1300];
    struct packet_writer writer = packet_writer_over(bytes, room);
    struct sonde_address from = *to;
    struct packet_icmp message = {.family = to->family, .type = type};
    message.form = packet_icmp_form((enum sonde_family)to->family, type);
    message.payload = (struct sonde_bytes){payload, hops % 2 ? 32 : sizeof(payload)};
    size_t upper = message.payload.length + (message.form == PACKET_ICMP_TIMES ? 20 : 8);
    if (to->family == SONDE_IPV4)
        packet_ipv4_write(&writer, &(struct packet_ipv4){.total_bytes = (uint16_t)(20 + upper),
                                                         .dont_fragment = true,
                                                         .ttl = hops,
                                                         .protocol = PACKET_ICMPV4,
                                                         .source = from,
                                                         .destination = *to});
    else
        packet_ipv6_write(&writer, &(struct packet_ipv6){.payload_bytes = (uint16_t)upper,
                                                         .next_header = PACKET_ICMPV6,
                                                         .hop_limit = hops,
                                                         .source = from,
                                                         .destination = *to});
    packet_icmp_write(&writer, &message, &from, to);
    return packet_written_from(&writer, 0);
}

static void ask(struct sim_network *network, const struct sim_prefix *prefix)
{
    static const uint8_t types[] = {8, 13, 42, 128, 160};
    static const int64_t times[] = {0, 1500000000, 10000000000, INT64_MAX};
    uint8_t bytes[2048];
    for (size_t time = 0; time < sizeof(times) / sizeof(times[0]); time++) {
        for (size_t type = 0; type < sizeof(types); type++) {
            uint8_t hops = (uint8_t)(type % 2 ? 64 : 1 + time);
            sim_network_send(network, (struct sonde_mono){times[time]},
                             build(&prefix->address, hops, types[type], bytes, sizeof(bytes)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sim_scenario scenario;
    struct sonde_sim_error error;
    if (sim_scenario_parse(&scenario, "fuzz", (const char *)data, size, &error)) {
        if (!error.message[0])
            __builtin_trap();
        return 0;
    }
    for (uint32_t i = 0; i < scenario.prefix_count && i < NODES_ASKED; i++) {
        struct sim_network *network;
        if (sim_network_create(&network, &scenario, i, (struct sonde_wall){0}))
            break;
        ask(network, &scenario.prefixes[i]);
        struct sim_delivery *delivery;
        for (int taken = 0;
             taken < ANSWERS_MAX && (delivery = sim_network_take(network, SONDE_NEVER)); taken++)
            sim_network_release(network, delivery);
        sim_network_destroy(network);
    }
    sim_scenario_destroy(&scenario);
    return 0;
}
