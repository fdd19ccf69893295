/* Source ports that are wanted for their own sake, and source addresses. */
#define _GNU_SOURCE

#include <errno.h>

#include "net/shared.h"

int sonde_net_hear_port(struct sonde_transport *seam, uint32_t place, uint16_t port)
{
    _Static_assert(SONDE_NET_HEARD_PORTS == NET_FILTER_PORTS, "the filter has room for all");
    struct net_transport *transport = seam->self;
    struct net_identifiers ours = {transport->identifiers[0], transport->identifier_count};
    bool heard = false;

    if (place >= NET_FILTER_PORTS || port == 0)
        return -EINVAL;
    transport->heard_ports[place] = port;
    for (size_t i = 0; i < transport->socket_count; i++) {
        const struct net_socket *socket = &transport->sockets[i];
        struct net_filter filter;
        int error;

        if (transport->datagram || !socket->hears || socket->protocol != IPPROTO_UDP)
            continue;
        net_filter_answers_also(&filter, (enum sonde_family)socket->family, SONDE_NET_UDP, ours,
                                transport->heard_ports, NET_FILTER_PORTS);
        error = net_filter_attach(socket->fd, &filter);
        if (error)
            return error;
        heard = true;
    }
    return heard ? 0 : -EOPNOTSUPP;
}

bool sonde_net_has_source(const struct sonde_transport *seam, const struct sonde_address *source)
{
    const struct net_transport *transport = seam->self;

    return net_routes_accept_source(&transport->routes, source,
                                    source->scope ? source->scope : transport->device);
}
