/*
 * Sending of a packed batch: by one thread, or shared among several.
 *
 * Nearly all of the time goes into the kernel's way to the device, and with a virtual one into that
 * of whoever is behind it, up to the answer. That is what several threads share. They send through
 * one socket, which the kernel does not lock for that; each message carries the id of its stamp, as
 * nobody can know in which order the kernel would count.
 */
#define _GNU_SOURCE

#include <errno.h>

#include "net/shared.h"

#define SHARED_LEAST 16 /* less than this is sent before anybody else is awake */

unsigned net_transport_senders(const struct net_transport *transport,
                               const struct sonde_net_config *config)
{
    if (transport->stamps != SONDE_NET_STAMPS_USER && !transport->own_ids)
        return 1;
    return config->senders < 1                  ? 1
           : config->senders < NET_CREW_MEMBERS ? config->senders
                                                : NET_CREW_MEMBERS;
}

void net_transport_book(struct net_transport *transport, struct net_socket *socket,
                        struct sonde_datagram *datagram, int error)
{
    datagram->error = error;
    datagram->mtu = 0;
    if (!error) {
        net_stamps_sent(&socket->stamps, datagram->token, datagram->sent);
        return;
    }
    net_stamps_refused(&socket->stamps);
    if (error == EMSGSIZE) {
        struct sonde_route route;

        socket->noisy = true; /* the kernel puts a local error into the queue, too */
        if (net_routes_find(&transport->routes, &datagram->to, &route) == 0)
            datagram->mtu = route.mtu;
    }
}

/* By the calling thread, which sees what became of one message before it sends the next ones. */
static void push_alone(struct net_transport *transport, struct net_socket *socket,
                       struct sonde_datagram *batch, size_t count, bool retry)
{
    bool thrifty = socket->stamps.thrifty;
    size_t done = 0;
    int stale = 0;

    while (done < count) {
        struct sonde_mono now = net_now();
        int sent = sendmmsg(socket->fd, &transport->out.messages[done], (unsigned)(count - done),
                            MSG_DONTWAIT);
        int error = sent < 0 ? errno : 0;

        if (error == EINTR)
            continue;
        for (size_t i = done; i < count; i++)
            batch[i].sent = now;
        if (error && retry && error != EAGAIN && error != ENOBUFS && stale++ < 3) {
            net_stamps_doubt(&socket->stamps);
            continue;
        }
        stale = 0;
        if (error)
            net_transport_book(transport, socket, &batch[done++], error);
        for (int i = 0; i < sent; i++)
            net_transport_book(transport, socket, &batch[done++], 0);
        if (!error &&
            done < count) /* the next one was refused, and will say why when asked again */
            net_stamps_doubt(&socket->stamps);
        for (size_t i = done; i < count && thrifty && !socket->stamps.thrifty; i++)
            net_outbox_carry_id(&transport->out, i);
    }
}

/* Messages [from, to) of the outbox, and what became of each. */
static void send_part(void *self, unsigned member, uint32_t from, uint32_t to)
{
    struct net_transport *transport = self;

    (void)member;
    while (from < to) {
        int sent =
            sendmmsg(transport->out.fd, &transport->out.messages[from], to - from, MSG_DONTWAIT);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            transport->out.errors[from++] = errno;
        for (; sent > 0; sent--)
            transport->out.errors[from++] = 0;
    }
}

static void push_together(struct net_transport *transport, struct net_socket *socket,
                          struct sonde_datagram *batch, size_t count)
{
    struct sonde_mono now = net_now();

    transport->out.fd = socket->fd;
    net_crew_do(&transport->crew, send_part, transport, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        batch[i].sent = now;
        net_transport_book(transport, socket, &batch[i], transport->out.errors[i]);
    }
}

void net_transport_push(struct net_transport *transport, struct net_socket *socket,
                        struct sonde_datagram *batch, size_t count, bool retry)
{
    if (!retry && count >= SHARED_LEAST && net_crew_is_several(&transport->crew))
        push_together(transport, socket, batch, count);
    else
        push_alone(transport, socket, batch, count, retry);
}

void net_outbox_carry_id(struct net_outbox *out, size_t at)
{
    out->messages[at].msg_hdr.msg_control = &out->controls[at];
    out->messages[at].msg_hdr.msg_controllen = NET_STAMPS_CONTROL;
}

void net_transport_refuse(struct sonde_datagram *datagram, int error)
{
    datagram->error = error;
    datagram->mtu = 0;
    datagram->sent = net_now();
}
