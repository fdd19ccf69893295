/* Receiving: data first, then the error queues; told in the other order. */
#define _GNU_SOURCE

#include <errno.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "net/complete.h"
#include "net/shared.h"
#include "net/udp.h"
#include "packet/extension.h"
#include "packet/ipv4.h"
#include "packet/ipv6.h"
#include "packet/protocol.h"
#include "packet/udp.h"

static int read_socket(struct net_transport *transport, size_t index)
{
    struct net_socket *socket = &transport->sockets[index];
    size_t first = transport->data_count;
    int got = net_inbox_read_data(&transport->data, socket->fd, first, NET_INBOX_SLOTS - first,
                                  &socket->noisy);

    if (got < 0)
        return got;
    for (int i = 0; i < got; i++)
        transport->data_socket[first + (size_t)i] = (uint16_t)index;
    transport->data_count += (size_t)got;
    return 0;
}

/* A new turn: everything read before has been told. */
static int read_data(struct net_transport *transport)
{
    net_inbox_ready(&transport->data, 0, transport->data_count);
    transport->data_count = 0;
    transport->data_next = 0;
    transport->error_socket = 0;
    for (size_t i = 0; i < transport->socket_count; i++) {
        struct net_socket *socket = &transport->sockets[i];
        int error;

        if (socket->stamps.on)
            net_stamps_turn(&socket->stamps, transport->read);
        if (!socket->hears || !socket->used || transport->data_count == NET_INBOX_SLOTS)
            continue;
        error = read_socket(transport, i);
        if (error)
            return error;
    }
    transport->read = net_now();
    net_clock_check(&transport->clock);
    return 0;
}

/*
 * Where extensions begin within the bytes, as struct sock_ee_data_rfc4884 of linux/errqueue.h
 * tells; 0: it does not, or they are not sound.
 */
static size_t told_offset(const struct sock_extended_err *cause)
{
    struct {
        uint16_t offset;
        uint8_t flags;
        uint8_t reserved;
    } told;

    _Static_assert(sizeof told == sizeof cause->ee_data, "a union in the kernel's header");
    memcpy(&told, &cause->ee_data, sizeof told);
    return told.flags ? 0 : told.offset;
}

/* Where they begin that follow 128 bytes of quote and no length field tells of (RFC 4884 section
 * 5), or a kernel before 5.9 does not; 0: there are none. */
static size_t usual_offset(const struct net_transport *transport, const struct sonde_event *event)
{
    enum sonde_family family = (enum sonde_family)event->to.family;
    size_t header = family == SONDE_IPV6 ? PACKET_IPV6_HEADER : PACKET_IPV4_HEADER;
    size_t offset = PACKET_EXTENSION_QUOTE - header;
    struct sonde_bytes rest;
    bool unproven;

    if (transport->protocol == PACKET_UDP)
        offset -= PACKET_UDP_HEADER;
    if (!packet_extension_unit(family, event->icmp_type) || event->bytes.length <= offset)
        return 0;
    rest = (struct sonde_bytes){event->bytes.data + offset, event->bytes.length - offset};
    return packet_extension_verify(rest, &unproven) || unproven ? 0 : offset;
}

static void split_extensions(const struct net_transport *transport,
                             const struct sock_extended_err *cause, struct sonde_event *event)
{
    size_t offset = told_offset(cause);

    if (!offset)
        offset = usual_offset(transport, event);
    if (!offset || offset >= event->bytes.length)
        return;
    event->extensions =
        (struct sonde_bytes){event->bytes.data + offset, event->bytes.length - offset};
    event->bytes.length = offset;
}

/* An ICMP error that a datagram socket was told about. False when there is nothing to tell. */
static bool error_event(struct net_transport *transport, const struct net_socket *socket,
                        size_t slot, const struct net_inbox_facts *facts,
                        const struct sock_extended_err *cause, struct sonde_event *event)
{
    union net_name offender = {0};
    size_t length = facts->error->cmsg_len - CMSG_LEN(sizeof *cause);

    if (cause->ee_origin != SO_EE_ORIGIN_ICMP && cause->ee_origin != SO_EE_ORIGIN_ICMP6)
        return false; /* a local one: the refused call has said so */
    memcpy(&offender, CMSG_DATA(facts->error) + sizeof *cause,
           length < sizeof offender ? length : sizeof offender);
    *event = (struct sonde_event){
        .kind = SONDE_EVENT_ERROR,
        .stamp = {net_now(), SONDE_STAMP_USER},
        .layer = SONDE_LAYER_ICMP,
        .bytes = net_inbox_bytes(&transport->errors, slot),
        .from = net_name_read(&offender),
        .to = net_name_read(&transport->errors.slots[slot].name),
        .hop_limit = facts->hop_limit,
        .traffic_class = facts->traffic_class,
        .identifier = socket->identifier,
        .error = (int)cause->ee_errno,
        .icmp_type = cause->ee_type,
        .icmp_code = cause->ee_code,
        .info = cause->ee_info,
    };
    event->read = event->stamp.at;
    split_extensions(transport, cause, event);
    if (transport->protocol == IPPROTO_UDP)
        net_udp_quote(&transport->errors.slots[slot], socket->identifier, event);
    if (facts->stamped && facts->times.software &&
        net_clock_translate(&transport->clock, facts->times.software,
                            (struct sonde_mono){INT64_MIN}, event->read, &event->stamp.at))
        event->stamp.source = SONDE_STAMP_KERNEL;
    return true;
}

bool net_transport_error(struct net_transport *transport, const struct net_socket *socket,
                         size_t slot, struct sonde_event *event)
{
    struct net_inbox_facts facts;
    struct sock_extended_err cause;

    net_inbox_facts(&transport->errors, slot, &facts);
    if (!facts.error || facts.error->cmsg_len < CMSG_LEN(sizeof cause))
        return false;
    memcpy(&cause, CMSG_DATA(facts.error), sizeof cause);
    return error_event(transport, socket, slot, &facts, &cause, event);
}

/* What one message of an error queue tells. `slot` must stay as it is when *kept becomes true. */
static bool judge_message(struct net_transport *transport, struct net_socket *socket, size_t slot,
                          struct sonde_event *event, bool *kept)
{
    struct net_inbox_facts facts;
    struct sock_extended_err cause;

    *kept = false;
    net_inbox_facts(&transport->errors, slot, &facts);
    if (!facts.error || facts.error->cmsg_len < CMSG_LEN(sizeof cause))
        return false;
    memcpy(&cause, CMSG_DATA(facts.error), sizeof cause);
    if (cause.ee_origin != SO_EE_ORIGIN_TIMESTAMPING) {
        *kept = error_event(transport, socket, slot, &facts, &cause, event);
        return *kept;
    }
    if (!facts.stamped || cause.ee_info != net_stamps_wanted(&socket->stamps))
        return false;
    *event = (struct sonde_event){
        .kind = SONDE_EVENT_SENT_STAMP, .hop_limit = -1, .traffic_class = -1, .read = net_now()};
    return net_stamps_match(&socket->stamps, &transport->clock, cause.ee_data, &facts.times,
                            event->read, &event->token, &event->stamp);
}

/* Reads the error queues one after the other. Returns how many events were made. */
static size_t tell_errors(struct net_transport *transport, struct sonde_event *events,
                          size_t capacity)
{
    size_t told = 0;
    size_t kept = 0; /* slots whose bytes are told: not to be read into until the next call */

    while (transport->error_socket < transport->socket_count) {
        struct net_socket *socket = &transport->sockets[transport->error_socket];
        size_t room = NET_INBOX_SLOTS - kept;
        size_t wanted = capacity - told < room ? capacity - told : room;
        size_t first, end;
        int got;

        if (!socket->used || (!socket->noisy && !net_stamps_expected(&socket->stamps))) {
            transport->error_socket++;
            continue;
        }
        if (!wanted)
            break;
        got = net_inbox_read(&transport->errors, socket->fd, kept, wanted, MSG_ERRQUEUE);
        if (got > 0)
            net_clock_check(&transport->clock);
        first = kept;
        end = first + (size_t)(got > 0 ? got : 0);
        for (size_t slot = first; slot < end; slot++) {
            bool keep;

            if (judge_message(transport, socket, slot, &events[told], &keep))
                told++;
            if (keep)
                net_inbox_swap(&transport->errors, slot, kept++);
        }
        net_inbox_ready(&transport->errors, first, end);
        if (got < (int)wanted) {
            socket->noisy = transport->datagram;
            transport->error_socket++;
        }
    }
    return told;
}

static void count_drops(struct net_transport *transport, struct net_socket *socket, uint32_t drops)
{
    transport->counters.receive_drops += drops - socket->drops; /* both wrap at 32 bits */
    socket->drops = drops;
}

/* `read`: when it was. */
static struct sonde_stamp received_at(struct net_transport *transport,
                                      const struct net_stamps_times *times, struct sonde_mono read)
{
    struct sonde_stamp stamp = {read, SONDE_STAMP_USER};

    if (transport->stamps == SONDE_NET_STAMPS_USER)
        return stamp;
    if (transport->stamps == SONDE_NET_STAMPS_HARDWARE && times->hardware)
        return (struct sonde_stamp){{times->hardware}, SONDE_STAMP_HARDWARE};
    if (times->software && net_clock_translate(&transport->clock, times->software,
                                               (struct sonde_mono){INT64_MIN}, read, &stamp.at))
        stamp.source = SONDE_STAMP_KERNEL;
    else
        transport->counters.stamps_missing++;
    return stamp;
}

/* The bytes are in a buffer of ours. */
static void complete(const struct sonde_event *event, uint8_t protocol)
{
    uint8_t *bytes = (uint8_t *)event->bytes.data;

    if (event->layer == SONDE_LAYER_IP)
        net_complete_v4(bytes, event->bytes.length);
    else if (!event->cut)
        net_complete(bytes, event->bytes.length, protocol, &event->from, &event->to);
}

static void data_event(struct net_transport *transport, const struct net_datagram *datagram,
                       struct sonde_event *event)
{
    const struct net_inbox_facts *facts = &datagram->facts;
    struct net_socket *socket = &transport->sockets[datagram->message.index];
    struct sonde_mono read = datagram->message.read;

    if (facts->overflowed)
        count_drops(transport, socket, facts->drops);
    *event = (struct sonde_event){
        .kind = SONDE_EVENT_DATAGRAM,
        .stamp = received_at(transport, &facts->times, read),
        .read = read,
        .layer = (enum sonde_layer)socket->layer,
        .bytes = datagram->bytes,
        .cut = datagram->cut,
        .from = datagram->from,
        .to = facts->to,
        .hop_limit = facts->hop_limit,
        .traffic_class = facts->traffic_class,
        .identifier = socket->identifier,
    };
    if (event->layer == SONDE_LAYER_IP && event->bytes.length >= 20)
        event->to = sonde_address_from_bytes(SONDE_IPV4, event->bytes.data + 16);
    if (socket->protocol)
        complete(event, socket->protocol);
}

static void slot_event(struct net_transport *transport, size_t slot, struct sonde_event *event)
{
    struct net_datagram datagram = {
        .message = {.index = transport->data_socket[slot], .read = transport->read}};

    net_datagram_look(&datagram, &transport->data, slot);
    data_event(transport, &datagram, event);
    if (transport->protocol) /* no raw transport: it has no receiver */
        net_udp_datagram(&transport->data.slots[slot], event->identifier, event);
}

static bool stamp_event(struct net_transport *transport, const struct net_message *message,
                        struct sonde_event *event)
{
    *event = (struct sonde_event){.kind = SONDE_EVENT_SENT_STAMP,
                                  .hop_limit = -1,
                                  .traffic_class = -1,
                                  .read = message->read};
    return net_stamps_match(&transport->sockets[message->index].stamps, &transport->clock,
                            message->id, &message->times, message->read, &event->token,
                            &event->stamp);
}

/* What the receiver has read. Returns how many events were made. */
static size_t take_messages(struct net_transport *transport, struct sonde_event *events,
                            size_t capacity)
{
    struct net_message *message;
    size_t told = 0;

    net_receiver_release(transport->receiver);
    transport->read = net_now();
    net_clock_check(&transport->clock);
    while (told < capacity && (message = net_receiver_take(transport->receiver))) {
        if (!message->is_stamp)
            data_event(transport, (const struct net_datagram *)message, &events[told++]);
        else if (stamp_event(transport, message, &events[told]))
            told++;
    }
    if (told < capacity) /* all that was read has been told: what is missing, is */
        for (size_t i = 0; i < transport->socket_count; i++)
            if (transport->sockets[i].stamps.on)
                net_stamps_turn(&transport->sockets[i].stamps, transport->read);
    return told;
}

int net_transport_receive(void *self, struct sonde_event *events, size_t capacity)
{
    struct net_transport *transport = self;
    size_t told = 0;
    int signal;

    while (told < capacity && (signal = net_poller_signal(&transport->poller)))
        events[told++] = (struct sonde_event){.kind = SONDE_EVENT_SIGNAL, .signal = signal};
    if (transport->receiver) {
        told += take_messages(transport, events + told, capacity - told);
        return told ? (int)told : net_receiver_error(transport->receiver);
    }
    if (transport->data_next == transport->data_count &&
        transport->error_socket == transport->socket_count) {
        int error = read_data(transport);
        if (error)
            return error;
    }
    told += tell_errors(transport, events + told, capacity - told);
    if (transport->error_socket < transport->socket_count)
        return (int)told;
    while (told < capacity && transport->data_next < transport->data_count)
        slot_event(transport, transport->data_next++, &events[told++]);
    return (int)told;
}
