#define _GNU_SOURCE

#include "net/connect.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net/carry.h"
#include "net/connect_inside.h"
#include "packet/protocol.h"

/* --- the end of a connection -------------------------------------------------------------------
 */

void net_connect_end(struct net_transport *transport, size_t index)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    struct net_connect *own = transport->connect;

    (void)connect(transport->sockets[index].fd, &nobody, sizeof nobody); /* never refused */
    own->connections[index].under_way = false;
    for (size_t i = 0; i < own->order_count; i++)
        if (own->order[i] == index) {
            own->order_count--;
            memmove(&own->order[i], &own->order[i + 1],
                    (own->order_count - i) * sizeof *own->order);
            return;
        }
}

void net_connect_arm(const struct net_connect *own, size_t index, int fd)
{
    struct epoll_event event = {.events = EPOLLOUT | EPOLLONESHOT, .data.u32 = (uint32_t)index};

    epoll_ctl(own->epoll, EPOLL_CTL_MOD, fd, &event);
}

static struct sonde_mono end_of_patience(const struct net_connect *own)
{
    if (!own->order_count)
        return SONDE_NEVER;
    return sonde_mono_add(own->connections[own->order[0]].sent, NET_CONNECT_PATIENCE);
}

void net_connect_expire(struct net_transport *transport)
{
    struct sonde_mono now = net_now();

    while (!sonde_mono_before(now, end_of_patience(transport->connect)))
        net_connect_end(transport, transport->connect->order[0]);
}

/* --- sending ------------------------------------------------------------------------------------
 */

/* What the IP header asks for, as options of the socket. Returns 0 or a positive errno. */
static int set_header(struct net_transport *transport, size_t index, const struct net_carry *carry,
                      const uint8_t *header)
{
    struct net_connection *connection = &transport->connect->connections[index];
    struct net_socket *socket = &transport->sockets[index];
    bool v6 = socket->family == SONDE_IPV6;
    int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    uint8_t hop_limit = v6 ? header[7] : header[8];
    uint8_t traffic_class = v6 ? (uint8_t)((header[0] & 0x0f) << 4 | header[1] >> 4) : header[1];
    int error = 0;

    if (connection->hop_limit != hop_limit)
        error = net_set(socket->fd, level, v6 ? IPV6_UNICAST_HOPS : IP_TTL, hop_limit);
    if (!error && connection->traffic_class != traffic_class)
        error = net_set(socket->fd, level, v6 ? IPV6_TCLASS : IP_TOS, traffic_class);
    if (error)
        return -error;
    connection->hop_limit = hop_limit;
    connection->traffic_class = traffic_class;
    return v6 ? net_dgram_label(socket, carry) : net_dgram_fragmenting(transport, socket, carry);
}

/* A free socket, the one with the probe's own port if that is free; -1: none. */
static int find_free(struct net_transport *transport, bool v6, uint16_t source_port)
{
    struct net_connect *own = transport->connect;
    size_t wanted = (size_t)(source_port - transport->identifiers[0]);

    if (wanted < own->count[v6] && !own->connections[own->first[v6] + wanted].under_way)
        return (int)(own->first[v6] + wanted);
    for (size_t i = 0; i < own->count[v6]; i++) {
        size_t at = own->first[v6] + own->cursor[v6]++ % own->count[v6];

        if (!own->connections[at].under_way)
            return (int)at;
    }
    return -1;
}

/* True when a connection of ours stands in the way of another one with the same ports. */
static bool is_busy(const struct net_connect *own, const struct net_carry *carry)
{
    for (size_t i = 0; i < own->order_count; i++) {
        const struct net_connection *other = &own->connections[own->order[i]];

        if (other->port == carry->port && sonde_address_equal(&other->to, &carry->to))
            return true;
    }
    return false;
}

/* Connects one socket. Returns 0 when it is under way, or a positive errno. */
static int try_socket(struct net_transport *transport, size_t index, const struct net_carry *carry,
                      struct sonde_datagram *datagram)
{
    struct net_connect *own = transport->connect;
    struct net_connection *connection = &own->connections[index];
    int fd = transport->sockets[index].fd;
    union net_name name;
    socklen_t length = net_name_write(&name, &carry->to, carry->port, transport->device);
    int error = set_header(transport, index, carry, datagram->bytes);

    if (error)
        return error;
    if (carry->flow_label)
        name.v6.sin6_flowinfo = htonl(carry->flow_label);
    datagram->sent = net_now();
    error = connect(fd, &name.any, length) < 0 ? errno : 0;
    if (error && error != EINPROGRESS && error != ECONNREFUSED)
        return error;
    connection->error = error == ECONNREFUSED ? error : 0;
    connection->under_way = true;
    own->order[own->order_count++] = (uint16_t)index;
    net_connect_arm(own, index, fd);
    return 0;
}

/* Remembers what was asked. */
static void book(struct net_connection *connection, const struct sonde_datagram *datagram,
                 const struct net_carry *carry)
{
    bool v6 = datagram->to.family == SONDE_IPV6;
    const uint8_t *sequence = datagram->bytes + carry->header + 4;

    connection->token = datagram->token;
    connection->sent = datagram->sent;
    connection->to = carry->to;
    connection->from = sonde_address_from_bytes((enum sonde_family)datagram->to.family,
                                                datagram->bytes + (v6 ? 8 : 12));
    connection->source_port = carry->identifier;
    connection->port = carry->port;
    connection->sequence = (uint32_t)sequence[0] << 24 | (uint32_t)sequence[1] << 16 |
                           (uint32_t)sequence[2] << 8 | sequence[3];
}

static int send_one(struct net_transport *transport, struct sonde_datagram *datagram)
{
    uint64_t control[NET_SEND_CONTROL / 8]; /* not used: options of the socket say the same */
    struct net_connect *own = transport->connect;
    bool v6 = datagram->to.family == SONDE_IPV6;
    struct net_carry carry;
    int index;
    int error = net_carry(datagram, transport->device, control, sizeof control, &carry);

    if (error)
        return error;
    if (carry.protocol != PACKET_TCP || datagram->length < carry.header + PACKET_TCP_HEADER)
        return EOPNOTSUPP;
    if (!own->count[v6])
        return transport->family_error[v6] ? -transport->family_error[v6] : EAFNOSUPPORT;
    index = find_free(transport, v6, carry.identifier);
    if (index < 0)
        return EAGAIN;
    error = try_socket(transport, (size_t)index, &carry, datagram);
    if (!error)
        book(&own->connections[index], datagram, &carry);
    return error == EADDRNOTAVAIL && is_busy(own, &carry) ? EAGAIN : error;
}

static void connect_send(void *self, struct sonde_datagram *batch, size_t count)
{
    struct net_transport *transport = self;

    for (size_t i = 0; i < count; i++) {
        int error = send_one(transport, &batch[i]);

        if (error) {
            net_transport_refuse(&batch[i], error);
        } else {
            batch[i].error = 0;
            batch[i].mtu = 0;
        }
    }
}

/* Answers wait for nobody, since a RST has no stamp but ours; connections that have had their time
 * end with the next receive. */
static int connect_wait(void *self, struct sonde_mono until, bool receive_early)
{
    struct net_transport *transport = self;

    (void)receive_early;
    return net_poller_wait(&transport->poller,
                           sonde_mono_earlier(until, end_of_patience(transport->connect)), true);
}

/* --- opening ------------------------------------------------------------------------------------
 */

static int prepare(struct net_transport *transport, struct net_socket *socket,
                   const char **operation)
{
    enum sonde_family family = (enum sonde_family)socket->family;
    static const struct linger reset = {.l_onoff = 1};
    struct epoll_event event = {.events = EPOLLONESHOT, .data.u32 = 0};
    bool v6 = family == SONDE_IPV6;
    int error;

    if (v6)
        net_set(socket->fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
    *operation = "keep IPv4 and IPv6 apart";
    error = v6 ? net_set(socket->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
    if (!error && transport->connect->one_port)
        error = net_set(socket->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (error)
        return error;
    *operation = "ask for errors of connections";
    error = net_options_errors(socket->fd, family);
    if (error)
        return error;
    /* No more than one SYN again, where nobody ends the connection in time. */
    net_set(socket->fd, IPPROTO_TCP, TCP_SYNCNT, 1);
    setsockopt(socket->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    *operation = "wait for a socket";
    return epoll_ctl(transport->connect->epoll, EPOLL_CTL_ADD, socket->fd, &event) < 0 ? -errno : 0;
}

static int open_socket(struct net_transport *transport, enum sonde_family family,
                       const struct sonde_net_config *config, uint16_t port, const char **operation)
{
    struct net_socket *socket;
    int error;
    int fd = net_socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

    *operation = "open a TCP socket";
    if (fd < 0)
        return fd;
    socket = net_transport_add(transport, fd, family, config, false, &error, operation);
    if (!socket)
        return error;
    error = prepare(transport, socket, operation);
    if (!error)
        error = net_options_bind(fd, family, config, transport->device, port, operation);
    transport->connect->connections[transport->socket_count - 1] =
        (struct net_connection){.hop_limit = -1, .traffic_class = -1};
    if (error)
        net_transport_drop_last(transport);
    return error;
}

static int open_family(struct net_transport *transport, enum sonde_family family, size_t count,
                       const struct sonde_net_config *config, struct net_identifiers block,
                       const char **operation)
{
    struct net_connect *own = transport->connect;
    bool v6 = family == SONDE_IPV6;
    int error = 0;

    own->first[v6] = transport->socket_count;
    for (size_t i = 0; i < count && !error; i++)
        error = open_socket(transport, family, config,
                            (uint16_t)(block.base + (own->one_port ? 0 : i)), operation);
    while (error && transport->socket_count > own->first[v6])
        net_transport_drop_last(transport);
    own->count[v6] = transport->socket_count - own->first[v6];
    return error;
}

/* Opens the pool on one block of ports; one family is enough. */
static int open_block(struct net_transport *transport, const struct sonde_net_config *config,
                      struct net_identifiers block, const char **operation)
{
    static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};
    size_t count = config->family == SONDE_FAMILY_NONE ? NET_CONNECT_POOL / 2 : NET_CONNECT_POOL;
    const char *failed = NULL;
    int first = 0;

    for (int i = 0; i < 2; i++) {
        transport->family_error[i] = -EAFNOSUPPORT;
        if (config->family != SONDE_FAMILY_NONE && config->family != families[i])
            continue;
        transport->family_error[i] =
            open_family(transport, families[i], count, config, block, operation);
        if (transport->family_error[i] && !first) {
            first = transport->family_error[i];
            failed = *operation;
        }
    }
    for (uint32_t i = 0; i < transport->identifier_count; i++)
        transport->identifiers[i] = (uint16_t)(block.base + i);
    if (transport->socket_count)
        return 0;
    *operation = failed;
    return first;
}

static int open_pool(struct net_transport *transport, const struct sonde_net_config *config,
                     const char **operation)
{
    struct net_port_range given = net_ports_given();
    uint32_t random = net_ports_random();
    int error = 0;

    transport->connect->one_port = config->fixed_identifier >= 0;
    if (transport->connect->one_port)
        return open_block(transport, config,
                          (struct net_identifiers){(uint16_t)config->fixed_identifier, 1},
                          operation);
    for (uint32_t turn = 0; turn < NET_PORTS_TURNS; turn++) {
        error = open_block(transport, config,
                           net_ports_block(NET_CONNECT_POOL, random, turn, given), operation);
        if (transport->family_error[0] != -EADDRINUSE && transport->family_error[1] != -EADDRINUSE)
            return error;
        while (transport->socket_count)
            net_transport_drop_last(transport);
    }
    *operation = "find source ports that nobody else uses";
    return -EADDRINUSE;
}

static const struct sonde_transport_ops operations = {
    .now = net_transport_now,
    .wall = net_transport_wall,
    .wait = connect_wait,
    .send = connect_send,
    .receive = net_connect_receive,
    .route = net_transport_route,
    .counters = net_transport_counters,
    .close = net_transport_close,
};

/* Sockets that are not connected are told once; from here on they are asked about. */
static int attend(struct net_transport *transport)
{
    struct epoll_event made[NET_CONNECT_POOL];

    epoll_wait(transport->connect->epoll, made, NET_CONNECT_POOL, 0);
    return net_poller_add_socket(&transport->poller, transport->connect->epoll);
}

int net_connect_open(const struct sonde_net_config *config, struct sonde_transport *seam,
                     const char **operation)
{
    struct sonde_net_config limited = *config;
    struct net_transport *own = NULL;
    int error;

    if (limited.identifier_count > NET_CONNECT_POOL / 2)
        limited.identifier_count = NET_CONNECT_POOL / 2;
    if (limited.stamps == SONDE_NET_STAMPS_HARDWARE) /* a SYN has none */
        limited.stamps = SONDE_NET_STAMPS_KERNEL;
    error = net_transport_create(&own, &limited, NET_CONNECT_POOL, operation);
    if (error)
        return error;
    own->datagram = true;
    own->senders = 1;
    own->protocol = PACKET_TCP;
    own->stamps_error = config->stamps == limited.stamps ? 0 : -EOPNOTSUPP;
    *operation = "allocate memory";
    own->connect = calloc(1, sizeof *own->connect);
    error = own->connect ? 0 : -ENOMEM;
    if (!error) {
        *operation = "make the descriptors to wait with";
        own->connect->epoll = epoll_create1(EPOLL_CLOEXEC);
        error = own->connect->epoll < 0 ? -errno : open_pool(own, &limited, operation);
    }
    if (!error)
        error = attend(own);
    if (!error)
        error = net_transport_finish(own, &operations, "connect", seam, operation);
    if (error)
        net_transport_destroy(own);
    return error;
}

void net_connect_close(struct net_connect *connect)
{
    if (!connect)
        return;
    if (connect->epoll >= 0)
        close(connect->epoll);
    free(connect);
}
