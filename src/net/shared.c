#define _GNU_SOURCE

#include "net/shared.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/connect.h"

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif

#define DATAGRAM_MAX  65536u /* more than any datagram without jumbo option has */
#define QUOTE_MAX     2048u  /* more than an error quotes on links that are not jumbo */
#define BUFFER_WANTED 1048576u
#define RING_RAW      4096u
#define RING_BUSY     32768u /* what is sent while the receiver waits for a processor */
#define RING_DATAGRAM 1024u

uint32_t net_identifier_count(const struct sonde_net_config *config)
{
    uint32_t most = config->protocols ? NET_PORTS_MAX : 65536;
    uint32_t count = 1;

    if (config->fixed_identifier >= 0)
        return 1;
    while (count < config->identifier_count && count < most)
        count *= 2;
    return count;
}

static int create_parts(struct net_transport *transport, const struct sonde_net_config *config,
                        const char **operation)
{
    int error = net_routes_open(&transport->routes, config, transport->device, operation);

    if (error)
        return error;
    /*
     * The kernel begins to stamp arriving datagrams some 100 microseconds after the first socket of
     * the machine has asked it to (net_enable_timestamp). So this one asks before all others.
     */
    if (transport->stamps != SONDE_NET_STAMPS_USER) {
        bool v4 = transport->routes.fd[0] >= 0;
        transport->own_ids =
            net_stamps_own_ids(transport->routes.fd[v4 ? 0 : 1], v4 ? SONDE_IPV4 : SONDE_IPV6);
    }
    *operation = "make the descriptors to wait with";
    error = net_poller_open(&transport->poller, config->signals_set ? &config->signals : NULL,
                            config->precise);
    if (error)
        return error;
    *operation = "allocate memory";
    error = net_inbox_open(&transport->data, DATAGRAM_MAX);
    if (!error)
        error = net_inbox_open(&transport->errors, QUOTE_MAX);
    return error;
}

int net_transport_create(struct net_transport **created, const struct sonde_net_config *config,
                         size_t socket_count, const char **operation)
{
    struct net_transport *transport;
    uint32_t device = config->device ? if_nametoindex(config->device) : 0;
    int error;

    *operation = "find the device";
    if (config->device && !device)
        return errno == ENXIO ? -ENODEV : -errno;
    *operation = "allocate memory";
    transport = calloc(1, sizeof *transport);
    if (!transport)
        return -ENOMEM;
    error = net_crew_open(&transport->crew);
    if (error) {
        free(transport);
        return error;
    }
    transport->device = device;
    transport->stamps = config->stamps;
    transport->pmtu = config->pmtu;
    transport->receiver_wanted = config->receiver;
    transport->identifier_count = net_identifier_count(config);
    transport->routes = (struct net_routes){.fd = {-1, -1}};
    transport->poller =
        (struct net_poller){.all = -1, .wake = -1, .quiet = -1, .timer = -1, .signal = -1};
    transport->sockets = calloc(socket_count, sizeof *transport->sockets);
    transport->identifiers = calloc(transport->identifier_count, sizeof *transport->identifiers);
    error = transport->sockets && transport->identifiers ? 0 : -ENOMEM;
    if (!error)
        error = create_parts(transport, config, operation);
    if (error) {
        net_transport_destroy(transport);
        return error;
    }
    transport->senders = net_transport_senders(transport, config);
    net_clock_open(&transport->clock);
    *created = transport;
    return 0;
}

void net_socket_close(struct net_socket *socket)
{
    net_stamps_close(&socket->stamps);
    if (socket->fd >= 0)
        close(socket->fd);
    socket->fd = -1;
}

void net_transport_drop_last(struct net_transport *transport)
{
    net_socket_close(&transport->sockets[--transport->socket_count]);
}

void net_transport_destroy(struct net_transport *transport)
{
    net_crew_close(&transport->crew);
    if (transport->receiver) {
        net_receiver_stop(transport->receiver);
        free(transport->receiver);
    }
    while (transport->socket_count)
        net_transport_drop_last(transport);
    net_ports_release(&transport->ports);
    net_connect_close(transport->connect);
    net_poller_close(&transport->poller);
    net_routes_close(&transport->routes);
    net_inbox_close(&transport->data);
    net_inbox_close(&transport->errors);
    free(transport->sockets);
    free(transport->identifiers);
    free(transport);
}

/* Send stamps, as far as they can be had. What cannot be had is told by sonde_net_stamps_in_use. */
void net_transport_stamp(struct net_transport *transport, struct net_socket *socket,
                         const struct sonde_net_config *config)
{
    int error = 0;

    if (transport->stamps == SONDE_NET_STAMPS_HARDWARE) {
        error = config->device ? net_stamps_device(socket->fd, config->device) : 0;
        if (error && error != -EPERM) /* somebody else may have set it up */
            transport->stamps = SONDE_NET_STAMPS_KERNEL;
        if (error)
            transport->stamps_error = error;
    }
    if (transport->stamps == SONDE_NET_STAMPS_USER)
        return;
    error = net_stamps_open(&socket->stamps, socket->fd, transport->stamps, transport->own_ids,
                            transport->datagram          ? RING_DATAGRAM
                            : transport->receiver_wanted ? RING_BUSY
                                                         : RING_RAW);
    if (error) {
        transport->stamps = SONDE_NET_STAMPS_USER;
        transport->stamps_error = error;
    } else if (!transport->datagram && transport->senders == 1) {
        net_stamps_save_ids(&socket->stamps);
    }
}

struct net_socket *net_transport_take(struct net_transport *transport, int fd,
                                      enum sonde_family family)
{
    struct net_socket *socket = &transport->sockets[transport->socket_count++];

    *socket = (struct net_socket){.fd = fd,
                                  .family = (uint8_t)family,
                                  .layer = SONDE_LAYER_ICMP,
                                  .pmtu = -1,
                                  .noisy = transport->datagram};
    return socket;
}

struct net_socket *net_transport_add(struct net_transport *transport, int fd,
                                     enum sonde_family family,
                                     const struct sonde_net_config *config, bool sends, int *error,
                                     const char **operation)
{
    struct net_socket *socket = net_transport_take(transport, fd, family);
    struct sonde_net_config own = *config;

    if (!own.receive_buffer_bytes) /* the error queue counts against it as well */
        own.receive_buffer_bytes = BUFFER_WANTED;
    *error = net_options_apply(fd, family, &own, transport->device, operation);
    if (*error) {
        net_transport_drop_last(transport);
        return NULL;
    }
    if (sends)
        net_transport_stamp(transport, socket, config);
    return socket;
}

int net_transport_finish(struct net_transport *transport, const struct sonde_transport_ops *ops,
                         const char *name, struct sonde_transport *seam, const char **operation)
{
    transport->error_socket = transport->socket_count;
    transport->poller.reads_matter =
        transport->stamps == SONDE_NET_STAMPS_USER || transport->connect;
    for (size_t i = 0; i < transport->socket_count; i++) {
        struct net_socket *socket = &transport->sockets[i];
        int error = 0;

        /* Send stamps wake nobody, unless somebody is waiting for the hardware's. */
        if (socket->hears || transport->stamps == SONDE_NET_STAMPS_HARDWARE)
            error = net_poller_add_socket(&transport->poller, socket->fd);
        if (error) {
            *operation = "wait for a socket";
            return error;
        }
    }
    *seam = (struct sonde_transport){
        .ops = ops,
        .self = transport,
        .name = name,
        .identifiers = transport->identifiers,
        .identifier_count = transport->identifier_count,
        .header_is_kernels = transport->datagram,
    };
    return 0;
}

struct sonde_mono net_transport_now(void *self)
{
    (void)self;
    return net_now();
}

struct sonde_wall net_transport_wall(void *self, struct sonde_mono at)
{
    const struct net_transport *transport = self;
    return (struct sonde_wall){sonde_saturating_add(at.ns, transport->clock.offset)};
}

int net_transport_wait(void *self, struct sonde_mono until, bool receive_early)
{
    struct net_transport *transport = self;
    /* A time taken next to the call would suffer from a late read. */
    bool early = receive_early || transport->stamps == SONDE_NET_STAMPS_USER;
    int error;

    if (!transport->receiver || !early)
        return net_poller_wait(&transport->poller, until, early);
    if (!net_receiver_may_sleep(transport->receiver))
        until.ns = INT64_MIN; /* signals and descriptors are looked at, all the same */
    error = net_poller_wait(&transport->poller, until, true);
    net_receiver_woke(transport->receiver);
    return error;
}

int net_transport_route(void *self, const struct sonde_address *to, struct sonde_route *route)
{
    const struct net_transport *transport = self;
    int error = net_routes_find(&transport->routes, to, route);

    if (!error && transport->family_error[to->family == SONDE_IPV6])
        return transport->family_error[to->family == SONDE_IPV6];
    return error;
}

void net_transport_counters(void *self, struct sonde_transport_counters *counters)
{
    struct net_transport *transport = self;

    *counters = transport->counters;
    counters->clock_steps = transport->clock.steps;
    for (size_t i = 0; i < transport->socket_count; i++) {
        const struct net_socket *socket = &transport->sockets[i];
        uint32_t info[SK_MEMINFO_VARS] = {0};
        socklen_t length = sizeof info;

        counters->stamps_missing += socket->stamps.missing;
        /* The queue's own message about drops comes with the next datagram only, if one comes. */
        if (socket->hears && getsockopt(socket->fd, SOL_SOCKET, SO_MEMINFO, info, &length) == 0 &&
            length > SK_MEMINFO_DROPS * sizeof *info)
            counters->receive_drops += info[SK_MEMINFO_DROPS] - socket->drops;
    }
}

void net_transport_close(void *self)
{
    net_transport_destroy(self);
}

int sonde_net_start(struct sonde_transport *seam)
{
    struct net_transport *transport = seam->self;

    if (net_transport_batch(transport) > 1) /* else there is nothing to share */
        net_crew_start(&transport->crew, transport->senders);
    return transport->start ? transport->start(transport) : 0;
}

enum sonde_net_stamps sonde_net_stamps_in_use(const struct sonde_transport *seam, int *error)
{
    const struct net_transport *transport = seam->self;

    *error = transport->stamps_error;
    return transport->stamps;
}

int sonde_net_watch(struct sonde_transport *seam, int fd, short events, sonde_net_ready *callback,
                    void *self)
{
    struct net_transport *transport = seam->self;
    return net_poller_watch(&transport->poller, fd, events, callback, self);
}

int sonde_net_unwatch(struct sonde_transport *seam, int fd)
{
    struct net_transport *transport = seam->self;
    return net_poller_unwatch(&transport->poller, fd);
}

void sonde_net_alarm(struct sonde_transport *seam, struct sonde_mono at,
                     sonde_net_alarm_due *callback, void *self)
{
    struct net_transport *transport = seam->self;
    net_poller_alarm(&transport->poller, at, callback, self);
}
