#include "cli/packet_ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_HEADER   20u
#define IPV6_HEADER   40u
#define HEAD          8u /* of ICMP and UDP */
#define LEAST_PAYLOAD 4u
#define ECHO_FLOW     1u     /* the first that is kept for echo requests */
#define FIRST_PORT    33434u /* of UDP that has no port of its own: traceroute's */
#define PORT_TURNS    32000u
#define HTTP_PORT     80u /* of TCP and SCTP: mtr-packet's */

int packet_ports_init(struct packet_ports *ports, const struct sonde_transport *transport, bool raw)
{
    const size_t own = transport->identifier_count;
    const size_t count = own + (raw ? SONDE_NET_HEARD_PORTS : 0);
    *ports = (struct packet_ports){
        .transport = *transport,
        .identifiers = calloc(count, sizeof *ports->identifiers),
        .identifier_count = count,
        .own = (uint32_t)own,
        .raw = raw,
    };
    if (!ports->identifiers)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        ports->identifiers[i] = transport->identifiers[i < own ? i : 0];
    return 0;
}

void packet_ports_free(struct packet_ports *ports)
{
    free(ports->identifiers);
}

struct sonde_probe packet_ports_probe(const struct packet_request *request, bool raw)
{
    const uint32_t header =
        (request->address.family == SONDE_IPV6 ? IPV6_HEADER : IPV4_HEADER) + HEAD;
    const uint32_t payload = request->size > header ? request->size - header : 0;
    return (struct sonde_probe){
        .timeout = request->timeout,
        .kind = request->kind,
        .hop_limit = request->hop_limit,
        .traffic_class = request->traffic_class,
        .payload_bytes = (uint16_t)(payload < LEAST_PAYLOAD ? LEAST_PAYLOAD : payload),
        .flow = request->kind == SONDE_PROBE_ECHO && raw ? ECHO_FLOW : 0,
        .filled = true,
        .fill = request->fill,
    };
}

/* Gives a place that no open probe needs to a port. */
static int give(struct packet_ports *ports, uint32_t place, uint16_t port)
{
    int error = sonde_engine_rename_identifier(ports->engine, ports->own + place, port);
    if (!error)
        error = sonde_net_hear_port(&ports->transport, place, port);
    ports->local[place] = error ? 0 : port;
    return error;
}

/* The place of a port; -EADDRINUSE when open probes need them all. */
static int place_of(struct packet_ports *ports, uint16_t port, uint32_t *place)
{
    for (uint32_t i = 0; i < SONDE_NET_HEARD_PORTS; i++) {
        *place = i;
        if (ports->local[i] == port)
            return 0;
    }
    for (uint32_t i = 0; i < SONDE_NET_HEARD_PORTS; i++) {
        *place = ports->oldest;
        ports->oldest = (*place + 1) % SONDE_NET_HEARD_PORTS;
        if (ports->open[*place] == 0)
            return give(ports, *place, port);
    }
    return -EADDRINUSE;
}

/* The flow whose source port this is. */
static int flow_from(struct packet_ports *ports, uint16_t port, uint16_t *flow)
{
    for (uint32_t i = 0; i < ports->own; i++) {
        *flow = (uint16_t)i;
        if (ports->identifiers[i] == port)
            return 0;
    }
    if (!ports->raw) /* it is bound to, then, or else the probe is not allowed */
        return -EADDRINUSE;
    uint32_t place;
    int error = place_of(ports, port, &place);
    if (error)
        return error;
    ports->open[place]++;
    *flow = (uint16_t)(ports->own + place);
    return 0;
}

void packet_ports_release(struct packet_ports *ports, uint16_t flow)
{
    if (flow >= ports->own)
        ports->open[flow - ports->own]--;
}

int packet_ports_choose(struct packet_ports *ports, const struct packet_request *request,
                        struct sonde_probe *probe)
{
    const uint32_t turn = ports->turn;
    if (request->kind == SONDE_PROBE_ECHO)
        return 0;
    ports->turn++;
    if (request->kind != SONDE_PROBE_UDP) {
        probe->port = request->port ? request->port : HTTP_PORT;
        probe->flow = (uint16_t)(turn % ports->own);
        return 0;
    }
    probe->port = request->port;
    if (!request->port) /* of datagram sockets the engine counts them */
        probe->port = (uint16_t)(FIRST_PORT + (ports->raw ? turn % PORT_TURNS : 0));
    if (request->local_port)
        return flow_from(ports, request->local_port, &probe->flow);
    if (request->port)
        probe->flow = (uint16_t)(turn % ports->own);
    return 0;
}
