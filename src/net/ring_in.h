/*
 * Receiving through a ring of a packet socket (Documentation/networking/packet_mmap.rst).
 *
 * TPACKET_V2 with small frames: every packet is there the moment it arrives, with its stamp, and a
 * MiB holds 4,096 answers. V3's blocks are handed over when they are full or their time is over,
 * and an answer in the open block cannot be read yet: it would come after its probe was given up.
 * The few packets that are longer than a frame come through the socket's queue besides
 * (PACKET_COPY_THRESH).
 */
#ifndef NET_RING_IN_H
#define NET_RING_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/filter.h"
#include "sonde/address.h"
#include "sonde/net.h"

#define NET_RING_TURN 64u /* packets that are read at a time, at most */

/* One packet, from its IP header on. */
struct net_ring_packet {
    uint8_t *bytes;
    size_t length;
    enum sonde_family family;
    bool cut;      /* the rest is gone */
    bool unsummed; /* it never left this machine, and nobody has computed its checksum */
    bool hardware; /* the time is the device's, on its own clock */
    int64_t ns;    /* received; CLOCK_REALTIME */
};

/* The packets of a turn, and where their bytes are. */
struct net_ring_turn {
    struct net_ring_packet packets[NET_RING_TURN];
    size_t count;
    uint8_t *room;
    size_t room_used;
};

struct net_ring_in {
    int fd; /* -1: not open */
    enum sonde_family family;
    uint8_t *frames;
    uint32_t frame_count;
    uint32_t next;
    uint64_t drops; /* told by the kernel so far */
};

/* Room for the packets of a turn. Returns 0 or -ENOMEM; freed by net_ring_turn_close. */
int net_ring_turn_open(struct net_ring_turn *turn);
void net_ring_turn_close(struct net_ring_turn *turn);

/*
 * Opens the ring of a family; only our messages come in (filter.h), from a device and from the
 * loopback device, through which this machine itself answers: about neighbours that were not found,
 * for example. Needs CAP_NET_RAW.
 * config->receive_buffer_bytes is its size, 0: 4 MiB. Returns 0, or a negative errno with
 * *operation; then nothing is left open.
 */
int net_ring_in_open(struct net_ring_in *in, enum sonde_family family, uint32_t device,
                     struct net_identifiers ours, const struct sonde_net_config *config,
                     const char **operation);
void net_ring_in_close(struct net_ring_in *in);

/* Takes what is there, as far as there is room, into the turn. */
void net_ring_in_read(struct net_ring_in *in, struct net_ring_turn *turn);

/* How many packets the kernel dropped because the ring was full, ever. */
uint64_t net_ring_in_drops(struct net_ring_in *in);

#endif
