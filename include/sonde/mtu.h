/*
 * The path MTU strategy: the largest datagram that gets through to one target, and what stands in
 * the way of larger ones.
 *
 * Routers that send "packet too big" are believed as far as their word holds (RFC 1191, RFC 8201):
 * the size that they name is tried, and one byte more. Where larger datagrams vanish without a
 * word, the size is searched for (RFC 4821, RFC 8899): many sizes at once, so that a few round
 * trips decide. A size counts as lost when it was asked `tries` times, and what is smaller came
 * through. All probes have the DF bit, and none is fragmented.
 *
 * Small probes ask every hop as a trace does, large ones find out how far they come: so each limit
 * has a place. When the target does not answer at all, the farthest hop that does stands in for it.
 *
 * No memory is allocated after it is created.
 */
#ifndef SONDE_MTU_H
#define SONDE_MTU_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/address.h"
#include "sonde/probe.h"
#include "sonde/strategy.h"
#include "sonde/time.h"

#define SONDE_MTU_STEPS 16u

/* Sizes are those of whole datagrams, in bytes, IP header included. */
struct sonde_mtu_config {
    uint16_t least;        /* taken to get through; at least what a probe without payload takes */
    uint16_t most;         /* no larger one is tried: the MTU of the device, as a rule */
    uint16_t header_bytes; /* of a probe: what is not payload */
    uint8_t last_hop;      /* 0: 30 */
    uint8_t silent_hops;   /* so many silent hops in a row end the path: 0: 6 */
    uint8_t tries;         /* 0: 3 */
    uint8_t hop_limit;     /* of probes that are to arrive; 0: 64 */
    uint16_t
        flows; /* probes take turns with so many flows, from the probe's on: TCP, because a host
                  that has half opened a connection answers no other SYN of it; 0: one flow */
    struct sonde_span gap;    /* between any two probes; 0: none */
    struct sonde_probe probe; /* kind, timeout, class, port, flow …: all but target (0), number,
                                 due, hop limit and payload. Its timeout holds until an RTT is
                                 known; then three times that, 250 ms at least */
};

struct sonde_mtu;

/* Returns 0, -EINVAL (most < least, or least < header_bytes) or -ENOMEM. */
int sonde_mtu_create(struct sonde_mtu **mtu, const struct sonde_mtu_config *config);
void sonde_mtu_destroy(struct sonde_mtu *mtu);

/* The strategy to hand to an engine with one target; valid as long as mtu is. */
struct sonde_strategy sonde_mtu_strategy(struct sonde_mtu *mtu);

enum sonde_mtu_end {
    SONDE_MTU_RUNNING,
    SONDE_MTU_FOUND, /* `size` came through to the target, `size` + 1 does not, or is `most` + 1 */
    SONDE_MTU_PARTIAL,     /* likewise, but to hop `endpoint` only: the target does not answer */
    SONDE_MTU_SILENT,      /* nobody answers, not even the smallest size */
    SONDE_MTU_UNREACHABLE, /* somebody says that there is no way: icmp_type, icmp_code, from */
    SONDE_MTU_REFUSED,     /* this machine cannot send: error */
    SONDE_MTU_GAVE_UP,     /* too many probes: the answers contradict each other; between size and
                              refused */
};

/* Who limits. */
enum sonde_mtu_limit {
    SONDE_MTU_BY_DEVICE,  /* this machine's own link */
    SONDE_MTU_BY_ROUTER,  /* a router says so */
    SONDE_MTU_BY_SILENCE, /* a black hole: larger ones vanish */
};

/* From here on a smaller size is the largest. */
struct sonde_mtu_step {
    enum sonde_mtu_limit by;
    uint8_t after_hop; /* the link behind this hop; 0: our own */
    bool after_hop_known;
    uint16_t size;             /* that fits */
    struct sonde_address from; /* ROUTER: who said so. SILENCE: the last hop that larger ones are
                                  known to have come to; NONE: not known */
};

struct sonde_mtu_hop {
    struct sonde_address address; /* NONE: silent */
    uint16_t arrived;             /* the largest size that is known to have come so far; 0: none */
};

struct sonde_mtu_result {
    enum sonde_mtu_end end;
    uint16_t size;    /* the largest that came through; 0: none did */
    uint16_t refused; /* the smallest that is known not to; most + 1: there is none */
    uint8_t endpoint; /* the hop of the target, or of who stands in for it; 0: not known */
    const struct sonde_mtu_hop *hops; /* by hop, from 1 */
    uint8_t hop_count;
    struct sonde_mtu_step steps[SONDE_MTU_STEPS]; /* from here to there */
    uint8_t step_count;
    bool lied;                 /* somebody named a size that is not the limit … */
    uint32_t lied_size;        /* … this one … */
    struct sonde_address liar; /* … who */
    uint8_t icmp_type;
    uint8_t icmp_code;
    struct sonde_address from;
    int error; /* positive errno */
    uint32_t probes;
    struct sonde_span rtt; /* the longest of those that came through; 0 unknown */
};

/* What is known now. Slices are valid as long as mtu is. */
void sonde_mtu_read(const struct sonde_mtu *mtu, struct sonde_mtu_result *result);

#endif
