/* What a multipath trace has found: for people, for dot(1), and for programs. */
#ifndef REPORT_MULTIPATH_H
#define REPORT_MULTIPATH_H

#include "report.h"
#include "sonde/multipath.h"
#include "trace.h"

enum report_multipath_form {
    REPORT_MULTIPATH_TEXT, /* a drawing, a line for each vertex, and what is to be said */
    REPORT_MULTIPATH_DOT,  /* the language of Graphviz */
    REPORT_MULTIPATH_JSON, /* one object: docs/json.md */
};

struct report_multipath {
    enum report_multipath_form form;
    const struct sonde_multipath_graph *graph;
    double confidence;       /* that was asked for */
    bool lite;               /* MDA-Lite */
    report_origin *origin;   /* NULL: none. With run->name_self */
    struct sonde_span spent; /* from the first probe to the end */
};

/*
 * Writes the graph to run->out and flushes it. The run has one target. Returns 0; -ENOMEM; or the
 * negative errno of a failed write, told on run->err.
 */
int report_multipath(const struct report_run *run, const struct report_multipath *what);

#endif
