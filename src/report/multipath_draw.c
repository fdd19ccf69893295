/*
 * A graph drawn from top to bottom. Each way that is open runs down a lane of its own; the lanes
 * that lead to one vertex are one lane from where they meet. A row has a vertex, or one connection
 * from the vertex above to the lanes of its next hops.
 */
#include <errno.h>
#include <stdlib.h>

#include "multipath_inside.h"

enum cell {
    CELL_EMPTY,
    CELL_DOWN,        /* a lane */
    CELL_ACROSS,      /* a connection */
    CELL_CROSSING,    /* a connection over a lane that it has nothing to do with */
    CELL_VERTEX,      /* somebody who answered */
    CELL_STAR,        /* silence */
    CELL_TARGET,      /* the host asked for */
    CELL_LEAVE_BOTH,  /* from the vertex to both sides; its lane goes on below */
    CELL_LEAVE_RIGHT, /* likewise to the right */
    CELL_LEAVE_LEFT,
    CELL_END_RIGHT, /* from the vertex to the right; no lane below */
    CELL_END_LEFT,
    CELL_JOIN_FROM_LEFT, /* into a lane that runs on */
    CELL_JOIN_FROM_RIGHT,
    CELL_NEW_FROM_LEFT, /* into a lane that begins here */
    CELL_NEW_FROM_RIGHT,
    CELL_NEW_BETWEEN, /* likewise, with the connection going on to the right */
    CELLS,
};

static const char *const blocks[CELLS] = {
    [CELL_EMPTY] = " ",          [CELL_DOWN] = "│",
    [CELL_ACROSS] = "─",         [CELL_CROSSING] = "┼",
    [CELL_VERTEX] = "●",         [CELL_STAR] = "○",
    [CELL_TARGET] = "◎",         [CELL_LEAVE_BOTH] = "┼",
    [CELL_LEAVE_RIGHT] = "├",    [CELL_LEAVE_LEFT] = "┤",
    [CELL_END_RIGHT] = "╰",      [CELL_END_LEFT] = "╯",
    [CELL_JOIN_FROM_LEFT] = "┤", [CELL_JOIN_FROM_RIGHT] = "├",
    [CELL_NEW_FROM_LEFT] = "╮",  [CELL_NEW_FROM_RIGHT] = "╭",
    [CELL_NEW_BETWEEN] = "┬",
};

static const char plain[CELLS] = {
    [CELL_EMPTY] = ' ',          [CELL_DOWN] = '|',
    [CELL_ACROSS] = '-',         [CELL_CROSSING] = '+',
    [CELL_VERTEX] = '*',         [CELL_STAR] = 'o',
    [CELL_TARGET] = '@',         [CELL_LEAVE_BOTH] = '+',
    [CELL_LEAVE_RIGHT] = '|',    [CELL_LEAVE_LEFT] = '|',
    [CELL_END_RIGHT] = '\'',     [CELL_END_LEFT] = '\'',
    [CELL_JOIN_FROM_LEFT] = '|', [CELL_JOIN_FROM_RIGHT] = '|',
    [CELL_NEW_FROM_LEFT] = '.',  [CELL_NEW_FROM_RIGHT] = '.',
    [CELL_NEW_BETWEEN] = '.',
};

struct row {
    uint32_t vertex; /* NONE: a connection */
    uint8_t *cells;
};

struct report_drawing {
    const struct sonde_multipath_graph *graph;
    size_t width; /* lanes there is room for */
    size_t used;  /* … of which the widest row takes so many */
    struct row *rows;
    size_t count;
    size_t capacity;
    uint32_t *lanes; /* by lane: the vertex it leads to, NONE: free */
};

void report_drawing_free(struct report_drawing *drawing)
{
    if (!drawing)
        return;
    for (size_t i = 0; i < drawing->count; i++)
        free(drawing->rows[i].cells);
    free(drawing->rows);
    free(drawing->lanes);
    free(drawing);
}

/* A new row, with what runs down. */
static struct row *add_row(struct report_drawing *drawing, uint32_t vertex)
{
    if (drawing->count == drawing->capacity) {
        const size_t capacity = drawing->capacity ? 2 * drawing->capacity : 64;
        struct row *rows = reallocarray(drawing->rows, capacity, sizeof *rows);
        if (!rows)
            return NULL;
        drawing->rows = rows;
        drawing->capacity = capacity;
    }
    struct row *row = &drawing->rows[drawing->count];
    *row = (struct row){vertex, calloc(drawing->width, 1)};
    if (!row->cells)
        return NULL;
    drawing->count++;
    for (size_t i = 0; i < drawing->width; i++)
        if (drawing->lanes[i] != SONDE_MULTIPATH_NONE) {
            row->cells[i] = CELL_DOWN;
            drawing->used = i + 1 > drawing->used ? i + 1 : drawing->used;
        }
    return row;
}

static size_t lane_of(const struct report_drawing *drawing, uint32_t vertex)
{
    for (size_t i = 0; i < drawing->width; i++)
        if (drawing->lanes[i] == vertex)
            return i;
    return drawing->width;
}

static enum cell cell_of(const struct sonde_multipath_vertex *vertex)
{
    return vertex->star ? CELL_STAR : vertex->target ? CELL_TARGET : CELL_VERTEX;
}

/* Draws from lane `from` towards `to`, both not included. */
static void draw_across(struct row *row, size_t from, size_t to)
{
    const size_t first = from < to ? from : to;
    const size_t last = from < to ? to : from;
    for (size_t i = first + 1; i < last; i++)
        row->cells[i] = row->cells[i] == CELL_DOWN ? CELL_CROSSING : CELL_ACROSS;
}

/* A connection into a lane that exists. `goes_on`: the vertex's own lane does, below. */
static int join(struct report_drawing *drawing, size_t from, size_t to, bool goes_on)
{
    struct row *row = add_row(drawing, SONDE_MULTIPATH_NONE);
    if (!row)
        return -ENOMEM;
    draw_across(row, from, to);
    row->cells[to] = from < to ? CELL_JOIN_FROM_LEFT : CELL_JOIN_FROM_RIGHT;
    row->cells[from] = goes_on     ? (from < to ? CELL_LEAVE_RIGHT : CELL_LEAVE_LEFT)
                       : from < to ? CELL_END_RIGHT
                                   : CELL_END_LEFT;
    return 0;
}

/* The lanes of all next hops that have none yet, in one row; the first takes the vertex's own. */
static int part(struct report_drawing *drawing, size_t from,
                const struct sonde_multipath_link *links, uint32_t count)
{
    struct row *row = NULL;
    size_t left = from, right = from;
    drawing->lanes[from] = SONDE_MULTIPATH_NONE;
    for (uint32_t i = 0; i < count; i++) {
        if (lane_of(drawing, links[i].to) != drawing->width)
            continue;
        if (drawing->lanes[from] == SONDE_MULTIPATH_NONE) {
            drawing->lanes[from] = links[i].to;
            continue;
        }
        if (!row && !(row = add_row(drawing, SONDE_MULTIPATH_NONE)))
            return -ENOMEM;
        const size_t lane = lane_of(drawing, SONDE_MULTIPATH_NONE);
        drawing->lanes[lane] = links[i].to;
        drawing->used = lane + 1 > drawing->used ? lane + 1 : drawing->used;
        row->cells[lane] = lane < from ? CELL_NEW_FROM_RIGHT : CELL_NEW_FROM_LEFT;
        left = lane < left ? lane : left;
        right = lane > right ? lane : right;
    }
    if (!row)
        return 0;
    for (size_t i = left; i <= right; i++) {
        const uint8_t here = row->cells[i];
        if (i == from)
            row->cells[i] = left < from && right > from ? CELL_LEAVE_BOTH
                            : left < from               ? CELL_LEAVE_LEFT
                                                        : CELL_LEAVE_RIGHT;
        else if (here == CELL_NEW_FROM_LEFT || here == CELL_NEW_FROM_RIGHT)
            row->cells[i] = i == left || i == right ? here : (uint8_t)CELL_NEW_BETWEEN;
        else
            row->cells[i] = here == CELL_DOWN ? CELL_CROSSING : CELL_ACROSS;
    }
    return 0;
}

static bool has_lane(const uint32_t *lanes, size_t width, uint32_t vertex)
{
    for (size_t i = 0; i < width; i++)
        if (lanes[i] == vertex)
            return true;
    return false;
}

/* A vertex, and the connections to its next hops. */
static int draw_vertex(struct report_drawing *drawing, uint32_t index)
{
    const struct sonde_multipath_graph *graph = drawing->graph;
    size_t lane = lane_of(drawing, index);
    if (lane == drawing->width) /* nothing is known to lead here */
        lane = lane_of(drawing, SONDE_MULTIPATH_NONE);
    drawing->lanes[lane] = index;
    struct row *row = add_row(drawing, index);
    if (!row)
        return -ENOMEM;
    row->cells[lane] = (uint8_t)cell_of(&graph->vertices[index]);
    uint32_t count;
    const struct sonde_multipath_link *links = report_links_of(graph, index, &count);
    bool goes_on = false;
    for (uint32_t i = 0; i < count; i++)
        goes_on |= !has_lane(drawing->lanes, drawing->width, links[i].to);
    /* into the lanes that there are already, nearest row first */
    uint32_t joins = 0;
    for (uint32_t i = 0; i < count; i++)
        joins += has_lane(drawing->lanes, drawing->width, links[i].to);
    for (uint32_t i = 0; i < count; i++) {
        if (!has_lane(drawing->lanes, drawing->width, links[i].to))
            continue;
        const int error =
            join(drawing, lane, lane_of(drawing, links[i].to), goes_on || --joins > 0);
        if (error)
            return error;
    }
    return part(drawing, lane, links, count);
}

/* As many lanes as two consecutive hops have vertices are enough. */
static size_t lanes_needed(const struct sonde_multipath_graph *graph)
{
    size_t most = 2, here = 0, before = 0;
    for (uint32_t i = 0; i < graph->vertex_count; i++) {
        if (i > 0 && graph->vertices[i].hop != graph->vertices[i - 1].hop) {
            before = here;
            here = 0;
        }
        here++;
        most = here + before + 2 > most ? here + before + 2 : most;
    }
    return most;
}

int report_drawing_make(struct report_drawing **made, const struct sonde_multipath_graph *graph)
{
    struct report_drawing *drawing = calloc(1, sizeof *drawing);
    if (!drawing)
        return -ENOMEM;
    drawing->graph = graph;
    drawing->width = lanes_needed(graph);
    drawing->lanes = malloc(drawing->width * sizeof *drawing->lanes);
    int error = drawing->lanes ? 0 : -ENOMEM;
    for (size_t i = 0; i < drawing->width && !error; i++)
        drawing->lanes[i] = SONDE_MULTIPATH_NONE;
    for (uint32_t i = 0; i < graph->vertex_count && !error; i++)
        error = draw_vertex(drawing, i);
    if (error) {
        report_drawing_free(drawing);
        return error;
    }
    *made = drawing;
    return 0;
}

size_t report_drawing_rows(const struct report_drawing *drawing)
{
    return drawing->count;
}

uint32_t report_drawing_vertex(const struct report_drawing *drawing, size_t row)
{
    return drawing->rows[row].vertex;
}

size_t report_drawing_columns(const struct report_drawing *drawing)
{
    return drawing->used > 0 ? 2 * drawing->used - 1 : 0;
}

/* No blanks stand at the end of a row that nothing is written behind. */
static size_t width_of(const struct report_drawing *drawing, const struct row *row)
{
    size_t width = drawing->used;
    while (row->vertex == SONDE_MULTIPATH_NONE && width > 0 && row->cells[width - 1] == CELL_EMPTY)
        width--;
    return width;
}

void report_drawing_lanes(const struct report_drawing *drawing, size_t row, bool utf8, FILE *out)
{
    for (size_t i = 0; i < drawing->used; i++) {
        const bool lane = drawing->rows[row].cells[i] != CELL_EMPTY;
        fprintf(out, "%s%s", i > 0 ? " " : "", !lane ? " " : utf8 ? blocks[CELL_DOWN] : "|");
    }
}

void report_drawing_row(const struct report_drawing *drawing, size_t row, bool utf8, FILE *out)
{
    const uint8_t *cells = drawing->rows[row].cells;
    const size_t width = width_of(drawing, &drawing->rows[row]);
    for (size_t i = 0; i < width; i++) {
        const bool across = cells[i] == CELL_ACROSS || cells[i] == CELL_CROSSING ||
                            cells[i] == CELL_LEAVE_BOTH || cells[i] == CELL_LEAVE_RIGHT ||
                            cells[i] == CELL_END_RIGHT || cells[i] == CELL_NEW_BETWEEN ||
                            cells[i] == CELL_NEW_FROM_RIGHT || cells[i] == CELL_JOIN_FROM_RIGHT;
        if (utf8)
            fputs(blocks[cells[i]], out);
        else
            fputc(plain[cells[i]], out);
        if (i + 1 < width)
            fputs(!across ? " " : utf8 ? blocks[CELL_ACROSS] : "-", out);
    }
}
