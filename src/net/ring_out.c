/*
 * Sending of the ring transport.
 *
 * It is sendmmsg on packet sockets and no PACKET_TX_RING: a ring's packets are page fragments,
 * which virtual devices copy and network cards map one by one, so that it is not faster for packets
 * as short as ours; and a message each has its own error and its own stamp. Nor does it bypass the
 * queueing discipline: captures on this machine, send stamps and back pressure (EAGAIN, when the
 * socket's buffer is full of what waits there) depend on it.
 *
 * Nearly all of the time goes into the kernel's way to the device, and with a virtual one into that
 * of whoever is behind it, up to the answer. That is what several threads share: each takes
 * messages of the same batch and sends them through a socket of its own.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "net/ring.h"

#define SHARED_LEAST 16 /* less than this is sent before anybody is awake */

/* Stamps of several sockets would have to be told apart: whoever asks for them has one. */
unsigned net_ring_out_sockets(const struct sonde_net_config *config)
{
    if (config->stamps != SONDE_NET_STAMPS_USER || config->senders < 2)
        return 1;
    return config->senders < NET_CREW_MEMBERS ? config->senders : NET_CREW_MEMBERS;
}

/* With protocol 0, it hears nothing. */
static int open_one(struct net_transport *transport, const struct sonde_net_config *config,
                    const char **operation)
{
    struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_ifindex = (int)transport->device};
    struct net_socket *out;
    int error;
    int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    *operation = "open a packet socket (needs CAP_NET_RAW)";
    if (fd < 0)
        return -errno;
    out = net_transport_take(transport, fd, SONDE_FAMILY_NONE);
    *operation = "bind a packet socket to the device";
    error = bind(fd, (struct sockaddr *)&name, sizeof name) < 0 ? -errno : 0;
    if (!error && config->mark_set) {
        *operation = "set the firewall mark (needs CAP_NET_ADMIN)";
        error = net_set(fd, SOL_SOCKET, SO_MARK, (int)config->mark);
    }
    if (!error) {
        *operation = "set the size of the socket buffers";
        error = net_options_buffers(fd, config);
    }
    if (error)
        return error;
    net_transport_stamp(transport, out, config);
    net_stamps_save_ids(&out->stamps);
    out->used = true;
    return 0;
}

/* Messages [from, to) of the outbox, and what became of each. */
static void send_part(void *self, unsigned member, uint32_t from, uint32_t to)
{
    struct net_transport *transport = self;
    struct net_ring *ring = transport->ring;

    while (from < to) {
        int sent =
            sendmmsg(ring->out[member].fd, &transport->out.messages[from], to - from, MSG_DONTWAIT);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            ring->errors[from++] = errno;
        for (; sent > 0; sent--)
            ring->errors[from++] = 0;
    }
}

static int start(struct net_transport *transport)
{
    net_crew_start(&transport->ring->crew, transport->ring->senders);
    return 0;
}

int net_ring_out_open(struct net_transport *transport, const struct sonde_net_config *config,
                      const char **operation)
{
    struct net_ring *ring = transport->ring;
    int error = 0;

    ring->out = &transport->sockets[transport->socket_count];
    while (!error && ring->senders < net_ring_out_sockets(config)) {
        error = open_one(transport, config, operation);
        ring->senders += !error;
    }
    if (ring->senders > 1)
        transport->start = start;
    return error;
}

void net_ring_out_pack(struct net_transport *transport, const struct sonde_datagram *datagram,
                       const uint8_t *link, size_t at)
{
    const struct net_stamps *stamps = &transport->ring->out->stamps;
    struct net_outbox *out = &transport->out;
    bool v6 = datagram->to.family == SONDE_IPV6;

    out->vectors[at] = (struct iovec){datagram->bytes, datagram->length};
    out->names[at].link = (struct sockaddr_ll){
        .sll_family = AF_PACKET,
        .sll_protocol = htons(v6 ? ETH_P_IPV6 : ETH_P_IP),
        .sll_ifindex = (int)transport->device,
        .sll_halen = NET_NEIGHBOURS_LINK,
    };
    memcpy(out->names[at].link.sll_addr, link, NET_NEIGHBOURS_LINK);
    out->messages[at].msg_hdr = (struct msghdr){
        .msg_name = &out->names[at],
        .msg_namelen = sizeof out->names[at].link,
        .msg_iov = &out->vectors[at],
        .msg_iovlen = 1,
    };
    net_stamps_write_id(&out->controls[at].align, net_stamps_id(stamps, (uint32_t)at));
    if (net_stamps_carries_id(stamps))
        net_outbox_carry_id(out, at);
}

void net_ring_out_push(struct net_transport *transport, struct sonde_datagram *batch, size_t count)
{
    struct net_ring *ring = transport->ring;

    if (!net_crew_is_several(&ring->crew) || count < SHARED_LEAST) {
        net_transport_push(transport, ring->out, batch, count, false);
        return;
    }
    struct sonde_mono now = net_now();
    net_crew_do(&ring->crew, send_part, transport, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        batch[i].sent = now;
        net_transport_book(transport, ring->out, &batch[i], ring->errors[i]);
    }
}
