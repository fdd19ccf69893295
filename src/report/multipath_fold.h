/*
 * A graph that is narrow enough to be drawn: where very many vertices of a hop have the same one
 * vertex in front and the same one behind, one of them stands for all.
 */
#ifndef REPORT_MULTIPATH_FOLD_H
#define REPORT_MULTIPATH_FOLD_H

#include "sonde/multipath.h"

/* More than so many are folded. */
#define REPORT_SIDE_BY_SIDE 12u

struct report_fold {
    const struct sonde_multipath_graph *whole;
    struct sonde_multipath_graph graph; /* the folded one: vertices and links only */
    struct sonde_multipath_vertex *vertices;
    struct sonde_multipath_link *links;
    uint32_t *shown; /* by vertex of `whole`: the vertex of `whole` that stands for it */
    uint32_t *whose; /* by vertex of `graph`: which vertex of `whole` it is */
    uint32_t *count; /* by vertex of `graph`: how many it stands for */
};

/* Folds a graph, which lives as long as the fold. Returns 0 or -ENOMEM, with nothing to free. */
int report_fold_make(struct report_fold *fold, const struct sonde_multipath_graph *whole);
void report_fold_free(struct report_fold *fold);

#endif
