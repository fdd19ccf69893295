/*
 * Whom has been heard of lately: keyed 64-bit marks in fixed memory, 8 to a cache line. Each line
 * remembers the last eight of the marks that fall into it, so about the last million in all.
 */
#ifndef STRATEGY_SURVEY_WINDOW_H
#define STRATEGY_SURVEY_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define SURVEY_WINDOW_LINE  8u
#define SURVEY_WINDOW_LINES (UINT32_C(1) << 17) /* 8 MiB */

struct survey_window {
    uint64_t (*lines)[SURVEY_WINDOW_LINE]; /* latest first; 0: free */
};

/* Returns 0 or -ENOMEM. */
int survey_window_init(struct survey_window *window);
void survey_window_destroy(struct survey_window *window);

static inline uint64_t *survey_window_line(const struct survey_window *window, uint64_t mark)
{
    /* the lowest 16 bits are on the wire, as the sequence number: the line is of the others */
    return window->lines[mark >> 16 & (SURVEY_WINDOW_LINES - 1)];
}

/* Lets the processor fetch what the mark's survey_window_meet will look at. */
static inline void survey_window_fetch(const struct survey_window *window, uint64_t mark)
{
    __builtin_prefetch(survey_window_line(window, mark), 1);
}

/* Whether the mark is in the window; it is in any case from now on, as the latest. */
bool survey_window_meet(struct survey_window *window, uint64_t mark);

#endif
