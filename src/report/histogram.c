#include "histogram.h"

#include <inttypes.h>
#include <string.h>

#include "state.h"

#define SHORTEST_BAR 10u
#define LONGEST_BAR  60u

struct row {
    struct sonde_span from;
    struct sonde_span to;
    uint64_t count;
};

struct drawing {
    struct row rows[REPORT_HISTOGRAM_ROWS];
    size_t row_count;
    uint64_t highest;
    int decimals;    /* of the labels, so that the two ends of a row differ */
    int label_width; /* of one end */
};

/* The first and the last bucket that counts something. False when none does. */
static bool extent(const struct sonde_histogram *histogram, size_t *first, size_t *last)
{
    size_t index = 0;
    struct sonde_histogram_bucket bucket;
    if (!sonde_histogram_next(histogram, &index, &bucket))
        return false;
    *first = *last = index - 1;
    while (sonde_histogram_next(histogram, &index, &bucket))
        *last = index - 1;
    return true;
}

static void merge_rows(const struct sonde_histogram *histogram, struct drawing *drawing)
{
    size_t first, last;
    if (!extent(histogram, &first, &last))
        return;
    size_t room = REPORT_HISTOGRAM_ROWS - 2; /* one for those below the range, one for above */
    size_t per_row = (last - first + room) / room;
    for (size_t i = first; i <= last; i++) {
        struct sonde_histogram_bucket bucket;
        if (!sonde_histogram_bucket(histogram, i, &bucket))
            break;
        struct row *row = &drawing->rows[drawing->row_count];
        if ((i - first) % per_row == 0)
            row->from = bucket.from;
        row->to = bucket.to;
        row->count += bucket.count;
        if ((i - first) % per_row == per_row - 1 || i == last)
            drawing->row_count++;
    }
}

/* Enough decimals of a millisecond to tell the ends of the narrowest row apart. */
static int decimals_for(const struct drawing *drawing)
{
    int64_t narrowest = INT64_MAX;
    for (size_t i = 0; i < drawing->row_count; i++) {
        int64_t width = drawing->rows[i].to.ns - drawing->rows[i].from.ns;
        if (width < narrowest)
            narrowest = width;
    }
    int decimals = 0;
    for (int64_t unit = SONDE_NS_PER_MS; unit > narrowest && decimals < 6; unit /= 10)
        decimals++;
    return decimals;
}

static double in_ms(struct sonde_span span)
{
    return (double)span.ns / (double)SONDE_NS_PER_MS;
}

static void bar(FILE *out, uint64_t count, uint64_t highest, uint32_t width, bool utf8)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    uint32_t units = (uint32_t)((double)count / (double)highest * (double)width * 8.0 + 0.5);
    if (count > 0 && units == 0)
        units = 1; /* what happened shows */
    uint32_t whole = utf8 ? units / 8 : (units + 7) / 8;
    for (uint32_t i = 0; i < whole; i++)
        fputs(utf8 ? "█" : "#", out);
    if (utf8)
        fputs(eighths[units % 8], out);
}

static void draw_row(FILE *out, const struct drawing *drawing, const char *range, uint64_t count,
                     uint64_t total, uint32_t width, bool utf8)
{
    fprintf(out, "%*s %s", 2 * drawing->label_width + 3, range, utf8 ? "│" : "|");
    if (count > 0) {
        fputc(' ', out);
        bar(out, count, drawing->highest, width, utf8);
        fprintf(out, " %" PRIu64 " (%.1f%%)", count, (double)count * 100.0 / (double)total);
    }
    fputc('\n', out);
}

void report_histogram_draw(FILE *out, const struct sonde_histogram *histogram, bool utf8,
                           uint32_t columns)
{
    struct drawing drawing = {.highest = histogram->under > histogram->over ? histogram->under
                                                                            : histogram->over};
    char range[96];
    if (histogram->total == 0)
        return;
    merge_rows(histogram, &drawing);
    for (size_t i = 0; i < drawing.row_count; i++)
        if (drawing.rows[i].count > drawing.highest)
            drawing.highest = drawing.rows[i].count;
    drawing.decimals = decimals_for(&drawing);
    struct sonde_span top = {histogram->max_ns};
    if (drawing.row_count > 0)
        top = drawing.rows[drawing.row_count - 1].to;
    drawing.label_width = snprintf(range, sizeof range, "%.*f", drawing.decimals, in_ms(top));

    uint32_t taken = 2 * (uint32_t)drawing.label_width + 3 + 3 + 22; /* range, line, count */
    uint32_t width = (columns ? columns : 80) > taken ? (columns ? columns : 80) - taken : 0;
    width = width < SHORTEST_BAR ? SHORTEST_BAR : width > LONGEST_BAR ? LONGEST_BAR : width;

    fprintf(out, "rtt histogram, ms\n");
    if (histogram->under > 0)
        draw_row(out, &drawing, "below", histogram->under, histogram->total, width, utf8);
    for (size_t i = 0; i < drawing.row_count; i++) {
        snprintf(range, sizeof range, "%*.*f %s %*.*f", drawing.label_width, drawing.decimals,
                 in_ms(drawing.rows[i].from), utf8 ? "–" : "-", drawing.label_width,
                 drawing.decimals, in_ms(drawing.rows[i].to));
        draw_row(out, &drawing, range, drawing.rows[i].count, histogram->total, width, utf8);
    }
    if (histogram->over > 0)
        draw_row(out, &drawing, "above", histogram->over, histogram->total, width, utf8);
}
