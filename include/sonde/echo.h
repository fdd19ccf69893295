/*
 * The echo strategy: the same question to every target, again and again, on an absolute schedule.
 *
 * Its patience at the end of a run is twice the longest RTT of the slowest target, but an interval
 * at least; the probe's timeout while a target has not answered at all, or if it is to be waited
 * out.
 *
 * The k-th probe of target t is due at start + offset(t) + k * interval. Lateness of less than one
 * interval (or than 100 ms) is made up for; due times missed by more are skipped and counted.
 */
#ifndef SONDE_ECHO_H
#define SONDE_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/probe.h"
#include "sonde/strategy.h"
#include "sonde/time.h"

enum sonde_echo_mode {
    SONDE_ECHO_FIXED,   /* every interval */
    SONDE_ECHO_POISSON, /* exponentially distributed gaps, the interval as mean (RFC 2330, 11.1) */
    /*
     * As fast as answers come back: at once while fewer than `preload` are unanswered; an RTT after
     * the last one while fewer than `window` are, for its answer should be there; else after the
     * interval.
     */
    SONDE_ECHO_ADAPTIVE,
};

struct sonde_echo_config {
    enum sonde_echo_mode mode;
    uint32_t targets;
    struct sonde_span interval; /* per target */
    struct sonde_span min_gap;  /* between any two probes, 0: none; what is preloaded leaves at
                                   once, and what follows waits for all of the gaps */
    struct sonde_span floor;    /* ADAPTIVE: the shortest interval */
    struct sonde_span spread;   /* the targets' first probes are spread over this; 0: together */
    struct sonde_span tick;     /* where they are closer than this, they leave in groups: one
                                   wake-up serves several; 0: never */
    uint64_t count;             /* probes per target; 0: no end */
    uint64_t answers;           /* ends when every target has answered so often; 0: it does not */
    uint32_t preload;           /* so many are due at the start (0 as 1) */
    uint32_t window;            /* ADAPTIVE; 0: none */
    struct sonde_span deadline; /* the run ends at start + deadline at the latest; 0: none */
    bool wait_out;            /* at the end the probe's timeout is waited out, whatever the RTTs */
    bool end_at_error;        /* an ICMP error or a failed send ends the run */
    uint64_t seed;            /* POISSON */
    uint16_t flows;           /* probes take turns: target t's k-th has flow probe.flow + (t + k) %
                                 flows; 0 as 1 */
    struct sonde_probe probe; /* kind, timeout, hop limit …: all but target, number, due */
};

struct sonde_echo;

/* Returns 0, -EINVAL or -ENOMEM. */
int sonde_echo_create(struct sonde_echo **echo, const struct sonde_echo_config *config);
void sonde_echo_destroy(struct sonde_echo *echo);

/* The strategy to hand to an engine; valid as long as echo is. */
struct sonde_strategy sonde_echo_strategy(struct sonde_echo *echo);

/* Due times that passed unused because the machine slept or starved. */
uint64_t sonde_echo_skipped(const struct sonde_echo *echo);

#endif
