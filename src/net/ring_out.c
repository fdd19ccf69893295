/*
 * Sending of the ring transport.
 *
 * It is sendmmsg on a packet socket and no PACKET_TX_RING: a ring's packets are page fragments,
 * which virtual devices copy and network cards map one by one, so that it is not faster for packets
 * as short as ours; and a message each has its own error and its own stamp. Nor does it bypass the
 * queueing discipline: captures on this machine, send stamps and back pressure (EAGAIN, when the
 * socket's buffer is full of what waits there) depend on it.
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

#include "net/ring.h"

/* With protocol 0, it hears nothing. */
int net_ring_out_open(struct net_transport *transport, const struct sonde_net_config *config,
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
    out->used = true;
    transport->ring->out = out;
    return 0;
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
