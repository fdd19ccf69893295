/* What became of connections: SYN/ACK, RST, or an ICMP error out of the error queue. */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "net/connect_inside.h"
#include "packet/protocol.h"

#define EVENTS_EACH 2u /* of a connection: a stamp and an answer */
#define NAMING      8u /* bytes of a TCP header: ports and sequence number */

enum { SYN_SENT = 2 }; /* of the states of a TCP socket: include/net/tcp_states.h */

static void tell_answer(struct net_connection *connection, uint16_t flags,
                        struct sonde_event *event)
{
    struct packet_writer writer = packet_writer_over(connection->told, sizeof connection->told);
    struct packet_tcp tcp = {
        .source_port = connection->port,
        .destination_port = connection->source_port,
        .acknowledgment = connection->sequence + 1,
        .flags = (uint16_t)(flags | PACKET_TCP_ACK),
    };

    packet_tcp_write(&writer, &tcp, &connection->to, &connection->from);
    event->kind = SONDE_EVENT_DATAGRAM;
    event->layer = SONDE_LAYER_TCP;
    event->bytes = (struct sonde_bytes){connection->told, sizeof connection->told};
    event->from = connection->to;
    event->to = connection->from;
}

/* What names the probe of the segment that the engine built, which stands for the kernel's. */
static void tell_segment(const struct net_connection *connection, uint8_t *bytes,
                         struct sonde_event *event)
{
    struct packet_writer writer = packet_writer_over(bytes, NAMING);

    packet_write_u16(&writer, connection->source_port);
    packet_write_u16(&writer, connection->port);
    packet_write_u32(&writer, connection->sequence);
    event->bytes.data = bytes;
    if (event->bytes.length < NAMING)
        event->bytes.length = NAMING;
    event->kind = SONDE_EVENT_ERROR;
    event->layer = SONDE_LAYER_TCP;
    event->to = connection->to;
    event->protocol = PACKET_TCP;
    event->identifier = connection->source_port;
}

/*
 * The kernel has taken the time from SYN to SYN/ACK, in microseconds, as its first round trip. It
 * is told as a pair of kernel stamps. Returns how many events were made.
 */
static size_t tell_connected(const struct net_transport *transport,
                             struct net_connection *connection, const struct tcp_info *info,
                             struct sonde_event *events)
{
    struct sonde_event event = {.hop_limit = -1, .traffic_class = -1, .read = net_now()};
    size_t told = 0;

    event.stamp = (struct sonde_stamp){event.read, SONDE_STAMP_USER};
    if (transport->stamps != SONDE_NET_STAMPS_USER && info->tcpi_rtt) {
        events[told] = event;
        events[told].kind = SONDE_EVENT_SENT_STAMP;
        events[told].token = connection->token;
        events[told++].stamp = (struct sonde_stamp){connection->sent, SONDE_STAMP_KERNEL};
        event.stamp.source = SONDE_STAMP_KERNEL;
        event.stamp.at = sonde_mono_add(
            connection->sent, (struct sonde_span){(int64_t)info->tcpi_rtt * SONDE_NS_PER_US});
    }
    tell_answer(connection, PACKET_TCP_SYN, &event);
    events[told++] = event;
    return told;
}

/* A RST, or what stood in the way of this host itself. */
static size_t tell_refused(struct net_connection *connection, int error, struct sonde_event *event)
{
    *event = (struct sonde_event){.hop_limit = -1, .traffic_class = -1, .read = net_now()};
    event->stamp = (struct sonde_stamp){event->read, SONDE_STAMP_USER};
    if (error == ETIMEDOUT)
        return 0; /* silence */
    if (error == ECONNREFUSED) {
        tell_answer(connection, PACKET_TCP_RST, event);
    } else {
        tell_segment(connection, connection->told, event);
        event->error = error;
    }
    return 1;
}

/* Reads the error queue into a slot. True when there was an ICMP error about the SYN. */
static bool take_error(struct net_transport *transport, size_t index, size_t slot,
                       struct sonde_event *event)
{
    const struct net_connection *connection = &transport->connect->connections[index];
    const struct net_socket *socket = &transport->sockets[index];

    while (net_inbox_read(&transport->errors, socket->fd, slot, 1, MSG_ERRQUEUE) > 0) {
        bool good = net_transport_error(transport, socket, slot, event);

        net_inbox_ready(&transport->errors, slot, slot + 1);
        if (!good)
            continue;
        tell_segment(connection, transport->errors.slots[slot].bytes, event);
        return true;
    }
    return false;
}

/* Tells what became of one connection that the kernel reports. Returns how many events. */
static size_t tell(struct net_transport *transport, size_t index, size_t slot,
                   struct sonde_event *events)
{
    struct net_connection *connection = &transport->connect->connections[index];
    int fd = transport->sockets[index].fd;
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    socklen_t error_length = sizeof connection->error;
    size_t told = 0;

    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
    if (!connection->error)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &connection->error, &error_length);
    if (info.tcpi_total_retrans == 0 && take_error(transport, index, slot, events)) {
        told = 1;
    } else if (info.tcpi_state == SYN_SENT && !connection->error) {
        net_connect_arm(transport->connect, index, fd);
        return 0; /* not yet */
    } else if (info.tcpi_total_retrans) {
        told = 0; /* it is not known which SYN was answered */
    } else if (!connection->error || connection->error == ECONNRESET ||
               connection->error == EPIPE) { /* whatever came then, there was a SYN/ACK */
        told = tell_connected(transport, connection, &info, events);
    } else {
        told = tell_refused(connection, connection->error, events);
    }
    net_connect_end(transport, index);
    return told;
}

int net_connect_receive(void *self, struct sonde_event *events, size_t capacity)
{
    struct net_transport *transport = self;
    struct epoll_event ready[NET_INBOX_SLOTS];
    size_t told = 0;
    size_t room;
    int count, signal;

    while (told < capacity && (signal = net_poller_signal(&transport->poller)))
        events[told++] = (struct sonde_event){.kind = SONDE_EVENT_SIGNAL, .signal = signal};
    room = (capacity - told) / EVENTS_EACH;
    if (!room)
        return (int)told;
    if (room > NET_INBOX_SLOTS)
        room = NET_INBOX_SLOTS;
    count = epoll_wait(transport->connect->epoll, ready, (int)room, 0);
    net_clock_check(&transport->clock);
    for (int i = 0; i < count; i++) {
        size_t index = ready[i].data.u32;

        if (transport->connect->connections[index].under_way)
            told += tell(transport, index, (size_t)i, &events[told]);
    }
    if (count < (int)room) /* all that is known has been told */
        net_connect_expire(transport);
    return (int)told;
}
