#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "report/multipath_inside.h"

#define MOST 16

struct graph {
    struct sonde_multipath_vertex vertices[MOST];
    struct sonde_multipath_link links[2 * MOST];
    struct sonde_multipath_graph graph;
};

static void vertex(struct graph *g, uint8_t hop)
{
    g->vertices[g->graph.vertex_count++].hop = hop;
    g->graph.vertices = g->vertices;
}

static void join(struct graph *g, uint32_t from, uint32_t to)
{
    g->links[g->graph.link_count++] = (struct sonde_multipath_link){.from = from, .to = to};
    g->graph.links = g->links;
}

/* All rows without blanks at their ends, a vertex named by its index. */
static void expect_drawn(const struct graph *g, bool utf8, const char *expected)
{
    struct report_drawing *drawing;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    cr_assert_eq(report_drawing_make(&drawing, &g->graph), 0);
    for (size_t row = 0; row < report_drawing_rows(drawing); row++) {
        const uint32_t vertex = report_drawing_vertex(drawing, row);
        if (vertex == SONDE_MULTIPATH_NONE)
            fputs("  ", out);
        else
            fprintf(out, "%u ", vertex);
        report_drawing_row(drawing, row, utf8, out);
        fflush(out);
        while (length > 0 && text[length - 1] == ' ') {
            fseek(out, -1, SEEK_CUR);
            length--;
        }
        fputc('\n', out);
    }
    fclose(out);
    report_drawing_free(drawing);
    cr_expect_str_eq(text, expected, "drawn:\n%s\nexpected:\n%s", text, expected);
    free(text);
}

Test(report_multipath_draw, one_way_is_one_lane)
{
    struct graph g = {0};
    for (uint8_t hop = 0; hop < 3; hop++)
        vertex(&g, hop);
    join(&g, 0, 1);
    join(&g, 1, 2);
    g.vertices[1].star = true;
    g.vertices[2].target = true;
    expect_drawn(&g, false, "0 *\n1 o\n2 @\n");
}

Test(report_multipath_draw, a_diamond)
{
    struct graph g = {0};
    vertex(&g, 0);
    vertex(&g, 1);
    vertex(&g, 1);
    vertex(&g, 1);
    vertex(&g, 2);
    for (uint32_t i = 1; i <= 3; i++) {
        join(&g, 0, i);
    }
    for (uint32_t i = 1; i <= 3; i++)
        join(&g, i, 4);
    expect_drawn(&g, true,
                 "0 ●\n"
                 "  ├─┬─╮\n"
                 "1 ● │ │\n"
                 "2 │ ● │\n"
                 "  ├─╯ │\n"
                 "3 │   ●\n"
                 "  ├───╯\n"
                 "4 ●\n");
}

Test(report_multipath_draw, links_that_cross)
{
    struct graph g = {0};
    vertex(&g, 0);
    vertex(&g, 1);
    vertex(&g, 1);
    vertex(&g, 2);
    vertex(&g, 2);
    join(&g, 0, 1);
    join(&g, 0, 2);
    join(&g, 1, 3);
    join(&g, 1, 4);
    join(&g, 2, 3);
    join(&g, 2, 4);
    expect_drawn(&g, true,
                 "0 ●\n"
                 "  ├─╮\n"
                 "1 ● │\n"
                 "  ├─┼─╮\n"
                 "2 │ ● │\n"
                 "  ├─┤ │\n"
                 "  │ ╰─┤\n"
                 "3 ●   │\n"
                 "4     ●\n");
}

Test(report_multipath_draw, ways_of_different_length)
{
    struct graph g = {0};
    vertex(&g, 0);
    vertex(&g, 1);
    vertex(&g, 2);
    vertex(&g, 2);
    vertex(&g, 3);
    join(&g, 0, 1);
    join(&g, 1, 2);
    join(&g, 1, 3);
    join(&g, 2, 4);
    g.vertices[3].target = true;
    g.vertices[4].target = true;
    expect_drawn(&g, false,
                 "0 *\n"
                 "1 *\n"
                 "  |-.\n"
                 "2 * |\n"
                 "3 | @\n"
                 "4 @\n");
}

Test(report_multipath_draw, what_nothing_leads_to_stands_in_a_lane_of_its_own)
{
    struct graph g = {0};
    vertex(&g, 0);
    vertex(&g, 1);
    vertex(&g, 1);
    join(&g, 0, 1);
    expect_drawn(&g, false, "0 *\n1 *\n2 *\n");
}
