/* The path MTU strategy from inside. */
#ifndef STRATEGY_MTU_INSIDE_H
#define STRATEGY_MTU_INSIDE_H

#include "sonde/mtu.h"
#include "strategy/mtu_sizes.h"

#define HOPS       256u
#define PROBES_MAX 4096u
#define REFUSALS   SONDE_MTU_STEPS

/* A probe, by its number. */
struct mtu_probe {
    int64_t sent_ns; /* when it was handed out */
    uint16_t bytes;
    uint8_t hop;  /* 0: it is to arrive */
    bool settled; /* answered, refused, or no longer waited for */
};

/* Somebody who said "too big". */
struct mtu_refusal {
    struct sonde_address from; /* NONE: this machine */
    uint32_t named;
    uint16_t bytes; /* the smallest that it refused */
    uint16_t most;  /* the largest: so much has come to it */
    uint8_t hop;    /* 0: not known, or this machine */
};

enum mtu_phase {
    MTU_SEARCHING,
    MTU_LOCATING, /* how far does what vanishes come? */
    MTU_DONE,
};

struct sonde_mtu {
    struct sonde_mtu_config config;
    struct mtu_sizes sizes;
    enum mtu_phase phase;
    enum sonde_mtu_end end;

    struct mtu_probe probes[PROBES_MAX];
    uint32_t planned; /* probes that are to be handed out … */
    uint32_t handed;  /* … and those that were */
    uint32_t settled; /* no probe before this one is waited for */
    struct sonde_mono earliest;

    struct sonde_mtu_hop hops[HOPS];
    uint8_t hop_count;   /* up to the endpoint, as far as it is known */
    uint8_t target_hop;  /* the lowest that the target answered; 0: it has not */
    uint8_t asked_again; /* how often, hops that were silent in front of it */
    uint8_t endpoint;    /* the hop that stands in for the target; 0: none does */
    struct mtu_refusal refusals[REFUSALS];
    uint8_t refusal_count;
    int64_t rtt_ns; /* the longest of what came through; -1 unknown */
    bool unreachable;
    uint8_t icmp_type;
    uint8_t icmp_code;
    struct sonde_address from;
    int error;
};

/* The last hop that has answered before too many in a row were silent. */
uint8_t mtu_farthest(const struct sonde_mtu *mtu);

#endif
