#define _GNU_SOURCE

#include "net/receiver.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h> /* needs struct timespec */

#define QUEUE_BYTES (512u << 10) /* some 2,000 answers with their stamps; the kernel holds more */

/*
 * Between two looks at the sockets. A look costs the same for one message as for many, and whoever
 * finds nobody waiting for a message need not wake anybody, which would be the sender's cost. No
 * time suffers: the stamps are the kernel's.
 */
#define PAUSE_NS 100000

static void pause_for_a_moment(void)
{
    clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
}

static bool is_ending(struct net_receiver *receiver)
{
    return atomic_load_explicit(&receiver->ending, memory_order_acquire);
}

static void show(struct net_receiver *receiver)
{
    net_queue_show(&receiver->queue);
    if (atomic_load(&receiver->sleeping) && atomic_exchange(&receiver->sleeping, false))
        net_poller_wake(receiver->poller);
}

/* Room in the queue, waited for; NULL when the thread is to end. */
static void *put(struct net_receiver *receiver, size_t bytes)
{
    void *room;

    while (!(room = net_queue_put(&receiver->queue, bytes)) && !is_ending(receiver)) {
        show(receiver);
        pause_for_a_moment();
    }
    return room;
}

/* Reads datagrams from slot `first` on. Returns how many, or a negative errno as the inbox does. */
static int read_socket(struct net_receiver *receiver, size_t index, size_t first)
{
    bool noisy; /* what error queues hold is looked at anyway */
    int got = net_inbox_read_data(receiver->data, receiver->sockets[index].fd, first,
                                  NET_INBOX_SLOTS - first, &noisy);

    for (int i = 0; i < got; i++)
        receiver->data_index[first + (size_t)i] = (uint16_t)index;
    return got;
}

/* One message of an error queue. False when the thread is to end. */
static bool put_stamp(struct net_receiver *receiver, size_t index, size_t slot,
                      struct sonde_mono now)
{
    struct net_inbox_facts facts;
    struct sock_extended_err cause;
    struct net_message *message;

    net_inbox_facts(receiver->errors, slot, &facts);
    if (!facts.stamped || !facts.error || facts.error->cmsg_len < CMSG_LEN(sizeof cause))
        return true;
    memcpy(&cause, CMSG_DATA(facts.error), sizeof cause);
    if (cause.ee_origin != SO_EE_ORIGIN_TIMESTAMPING ||
        cause.ee_info != receiver->sockets[index].wanted)
        return true;
    message = put(receiver, sizeof *message);
    if (!message)
        return false;
    *message = (struct net_message){
        .index = (uint16_t)index,
        .is_stamp = true,
        .id = cause.ee_data,
        .read = now,
        .times = facts.times,
    };
    return true;
}

/* Everything that an error queue holds. False when the thread is to end. */
static bool move_stamps(struct net_receiver *receiver, size_t index)
{
    int got;

    do {
        struct sonde_mono now;

        got = net_inbox_read(receiver->errors, receiver->sockets[index].fd, 0, NET_INBOX_SLOTS,
                             MSG_ERRQUEUE);
        now = net_now();
        for (int slot = 0; slot < got; slot++)
            if (!put_stamp(receiver, index, (size_t)slot, now))
                return false;
        if (got > 0)
            net_inbox_ready(receiver->errors, 0, (size_t)got);
    } while (got == (int)NET_INBOX_SLOTS);
    return true;
}

void net_datagram_look(struct net_datagram *datagram, const struct net_inbox *inbox, size_t slot)
{
    net_inbox_facts(inbox, slot, &datagram->facts);
    datagram->facts.error = NULL; /* the control messages will be overwritten */
    datagram->facts.options = (struct sonde_bytes){0};
    datagram->from = net_name_read(&inbox->slots[slot].name);
    datagram->bytes = net_inbox_bytes(inbox, slot);
    datagram->cut = (inbox->messages[slot].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}

static bool put_datagram(struct net_receiver *receiver, size_t slot, struct sonde_mono now)
{
    struct sonde_bytes bytes = net_inbox_bytes(receiver->data, slot);
    struct net_datagram *datagram = put(receiver, sizeof *datagram + bytes.length);

    if (!datagram)
        return false;
    net_datagram_look(datagram, receiver->data, slot);
    datagram->message = (struct net_message){.index = receiver->data_index[slot], .read = now};
    datagram->bytes.data = memcpy(datagram + 1, bytes.data, bytes.length);
    return true;
}

/* One look at the sockets that are `ready`. Returns 0, or a negative errno that ends the thread. */
static int turn(struct net_receiver *receiver, const struct pollfd *ready)
{
    size_t count = 0;
    struct sonde_mono now;

    for (size_t i = 0; i < receiver->socket_count && count < NET_INBOX_SLOTS; i++) {
        int got = 0;

        if (receiver->sockets[i].hears && ready[i].revents)
            got = read_socket(receiver, i, count);
        if (got < 0)
            return got;
        count += (size_t)got;
    }
    now = net_now();
    for (size_t i = 0; i < receiver->socket_count; i++)
        if (receiver->sockets[i].stamps && (count || ready[i].revents) && !move_stamps(receiver, i))
            return 0;
    for (size_t slot = 0; slot < count; slot++)
        if (!put_datagram(receiver, slot, now))
            return 0;
    net_inbox_ready(receiver->data, 0, count);
    show(receiver);
    return (int)count;
}

static void run(void *self)
{
    struct net_receiver *receiver = self;
    struct pollfd ready[NET_RECEIVER_SOCKETS + 1];
    int error = 0;

    for (size_t i = 0; i < receiver->socket_count; i++)
        ready[i] = (struct pollfd){.fd = receiver->sockets[i].fd,
                                   .events = receiver->sockets[i].hears ? POLLIN : 0};
    ready[receiver->socket_count] = (struct pollfd){.fd = receiver->end, .events = POLLIN};
    while (error >= 0 && !is_ending(receiver)) {
        if (error < (int)NET_INBOX_SLOTS)
            pause_for_a_moment();
        if (ppoll(ready, receiver->socket_count + 1, NULL, NULL) < 0)
            continue;
        error = turn(receiver, ready);
    }
    if (error < 0)
        atomic_store(&receiver->error, error);
    show(receiver);
}

int net_receiver_start(struct net_receiver *receiver)
{
    int error = net_queue_open(&receiver->queue, QUEUE_BYTES);

    if (error)
        return error;
    receiver->end = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    error = receiver->end < 0 ? -errno
                              : net_thread_start(&receiver->thread, "sonde-receive", run, receiver);
    if (!error)
        return 0;
    if (receiver->end >= 0)
        close(receiver->end);
    net_queue_close(&receiver->queue);
    return error;
}

void net_receiver_stop(struct net_receiver *receiver)
{
    static const uint64_t one = 1;

    atomic_store_explicit(&receiver->ending, true, memory_order_release);
    (void)!write(receiver->end, &one, sizeof one);
    net_thread_join(&receiver->thread);
    close(receiver->end);
    net_queue_close(&receiver->queue);
}

struct net_message *net_receiver_take(struct net_receiver *receiver)
{
    return net_queue_take(&receiver->queue);
}

void net_receiver_release(struct net_receiver *receiver)
{
    net_queue_release(&receiver->queue);
}

int net_receiver_error(struct net_receiver *receiver)
{
    return atomic_load_explicit(&receiver->error, memory_order_relaxed);
}

bool net_receiver_may_sleep(struct net_receiver *receiver)
{
    atomic_store(&receiver->sleeping, true);
    if (net_queue_is_empty(&receiver->queue) && !net_receiver_error(receiver))
        return true;
    atomic_store(&receiver->sleeping, false);
    return false;
}

void net_receiver_woke(struct net_receiver *receiver)
{
    atomic_store(&receiver->sleeping, false);
}
