/* When a survey's probes leave: exact slots, and the watch over the share of answers. */
#ifndef STRATEGY_SURVEY_PACE_H
#define STRATEGY_SURVEY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "sonde/time.h"

#define SURVEY_PACE_PERIODS 4u

/* Half a second: what was sent in it, and what of that was answered. */
struct survey_period {
    int64_t index; /* from the start on */
    uint64_t sent;
    uint64_t answered;
};

struct survey_pace {
    uint64_t gap_ns; /* asked for: gap_ns / gap_slots from slot to slot */
    uint64_t gap_slots;
    bool unlimited;
    bool adaptive;

    struct sonde_mono start;
    struct sonde_mono due;  /* the next slot, … */
    uint64_t over;          /* … and over / slots of a nanosecond more */
    uint64_t whole;         /* from slot to slot, in force: whole ns … */
    uint64_t rest, slots;   /* … and rest / slots */
    struct sonde_mono turn; /* the last look at the time */

    unsigned permille; /* of the rate asked for */
    bool doubling;     /* until the first cut */
    int64_t changed;   /* first period at the present rate */
    int64_t judged;    /* first period without a verdict */
    struct survey_period periods[SURVEY_PACE_PERIODS];
    uint64_t base_sent; /* the share at lower rates: base_answered / base_sent */
    uint64_t base_answered;
    uint32_t cuts;
};

/* Returns 0 or -EINVAL. */
int survey_pace_init(struct survey_pace *pace, uint64_t gap_ns, uint64_t gap_slots, bool adaptive);

void survey_pace_start(struct survey_pace *pace, struct sonde_mono now);

/* Gives up slots that were missed by too much, and judges the periods that are over. */
void survey_pace_turn(struct survey_pace *pace, struct sonde_mono now);

/* Takes the next slot if it is due at the last turn. */
bool survey_pace_take(struct survey_pace *pace);

/* When the next turn with a slot is. */
struct sonde_mono survey_pace_wake(const struct survey_pace *pace);

/* A probe has left at `at`; one that had left at `at` is answered. */
void survey_pace_sent(struct survey_pace *pace, struct sonde_mono at);
void survey_pace_answered(struct survey_pace *pace, struct sonde_mono at);

/* Probes a second; 0: no limit. */
double survey_pace_rate(const struct survey_pace *pace);

#endif
