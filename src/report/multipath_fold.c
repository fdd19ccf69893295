#include "multipath_fold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE SONDE_MULTIPATH_NONE

/* The only vertex in front of each vertex and the only one behind it; NONE: none, or several. */
struct sides {
    uint32_t front, behind;
    uint32_t fronts, behinds;
};

static void find_sides(const struct sonde_multipath_graph *graph, struct sides *sides)
{
    for (uint32_t i = 0; i < graph->vertex_count; i++)
        sides[i] = (struct sides){NONE, NONE, 0, 0};
    for (uint32_t i = 0; i < graph->link_count; i++) {
        const struct sonde_multipath_link *link = &graph->links[i];
        sides[link->from].behind = sides[link->from].behinds++ == 0 ? link->to : NONE;
        sides[link->to].front = sides[link->to].fronts++ == 0 ? link->from : NONE;
    }
}

static bool is_sibling(const struct sonde_multipath_graph *graph, const struct sides *sides,
                       uint32_t a, uint32_t b)
{
    return graph->vertices[a].hop == graph->vertices[b].hop && !graph->vertices[b].star &&
           sides[a].front == sides[b].front && sides[a].behind == sides[b].behind;
}

static uint32_t count_siblings(const struct sonde_multipath_graph *graph, const struct sides *sides,
                               uint32_t first)
{
    uint32_t count = 0;
    if (graph->vertices[first].star || sides[first].front == NONE || sides[first].behind == NONE)
        return 1;
    const uint8_t hop = graph->vertices[first].hop;
    for (uint32_t i = first; i < graph->vertex_count && graph->vertices[i].hop == hop; i++)
        count += is_sibling(graph, sides, first, i);
    return count;
}

/* Who stands for whom. */
static void choose(struct report_fold *fold, const struct sides *sides)
{
    const struct sonde_multipath_graph *whole = fold->whole;
    for (uint32_t i = 0; i < whole->vertex_count; i++)
        fold->shown[i] = NONE;
    for (uint32_t i = 0; i < whole->vertex_count; i++) {
        if (fold->shown[i] != NONE)
            continue;
        fold->shown[i] = i;
        const uint32_t count = count_siblings(whole, sides, i);
        const bool folded = count > REPORT_SIDE_BY_SIDE;
        for (uint32_t k = i + 1; folded && k < whole->vertex_count; k++)
            if (is_sibling(whole, sides, i, k))
                fold->shown[k] = i;
        const uint32_t place = fold->graph.vertex_count++;
        fold->vertices[place] = whole->vertices[i];
        fold->whose[place] = i;
        fold->count[place] = folded ? count : 1;
    }
}

/* The links between those that are shown, with their new numbers; they stay sorted. */
static void link_shown(struct report_fold *fold, uint32_t *places)
{
    for (uint32_t place = 0; place < fold->graph.vertex_count; place++)
        places[fold->whose[place]] = place;
    for (uint32_t i = 0; i < fold->whole->link_count; i++) {
        struct sonde_multipath_link link = fold->whole->links[i];
        if (fold->shown[link.from] != link.from || fold->shown[link.to] != link.to)
            continue;
        link.from = places[link.from];
        link.to = places[link.to];
        fold->links[fold->graph.link_count++] = link;
    }
}

int report_fold_make(struct report_fold *fold, const struct sonde_multipath_graph *whole)
{
    const size_t vertices = whole->vertex_count + (size_t)1, links = whole->link_count + (size_t)1;
    *fold = (struct report_fold){
        .whole = whole,
        .vertices = calloc(vertices, sizeof *fold->vertices),
        .links = calloc(links, sizeof *fold->links),
        .shown = calloc(vertices, sizeof *fold->shown),
        .whose = calloc(vertices, sizeof *fold->whose),
        .count = calloc(vertices, sizeof *fold->count),
    };
    struct sides *sides = calloc(vertices, sizeof *sides);
    uint32_t *places = calloc(vertices, sizeof *places);
    const bool made = fold->vertices && fold->links && fold->shown && fold->whose && fold->count &&
                      sides && places;
    if (made) {
        find_sides(whole, sides);
        choose(fold, sides);
        link_shown(fold, places);
        fold->graph.vertices = fold->vertices;
        fold->graph.links = fold->links;
    } else {
        report_fold_free(fold);
    }
    free(places);
    free(sides);
    return made ? 0 : -ENOMEM;
}

void report_fold_free(struct report_fold *fold)
{
    free(fold->vertices);
    free(fold->links);
    free(fold->shown);
    free(fold->whose);
    free(fold->count);
    *fold = (struct report_fold){0};
}
