/*
 * The datagram transport: "ping sockets" (net/ipv4/ping.c), for those without privilege.
 *
 * The kernel owns the IP header and the identifier, one to a socket; answers and errors come to the
 * socket whose identifier they name. Both families share the identifiers.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/in6.h>
#include <string.h>
#include <unistd.h>

#include "net/carry.h"
#include "net/shared.h"

#define SOCKETS_MAX 256u /* identifiers, each a descriptor a family */

static int open_socket(struct net_transport *transport, enum sonde_family family,
                       const struct sonde_net_config *config, uint16_t identifier,
                       const char **operation)
{
    bool v6 = family == SONDE_IPV6;
    struct net_socket *own;
    union net_name name = {0};
    socklen_t length = sizeof name;
    int error;
    int fd = net_socket(family, SOCK_DGRAM, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);

    *operation = "open a datagram ICMP socket (see net.ipv4.ping_group_range)";
    if (fd < 0)
        return fd;
    own = net_transport_add(transport, fd, family, config, true, &error, operation);
    if (!own)
        return error;
    own->hears = true;
    if (v6) /* a label of zero is to be zero */
        net_set(fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0);
    /* The identifiers of both families are one space to the kernel. */
    error = net_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!error) {
        *operation = "ask for control messages";
        error = net_options_hear(fd, family, true);
    }
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
    own->identifier = ntohs(v6 ? name.v6.sin6_port : name.v4.sin_port);
    return 0;
}

/*
 * All identifiers of one family. The first family to be opened takes what the kernel gives (or the
 * fixed one); the second has to get the same ones.
 */
static int open_family(struct net_transport *transport, enum sonde_family family,
                       const struct sonde_net_config *config, bool first, const char **operation)
{
    size_t before = transport->socket_count;
    uint16_t fixed = config->fixed_identifier >= 0 ? (uint16_t)config->fixed_identifier : 0;

    for (uint32_t i = 0; i < transport->identifier_count; i++) {
        int error = open_socket(transport, family, config,
                                first ? fixed : transport->identifiers[i], operation);
        if (error) {
            while (transport->socket_count > before)
                net_transport_drop_last(transport);
            return error;
        }
        transport->identifiers[i] = transport->sockets[transport->socket_count - 1].identifier;
    }
    return 0;
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
static int lease_label(struct net_socket *socket, const struct net_carry *carry)
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
static int set_fragmenting(const struct net_transport *transport, struct net_socket *socket,
                           const struct net_carry *carry)
{
    enum sonde_net_pmtu mode = SONDE_NET_PMTU_DONT;
    int value, error;

    if (carry->dont_fragment)
        mode = transport->pmtu == SONDE_NET_PMTU_PROBE || transport->pmtu == SONDE_NET_PMTU_WANT
                   ? transport->pmtu
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
    return a->to.family == b->to.family && a->identifier == b->identifier &&
           a->dont_fragment == b->dont_fragment && a->flow_label == b->flow_label;
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
        .msg_namelen = net_name_write(&out->names[at], &carry->to, 0, transport->device),
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

    socket = error ? NULL : use_socket(transport, batch[0].to.family, first.identifier);
    if (!error && !socket) {
        error = -transport->family_error[v6];
        if (!error)
            error = EINVAL; /* not an identifier of ours */
    }
    if (!error)
        error = v6 ? lease_label(socket, &first) : set_fragmenting(transport, socket, &first);
    if (error) {
        batch[0].error = error;
        batch[0].mtu = 0;
        batch[0].sent = net_now();
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
    static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};
    struct sonde_net_config limited = *config;
    struct net_transport *own;
    const char *failed = NULL;
    int first = 0;
    int error;

    if (limited.identifier_count > SOCKETS_MAX)
        limited.identifier_count = SOCKETS_MAX;
    error =
        net_transport_create(&own, &limited, 2 * (size_t)net_identifier_count(&limited), operation);
    if (error)
        return error;
    own->datagram = true;
    for (int i = 0; i < 2; i++) {
        own->family_error[i] = -EAFNOSUPPORT;
        if (config->family != SONDE_FAMILY_NONE && config->family != families[i])
            continue;
        own->family_error[i] =
            open_family(own, families[i], &limited, own->socket_count == 0, operation);
        if (own->family_error[i] && !first) {
            first = own->family_error[i];
            failed = *operation;
        }
    }
    if (!own->socket_count) {
        error = first;
        *operation = failed;
    } else {
        error = net_transport_finish(own, &operations, "dgram", transport, operation);
    }
    if (error)
        net_transport_destroy(own);
    return error;
}
