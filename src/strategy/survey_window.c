#include "strategy/survey_window.h"

#include <errno.h>
#include <string.h>

#include "base/pages.h"

#define BYTES (SURVEY_WINDOW_LINES * SURVEY_WINDOW_LINE * sizeof(uint64_t))

int survey_window_init(struct survey_window *window)
{
    window->lines = base_pages_take(BYTES);
    return window->lines ? 0 : -ENOMEM;
}

void survey_window_destroy(struct survey_window *window)
{
    base_pages_give(window->lines, BYTES);
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
