/*
 * The ring transport: one device, answers from the ring of a packet socket (ring_in.h,
 * ring_receive.c), datagrams sent in batches through another one (ring_out.c), past routing and
 * firewall, with link-layer addresses known here.
 *
 * What has no plain next hop goes through the sockets of the raw transport (hops.h). One of them
 * hears what comes in through the loopback device, as answers of this machine itself do: those
 * about neighbours that were not found, for example.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/ring.h"
#include "net/route_dump.h"
#include "net/shared.h"
#include "packet/checksum.h"

#define SOCKETS 3 /* that send: two raw ones, of both families, and one for packets */

static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};

/* What must be known of the device. */
struct device {
    char name[IF_NAMESIZE];
    uint32_t index;
    uint16_t type; /* ARPHRD_… */
};

static int look_at_device(const struct sonde_net_config *config, struct device *device,
                          const char **operation)
{
    struct ifreq request = {0};
    int fd, error;

    *operation = "find the device of the default route";
    error = config->device ? 0 : net_route_default_device(config->family, &device->index);
    if (error)
        return error;
    *operation = "find the device";
    if (config->device)
        strncpy(device->name, config->device, sizeof device->name - 1);
    else if (!if_indextoname(device->index, device->name))
        return -errno;
    device->index = if_nametoindex(device->name);
    if (!device->index)
        return errno == ENXIO ? -ENODEV : -errno;
    fd = net_socket(SONDE_IPV4, SOCK_DGRAM, 0);
    if (fd < 0)
        fd = net_socket(SONDE_IPV6, SOCK_DGRAM, 0);
    memcpy(request.ifr_name, device->name, sizeof device->name);
    *operation = "use the device, which is down";
    error = ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -errno
            : request.ifr_flags & IFF_UP          ? 0
                                                  : -ENETDOWN;
    if (!error && ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        error = -errno;
    close(fd);
    device->type = request.ifr_hwaddr.sa_family;
    if (!error && device->type != ARPHRD_ETHER && device->type != ARPHRD_LOOPBACK &&
        device->type != ARPHRD_NONE) {
        *operation = "use packet rings on a device that is neither Ethernet, tunnel nor loopback";
        error = -EPROTONOSUPPORT;
    }
    return error;
}

/*
 * The loopback device takes packets in from packet sockets, but the kernel thinks them forged
 * (net/ipv4/route.c, martian sources): there all are sent through the raw socket.
 */
static int open_family(struct net_transport *transport, const struct device *device, int which,
                       const struct sonde_net_config *config, struct net_identifiers ours,
                       const char **operation)
{
    struct net_ring_in *in = &transport->ring->in[which];
    int error = net_ring_in_open(in, families[which], device->index, ours, config, operation);

    if (error)
        return error;
    error = net_raw_open_sending(transport, families[which], config, operation);
    if (error)
        net_ring_in_close(in);
    return error;
}

static int open_families(struct net_transport *transport, const struct device *device,
                         const struct sonde_net_config *config, const char **operation)
{
    struct net_identifiers ours = net_raw_identifiers(transport, config);
    const char *failed = NULL;
    bool any = false;
    int first = 0;

    for (int i = 0; i < 2; i++) {
        int error;

        transport->family_error[i] = -EAFNOSUPPORT;
        if (config->family != SONDE_FAMILY_NONE && config->family != families[i])
            continue;
        error = open_family(transport, device, i, config, ours, operation);
        transport->family_error[i] = error;
        any |= !error;
        if (error && !first) {
            first = error;
            failed = *operation;
        }
    }
    *operation = failed;
    return any ? 0 : first;
}

/*
 * True when the kernel need not complete the header. An IPv4 source that is left to it is written
 * here, as far as that can be known.
 */
static bool complete(struct net_transport *transport, const struct sonde_datagram *datagram)
{
    static const uint8_t unset[4] = {0};
    uint8_t *header = datagram->bytes;
    const struct sonde_address *source;
    uint16_t checksum;

    if (datagram->to.family == SONDE_IPV6)
        return datagram->length >= NET_RING_IPV6;
    if (datagram->length < NET_RING_IPV4 || memcmp(header + 10, unset, 2) == 0)
        return false; /* without its checksum */
    if (memcmp(header + 12, unset, 4) != 0)
        return true;
    source = net_hops_source(&transport->ring->hops, &transport->routes, &datagram->to);
    if (!source)
        return false;
    checksum = packet_checksum_update((uint16_t)(header[10] << 8 | header[11]), 12, unset,
                                      source->bytes, sizeof unset);
    header[10] = (uint8_t)(checksum >> 8);
    header[11] = (uint8_t)checksum;
    memcpy(header + 12, source->bytes, sizeof unset);
    return true;
}

/* Which way a datagram takes. */
static enum net_hop choose(struct net_transport *transport, const struct sonde_datagram *datagram,
                           struct sonde_mono now, const uint8_t **link, int *error)
{
    enum net_hop hop;

    if (datagram->to.family != SONDE_IPV4 && datagram->to.family != SONDE_IPV6)
        return NET_HOP_KERNEL; /* which has an error for it */
    if (transport->family_error[datagram->to.family == SONDE_IPV6])
        return NET_HOP_KERNEL;
    if (net_raw_source_is_gone(transport, datagram, now)) {
        *error = EADDRNOTAVAIL;
        return NET_HOP_REFUSED;
    }
    hop = net_hops_find(&transport->ring->hops, &datagram->to, now, link, error);
    return hop == NET_HOP_LINK && !complete(transport, datagram) ? NET_HOP_KERNEL : hop;
}

static void ring_send(void *self, struct sonde_datagram *batch, size_t count)
{
    struct net_transport *transport = self;
    struct sonde_mono now = net_now();
    size_t run = 0; /* packed, and before batch[i] */

    net_hops_turn(&transport->ring->hops, now);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *link = NULL;
        int error = 0;
        enum net_hop hop = choose(transport, &batch[i], now, &link, &error);

        if (run == NET_BATCH || (run && hop != NET_HOP_LINK)) {
            net_transport_push(transport, transport->ring->out, &batch[i - run], run, false);
            run = 0;
        }
        if (hop == NET_HOP_LINK)
            net_ring_out_pack(transport, &batch[i], link, run++);
        else if (hop == NET_HOP_KERNEL)
            net_raw_send(transport, &batch[i], 1);
        else
            net_transport_refuse(&batch[i], error);
    }
    if (run)
        net_transport_push(transport, transport->ring->out, &batch[count - run], run, false);
}

static void ring_counters(void *self, struct sonde_transport_counters *counters)
{
    struct net_transport *transport = self;

    net_transport_counters(transport, counters);
    for (int i = 0; i < 2; i++)
        if (transport->ring->in[i].fd >= 0)
            counters->receive_drops += net_ring_in_drops(&transport->ring->in[i]);
}

/* Items are the rings, then the socket that sends packets. */
static void close_part(void *self, unsigned member, uint32_t from, uint32_t to)
{
    struct net_ring *ring = self;

    (void)member;
    for (uint32_t i = from; i < to; i++)
        if (i < 2)
            net_ring_in_close(&ring->in[i]);
        else if (ring->out)
            net_socket_close(ring->out);
}

/*
 * The kernel lets every packet socket, and a ring once more, wait at its end until no processor
 * looks at it any longer (synchronize_net): some 10 ms each, for which several may wait together.
 */
static void ring_close(void *self)
{
    struct net_transport *transport = self;
    struct net_ring *ring = transport->ring;

    net_crew_do(&transport->crew, close_part, ring, 3);
    net_ring_turn_close(&ring->turn);
    net_hops_close(&ring->hops);
    net_transport_destroy(transport);
    free(ring);
}

static const struct sonde_transport_ops operations = {
    .now = net_transport_now,
    .wall = net_transport_wall,
    .wait = net_transport_wait,
    .send = ring_send,
    .receive = net_ring_receive,
    .route = net_transport_route,
    .counters = ring_counters,
    .close = ring_close,
};

/* On the loopback device everything is the kernel's. */
static const struct sonde_transport_ops loopback_operations = {
    .now = net_transport_now,
    .wall = net_transport_wall,
    .wait = net_transport_wait,
    .send = net_raw_send,
    .receive = net_ring_receive,
    .route = net_transport_route,
    .counters = ring_counters,
    .close = ring_close,
};

static int open_all(struct net_transport *transport, const struct device *device, bool chosen,
                    const struct sonde_net_config *config, struct sonde_transport *seam,
                    const char **operation)
{
    struct net_ring *ring = transport->ring;
    bool loopback = device->type == ARPHRD_LOOPBACK;
    struct net_hops_config hops = {.family = config->family,
                                   .device = device->index,
                                   .chosen = chosen,
                                   .headerless = device->type == ARPHRD_NONE};
    int error = net_ring_turn_open(&ring->turn);

    *operation = "allocate memory";
    if (!error)
        error = open_families(transport, device, config, operation);
    if (!error && !loopback)
        error = net_ring_out_open(transport, config, operation);
    if (!error && !loopback) {
        *operation = "read the routes";
        error = net_hops_open(&ring->hops, &hops);
    }
    if (error)
        return error;
    *operation = "wait for a socket";
    for (int i = 0; i < 2 && !error; i++)
        if (ring->in[i].fd >= 0)
            error = net_poller_add_socket(&transport->poller, ring->in[i].fd);
    if (error)
        return error;
    return net_transport_finish(transport, loopback ? &loopback_operations : &operations, "ring",
                                seam, operation);
}

int sonde_net_open_ring(const struct sonde_net_config *config, struct sonde_transport *transport,
                        const char **operation)
{
    struct device device = {0};
    struct sonde_net_config own = *config;
    struct net_transport *shared = NULL;
    int error = look_at_device(config, &device, operation);

    if (error)
        return error;
    own.device = device.name;
    error = net_transport_create(&shared, &own, SOCKETS, operation);
    if (error)
        return error;
    shared->ring = calloc(1, sizeof *shared->ring);
    *operation = "allocate memory";
    if (!shared->ring) {
        net_transport_destroy(shared);
        return -ENOMEM;
    }
    for (int i = 0; i < 2; i++)
        shared->ring->in[i].fd = -1;
    error = open_all(shared, &device, !config->device || config->device_chosen, &own, transport,
                     operation);
    if (error)
        ring_close(shared);
    return error;
}
