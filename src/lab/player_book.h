/*
 * The records under way: what was decided about each packet, and which of its answers have left.
 *
 * A record is complete when all its answers have left (each stamped, or given up) and waits then to
 * be handed over.
 */
#ifndef LAB_PLAYER_BOOK_H
#define LAB_PLAYER_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/player_wire.h"
#include "lab/record.h"
#include "sonde/sim.h"

struct lab_book;

/* Returns NULL when there is no memory. */
struct lab_book *lab_book_create(const struct lab_record_ops *ops, void *ops_self);
void lab_book_destroy(struct lab_book *book); /* NULL: nothing */

/* The clock has started; times of the network count from clock->start. */
void lab_book_start(struct lab_book *book, const struct lab_clock *clock);

/* A packet came, the network's number `number`. What is heard until the end is about it. */
void lab_book_begin(struct lab_book *book, uint64_t number, const struct lab_arrival *arrival);
sonde_sim_hear lab_book_hear;
void lab_book_end(struct lab_book *book);

/*
 * An answer to packet `number`, due at `due` (of the network's time), is about to leave. Returns
 * its token, 0 when nobody waits for it.
 */
uint64_t lab_book_departs(struct lab_book *book, uint64_t number, struct sonde_mono due);

/* What became of it. */
void lab_book_departed(struct lab_book *book, const struct lab_departure *departure);

/* Its stamp. Returns how late it was, in ns; 0 when nobody waited for it any more. */
struct sonde_span lab_book_stamped(struct lab_book *book, uint64_t token, struct sonde_mono at);

/* Gives up stamps that are a second late at `now`. Returns when to be called next. */
struct sonde_mono lab_book_give_up(struct lab_book *book, struct sonde_mono now);

/* How many complete records wait, and how many bytes they take. */
size_t lab_book_complete(const struct lab_book *book, size_t *bytes);

/* Hands the next complete record to the writer. */
void lab_book_write(struct lab_book *book);

/* Nothing leaves any more: hands over all that there is. */
void lab_book_finish(struct lab_book *book);

/* Records that were given up for want of memory. */
uint64_t lab_book_lost(const struct lab_book *book);

#endif
