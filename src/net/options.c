#include "net/options.h"

#include <errno.h>
#include <string.h>

#ifndef IP_UNICAST_IF
#define IP_UNICAST_IF 50
#endif
#ifndef IPV6_UNICAST_IF
#define IPV6_UNICAST_IF 76
#endif
#ifndef IP_RECVERR_RFC4884 /* Linux 5.9: linux/in.h, linux/in6.h */
#define IP_RECVERR_RFC4884 26
#endif
#ifndef IPV6_RECVERR_RFC4884
#define IPV6_RECVERR_RFC4884 31
#endif

socklen_t net_name_write(union net_name *name, const struct sonde_address *address, uint16_t port,
                         uint32_t device)
{
    if (address->family == SONDE_IPV6) {
        name->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&name->v6.sin6_addr, address->bytes, 16);
        name->v6.sin6_scope_id = address->scope;
        if (!address->scope &&
            (sonde_address_is_link_local(address) || sonde_address_is_multicast(address)))
            name->v6.sin6_scope_id = device;
        return sizeof name->v6;
    }
    name->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&name->v4.sin_addr, address->bytes, 4);
    return sizeof name->v4;
}

struct sonde_address net_name_read(const union net_name *name)
{
    struct sonde_address address = {0};

    if (name->any.sa_family == AF_INET)
        return sonde_address_from_bytes(SONDE_IPV4, (const uint8_t *)&name->v4.sin_addr);
    if (name->any.sa_family == AF_INET6) {
        address = sonde_address_from_bytes(SONDE_IPV6, (const uint8_t *)&name->v6.sin6_addr);
        if (sonde_address_is_link_local(&address))
            address.scope = name->v6.sin6_scope_id;
    }
    return address;
}

int net_socket(enum sonde_family family, int type, int protocol)
{
    int fd = socket(family == SONDE_IPV6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, protocol);
    return fd < 0 ? -errno : fd;
}

int net_set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int net_options_device(int fd, enum sonde_family family, const char *name, uint32_t device)
{
    int index = (int)htonl(device);

    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1) == 0)
        return 0;
    if (errno != EPERM) /* needs CAP_NET_RAW before Linux 5.7 */
        return -errno;
    return family == SONDE_IPV6 ? net_set(fd, IPPROTO_IPV6, IPV6_UNICAST_IF, index)
                                : net_set(fd, IPPROTO_IP, IP_UNICAST_IF, index);
}

static int set_multicast(int fd, enum sonde_family family, const struct sonde_net_config *config,
                         uint32_t device)
{
    int error = 0;

    if (family == SONDE_IPV6) {
        if (config->no_multicast_loop)
            error = net_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
        if (!error && device)
            error = net_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)device);
        return error;
    }
    if (config->no_multicast_loop)
        error = net_set(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    if (!error && device) { /* without a device the source decides */
        struct ip_mreqn request = {.imr_ifindex = (int)device};

        if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) < 0)
            error = -errno;
    }
    return error;
}

int net_options_pmtu(enum sonde_family family, enum sonde_net_pmtu mode)
{
    bool v6 = family == SONDE_IPV6;

    switch (mode) {
    case SONDE_NET_PMTU_DO:
        return v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO;
    case SONDE_NET_PMTU_DONT:
        return v6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT;
    case SONDE_NET_PMTU_PROBE:
        return v6 ? IPV6_PMTUDISC_PROBE : IP_PMTUDISC_PROBE;
    case SONDE_NET_PMTU_WANT:
    case SONDE_NET_PMTU_DEFAULT:
        break;
    }
    return v6 ? IPV6_PMTUDISC_WANT : IP_PMTUDISC_WANT;
}

static int set_pmtu(int fd, enum sonde_family family, enum sonde_net_pmtu mode)
{
    int value = net_options_pmtu(family, mode);

    if (mode == SONDE_NET_PMTU_DEFAULT)
        return 0;
    return family == SONDE_IPV6 ? net_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, value)
                                : net_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, value);
}

int net_options_buffers(int fd, const struct sonde_net_config *config)
{
    const size_t sizes[] = {config->receive_buffer_bytes, config->send_buffer_bytes};
    const int options[] = {SO_RCVBUF, SO_SNDBUF};
    const int forced[] = {SO_RCVBUFFORCE, SO_SNDBUFFORCE};

    for (int i = 0; i < 2; i++) {
        int value = sizes[i] > INT32_MAX / 2 ? INT32_MAX / 2 : (int)sizes[i];
        int error;

        /* The force needs CAP_NET_ADMIN; without it the kernel gives what net.core allows. */
        if (!value || !net_set(fd, SOL_SOCKET, forced[i], value))
            continue;
        error = net_set(fd, SOL_SOCKET, options[i], value);
        if (error)
            return error;
    }
    return 0;
}

int net_options_apply(int fd, enum sonde_family family, const struct sonde_net_config *config,
                      uint32_t device, const char **operation)
{
    int error = 0;

    if (device) {
        *operation = "bind to the device";
        error = net_options_device(fd, family, config->device, device);
    }
    if (!error && config->mark_set) {
        *operation = "set the firewall mark (needs CAP_NET_ADMIN)";
        error = net_set(fd, SOL_SOCKET, SO_MARK, (int)config->mark);
    }
    if (!error) {
        *operation = "set the size of the socket buffers";
        error = net_options_buffers(fd, config);
    }
    if (!error) {
        *operation = "choose the multicast interface";
        error = set_multicast(fd, family, config, device);
    }
    if (!error) {
        *operation = "set path MTU discovery";
        error = set_pmtu(fd, family, config->pmtu);
    }
    if (!error && config->dont_route) {
        *operation = "bypass the routing tables";
        error = net_set(fd, SOL_SOCKET, SO_DONTROUTE, 1);
    }
    if (!error && config->broadcast) {
        *operation = "allow broadcasts";
        error = net_set(fd, SOL_SOCKET, SO_BROADCAST, 1);
    }
    if (!error &&
        config->debug) /* without CAP_NET_ADMIN it is refused, and nothing depends on it */
        net_set(fd, SOL_SOCKET, SO_DEBUG, 1);
    return error;
}

int net_options_bind(int fd, enum sonde_family family, const struct sonde_net_config *config,
                     uint32_t device, uint16_t port, const char **operation)
{
    struct sonde_address any = {.family = (uint8_t)family};
    bool source = config->source.family == family;
    union net_name name;
    socklen_t length = net_name_write(&name, source ? &config->source : &any, port, device);

    if (!source && !port)
        return 0;
    *operation = source ? "bind to the source address" : "bind to the identifier";
    return bind(fd, &name.any, length) < 0 ? -errno : 0;
}

int net_options_errors(int fd, enum sonde_family family)
{
    if (family == SONDE_IPV6) {
        net_set(fd, IPPROTO_IPV6, IPV6_RECVERR_RFC4884, 1);
        return net_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    }
    net_set(fd, IPPROTO_IP, IP_RECVERR_RFC4884, 1);
    return net_set(fd, IPPROTO_IP, IP_RECVERR, 1);
}

int net_options_hear(int fd, enum sonde_family family, bool datagram)
{
    int error = net_set(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);

    if (error)
        return error;
    if (family == SONDE_IPV6) {
        error = net_set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
        if (!error)
            error = net_set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
        if (!error)
            error = net_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
        if (!error && datagram)
            error = net_options_errors(fd, family);
        return error;
    }
    if (!datagram)
        return 0; /* the IP header tells everything */
    error = net_set(fd, IPPROTO_IP, IP_RECVTTL, 1);
    if (!error)
        error = net_set(fd, IPPROTO_IP, IP_RECVTOS, 1);
    if (!error)
        error = net_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (!error)
        error = net_options_errors(fd, family);
    return error;
}
