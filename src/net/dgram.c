/*
 * The datagram transport: "ping sockets" (net/ipv4/ping.c), for those without privilege, and UDP
 * sockets in the same manner.
 *
 * The kernel owns the IP header and the identifier (UDP: the source port), one to a socket; answers
 * and errors come to the socket whose identifier they name. Both families share the identifiers.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/in6.h>
#include <string.h>
#include <unistd.h>

#include "net/carry.h"
#include "net/connect.h"
#include "net/shared.h"
#include "net/udp.h"

#define SOCKETS_MAX 256u /* identifiers, each a descriptor a family */

/* What a socket hears must bear its identifier alone, and tell of its answers. */
static int prepare(const struct net_transport *transport, struct net_socket *own,
                   const char **operation)
{
    bool v6 = own->family == SONDE_IPV6;
    enum sonde_family family = (enum sonde_family)own->family;
    int error;

    own->hears = true;
    if (v6) /* a label of zero is to be zero */
        net_set(own->fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
    if (transport->protocol) {
        own->layer = SONDE_LAYER_UDP;
        error = net_udp_options(own->fd, family, operation);
    } else { /* the identifiers of both families are one space to the kernel */
        error = net_set(own->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (error)
        return error;
    *operation = "ask for control messages";
    return net_options_hear(own->fd, family, true);
}

static int open_socket(struct net_transport *transport, enum sonde_family family,
                       const struct sonde_net_config *config, uint16_t identifier,
                       const char **operation)
{
    int protocol = family == SONDE_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    struct net_socket *own;
    union net_name name = {0};
    socklen_t length = sizeof name;
    int error;
    int fd = net_socket(family, SOCK_DGRAM, transport->protocol ? transport->protocol : protocol);

    *operation = transport->protocol
                     ? "open a UDP socket"
                     : "open a datagram ICMP socket (see net.ipv4.ping_group_range)";
    if (fd < 0)
        return fd;
    own = net_transport_add(transport, fd, family, config, true, &error, operation);
    if (!own)
        return error;
    error = prepare(transport, own, operation);
    if (!error)
        error = net_options_bind(fd, family, config, transport->device, identifier, operation);
    if (!error && !identifier && config->source.family != family) {
        struct sonde_address any = {.family = (uint8_t)family};

        *operation = "get an identifier";
        error = bind(fd, &name.any, net_name_write(&name, &any, 0, 0)) < 0 ? -errno : 0;
    }
    if (!error && getsockname(fd, &name.any, &length) < 0)
        error = -errno;
    if (error) {
        net_transport_drop_last(transport);
        return error;
    }
    own->identifier = ntohs(family == SONDE_IPV6 ? name.v6.sin6_port : name.v4.sin_port);
    return 0;
}

/*
 * All identifiers of one family: those that are chosen already, else what the kernel gives (or the
 * fixed one).
 */
static int open_family(struct net_transport *transport, enum sonde_family family,
                       const struct sonde_net_config *config, bool chosen, const char **operation)
{
    size_t before = transport->socket_count;
    uint16_t fixed = config->fixed_identifier >= 0 ? (uint16_t)config->fixed_identifier : 0;

    for (uint32_t i = 0; i < transport->identifier_count; i++) {
        int error = open_socket(transport, family, config,
                                chosen ? transport->identifiers[i] : fixed, operation);
        if (error) {
            while (transport->socket_count > before)
                net_transport_drop_last(transport);
            return error;
        }
        transport->identifiers[i] = transport->sockets[transport->socket_count - 1].identifier;
    }
    return 0;
}

/* One family is enough; when there is none the first one's error is told. */
static int open_families(struct net_transport *transport, const struct sonde_net_config *config,
                         bool chosen, const char **operation)
{
    static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};
    const char *failed = NULL;
    int first = 0;

    for (int i = 0; i < 2; i++) {
        transport->family_error[i] = -EAFNOSUPPORT;
        if (config->family != SONDE_FAMILY_NONE && config->family != families[i])
            continue;
        transport->family_error[i] = open_family(transport, families[i], config,
                                                 chosen || transport->socket_count > 0, operation);
        if (transport->family_error[i] && !first) {
            first = transport->family_error[i];
            failed = *operation;
        }
    }
    if (transport->socket_count)
        return 0;
    *operation = failed;
    return first;
}

/* UDP: both families have the ports of one block. */
static int open_ports(struct net_transport *transport, const struct sonde_net_config *config,
                      const char **operation)
{
    struct net_port_range given = net_ports_given();
    uint32_t random = net_ports_random();
    uint32_t turns = config->fixed_identifier >= 0 ? 1 : NET_PORTS_TURNS;
    int error = 0;

    for (uint32_t turn = 0; turn < turns; turn++) {
        struct net_identifiers block =
            net_ports_block(transport->identifier_count, random, turn, given);

        if (config->fixed_identifier >= 0)
            block.base = (uint16_t)config->fixed_identifier;
        for (uint32_t i = 0; i < block.count; i++)
            transport->identifiers[i] = (uint16_t)(block.base + i);
        error = open_families(transport, config, true, operation);
        if (transport->family_error[0] != -EADDRINUSE && transport->family_error[1] != -EADDRINUSE)
            return error;
        while (transport->socket_count)
            net_transport_drop_last(transport);
    }
    *operation = "find source ports that nobody else uses";
    return -EADDRINUSE;
}

/* Every socket of the family is listened to from now on. Returns the one with the identifier. */
static struct net_socket *use_socket(struct net_transport *transport, enum sonde_family family,
                                     uint16_t identifier)
{
    for (size_t i = 0; i < transport->socket_count; i++) {
        struct net_socket *socket = &transport->sockets[i];

        if (socket->family == family && socket->identifier == identifier) {
            socket->used = true;
            return socket;
        }
    }
    return NULL;
}

/* The flow label must be leased before it is used (net/ipv6/ip6_flowlabel.c). */
int net_dgram_label(struct net_socket *socket, const struct net_carry *carry)
{
    struct in6_flowlabel_req request = {
        .flr_label = htonl(carry->flow_label),
        .flr_action = IPV6_FL_A_GET,
        .flr_share = IPV6_FL_S_ANY,
        .flr_flags = IPV6_FL_F_CREATE,
    };
    int error = 0;

    if (carry->flow_label == socket->label)
        return 0;
    if (carry->flow_label) {
        memcpy(&request.flr_dst, carry->to.bytes, 16);
        if (setsockopt(socket->fd, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof request) < 0)
            return errno;
    }
    error = -net_set(socket->fd, IPPROTO_IPV6, IPV6_FLOWINFO_SEND, carry->flow_label != 0);
    if (!error)
        socket->label = carry->flow_label;
    return error;
}

/* What IPv4 says with the don't-fragment bit is an option of the socket here. */
int net_dgram_fragmenting(const struct net_transport *transport, struct net_socket *socket,
                          const struct net_carry *carry)
{
    enum sonde_net_pmtu asked = transport->pmtu;
    enum sonde_net_pmtu mode = SONDE_NET_PMTU_DONT;
    int value, error;

    if (carry->dont_fragment && (asked == SONDE_NET_PMTU_PROBE || asked == SONDE_NET_PMTU_WANT))
        mode = asked;
    else if (carry->dont_fragment) /* of UDP as of a raw socket: it goes out as it is */
        mode = transport->protocol && asked != SONDE_NET_PMTU_DO ? SONDE_NET_PMTU_PROBE
                                                                 : SONDE_NET_PMTU_DO;
    value = net_options_pmtu(SONDE_IPV4, mode);
    if (value == socket->pmtu)
        return 0;
    error = -net_set(socket->fd, IPPROTO_IP, IP_MTU_DISCOVER, value);
    if (!error)
        socket->pmtu = value;
    return error;
}

/* True when both may go in one batch: same socket, same options of the socket. */
static bool alike(const struct net_carry *a, const struct net_carry *b)
{
    return a->protocol == b->protocol && a->to.family == b->to.family &&
           a->identifier == b->identifier && a->dont_fragment == b->dont_fragment &&
           a->flow_label == b->flow_label;
}

static void pack(struct net_transport *transport, const struct net_socket *socket,
                 const struct sonde_datagram *datagram, const struct net_carry *carry, size_t at)
{
    struct net_outbox *out = &transport->out;
    struct msghdr *message = &out->messages[at].msg_hdr;
    size_t control = carry->control;

    out->vectors[at] =
        (struct iovec){datagram->bytes + carry->header, datagram->length - carry->header};
    *message = (struct msghdr){
        .msg_name = &out->names[at],
        .msg_namelen = net_name_write(&out->names[at], &carry->to, carry->port, transport->device),
        .msg_iov = &out->vectors[at],
        .msg_iovlen = 1,
        .msg_control = &out->controls[at],
    };
    if (carry->flow_label)
        out->names[at].v6.sin6_flowinfo = htonl(carry->flow_label);
    if (net_stamps_carries_id(&socket->stamps)) {
        net_stamps_write_id((struct cmsghdr *)(out->controls[at].bytes + control),
                            net_stamps_id(&socket->stamps, (uint32_t)at));
        control += NET_STAMPS_CONTROL;
    }
    message->msg_controllen = control;
}

static int carry_at(struct net_transport *transport, const struct sonde_datagram *datagram,
                    size_t at, struct net_carry *carry)
{
    return net_carry(datagram, transport->device, &transport->out.controls[at],
                     NET_SEND_CONTROL - NET_STAMPS_CONTROL, carry);
}

/* Sends as many of the batch as go together, at least one. Returns how many. */
static size_t send_run(struct net_transport *transport, struct sonde_datagram *batch, size_t count)
{
    struct net_carry first, next;
    struct net_socket *socket;
    size_t run = 1;
    int error = carry_at(transport, &batch[0], 0, &first);
    bool v6 = batch[0].to.family == SONDE_IPV6;
    uint8_t icmp = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

    if (!error && first.protocol != (transport->protocol ? transport->protocol : icmp))
        error = EOPNOTSUPP;

    socket = error ? NULL : use_socket(transport, batch[0].to.family, first.identifier);
    if (!error && !socket) {
        error = -transport->family_error[v6];
        if (!error)
            error = EINVAL; /* not an identifier of ours */
    }
    if (!error)
        error =
            v6 ? net_dgram_label(socket, &first) : net_dgram_fragmenting(transport, socket, &first);
    if (error) {
        net_transport_refuse(&batch[0], error);
        return 1;
    }
    pack(transport, socket, &batch[0], &first, 0);
    while (run < count && !carry_at(transport, &batch[run], run, &next) && alike(&first, &next)) {
        pack(transport, socket, &batch[run], &next, run);
        run++;
    }
    net_transport_push(transport, socket, batch, run, true);
    return run;
}

static void dgram_send(void *self, struct sonde_datagram *batch, size_t count)
{
    struct net_transport *transport = self;
    size_t most = net_transport_batch(transport);

    for (size_t done = 0; done < count;)
        done += send_run(transport, &batch[done], count - done < most ? count - done : most);
}

static const struct sonde_transport_ops operations = {
    .now = net_transport_now,
    .wall = net_transport_wall,
    .wait = net_transport_wait,
    .send = dgram_send,
    .receive = net_transport_receive,
    .route = net_transport_route,
    .counters = net_transport_counters,
    .close = net_transport_close,
};

int sonde_net_open_dgram(const struct sonde_net_config *config, struct sonde_transport *transport,
                         const char **operation)
{
    struct sonde_net_config limited = *config;
    struct net_transport *own = NULL;
    int error;

    *operation = "send these protocols without privilege";
    if (config->protocols == SONDE_NET_TCP)
        return net_connect_open(config, transport, operation);
    if (config->protocols && config->protocols != SONDE_NET_UDP)
        return -EPROTONOSUPPORT;
    if (limited.identifier_count > SOCKETS_MAX)
        limited.identifier_count = SOCKETS_MAX;
    error =
        net_transport_create(&own, &limited, 2 * (size_t)net_identifier_count(&limited), operation);
    if (error)
        return error;
    own->datagram = true;
    own->senders = 1;
    own->protocol = config->protocols ? IPPROTO_UDP : 0;
    error = config->protocols ? open_ports(own, &limited, operation)
                              : open_families(own, &limited, false, operation);
    if (!error)
        error = net_transport_finish(own, &operations, "dgram", transport, operation);
    if (error)
        net_transport_destroy(own);
    return error;
}
