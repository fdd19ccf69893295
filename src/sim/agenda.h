/*
 * Datagrams under way, ordered by when they come out; those of one instant in the order in which
 * they were put in. Buffers are kept for the next datagrams, so that nothing is allocated in steady
 * state.
 */
#ifndef SIM_AGENDA_H
#define SIM_AGENDA_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"

#define SIM_BUFFER_SMALLEST 7  /* 128 bytes */
#define SIM_BUFFER_CLASSES  11 /* … to 131,072 */

struct sim_delivery {
    struct sim_delivery *next_free;
    int64_t out;     /* ns: when it comes out */
    uint64_t number; /* of the packet that it answers */
    int64_t at;      /* ns: when that packet entered */
    const char *node;
    struct sonde_address to; /* where that packet was going */
    unsigned harm;
    uint32_t length;
    uint8_t size_class;
    uint8_t family;
    uint8_t bytes[];
};

struct sim_agenda_entry {
    int64_t at;
    uint64_t order;
    struct sim_delivery *delivery;
};

/* Zero is an empty agenda. */
struct sim_agenda {
    struct sim_agenda_entry *entries; /* a binary heap */
    size_t count;
    size_t capacity;
    uint64_t order;
    struct sim_delivery *unused[SIM_BUFFER_CLASSES];
};

void sim_agenda_destroy(struct sim_agenda *agenda);

/* A buffer for `length` bytes, at most 131,072; all other members but length are the caller's to
 * fill. NULL when there is no memory. */
struct sim_delivery *sim_agenda_buffer(struct sim_agenda *agenda, size_t length);

/* Gives a buffer back that is in no agenda. */
void sim_agenda_release(struct sim_agenda *agenda, struct sim_delivery *delivery);

/* Puts a buffer in at delivery->out. Returns 0 or -ENOMEM; the buffer is then still the caller's.
 */
int sim_agenda_put(struct sim_agenda *agenda, struct sim_delivery *delivery);

/* When the first one comes out; INT64_MAX when there is none. */
int64_t sim_agenda_next(const struct sim_agenda *agenda);

/* Takes the first one out; NULL when there is none. It is the caller's to release. */
struct sim_delivery *sim_agenda_take(struct sim_agenda *agenda);

#endif
