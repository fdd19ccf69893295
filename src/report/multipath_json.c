/* A multipath graph told to programs: one object. What every member means: docs/json.md. */
#include "json.h"
#include "multipath_inside.h"
#include "words.h"

static void put_stats(json_t *object, const struct sonde_stats *stats)
{
    struct sonde_rtt_summary rtt;
    report_json_count(object, "sent", stats->sent);
    report_json_count(object, "received", sonde_stats_received(stats));
    if (!sonde_stats_rtt(stats, &rtt))
        return;
    report_json_span(object, "rtt_min_ns", rtt.min);
    report_json_span(object, "rtt_avg_ns", rtt.mean);
    report_json_span(object, "rtt_max_ns", rtt.max);
}

static json_t *labels_of(const struct sonde_multipath_vertex *vertex)
{
    json_t *labels = json_array();
    for (uint8_t i = 0; i < vertex->label_count; i++) {
        json_t *label = json_object();
        report_json_count(label, "label", vertex->labels[i].label);
        report_json_count(label, "traffic_class", vertex->labels[i].traffic_class);
        report_json_count(label, "ttl", vertex->labels[i].ttl);
        json_array_append_new(labels, label);
    }
    return labels;
}

static json_t *vertex_of(const struct report_state *state,
                         const struct sonde_multipath_vertex *vertex)
{
    char name[REPORT_LABEL];
    json_t *object = json_object();
    report_json_count(object, "hop", vertex->hop);
    report_json_address(object, "address", &vertex->address);
    if (!vertex->star)
        report_json_text(object, "name", report_name_of(state, &vertex->address, name));
    report_json_flag(object, "silent", vertex->star);
    report_json_flag(object, "target", vertex->target);
    if (vertex->hop > 0)
        report_json_text(object, "answer", report_outcome_word(vertex->kind));
    report_json_count(object, "flows", vertex->flows);
    report_json_count(object, "next_hops", vertex->next_hops);
    report_json_flag(object, "per_packet", vertex->per_packet);
    report_json_flag(object, "rationed", vertex->rationed);
    report_json_flag(object, "loop", vertex->loop);
    report_json_text(object, "search", sonde_multipath_search_name(vertex->search));
    if (vertex->label_count > 0)
        json_object_set_new_nocheck(object, "mpls", labels_of(vertex));
    put_stats(object, &vertex->stats);
    return object;
}

static json_t *link_of(const struct sonde_multipath_link *link)
{
    json_t *object = json_object();
    report_json_count(object, "from", link->from);
    report_json_count(object, "to", link->to);
    report_json_count(object, "flows", link->flows);
    report_json_flag(object, "uncertain", link->uncertain);
    put_stats(object, &link->stats);
    return object;
}

static json_t *diamond_of(const struct sonde_multipath_diamond *diamond)
{
    json_t *object = json_object();
    report_json_count(object, "divergence", diamond->divergence);
    if (diamond->convergence != SONDE_MULTIPATH_NONE)
        report_json_count(object, "convergence", diamond->convergence);
    report_json_count(object, "width", diamond->width);
    report_json_count(object, "length", diamond->length);
    report_json_count(object, "length_min", diamond->length_min);
    report_json_flag(object, "meshed", diamond->meshed);
    report_json_flag(object, "uniform", diamond->uniform);
    report_json_flag(object, "per_packet", diamond->per_packet);
    return object;
}

int report_multipath_json(struct report_state *state, const struct report_multipath *what)
{
    const struct sonde_multipath_graph *graph = what->graph;
    json_t *object = report_json_typed(state, "multipath", report_now(state));
    json_t *vertices = json_array(), *links = json_array(), *diamonds = json_array();
    report_json_text(object, "target", state->names[0]);
    report_json_address(object, "address", &state->run.targets[0].address);
    report_json_text(object, "algorithm", what->lite ? "mda-lite" : "mda");
    report_json_real(object, "confidence", what->confidence);
    report_json_text(object, "end", sonde_multipath_end_name(graph->end));
    report_json_flag(object, "complete", graph->complete);
    report_json_flag(object, "fell_back", graph->fell_back);
    report_json_count(object, "hops", graph->hops);
    report_json_count(object, "flows", graph->flows);
    report_json_count(object, "probes", graph->probes);
    report_json_count(object, "bound", graph->bound);
    report_json_count(object, "lost", graph->lost);
    report_json_span(object, "spent_ns", what->spent);
    for (uint32_t i = 0; i < graph->vertex_count; i++)
        json_array_append_new(vertices, vertex_of(state, &graph->vertices[i]));
    for (uint32_t i = 0; i < graph->link_count; i++)
        json_array_append_new(links, link_of(&graph->links[i]));
    for (uint32_t i = 0; i < graph->diamond_count; i++)
        json_array_append_new(diamonds, diamond_of(&graph->diamonds[i]));
    json_object_set_new_nocheck(object, "vertices", vertices);
    json_object_set_new_nocheck(object, "links", links);
    json_object_set_new_nocheck(object, "diamonds", diamonds);
    report_json_line(state, object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    return -state->error;
}
