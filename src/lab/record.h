/*
 * The truth about one packet, as the lab saw it: when it came, what was decided and why, what was
 * sent in answer and when that left.
 *
 * The player makes a record of each packet and hands it over when it is complete: all its answers
 * have left (or the run has ended). Writers: truth.h (JSON lines), pcapng.h.
 */
#ifndef LAB_RECORD_H
#define LAB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/sim.h"
#include "sonde/time.h"

/* A decision about a packet: an answer, or that there is none. */
struct lab_decision {
    enum sonde_sim_fate fate;
    unsigned harm;             /* enum sonde_sim_harm, or-ed */
    bool returning;            /* an answer that got lost on its way back */
    const char *node;          /* who decided; NULL: nobody */
    struct sonde_mono due;     /* when the answer was to leave; SONDE_NEVER: there is none */
    struct sonde_mono left;    /* when it did; SONDE_NEVER: it did not (yet) */
    bool left_by_kernel;       /* `left` is the kernel's stamp, not our own clock */
    struct sonde_bytes answer; /* from the IP header; empty: there is none */
};

struct lab_record {
    uint64_t number; /* from 1 */
    struct sonde_mono came;
    bool came_by_kernel;              /* `came` is the kernel's stamp */
    struct sonde_bytes packet;        /* from the IP header */
    const struct sonde_sim_step *way; /* as far as it came */
    size_t way_count;
    const struct lab_decision *decisions;
    size_t decision_count;
};

/* Civil time of a monotonic one, for what is written down. */
struct lab_clock {
    struct sonde_mono start; /* the scenario's time 0 */
    struct sonde_wall epoch; /* civil time then */
};

/* The civil time of an instant; that of SONDE_NEVER means nothing. */
struct sonde_wall lab_clock_wall(const struct lab_clock *clock, struct sonde_mono at);

/* "reordered", "corrupt", …: the word for one bit of harm; NULL for a bit that means nothing. */
const char *lab_harm_name(unsigned bit);

struct lab_record_ops {
    /* The clock has started. */
    void (*begin)(void *self, const struct lab_clock *clock);
    /* All that the record points to is valid during the call. Errors are kept and told at close. */
    void (*write)(void *self, const struct lab_record *record);
};

#endif
