/* Asks probes of one's own choice in a scenario and keeps what became of each. */
#ifndef TESTS_SIM_ASK_H
#define TESTS_SIM_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/engine.h"
#include "sonde/sim.h"

enum { ASK_MAX = 1024, ASK_WAY = 24 };

/* One probe from both sides. */
struct ask_answer {
    unsigned finals;
    unsigned notices;
    struct sonde_outcome outcome; /* the final one, without bytes */
    /* true */
    enum sonde_sim_fate fate; /* of its first packet */
    char decided[32];         /* who answered or dropped it */
    char way[ASK_WAY * 32];   /* the routers that it passed, each behind a blank */
    uint8_t packet[64];       /* as it entered the network: its beginning */
    int64_t delay_ns;         /* until its answer came out */
};

struct ask {
    const char *scenario; /* the name of one in the gallery, or a text with a line break */
    const char *host;
    enum sonde_family family; /* NONE: as the host has it */
    uint64_t seed;
    struct sonde_engine_config config; /* key and identifiers are filled in */
    struct sonde_probe *probes;        /* all but target, due; 0: hop limit 64, timeout 1 s */
    size_t count;                      /* ASK_MAX at most */
    int64_t gap_ns;                    /* between probes; 0: together */

    /* results */
    struct ask_answer answers[ASK_MAX];
    struct sonde_address address; /* the host's */
    struct sonde_engine_counters counters;
    uint16_t identifiers[64];
};

void ask_run(struct ask *ask);

#endif
