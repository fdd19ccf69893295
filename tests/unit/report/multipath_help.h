/* A multipath graph made by hand, and what is told of it. */
#ifndef TEST_REPORT_MULTIPATH_HELP_H
#define TEST_REPORT_MULTIPATH_HELP_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "report/multipath.h"

#define MOST 32

struct graph_bench {
    struct sonde_multipath_vertex vertices[MOST];
    struct sonde_multipath_link links[2 * MOST];
    struct sonde_multipath_diamond diamond;
    struct sonde_multipath_graph graph;
    const char *name; /* of every address; NULL: none */
    bool utf8, verbose, lite;
    char *text;
};

static inline const char *graph_bench_name(void *self, const struct sonde_address *address)
{
    (void)address;
    return ((struct graph_bench *)self)->name;
}

static inline struct sonde_mono graph_bench_now(void *self)
{
    (void)self;
    return (struct sonde_mono){0};
}

static inline struct sonde_wall graph_bench_wall(void *self, struct sonde_mono at)
{
    (void)self;
    return (struct sonde_wall){at.ns};
}

static inline uint32_t graph_bench_vertex(struct graph_bench *bench, uint8_t hop, uint8_t who)
{
    const uint8_t bytes[4] = {10, 0, hop, who};
    struct sonde_multipath_vertex *vertex = &bench->vertices[bench->graph.vertex_count];
    vertex->hop = hop;
    vertex->kind = SONDE_TIME_EXCEEDED;
    vertex->search = SONDE_MULTIPATH_COMPLETE;
    if (hop > 0)
        vertex->address = sonde_address_from_bytes(SONDE_IPV4, bytes);
    sonde_stats_init(&vertex->stats, 0);
    bench->graph.hops = hop;
    return bench->graph.vertex_count++;
}

static inline void graph_bench_link(struct graph_bench *bench, uint32_t from, uint32_t to)
{
    struct sonde_multipath_link *link = &bench->links[bench->graph.link_count++];
    *link = (struct sonde_multipath_link){.from = from, .to = to, .flows = 6};
    sonde_stats_init(&link->stats, 0);
    bench->vertices[from].next_hops++;
}

/* This host, `width` routers side by side, and the target behind them. */
static inline void graph_bench_diamond(struct graph_bench *bench, uint8_t width)
{
    const uint32_t from = graph_bench_vertex(bench, 0, 0);
    for (uint8_t i = 0; i < width; i++)
        graph_bench_link(bench, from, graph_bench_vertex(bench, 1, (uint8_t)(width - i)));
    const uint32_t target = graph_bench_vertex(bench, 2, 9);
    for (uint32_t i = from + 1; i < target; i++)
        graph_bench_link(bench, i, target);
    bench->vertices[target].target = true;
    bench->vertices[target].kind = SONDE_REPLY;
    bench->graph.end = SONDE_MULTIPATH_REACHED;
    bench->graph.complete = true;
    bench->graph.probes = 100;
}

static inline const char *graph_bench_told(struct graph_bench *bench,
                                           enum report_multipath_form form)
{
    size_t bytes;
    const struct report_target target = {
        .name = "far", .address = bench->vertices[bench->graph.vertex_count - 1].address};
    const struct report_run run = {.out = open_memstream(&bench->text, &bytes),
                                   .err = stderr,
                                   .clock = {bench, graph_bench_now, graph_bench_wall},
                                   .name = graph_bench_name,
                                   .name_self = bench,
                                   .targets = &target,
                                   .target_count = 1,
                                   .utf8 = bench->utf8,
                                   .verbose = bench->verbose,
                                   .screen_columns = 40};
    bench->graph.vertices = bench->vertices;
    bench->graph.links = bench->links;
    bench->graph.diamonds = &bench->diamond;
    const struct report_multipath what = {.form = form,
                                          .graph = &bench->graph,
                                          .confidence = 0.95,
                                          .lite = bench->lite,
                                          .spent = {1500000}};
    cr_assert_eq(report_multipath(&run, &what), 0);
    fclose(run.out);
    return bench->text;
}

#define expect_graph(bench, form, expected)                                                        \
    do {                                                                                           \
        const char *told = graph_bench_told(bench, form);                                          \
        cr_expect_str_eq(told, expected, "told:\n%s", told);                                       \
        free((bench)->text);                                                                       \
    } while (0)

#endif
