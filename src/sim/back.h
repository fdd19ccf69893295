/* The way back: answers over the same places in reverse order, to the observer. */
#ifndef SIM_BACK_H
#define SIM_BACK_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/inside.h"

/* An answer as it leaves. */
struct sim_departure {
    uint32_t node;  /* who sends it … */
    uint32_t place; /* … from where; one further, when that is beside the place before */
    int64_t time;   /* ns */
    bool shared;    /* the packet's host adds its share of delay to the way back */
};

/*
 * Sends an answer back; what it becomes, or where it gets lost, is told. `answer` are the bytes as
 * they come out, where no link changes them; fate and harm are those of `kind`.
 */
void sim_back_send(const struct sim_visit *visit, struct sonde_bytes answer,
                   const struct sim_departure *departure, const struct sonde_sim_truth *kind);

/* Tells that an answer got lost, and where. */
void sim_back_lost(const struct sim_visit *visit, enum sonde_sim_fate fate, uint32_t node);

#endif
