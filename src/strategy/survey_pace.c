#include "strategy/survey_pace.h"

#include <errno.h>

#define LATE_NS        (100 * SONDE_NS_PER_MS) /* lateness that is made up for */
#define TICK_NS        SONDE_NS_PER_MS
#define PERIOD_NS      (500 * SONDE_NS_PER_MS)
#define GAP_MAX        (UINT64_C(1) << 53) /* times 1000 it fits 64 bits */
#define WHOLE          1000u               /* permille */
#define FIRST          50u
#define LEAST          10u
#define STEP           100u
#define ANSWERS_ENOUGH 20.0                /* expected ones, to say anything */
#define CLEARLY        0.9                 /* of the share expected … */
#define DEVIATIONS     4.0                 /* … and so many standard deviations below */
#define BASE_MOST      (UINT64_C(1) << 22) /* probes: older shares fade */
#define UNLIMITED_NS   1000u /* what is a whole rate where none was asked for: 1,000,000/s */

/* Sets the gap of the share of the rate that is in force. The fraction under way starts anew. */
static void set_gap(struct survey_pace *pace)
{
    uint64_t gap = pace->gap_ns;
    pace->slots = pace->gap_slots;
    if (pace->permille != WHOLE) {
        gap *= WHOLE;
        pace->slots *= pace->permille;
    }
    pace->whole = gap / pace->slots;
    pace->rest = gap % pace->slots;
    pace->over = 0;
}

int survey_pace_init(struct survey_pace *pace, uint64_t gap_ns, uint64_t gap_slots, bool adaptive)
{
    if (gap_ns >= GAP_MAX || gap_slots >= GAP_MAX)
        return -EINVAL;
    *pace = (struct survey_pace){
        .gap_ns = gap_ns ? gap_ns : UNLIMITED_NS,
        .gap_slots = gap_ns && gap_slots ? gap_slots : 1,
        .unlimited = gap_ns == 0,
        .adaptive = adaptive,
        .permille = adaptive ? FIRST : WHOLE,
        .doubling = true,
    };
    for (unsigned i = 0; i < SURVEY_PACE_PERIODS; i++)
        pace->periods[i].index = -1;
    set_gap(pace);
    return 0;
}

void survey_pace_start(struct survey_pace *pace, struct sonde_mono now)
{
    pace->start = pace->due = pace->turn = now;
}

/* --- slots ------------------------------------------------------------------------------------ */

static bool no_limit(const struct survey_pace *pace)
{
    return pace->unlimited && pace->permille == WHOLE;
}

bool survey_pace_take(struct survey_pace *pace)
{
    if (no_limit(pace))
        return true;
    if (sonde_mono_before(pace->turn, pace->due))
        return false;
    pace->over += pace->rest;
    uint64_t carry = pace->over >= pace->slots;
    if (carry)
        pace->over -= pace->slots;
    pace->due = sonde_mono_add(pace->due, (struct sonde_span){(int64_t)(pace->whole + carry)});
    return true;
}

struct sonde_mono survey_pace_wake(const struct survey_pace *pace)
{
    if (no_limit(pace) || pace->whole >= TICK_NS)
        return no_limit(pace) ? pace->turn : pace->due;
    int64_t past = pace->due.ns - pace->start.ns;
    int64_t ticks = past / TICK_NS + (past % TICK_NS != 0);
    return sonde_mono_add(pace->start, sonde_span_times((struct sonde_span){TICK_NS}, ticks));
}

double survey_pace_rate(const struct survey_pace *pace)
{
    if (no_limit(pace))
        return 0;
    return 1e9 * (double)pace->gap_slots / (double)pace->gap_ns * pace->permille / WHOLE;
}

/* --- the share of answers --------------------------------------------------------------------- */

static int64_t period_at(const struct survey_pace *pace, struct sonde_mono at)
{
    return sonde_mono_since(at, pace->start).ns / PERIOD_NS;
}

void survey_pace_sent(struct survey_pace *pace, struct sonde_mono at)
{
    int64_t index = period_at(pace, at);
    struct survey_period *period = &pace->periods[(uint64_t)index % SURVEY_PACE_PERIODS];
    if (period->index != index)
        *period = (struct survey_period){.index = index};
    period->sent++;
}

void survey_pace_answered(struct survey_pace *pace, struct sonde_mono at)
{
    int64_t index = period_at(pace, at);
    struct survey_period *period = &pace->periods[(uint64_t)index % SURVEY_PACE_PERIODS];
    if (period->index == index)
        period->answered++;
}

/* Whether clearly less than the share at lower rates was answered. */
static bool has_fallen(const struct survey_pace *pace, const struct survey_period *period)
{
    if (pace->base_sent == 0)
        return false;
    double expected = (double)pace->base_answered / (double)pace->base_sent * (double)period->sent;
    double missing = expected - (double)period->answered;
    /* the variance of a count of rare and independent answers is its mean */
    return expected >= ANSWERS_ENOUGH && (double)period->answered < CLEARLY * expected &&
           missing * missing > DEVIATIONS * DEVIATIONS * expected;
}

static void learn(struct survey_pace *pace, const struct survey_period *period)
{
    pace->base_sent += period->sent;
    pace->base_answered += period->answered;
    while (pace->base_sent > BASE_MOST) {
        pace->base_sent /= 2;
        pace->base_answered /= 2;
    }
}

static void change(struct survey_pace *pace, unsigned permille, int64_t period)
{
    permille = permille < LEAST ? LEAST : permille > WHOLE ? WHOLE : permille;
    if (permille == pace->permille)
        return;
    pace->permille = permille;
    pace->changed = period;
    pace->due = pace->turn;
    set_gap(pace);
}

static void judge(struct survey_pace *pace, const struct survey_period *period, int64_t now)
{
    if (!has_fallen(pace, period)) {
        learn(pace, period);
        change(pace, pace->doubling ? pace->permille * 2 : pace->permille + STEP, now);
    } else if (pace->permille > LEAST) {
        pace->doubling = false;
        pace->cuts++;
        change(pace, pace->permille / 2, now);
    } else {
        /* not for our rate: what is answered at the lowest one is what can be expected */
        pace->base_sent = pace->base_answered = 0;
        learn(pace, period);
    }
}

void survey_pace_turn(struct survey_pace *pace, struct sonde_mono now)
{
    pace->turn = now;
    if (sonde_mono_since(now, pace->due).ns > LATE_NS)
        pace->due = sonde_mono_add(now, (struct sonde_span){-LATE_NS});
    if (!pace->adaptive)
        return;
    /* a period has its verdict half a second after its end: answers take their time */
    int64_t current = period_at(pace, now);
    for (; pace->judged < current - 1; pace->judged++) {
        const struct survey_period *period =
            &pace->periods[(uint64_t)pace->judged % SURVEY_PACE_PERIODS];
        if (pace->judged < current - 3)
            pace->judged = current - 3; /* nothing was sent for long */
        else if (period->index == pace->judged && pace->judged >= pace->changed)
            judge(pace, period, current);
    }
}
