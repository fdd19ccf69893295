/*
 * The receiver: a thread that empties sockets and error queues into memory, so that the thread that
 * sends need not, and that nothing waits in the kernel while it is busy there.
 *
 * The thread only reads. What a message means (whose stamp it is, when that was on our clock) is
 * found out by the thread that takes it out, which alone knows the clock and what was sent. As a
 * turn without receiver does, the thread reads data first and the error queues then, and puts them
 * in the other way round: a stamp stands before the answer to what it stamps.
 */
#ifndef NET_RECEIVER_H
#define NET_RECEIVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/inbox.h"
#include "net/poller.h"
#include "net/queue.h"
#include "net/thread.h"

#define NET_RECEIVER_SOCKETS 16u

/* What the thread has to know of a socket. */
struct net_receiver_socket {
    int fd;
    bool hears;      /* datagrams come in here */
    bool stamps;     /* send stamps come into its error queue … */
    uint32_t wanted; /* … of this sort: net_stamps_wanted */
};

/* A message that was read. `index` is the socket's place among those given. */
struct net_message {
    uint16_t index;
    bool is_stamp; /* of datagram `id`; otherwise this is the beginning of a net_datagram */
    uint32_t id;
    struct sonde_mono read;
    struct net_stamps_times times;
};

struct net_datagram {
    struct net_message message;
    struct net_inbox_facts facts; /* no error, no options */
    struct sonde_address from;
    struct sonde_bytes bytes; /* behind this struct, when the thread read it */
    bool cut;
};

/* Fills in all but message and the place of the bytes, which stay in the inbox. */
void net_datagram_look(struct net_datagram *datagram, const struct net_inbox *inbox, size_t slot);

struct net_receiver {
    struct net_queue queue;
    struct net_receiver_socket sockets[NET_RECEIVER_SOCKETS];
    size_t socket_count;
    struct net_inbox *data; /* borrowed, of the thread while it runs */
    struct net_inbox *errors;
    const struct net_poller *poller; /* borrowed, to wake */
    uint16_t data_index[NET_INBOX_SLOTS];
    int end; /* eventfd: ends the thread */
    struct net_thread thread;
    _Alignas(NET_QUEUE_LINE) atomic_bool sleeping; /* who takes out waits to be woken */
    atomic_bool ending;
    atomic_int error; /* negative errno that ended the thread */
};

/*
 * Starts the thread for sockets[0, socket_count) as they are in *receiver, with data, errors and
 * poller set; everything else is zero. The poller has been handed over. Returns 0 or a negative
 * errno; then nothing is left.
 */
int net_receiver_start(struct net_receiver *receiver);

/* Ends the thread, whatever it is doing, and frees what start made. */
void net_receiver_stop(struct net_receiver *receiver);

/* The next message, valid until released; NULL: none just now. */
struct net_message *net_receiver_take(struct net_receiver *receiver);
void net_receiver_release(struct net_receiver *receiver);

/* The negative errno that ended the thread, 0: it runs. */
int net_receiver_error(struct net_receiver *receiver);

/*
 * Before and after a wait which arriving datagrams may end. False: there is something already, do
 * not sleep.
 */
bool net_receiver_may_sleep(struct net_receiver *receiver);
void net_receiver_woke(struct net_receiver *receiver);

#endif
