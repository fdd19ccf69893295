/*
 * The kernel's stamps (SO_TIMESTAMPING, Documentation/networking/timestamping.rst): asking for
 * them, and finding out to which datagram a send stamp belongs.
 *
 * The kernel names a sent datagram by a number. Since Linux 6.13 the sender chooses it
 * (SCM_TS_OPT_ID). Before, the kernel counts, and whether a refused datagram counts depends on why
 * and where it was refused; after a refusal the stamps therefore pause until the ones on their way
 * are in, and the count begins anew.
 */
#ifndef NET_STAMPS_H
#define NET_STAMPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/clock.h"
#include "sonde/net.h"
#include "sonde/probe.h"
#include "sonde/time.h"

#ifndef SCM_TS_OPT_ID
#define SCM_TS_OPT_ID 81 /* asm-generic/socket.h, Linux 6.13 */
#endif

/* Room for the control message that names a datagram. */
#define NET_STAMPS_CONTROL CMSG_SPACE(sizeof(uint32_t))

struct net_stamps_sent {
    uint64_t token;
    struct sonde_mono sent;
    uint32_t id;
    bool waiting;
};

/* The send stamps of one socket. */
struct net_stamps {
    int fd;
    bool on;       /* send stamps are asked for */
    bool hardware; /* the device's too */
    bool own_ids;  /* each datagram carries its id (SCM_TS_OPT_ID) */
    bool thrifty;  /* … but none before one was refused: until then the kernel counts as we do */
    bool paused;   /* not asking just now: see above */
    uint32_t next; /* id of the next datagram */
    uint32_t oldest;  /* id behind which nothing waits */
    size_t waiting;   /* datagrams whose stamp has not come */
    uint64_t missing; /* … and which is not waited for any more */
    size_t size;      /* of the ring, a power of two */
    struct net_stamps_sent *ring;
};

/* Which stamp of a datagram is taken: the ee_info of the message that brings it. */
uint32_t net_stamps_wanted(const struct net_stamps *stamps);

/*
 * True when the kernel lets the sender choose ids. `udp` is an IPv4 UDP socket, which asks for
 * receive stamps afterwards; nothing is sent.
 */
bool net_stamps_own_ids(int udp, enum sonde_family family);

/*
 * Asks for send stamps on a socket. `mode` must not be USER. Returns 0 or a negative errno;
 * -EOPNOTSUPP and the like are no reason to give up. Destroyed by net_stamps_close.
 */
int net_stamps_open(struct net_stamps *stamps, int fd, enum sonde_net_stamps mode, bool own_ids,
                    size_t size);
void net_stamps_close(struct net_stamps *stamps);

/* Asks for receive stamps on a socket. Returns 0 or a negative errno. */
int net_stamps_receive(int fd, enum sonde_net_stamps mode);

/* Tells a device to make hardware stamps. Returns 0 or a negative errno. */
int net_stamps_device(int fd, const char *device);

/* Ids that cost something are carried from the first refusal on only. Nothing, without own ids. */
void net_stamps_save_ids(struct net_stamps *stamps);

/*
 * Whether the next datagram is to carry its id, and the control message that does it. With thrift a
 * refusal can make it true for what is packed already.
 */
bool net_stamps_carries_id(const struct net_stamps *stamps);
void net_stamps_write_id(struct cmsghdr *control, uint32_t id);

/* The id of the datagram `ahead` places behind the next one. */
static inline uint32_t net_stamps_id(const struct net_stamps *stamps, uint32_t ahead)
{
    return stamps->next + ahead;
}

/* The next datagram was accepted; or was refused, by which its id may be spent. */
void net_stamps_sent(struct net_stamps *stamps, uint64_t token, struct sonde_mono sent);
void net_stamps_refused(struct net_stamps *stamps);
/* A datagram was refused once and is going to be tried again. */
void net_stamps_doubt(struct net_stamps *stamps);

/* What became known when; to be called once a turn. Gives up old ones, ends a pause. */
void net_stamps_turn(struct net_stamps *stamps, struct sonde_mono now);

/* True while the error queue may hold stamps. */
static inline bool net_stamps_expected(const struct net_stamps *stamps)
{
    return stamps->waiting > 0;
}

/* The times of a SCM_TIMESTAMPING control message, zero where there is none. CLOCK_REALTIME. */
struct net_stamps_times {
    int64_t software;
    int64_t hardware; /* on the device's own clock */
};
bool net_stamps_parse(const struct cmsghdr *control, struct net_stamps_times *times);

/*
 * The stamp of datagram `id`. False when nothing is to be told: it is not waited for, later than
 * given up, or the time cannot be. With token 0 (a later fragment) there is nothing to tell either.
 */
bool net_stamps_match(struct net_stamps *stamps, const struct net_clock *clock, uint32_t id,
                      const struct net_stamps_times *times, struct sonde_mono now, uint64_t *token,
                      struct sonde_stamp *stamp);

#endif
