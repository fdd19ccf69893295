/*
 * Batches of received messages, with what the kernel says about them.
 *
 * Every slot has room for the longest datagram there is; pages that no datagram reached are never
 * touched and take no memory. Includers define _GNU_SOURCE (struct mmsghdr).
 */
#ifndef NET_INBOX_H
#define NET_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/clock.h"
#include "net/options.h"
#include "net/stamps.h"
#include "sonde/transport.h"

#define NET_INBOX_SLOTS   64u
#define NET_INBOX_CONTROL 512u

/* Bytes in front of what is in a slot, free for a header that the kernel kept. */
#define NET_INBOX_HEADROOM 64u

struct net_inbox_slot {
    uint8_t *bytes;
    union net_name name;
    union {
        struct cmsghdr align;
        uint8_t bytes[NET_INBOX_CONTROL];
    } control;
};

struct net_inbox {
    size_t room; /* of each slot's bytes */
    void *memory;
    size_t memory_bytes;
    struct net_inbox_slot slots[NET_INBOX_SLOTS];
    struct mmsghdr messages[NET_INBOX_SLOTS];
    struct iovec vectors[NET_INBOX_SLOTS];
};

/* What control messages say; members without a message keep their defaults. */
struct net_inbox_facts {
    struct net_stamps_times times;
    bool stamped;
    bool overflowed;
    uint32_t drops; /* of the socket, ever */
    int hop_limit;  /* -1 */
    int traffic_class;
    struct sonde_address to;
    const struct cmsghdr *error; /* IP_RECVERR, IPV6_RECVERR or PACKET_TX_TIMESTAMP */
    struct sonde_bytes options;  /* IP options, as received */
};

/* Slots with `room` bytes each. Returns 0 or a negative errno. */
int net_inbox_open(struct net_inbox *inbox, size_t room);
void net_inbox_close(struct net_inbox *inbox);

/*
 * Receives into up to `count` slots from `first` on without blocking. Returns how many were filled,
 * 0 when there was nothing, or a negative errno (never -EAGAIN or -EINTR).
 */
int net_inbox_read(struct net_inbox *inbox, int fd, size_t first, size_t count, int flags);

/*
 * As read, for datagrams: errors that are pending on the socket and fail the call are passed over
 * (*noisy: there were some; what they say is in the error queue). A negative errno is left for a
 * descriptor that is none any more.
 */
int net_inbox_read_data(struct net_inbox *inbox, int fd, size_t first, size_t count, bool *noisy);

/* Makes slots [first, end) that were read ready for the next read. */
void net_inbox_ready(struct net_inbox *inbox, size_t first, size_t end);

/* Exchanges the contents of two slots. */
void net_inbox_swap(struct net_inbox *inbox, size_t a, size_t b);

void net_inbox_facts(const struct net_inbox *inbox, size_t slot, struct net_inbox_facts *facts);

/* The bytes that are in a slot. */
struct sonde_bytes net_inbox_bytes(const struct net_inbox *inbox, size_t slot);

#endif
