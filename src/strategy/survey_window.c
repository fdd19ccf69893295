#include "strategy/survey_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int survey_window_init(struct survey_window *window)
{
    /* pages that no mark has fallen into yet cost nothing */
    window->lines = calloc(SURVEY_WINDOW_LINES, sizeof(*window->lines));
    return window->lines ? 0 : -ENOMEM;
}

void survey_window_destroy(struct survey_window *window)
{
    free(window->lines);
}

bool survey_window_meet(struct survey_window *window, uint64_t mark)
{
    uint64_t *line = survey_window_line(window, mark);
    mark += mark == 0;
    unsigned at = 0;
    while (at < SURVEY_WINDOW_LINE - 1 && line[at] != mark)
        at++;
    bool met = line[at] == mark;
    memmove(line + 1, line, at * sizeof(*line));
    line[0] = mark;
    return met;
}
