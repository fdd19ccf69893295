/* The forms in which a multipath graph is told. */
#ifndef REPORT_MULTIPATH_INSIDE_H
#define REPORT_MULTIPATH_INSIDE_H

#include "multipath.h"
#include "state.h"

/* Return 0 or -ENOMEM; write errors are the stream's. */
int report_multipath_text(struct report_state *state, const struct report_multipath *what);
int report_multipath_dot(struct report_state *state, const struct report_multipath *what);
int report_multipath_json(struct report_state *state, const struct report_multipath *what);

/* The outgoing links of a vertex: the first, and how many. */
const struct sonde_multipath_link *report_links_of(const struct sonde_multipath_graph *graph,
                                                   uint32_t vertex, uint32_t *count);

/* "10.0.0.1", "name (10.0.0.1)", "*" for silence, "this host". Returns text. */
const char *report_vertex_label(const struct report_state *state,
                                const struct sonde_multipath_vertex *vertex,
                                char text[static REPORT_LABEL]);

/*
 * The drawing: a row for each vertex, in their order, and rows in between where ways part.
 * multipath_draw.c.
 */
struct report_drawing;

/* Returns 0 or -ENOMEM. To be freed with report_drawing_free. */
int report_drawing_make(struct report_drawing **drawing, const struct sonde_multipath_graph *graph);
void report_drawing_free(struct report_drawing *drawing);

size_t report_drawing_rows(const struct report_drawing *drawing);

/* The vertex that stands in a row, or SONDE_MULTIPATH_NONE. */
uint32_t report_drawing_vertex(const struct report_drawing *drawing, size_t row);

/* How many columns of a screen the widest row takes. */
size_t report_drawing_columns(const struct report_drawing *drawing);

/*
 * Writes a row in block-drawing characters or in ASCII: with a vertex as wide as the widest, else
 * without blanks at its end.
 */
void report_drawing_row(const struct report_drawing *drawing, size_t row, bool utf8, FILE *out);

/* Likewise what runs down below a row whose vertex has next hops: as wide as the widest. */
void report_drawing_lanes(const struct report_drawing *drawing, size_t row, bool utf8, FILE *out);

#endif
