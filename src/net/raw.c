/*
 * The raw transport: every byte from the IP header on is ours.
 *
 * Two sockets a family. The one that hears is a raw ICMP socket with our filter; each protocol that
 * is probed with besides has one more of these. The one that sends
 * (IPPROTO_RAW) hears nothing: its queue is for send stamps alone, ICMP errors do not reach it, and
 * so it may ask for IP_RECVERR, without which the kernel hides ENOBUFS (net/ipv4/raw.c).
 */
#define _GNU_SOURCE

#include <errno.h>
#include <netinet/icmp6.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/random.h"
#include "net/filter.h"
#include "net/shared.h"

#define RAW_SOCKETS 10u               /* five a family: one sends, each of four protocols hears */
#define SOURCE_LIFE sonde_span_ms(10) /* how long an address is thought to stay */

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36 /* linux/in6.h */
#endif

struct net_identifiers net_raw_identifiers(struct net_transport *transport,
                                           const struct sonde_net_config *config)
{
    struct net_identifiers chosen = {.count = net_identifier_count(config)};

    if (config->fixed_identifier >= 0)
        chosen.base = (uint16_t)config->fixed_identifier;
    else if (base_random_secret(&chosen.base, sizeof chosen.base))
        chosen.base = (uint16_t)(net_now().ns >> 10); /* a number like any other */
    chosen.base = (uint16_t)(chosen.base & ~(chosen.count - 1));
    for (uint32_t i = 0; i < transport->identifier_count; i++)
        transport->identifiers[i] = (uint16_t)(chosen.base + i);
    return chosen;
}

/* With `protocols` the identifiers are ports. */
static int take_identifiers(struct net_transport *transport, const struct sonde_net_config *config,
                            struct net_identifiers *ours, const char **operation)
{
    int error;

    if (!config->protocols) {
        *ours = net_raw_identifiers(transport, config);
        return 0;
    }
    error = net_ports_hold(&transport->ports, config, transport->identifier_count, ours, operation);
    for (uint32_t i = 0; !error && i < transport->identifier_count; i++)
        transport->identifiers[i] = (uint16_t)(ours->base + i);
    return error;
}

/* What a hearing socket is for. */
struct hearing {
    int number[2]; /* the protocol's, in IPv4 and IPv6 */
    enum sonde_layer layer;
    enum sonde_net_protocol protocol; /* 0: ICMP */
};

static const struct hearing hearings[] = {
    {{IPPROTO_ICMP, IPPROTO_ICMPV6}, SONDE_LAYER_ICMP, 0},
    {{IPPROTO_UDP, IPPROTO_UDP}, SONDE_LAYER_UDP, SONDE_NET_UDP},
    {{IPPROTO_TCP, IPPROTO_TCP}, SONDE_LAYER_TCP, SONDE_NET_TCP},
    {{IPPROTO_SCTP, IPPROTO_SCTP}, SONDE_LAYER_SCTP, SONDE_NET_SCTP},
};

static int open_hearing(struct net_transport *transport, enum sonde_family family,
                        const struct hearing *kind, const struct sonde_net_config *config,
                        struct net_identifiers ours, const char **operation)
{
    bool v6 = family == SONDE_IPV6;
    struct net_socket *hearing;
    int error;
    int fd = net_socket(family, SOCK_RAW, kind->number[v6]);

    *operation = v6 ? "open a raw IPv6 socket (needs CAP_NET_RAW)"
                    : "open a raw IPv4 socket (needs CAP_NET_RAW)";
    if (fd < 0)
        return fd;
    if (transport->stamps != SONDE_NET_STAMPS_USER)
        net_stamps_receive(fd, transport->stamps);
    hearing = net_transport_add(transport, fd, family, config, false, &error, operation);
    if (!hearing)
        return error;
    hearing->hears = true;
    hearing->protocol = kind->protocol ? (uint8_t)kind->number[v6] : 0;
    hearing->layer = (uint8_t)(v6 ? kind->layer : SONDE_LAYER_IP);
    /* The kernel would drop ICMPv6 with a wrong checksum, and count it as our own queue's drop
     * (net/ipv6/raw.c). At this level the option may be changed for ICMPv6, too. Checksums of other
     * protocols it leaves alone unless it is asked to look. */
    if (v6)
        net_set(fd, SOL_RAW, IPV6_CHECKSUM, -1);
    *operation = "set the socket filter";
    error = kind->protocol
                ? net_filter_install_answers(fd, family, kind->protocol, ours)
                : net_filter_install(fd, family, ours,
                                     config->protocols |
                                         (config->translated ? NET_FILTER_TRANSLATED : 0));
    if (!error)
        error = net_options_bind(fd, family, config, transport->device, 0, operation);
    if (!error) {
        *operation = "ask for control messages";
        error = net_options_hear(fd, family, false);
    }
    if (error)
        net_transport_drop_last(transport);
    return error;
}

int net_raw_open_sending(struct net_transport *transport, enum sonde_family family,
                         const struct sonde_net_config *config, const char **operation)
{
    bool v6 = family == SONDE_IPV6;
    int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int error;
    int fd = net_socket(family, SOCK_RAW, IPPROTO_RAW);

    *operation = "open a raw socket to send with";
    if (fd < 0)
        return fd;
    if (!net_transport_add(transport, fd, family, config, true, &error, operation))
        return error;
    error = net_options_bind(fd, family, config, transport->device, 0, operation);
    if (!error) {
        *operation = "ask for send errors";
        error = net_set(fd, level, v6 ? IPV6_RECVERR : IP_RECVERR, 1);
    }
    /* IPPROTO_RAW implies it already. */
    net_set(fd, level, v6 ? IPV6_HDRINCL : IP_HDRINCL, 1);
    if (error)
        net_transport_drop_last(transport);
    return error;
}

static int open_family(struct net_transport *transport, enum sonde_family family,
                       const struct sonde_net_config *config, struct net_identifiers ours,
                       const char **operation)
{
    size_t before = transport->socket_count;
    int error = 0;

    for (size_t i = 0; !error && i < sizeof hearings / sizeof *hearings; i++)
        if (!hearings[i].protocol || config->protocols & hearings[i].protocol)
            error = open_hearing(transport, family, &hearings[i], config, ours, operation);
    if (!error)
        error = net_raw_open_sending(transport, family, config, operation);
    while (error && transport->socket_count > before)
        net_transport_drop_last(transport);
    return error;
}

/* Fills place `at` of the outbox. */
static void pack(struct net_transport *transport, const struct net_socket *socket,
                 const struct sonde_datagram *datagram, size_t at)
{
    struct net_outbox *out = &transport->out;
    struct msghdr *message = &out->messages[at].msg_hdr;

    out->vectors[at] = (struct iovec){datagram->bytes, datagram->length};
    *message = (struct msghdr){
        .msg_name = &out->names[at],
        .msg_namelen = net_name_write(&out->names[at], &datagram->to, 0, transport->device),
        .msg_iov = &out->vectors[at],
        .msg_iovlen = 1,
    };
    net_stamps_write_id(&out->controls[at].align, net_stamps_id(&socket->stamps, (uint32_t)at));
    if (net_stamps_carries_id(&socket->stamps))
        net_outbox_carry_id(out, at);
}

static struct net_socket *use_family(struct net_transport *transport, enum sonde_family family)
{
    struct net_socket *sending = NULL;

    for (size_t i = 0; i < transport->socket_count; i++) {
        struct net_socket *socket = &transport->sockets[i];

        if (socket->family != family)
            continue;
        socket->used = true;
        if (!socket->hears)
            sending = socket;
    }
    return sending;
}

/*
 * With the header ours, the kernel lets any source pass. One that is no longer ours gets no answer
 * back to us: what has it is not sent, lest our fault look like the network's.
 */
bool net_raw_source_is_gone(struct net_transport *transport, const struct sonde_datagram *datagram,
                            struct sonde_mono now)
{
    static const uint8_t unset[4] = {0};
    bool v6 = datagram->to.family == SONDE_IPV6;
    struct net_source *source = &transport->source[v6];
    const uint8_t *bytes = (const uint8_t *)datagram->bytes + (v6 ? 8 : 12);
    size_t length = v6 ? 16 : 4;

    if (datagram->length < (v6 ? 40u : 20u) || (!v6 && memcmp(bytes, unset, sizeof unset) == 0))
        return false; /* the kernel writes it */
    if (source->address.family == SONDE_FAMILY_NONE ||
        memcmp(source->address.bytes, bytes, length) != 0)
        *source =
            (struct net_source){.address = sonde_address_from_bytes(datagram->to.family, bytes)};
    else if (sonde_mono_before(now, source->until))
        return source->gone;
    bool ours =
        net_routes_accept_source(&transport->routes, &source->address,
                                 datagram->to.scope ? datagram->to.scope : transport->device);
    source->was_ours |= ours;
    source->gone = source->was_ours && !ours;
    source->until = sonde_mono_add(now, SOURCE_LIFE);
    return source->gone;
}

void net_raw_send(void *self, struct sonde_datagram *batch, size_t count)
{
    struct net_transport *transport = self;
    size_t most = net_transport_batch(transport);
    struct sonde_mono now = net_now();
    size_t run;

    for (size_t done = 0; done < count; done += run) {
        uint8_t family = batch[done].to.family;
        struct net_socket *socket = use_family(transport, family);

        run = 1;
        if (!socket) {
            int error = transport->family_error[family == SONDE_IPV6];
            net_transport_refuse(&batch[done], error ? -error : EAFNOSUPPORT);
            continue;
        }
        if (net_raw_source_is_gone(transport, &batch[done], now)) {
            net_transport_refuse(&batch[done], EADDRNOTAVAIL);
            continue;
        }
        for (run = 0; run < most && done + run < count && batch[done + run].to.family == family &&
                      !net_raw_source_is_gone(transport, &batch[done + run], now);
             run++)
            pack(transport, socket, &batch[done + run], run);
        net_transport_push(transport, socket, &batch[done], run, false);
    }
}

/* With one processor it would only be in the way; and a time of ours must be taken at once. */
static int start_receiver(struct net_transport *transport)
{
    struct net_receiver *receiver;
    int error;

    if (transport->stamps == SONDE_NET_STAMPS_USER || net_thread_processors() < 2)
        return 0;
    _Static_assert(RAW_SOCKETS <= NET_RECEIVER_SOCKETS, "the receiver has room for all sockets");
    receiver = aligned_alloc(_Alignof(struct net_receiver), sizeof *receiver);
    if (!receiver)
        return -ENOMEM;
    *receiver = (struct net_receiver){.socket_count = transport->socket_count,
                                      .data = &transport->data,
                                      .errors = &transport->errors,
                                      .poller = &transport->poller};
    for (size_t i = 0; i < transport->socket_count; i++) {
        const struct net_socket *socket = &transport->sockets[i];

        receiver->sockets[i] =
            (struct net_receiver_socket){.fd = socket->fd,
                                         .hears = socket->hears,
                                         .stamps = socket->stamps.on,
                                         .wanted = net_stamps_wanted(&socket->stamps)};
    }
    error = net_poller_hand_over(&transport->poller);
    if (!error)
        error = net_receiver_start(receiver);
    if (!error)
        transport->receiver = receiver;
    else
        free(receiver);
    return error;
}

static const struct sonde_transport_ops operations = {
    .now = net_transport_now,
    .wall = net_transport_wall,
    .wait = net_transport_wait,
    .send = net_raw_send,
    .receive = net_transport_receive,
    .route = net_transport_route,
    .counters = net_transport_counters,
    .close = net_transport_close,
};

/* One family is enough; when there is none the first one's error is told. */
static int open_families(struct net_transport *transport, const struct sonde_net_config *config,
                         struct net_identifiers ours, const char **operation)
{
    static const enum sonde_family families[2] = {SONDE_IPV4, SONDE_IPV6};
    const char *failed = NULL;
    int first = 0;

    for (int i = 0; i < 2; i++) {
        transport->family_error[i] = -EAFNOSUPPORT;
        if (config->family != SONDE_FAMILY_NONE && config->family != families[i])
            continue;
        transport->family_error[i] = open_family(transport, families[i], config, ours, operation);
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

int sonde_net_open_raw(const struct sonde_net_config *config, struct sonde_transport *transport,
                       const char **operation)
{
    struct net_identifiers ours = {0};
    struct net_transport *own = NULL;
    int error = net_transport_create(&own, config, RAW_SOCKETS, operation);

    if (error)
        return error;
    own->start = config->receiver ? start_receiver : NULL;
    error = take_identifiers(own, config, &ours, operation);
    if (!error)
        error = open_families(own, config, ours, operation);
    if (!error)
        error = net_transport_finish(own, &operations, "raw", transport, operation);
    if (error)
        net_transport_destroy(own);
    return error;
}
