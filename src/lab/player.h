/*
 * The player: takes packets from the far end of a stage, lets the scripted network decide, and puts
 * its answers on the wire when they are due.
 *
 * Times are the kernel's. A packet came when the far end of the wire received it (its receive
 * stamp, translated to the monotonic clock); an answer left when the kernel handed it to the device
 * (its send stamp). The network's time 0 is `start`.
 */
#ifndef LAB_PLAYER_H
#define LAB_PLAYER_H

#include <stdint.h>

#include "lab/record.h"
#include "lab/stage.h"
#include "sim/scenario.h"
#include "sonde/time.h"

struct lab_player;

struct lab_player_config {
    struct lab_stage *stage;             /* must outlive the player */
    const struct sim_scenario *scenario; /* must outlive the player */
    uint64_t seed;
    const struct lab_record_ops *record; /* who writes the truth down; NULL: nobody. Send stamps
                                            are asked for only then */
    void *record_self;
};

/* What happened while it played. */
struct lab_player_counters {
    uint64_t packets; /* that came … */
    uint64_t dropped; /* … and that our receive queue lost before we saw them */
    uint64_t ignored; /* what the kernel says by itself (neighbour and router discovery, group
                         membership), and what is not IP: not in `packets` */
    uint64_t answers; /* that left */
    uint64_t refused; /* that the kernel did not take */
    uint64_t late;    /* that left more than 1 ms after they were due */
    struct sonde_span worst; /* the most that one was late */
    uint64_t unanswered;     /* packets to which an answer was missing, for want of memory */
    uint64_t unrecorded;     /* packets that are missing in the record, for want of memory */
};

/*
 * Opens what it needs (timers, buffers). Returns 0 or a negative errno, with *operation saying what
 * was refused.
 */
int lab_player_open(struct lab_player **player, const struct lab_player_config *config,
                    const char **operation);

/*
 * Plays until the command has ended, then delivers nothing more. The clock starts and the command
 * begins here. Signals TERM and HUP that come to this process are passed on to the command; INT and
 * QUIT are left to it (the terminal sends them to both). The scenario's `signal` and `suspend` go
 * to the command. Returns 0 and the command's exit status, or a negative errno with *operation
 * set.
 */
int lab_player_run(struct lab_player *player, int *exit_status, const char **operation);

void lab_player_counters(const struct lab_player *player, struct lab_player_counters *counters);

void lab_player_close(struct lab_player *player);

#endif
