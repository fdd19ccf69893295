/*
 * Names and origins of addresses, looked up beside the measurement (c-ares): asking never blocks.
 *
 * /etc/hosts comes first, then DNS. What was learned, "there is none" included, is kept in a cache
 * of fixed size: about 300 bytes for each of its entries, which is all the memory that grows with
 * use. The least recently asked entry makes room for a new one.
 */
#ifndef NET_REVERSE_H
#define NET_REVERSE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/time.h"
#include "sonde/transport.h"

/* Room for a printable name; longer ones are cut. */
#define NET_REVERSE_TEXT 256

struct net_reverse;

struct net_reverse_config {
    struct sonde_span timeout; /* after which nobody waits any longer for a name; 0: 3 s */
    uint32_t capacity;         /* entries of the cache; 0: 256 */
    const char *servers; /* "ADDRESS:PORT,…"; NULL: those of /etc/resolv.conf. Read by open only */
    /* A transport of sonde/net.h, whose waiting serves the look-ups too (its one alarm included)
     * and which outlives them. NULL: the caller waits and calls net_reverse_process. */
    struct sonde_transport *transport;
};

enum net_reverse_state {
    NET_REVERSE_KNOWN,
    NET_REVERSE_PENDING, /* it is being looked up: ask again later */
    NET_REVERSE_NONE,    /* there is no name, or no answer within the timeout */
};

/*
 * Reads /etc/resolv.conf. Look-ups open sockets and read /etc/hosts later on: see
 * PRIVILEGE_LOOP_NAMES. Returns 0 or a negative errno; then *operation says in words what failed.
 */
int net_reverse_open(struct net_reverse **reverse, const struct net_reverse_config *config,
                     const char **operation);

/* Gives up what is being looked up. NULL is allowed. */
void net_reverse_close(struct net_reverse *reverse);

/*
 * The name of an address, starting a look-up if need be. With KNOWN, *name is printable text (what
 * is not printable ASCII is written as \xHH) that stays valid until the next call on `reverse`;
 * else *name is NULL. A name that comes after the timeout is still taken.
 */
enum net_reverse_state net_reverse_ask(struct net_reverse *reverse,
                                       const struct sonde_address *address, const char **name);

/*
 * Likewise where an address is at home: "AS64500 192.0.2.0/24 DE" (net/origin.h). Nothing is asked
 * of the DNS but this.
 */
enum net_reverse_state net_reverse_ask_origin(struct net_reverse *reverse,
                                              const struct sonde_address *address,
                                              const char **origin);

/*
 * For callers that wait themselves: the descriptors to wait for (those that fit in `fds`; returns
 * how many), the time at which process must be called at the latest (SONDE_NEVER: nothing is being
 * looked up), and what to do with what poll(2) answered.
 */
size_t net_reverse_descriptors(struct net_reverse *reverse, struct pollfd *fds, size_t capacity);
struct sonde_mono net_reverse_deadline(struct net_reverse *reverse);
void net_reverse_process(struct net_reverse *reverse, const struct pollfd *fds, size_t count);

#endif
