#include "multipath.h"

#include <errno.h>
#include <string.h>

#include "multipath_inside.h"

const struct sonde_multipath_link *report_links_of(const struct sonde_multipath_graph *graph,
                                                   uint32_t vertex, uint32_t *count)
{
    uint32_t first = 0; /* they are sorted by where they leave */
    for (uint32_t end = graph->link_count; first < end;) {
        const uint32_t middle = first + (end - first) / 2;
        if (graph->links[middle].from < vertex)
            first = middle + 1;
        else
            end = middle;
    }
    *count = 0;
    while (first + *count < graph->link_count && graph->links[first + *count].from == vertex)
        ++*count;
    return graph->links + first;
}

const char *report_vertex_label(const struct report_state *state,
                                const struct sonde_multipath_vertex *vertex,
                                char text[static REPORT_LABEL])
{
    if (vertex->star)
        return "*";
    if (vertex->hop == 0 && vertex->address.family == SONDE_FAMILY_NONE)
        return "this host";
    return report_label(state, &vertex->address, text);
}

int report_multipath(const struct report_run *run, const struct report_multipath *what)
{
    struct report_state state = {0};
    int error = report_state_init(&state, run);
    if (!error)
        switch (what->form) {
        case REPORT_MULTIPATH_TEXT:
            error = report_multipath_text(&state, what);
            break;
        case REPORT_MULTIPATH_DOT:
            error = report_multipath_dot(&state, what);
            break;
        case REPORT_MULTIPATH_JSON:
            error = report_multipath_json(&state, what);
            break;
        }
    report_state_destroy(&state);
    return error;
}
