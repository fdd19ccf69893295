#define _GNU_SOURCE /* struct in6_pktinfo */

#include "net/route.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "net/options.h"

#define ANY_PORT       1025 /* nothing is sent to it */
#define MSG_PROBE_ONLY 0x10 /* MSG_PROBE of linux/socket.h: look up the route, send nothing */

static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};

static int open_one(enum sonde_family family, const struct sonde_net_config *config,
                    uint32_t device, const char **operation)
{
    struct sonde_net_config own = *config;
    int fd = net_socket(family, SOCK_DGRAM, 0);
    int error;

    *operation = "open a UDP socket for routes";
    if (fd < 0)
        return fd;
    own.broadcast = false; /* that is how broadcast addresses show themselves */
    own.debug = false;
    own.receive_buffer_bytes = 0;
    own.send_buffer_bytes = 0;
    error = net_options_apply(fd, family, &own, device, operation);
    if (!error)
        error = net_options_bind(fd, family, &own, device, 0, operation);
    if (!error)
        return fd;
    close(fd);
    return error;
}

int net_routes_open(struct net_routes *routes, const struct sonde_net_config *config,
                    uint32_t device, const char **operation)
{
    int first = 0;

    *routes = (struct net_routes){.fd = {-1, -1}, .device = device};
    if (device)
        strncpy(routes->device_name, config->device, sizeof routes->device_name - 1);
    for (int i = 0; i < 2; i++) {
        int fd = -EAFNOSUPPORT;
        const char *failed = NULL;

        if (config->family == SONDE_FAMILY_NONE || config->family == families[i])
            fd = open_one(families[i], config, device, &failed);
        if (fd < 0 && failed && !first) {
            first = fd;
            *operation = failed;
        }
        routes->fd[i] = fd < 0 ? -1 : fd;
        routes->error[i] = fd < 0 ? fd : 0;
    }
    return routes->fd[0] < 0 && routes->fd[1] < 0 ? (first ? first : -EAFNOSUPPORT) : 0;
}

void net_routes_close(struct net_routes *routes)
{
    for (int i = 0; i < 2; i++) {
        if (routes->fd[i] >= 0)
            close(routes->fd[i]);
        routes->fd[i] = -1;
    }
}

static int try_connect(int fd, const union net_name *name, socklen_t length)
{
    return connect(fd, &name->any, length) < 0 ? -errno : 0;
}

static int connect_to(int fd, const union net_name *name, socklen_t length,
                      struct sonde_route *route)
{
    int error = try_connect(fd, name, length);

    /* A prohibiting route says EACCES too; permission to broadcast does not help it. */
    if (error != -EACCES || name->any.sa_family != AF_INET)
        return error;
    net_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
    error = try_connect(fd, name, length);
    net_set(fd, SOL_SOCKET, SO_BROADCAST, 0);
    route->broadcast = !error;
    return error;
}

static int read_connected(int fd, enum sonde_family family, struct sonde_route *route)
{
    union net_name own = {0};
    socklen_t length = sizeof own;
    int mtu = 0;
    socklen_t mtu_length = sizeof mtu;

    if (getsockname(fd, &own.any, &length) < 0)
        return -errno;
    route->source = net_name_read(&own);
    if (own.any.sa_family == AF_INET6)
        route->device = own.v6.sin6_scope_id;
    if (getsockopt(fd, family == SONDE_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP,
                   family == SONDE_IPV6 ? IPV6_MTU : IP_MTU, &mtu, &mtu_length) == 0 &&
        mtu > 0)
        route->mtu = (uint32_t)mtu;
    return 0;
}

/* Back to the state before connect. The kernel forgets the device on the way: bind to it again. */
static void disconnect(const struct net_routes *routes, int fd, enum sonde_family family)
{
    struct sockaddr unspecified = {.sa_family = AF_UNSPEC};

    (void)connect(fd, &unspecified, sizeof unspecified);
    if (routes->device)
        net_options_device(fd, family, routes->device_name, routes->device);
}

int net_routes_find(const struct net_routes *routes, const struct sonde_address *to,
                    struct sonde_route *route)
{
    int which = to->family == SONDE_IPV6;
    int fd = routes->fd[which];
    union net_name name;
    socklen_t length;
    int error;

    *route = (struct sonde_route){0};
    if (to->family != SONDE_IPV4 && to->family != SONDE_IPV6)
        return -EAFNOSUPPORT;
    if (fd < 0)
        return routes->error[which];
    length = net_name_write(&name, to, ANY_PORT, routes->device);
    error = connect_to(fd, &name, length, route);
    if (!error)
        error = read_connected(fd, families[which], route);
    disconnect(routes, fd, families[which]);
    if (!route->device)
        route->device = routes->device ? routes->device : to->scope;
    return error;
}

/* Would a datagram with this source find a way to ourselves? Nothing is sent. */
static bool way_to_loopback(int fd, const struct sonde_address *source, uint32_t device)
{
    static const uint8_t loopback[2][16] = {{127, 0, 0, 1}, {[15] = 1}};
    bool v6 = source->family == SONDE_IPV6;
    struct sonde_address to = sonde_address_from_bytes(families[v6], loopback[v6]);
    struct in_pktinfo info4 = {0};
    struct in6_pktinfo info6 = {.ipi6_ifindex = device};
    size_t length = v6 ? sizeof info6 : sizeof info4;
    union net_name name;
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof info6)];
    } control = {0};
    struct msghdr message = {
        .msg_name = &name,
        .msg_namelen = net_name_write(&name, &to, ANY_PORT, 0),
        .msg_control = &control,
        .msg_controllen = CMSG_SPACE(length),
    };

    memcpy(&info4.ipi_spec_dst, source->bytes, sizeof info4.ipi_spec_dst);
    memcpy(&info6.ipi6_addr, source->bytes, sizeof info6.ipi6_addr);
    control.header.cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    control.header.cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
    control.header.cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(&control.header), v6 ? (const void *)&info6 : (const void *)&info4, length);
    return sendmsg(fd, &message, MSG_CONFIRM | MSG_PROBE_ONLY | MSG_DONTWAIT) >= 0;
}

bool net_routes_accept_source(const struct net_routes *routes, const struct sonde_address *source,
                              uint32_t device)
{
    struct sonde_address none = {.family = source->family};
    int fd = routes->fd[source->family == SONDE_IPV6];

    /* The errno for a foreign source is not the same in all kernels. */
    return fd < 0 || way_to_loopback(fd, source, device) || !way_to_loopback(fd, &none, 0);
}
