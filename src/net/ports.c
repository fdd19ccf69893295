#include "net/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/random.h"
#include "net/options.h"

#define PREFERRED    (65536u - NET_PORTS_MAX) /* behind the kernel's own range, as it comes */
#define UNPRIVILEGED 1024u

struct net_port_range net_ports_given(void)
{
    struct net_port_range given = {32768, 60999}; /* Linux' default */
    unsigned low, high;
    char text[32];
    ssize_t got;
    int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return given;
    got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    if (sscanf(text, "%5u %5u", &low, &high) == 2 && low <= high && high <= 65535)
        given = (struct net_port_range){(uint16_t)low, (uint16_t)high};
    return given;
}

static bool overlaps(uint32_t base, uint32_t count, struct net_port_range given)
{
    return base <= given.high && base + count > given.low;
}

/* The turn-th of the blocks from `first` on that lie outside `given`; 0: there is none. */
static uint32_t pick(uint32_t first, uint32_t count, uint32_t turn, struct net_port_range given)
{
    uint32_t good = 0;

    for (uint32_t base = first; base < 65536; base += count)
        good += !overlaps(base, count, given);
    if (!good)
        return 0;
    turn %= good;
    for (uint32_t base = first; base < 65536; base += count)
        if (!overlaps(base, count, given) && turn-- == 0)
            return base;
    return 0;
}

struct net_identifiers net_ports_block(uint32_t count, uint32_t random, uint32_t turn,
                                       struct net_port_range given)
{
    static const struct net_port_range none = {1, 0};
    uint32_t lowest = count > UNPRIVILEGED ? count : UNPRIVILEGED;
    uint32_t place = random % 65536 + turn;
    uint32_t base = pick(PREFERRED, count, place, given);

    if (!base)
        base = pick(lowest, count, place, given);
    if (!base)
        base = pick(PREFERRED, count, place, none);
    return (struct net_identifiers){(uint16_t)base, count};
}

uint32_t net_ports_random(void)
{
    uint32_t random;

    /* Without it the first block is as good. */
    return base_random_secret(&random, sizeof random) ? 0 : random;
}

/* One socket for both families, where there are both. */
static int hold(enum sonde_family family, int type, uint16_t port)
{
    static const struct net_filter nothing = {.code = {{.code = BPF_RET | BPF_K}}, .length = 1};
    struct sonde_address any = {.family = SONDE_IPV6};
    union net_name name;
    int error = 0;
    int fd = family == SONDE_IPV4 ? -EAFNOSUPPORT : net_socket(SONDE_IPV6, type, 0);

    if (fd >= 0) {
        error = net_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, family == SONDE_IPV6);
    } else {
        any.family = SONDE_IPV4;
        fd = net_socket(SONDE_IPV4, type, 0);
    }
    if (fd < 0)
        return fd;
    if (!error && type == SOCK_DGRAM)
        error = net_filter_attach(fd, &nothing);
    if (!error && bind(fd, &name.any, net_name_write(&name, &any, port, 0)) < 0)
        error = -errno;
    if (!error)
        return fd;
    close(fd);
    return error;
}

/* Nothing but a port in use stands in the way: what cannot be held is used all the same. */
static int hold_block(struct net_ports *ports, const struct sonde_net_config *config,
                      struct net_identifiers block)
{
    static const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    static const unsigned protocols[] = {SONDE_NET_UDP, SONDE_NET_TCP};

    for (uint32_t i = 0; i < block.count && i < NET_PORTS_HELD; i++)
        for (size_t k = 0; k < 2; k++) {
            int fd = config->protocols & protocols[k]
                         ? hold(config->family, types[k], (uint16_t)(block.base + i))
                         : -EPROTONOSUPPORT;

            if (fd == -EADDRINUSE)
                return fd;
            if (fd >= 0)
                ports->fds[ports->count++] = fd;
        }
    return 0;
}

static void close_all(struct net_ports *ports)
{
    while (ports->count)
        close(ports->fds[--ports->count]);
}

int net_ports_hold(struct net_ports *ports, const struct sonde_net_config *config, uint32_t count,
                   struct net_identifiers *ours, const char **operation)
{
    struct net_port_range given = net_ports_given();
    uint32_t random = net_ports_random();
    int error = -EADDRINUSE;

    *operation = "allocate memory";
    *ports = (struct net_ports){.fds = calloc(2 * (size_t)NET_PORTS_HELD, sizeof *ports->fds)};
    if (!ports->fds)
        return -ENOMEM;
    *operation = "find source ports that nobody else uses";
    if (config->fixed_identifier >= 0) {
        *ours = (struct net_identifiers){(uint16_t)config->fixed_identifier, 1};
        hold_block(ports, config, *ours);
        return 0;
    }
    for (uint32_t turn = 0; error && turn < NET_PORTS_TURNS; turn++) {
        close_all(ports);
        *ours = net_ports_block(count, random, turn, given);
        error = hold_block(ports, config, *ours);
    }
    if (error)
        net_ports_release(ports);
    return error;
}

void net_ports_release(struct net_ports *ports)
{
    close_all(ports);
    free(ports->fds);
    ports->fds = NULL;
}
