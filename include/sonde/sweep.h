/*
 * The sweep strategy: which of many hosts answer, how fast, again and again.
 *
 * Every host has its state here, in at most 128 bytes. Probes leave on an absolute schedule of
 * slots, `rate` a second; who is due longest goes first. No number of hosts, probes or rounds is
 * too large.
 */
#ifndef SONDE_SWEEP_H
#define SONDE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/probe.h"
#include "sonde/strategy.h"
#include "sonde/time.h"

enum sonde_sweep_mode {
    SONDE_SWEEP_ALIVE, /* ask until it answers or the retries are used up */
    SONDE_SWEEP_COUNT, /* ask `count` times, a period apart */
    SONDE_SWEEP_LOOP,  /* ask for ever, a period apart */
};

struct sonde_sweep_config {
    enum sonde_sweep_mode mode;
    uint32_t hosts;
    uint64_t count;           /* COUNT */
    uint32_t retries;         /* ALIVE: more probes after the first, each after the timeout of the
                                 one before */
    double backoff;           /* ALIVE: each timeout is so much longer than the one before, >= 1 */
    struct sonde_span period; /* COUNT, LOOP: from probe to probe of a host */
    /* Slots: one every gap_ns / gap_slots ns, so that any rate is exact. gap_ns 0: at once. */
    uint64_t gap_ns;
    uint64_t gap_slots;
    struct sonde_span tick; /* slots closer than this leave in groups; 0: never */
    /*
     * Watches the share of answers, half a second at a time; when it falls clearly while the rate
     * is high, the rate is halved, and raised again by a tenth of the asked one (AIMD: RFC 5681's
     * idea).
     */
    bool adaptive;
    uint64_t enough;            /* ends when so many hosts have answered; 0: does not */
    struct sonde_span deadline; /* the run ends at start + deadline at the latest; 0: none */
    bool reply_from_elsewhere;  /* an answer from another address makes a host alive, too */
    uint16_t flows;             /* probes take turns: host h's k-th has flow probe.flow + (h + k) %
                                   flows; 0 as 1 */
    struct sonde_probe probe;   /* kind, timeout, hop limit …: all but target, number, due */
};

enum sonde_sweep_state {
    SONDE_SWEEP_WAITING,  /* not decided yet */
    SONDE_SWEEP_ANSWERED, /* at least one reply */
    SONDE_SWEEP_SILENT,   /* everything that is to be asked has been, and nothing came */
    SONDE_SWEEP_REFUSED,  /* an ICMP error says that it cannot be reached */
    SONDE_SWEEP_UNSENT,   /* this machine could not send to it */
};

/* What is known of a host. Times in ns; of replies only. */
struct sonde_sweep_host {
    enum sonde_sweep_state state;
    enum sonde_said said; /* the last reply */
    uint64_t sent;
    uint64_t received;
    uint64_t timed_out;
    uint64_t errors; /* ICMP errors and refused sends */
    uint32_t late;
    uint32_t duplicates;
    int64_t rtt_last_ns; /* -1: none */
    int64_t rtt_min_ns;
    int64_t rtt_max_ns;
    int64_t rtt_sum_ns;
};

struct sonde_sweep;

/* Returns 0, -EINVAL or -ENOMEM. */
int sonde_sweep_create(struct sonde_sweep **sweep, const struct sonde_sweep_config *config);
void sonde_sweep_destroy(struct sonde_sweep *sweep);

/* The strategy to hand to an engine; valid as long as sweep is. */
struct sonde_strategy sonde_sweep_strategy(struct sonde_sweep *sweep);

const struct sonde_sweep_host *sonde_sweep_host(const struct sonde_sweep *sweep, uint32_t host);

/* Forgets the figures of a host, not its place in the schedule: for figures by interval. */
void sonde_sweep_host_reset(struct sonde_sweep *sweep, uint32_t host);

/* The run as a whole. */
struct sonde_sweep_figures {
    uint32_t answered; /* hosts, by state … */
    uint32_t silent;
    uint32_t refused;
    uint32_t unsent;
    uint32_t waiting;
    uint64_t sent; /* probes: sent = received + timed_out + errors + open, always */
    uint64_t received;
    uint64_t timed_out;
    uint64_t errors;
    uint64_t open;
    /*
     * LOOP: probes that were never sent because this machine slept or starved over their due times.
     * Where a host is asked a number of times, late probes are put off, not skipped.
     */
    uint64_t skipped;
    double rate;        /* slots a second, now */
    uint32_t rate_cuts; /* how often `adaptive` lowered it */
};

void sonde_sweep_figures(const struct sonde_sweep *sweep, struct sonde_sweep_figures *figures);

#endif
