/*
 * What is in flight: one 56-byte slot a probe, found by token, or by identifier and sequence.
 *
 * A slot is leased in a lane. A lane is one identifier (of ICMP, or a source port) with its
 * sequence numbers, leased in order, those of open probes passed over. An open probe holds its
 * lease until its verdict; after that the slot lingers, so that late answers and duplicates are
 * known for what they are, until its time is over or the sequence number is needed again.
 */
#ifndef ENGINE_FLIGHT_H
#define ENGINE_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/queue.h"
#include "sonde/probe.h"

#define FLIGHT_SLOTS_MAX  ((1u << 24) - 1) /* a token has room for so many */
#define FLIGHT_NUMBER_MAX ((UINT64_C(1) << 48) - 1)

enum flight_state {
    FLIGHT_FREE,
    FLIGHT_BUILT,     /* handed to the transport, not yet told as sent */
    FLIGHT_OPEN,      /* no verdict yet */
    FLIGHT_ANSWERED,  /* lingers */
    FLIGHT_TIMED_OUT, /* lingers */
};

struct flight_slot {
    uint64_t token;
    int64_t sent_ns;      /* user time of the send call, monotonic */
    int64_t stamp_ns;     /* the transport's send stamp; meaningless while stamp_source is USER */
    int64_t expiry_ns;    /* open: when it times out. lingering: when it is forgotten */
    uint64_t number : 48; /* of the probe for its target */
    uint64_t port : 16;   /* the destination's, of the kinds that have one */
    uint32_t target;
    uint32_t lag_ns; /* sent - due, held at UINT32_MAX */
    uint16_t lane;
    uint16_t sequence;
    uint16_t payload_bytes;
    uint8_t state : 3;        /* enum flight_state */
    uint8_t stamp_source : 3; /* enum sonde_stamp_source */
    uint8_t balanced : 1;     /* two bytes of the payload make the checksum what it is to be */
    uint8_t filled : 1;       /* the payload is not the engine's pattern */
    uint8_t kind;             /* enum sonde_probe_kind */
};

struct flight_lane {
    uint32_t *slots; /* by sequence number: slot + 1, 0 for none */
    uint32_t open;   /* leases that are held by a probe without a verdict */
    uint16_t identifier;
    uint16_t first; /* no lease before this one, in order of leasing, is to be looked at again */
    uint16_t next;  /* the next one to lease, if it is free */
};

struct flight {
    struct flight_slot *slots;
    uint32_t slot_count; /* that were ever used; memory behind them is not touched */
    uint32_t slot_capacity;
    uint32_t slot_limit;
    uint32_t free_head; /* slot + 1, chained through `target` */
    uint32_t open_count;
    uint64_t serial;
    struct flight_lane *lanes;
    size_t lane_count;
    uint32_t sequences; /* sequence numbers a lane has: 65,536, or 256 for extended echo */
    struct sonde_span linger;
    struct base_queue expiries; /* of the open slots */
};

/*
 * Lanes are made for the `count` identifiers. `sequences` is a power of two. Returns 0, -EINVAL or
 * -ENOMEM; destroy is right after a failure, too. A flight table must not be moved in memory.
 */
int flight_init(struct flight *flight, const uint16_t *identifiers, size_t count,
                uint32_t sequences, uint32_t slot_limit, struct sonde_span linger);
void flight_destroy(struct flight *flight);

/* Which lease a probe may have. */
struct flight_wish {
    uint32_t target;
    uint32_t lane; /* counted round; the first to be looked at … */
    bool fixed;    /* … and the only one */
    bool no_zero;  /* 0 is no sequence number */
};

/*
 * Leases a slot for a probe at `now`. The slot is in state BUILT. Returns NULL when every lease
 * that it may have is held by a probe that is still open; *free_at then says when the first of all
 * open ones times out, or SONDE_NEVER when it is memory that is short.
 */
struct flight_slot *flight_lease(struct flight *flight, const struct flight_wish *wish,
                                 struct sonde_mono now, struct sonde_mono *free_at);

/* The slot of a token, NULL when it is gone. */
struct flight_slot *flight_by_token(struct flight *flight, uint64_t token);

/* The slot of a lease, NULL when it was never leased or is gone. */
struct flight_slot *flight_by_lease(struct flight *flight, uint16_t identifier, uint32_t sequence);

/* The lane of an identifier; NULL when it is none of ours. */
struct flight_lane *flight_lane(struct flight *flight, uint16_t identifier);

/* The slot of a sequence number in a lane, as flight_by_lease. */
struct flight_slot *flight_in_lane(struct flight *flight, const struct flight_lane *lane,
                                   uint32_t sequence);

/* Of a lane's newest probes, which are looked through where nothing but the lane tells whose an
 * answer is: how many there are at most, and the one that is `back` steps, from 1, before the next
 * sequence number; NULL: it holds none. */
uint32_t flight_newest_count(const struct flight *flight);
struct flight_slot *flight_newest(struct flight *flight, const struct flight_lane *lane,
                                  uint32_t back);

/* BUILT becomes OPEN, until `expiry`. */
void flight_open(struct flight *flight, struct flight_slot *slot, struct sonde_mono expiry);

/* BUILT or OPEN becomes ANSWERED or TIMED_OUT and lingers from `now`. */
void flight_close(struct flight *flight, struct flight_slot *slot, enum flight_state state,
                  struct sonde_mono now);

/* A slot that is still BUILT; NULL when there is none. */
struct flight_slot *flight_first_built(struct flight *flight);

/* A token that no slot has or will have. */
uint64_t flight_spare_token(struct flight *flight);

/* The open slot that times out first; NULL when none is open. */
struct flight_slot *flight_first_expiry(struct flight *flight);

/*
 * Gives a lane another identifier; what lingered there is forgotten. Returns 0, -EBUSY while it
 * holds a probe that is open, -EEXIST when another lane has the identifier already.
 */
int flight_rename(struct flight *flight, size_t lane, uint16_t identifier);

uint16_t flight_identifier(const struct flight *flight, const struct flight_slot *slot);

#endif
