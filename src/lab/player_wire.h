/*
 * The far end of the wire: a packet socket whose receive queue is a ring in shared memory
 * (Documentation/networking/packet_mmap.rst), so that taking a packet costs no system call and an
 * ordinary user has a long queue, too.
 */
#ifndef LAB_PLAYER_WIRE_H
#define LAB_PLAYER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/stage.h"
#include "net/clock.h"
#include "net/stamps.h"
#include "sonde/probe.h"
#include "sonde/time.h"

#define LAB_WIRE_BATCH 64 /* frames that go out with one call */

struct lab_wire_out;

struct lab_wire {
    int fd;
    uint32_t mtu; /* of the machine's device; the far end takes anything */
    uint8_t *ring;
    size_t ring_bytes;
    size_t frame_bytes;
    uint32_t frame_count;
    uint32_t frame_next;
    bool stamped; /* send stamps are asked for */
    struct net_clock clock;
    struct net_stamps stamps;
    struct lab_wire_out *out;
    uint64_t drops;     /* packets that found the ring full */
    uint32_t packet_id; /* of the next IPv6 datagram that is divided */
};

/* One packet that came. */
struct lab_arrival {
    struct sonde_bytes packet; /* from the IP header; valid until lab_wire_release */
    struct sonde_mono at;
    bool by_kernel; /* `at` is the kernel's stamp */
};

/* One packet that goes out; after lab_wire_send, what became of it. */
struct lab_departure {
    struct sonde_bytes packet;
    uint64_t token; /* of its stamp; not 0 */
    int error;      /* 0: it left; else the positive errno */
    bool stamp_follows;
    struct sonde_mono at; /* our clock, behind the call */
};

/* A send stamp. */
typedef void lab_wire_stamped(void *self, uint64_t token, struct sonde_mono at);

/* Takes over stage->packets, which stays the stage's to close. Returns 0 or a negative errno with
 * *operation set; then nothing is left and close need not be called. */
int lab_wire_open(struct lab_wire *wire, const struct lab_stage *stage, uint32_t mtu, bool stamps,
                  const char **operation);
void lab_wire_close(struct lab_wire *wire);

/* Whether a packet waits. Costs no system call. */
bool lab_wire_waiting(const struct lab_wire *wire);

/* The next IP packet; false when none waits. Other frames are passed over, *others counts them. */
bool lab_wire_next(struct lab_wire *wire, struct lab_arrival *arrival, uint64_t *others);

/* Gives the packet's place back. */
void lab_wire_release(struct lab_wire *wire);

/* Once before a number of arrivals or stamps is taken: looks whether the wall clock was stepped. */
void lab_wire_turn(struct lab_wire *wire);

/* Sends up to LAB_WIRE_BATCH packets, in fragments where one is longer than the MTU and may be
 * divided. What is refused is told in its member `error`. */
void lab_wire_send(struct lab_wire *wire, struct lab_departure *departures, size_t count);

/* True while send stamps are to be expected. */
static inline bool lab_wire_awaits_stamps(const struct lab_wire *wire)
{
    return wire->stamped && net_stamps_expected(&wire->stamps);
}

/* Reads the send stamps that are there. */
void lab_wire_read_stamps(struct lab_wire *wire, lab_wire_stamped *stamped, void *self);

/* Clears a pending error of the socket, which would wake us forever. */
void lab_wire_clear(struct lab_wire *wire);

/* Asks the kernel how many packets found the ring full. */
void lab_wire_count_drops(struct lab_wire *wire);

#endif
