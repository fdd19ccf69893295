/* A path from inside: what its files share. */
#ifndef STRATEGY_PATH_INSIDE_H
#define STRATEGY_PATH_INSIDE_H

#include "sonde/path.h"

#define PATH_HOPS 256u /* by hop limit; 0 is none */

struct path_hop {
    struct sonde_path_hop shown;
    struct sonde_sequence sequence;
    struct sonde_histogram histogram;

    /* The answers one after the other, as they came. */
    uint64_t runs; /* stretches of answers from one address */
    struct sonde_path_change switches[SONDE_PATH_CHANGES]; /* the last ones, counted round */
    uint64_t switch_count;

    /* Distances between answered probes, in probes. */
    bool nth_known;
    uint32_t last_nth; /* of the last answered probe */
    uint64_t gaps;
    double gap_sum;
    double gap_squares;
    uint32_t lost_in_a_row;
    uint32_t alike; /* of its last quotes, how many show the same source */
};

struct sonde_path {
    struct sonde_path_config config;
    struct path_hop *hops; /* from first_hop to last_hop */
    struct sonde_sequence_slot *slots;
    uint64_t *counts;
    uint8_t length;
    struct sonde_path_summary summary;
};

struct path_hop *path_hop_at(const struct sonde_path *path, unsigned hop);

/* path_reveal.c: keeps what an answer shows of the network. */
void path_reveal(struct sonde_path *path, struct path_hop *hop, const struct sonde_outcome *heard);

/* path_rewrite.c: who changed our datagrams on the way. Did they have one source, as both saw it?
 */
bool path_same_source(const struct sonde_quote *a, const struct sonde_quote *b);
void path_find_rewrites(struct sonde_path *path);

/* path_variety.c: one address, a changed path, or several by turns. */
void path_find_variety(struct sonde_path *path);

/* path_loss.c: gives the hops that miss answers their verdicts; the others have theirs. */
void path_find_loss(struct sonde_path *path);

#endif
