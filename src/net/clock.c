#include "net/clock.h"

#include <time.h>

#define BRACKET_WANTED INT64_C(500)         /* measure again when the readings lie further apart */
#define TOLERANCE      SONDE_NS_PER_US      /* beyond the bracket */
#define BACKLOG        SONDE_NS_PER_S       /* the longest a stamp is thought to wait unread */
#define FORGET         (2 * SONDE_NS_PER_S) /* how long after a step stamps from before may come */

static int64_t reading(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SONDE_NS_PER_S + now.tv_nsec;
}

struct measurement {
    int64_t before, real, after;
};

static struct measurement measure(int tries)
{
    struct measurement best = {0, 0, INT64_MAX};

    for (int i = 0; i < tries; i++) {
        struct measurement now;

        now.before = reading(CLOCK_MONOTONIC);
        now.real = reading(CLOCK_REALTIME);
        now.after = reading(CLOCK_MONOTONIC);
        if (now.after - now.before < best.after - best.before)
            best = now;
        if (tries <= 3 && best.after - best.before < BRACKET_WANTED)
            break;
    }
    return best;
}

static int64_t middle(int64_t before, int64_t after)
{
    return before + (after - before) / 2;
}

void net_clock_open(struct net_clock *clock)
{
    struct measurement best = measure(16);

    *clock = (struct net_clock){
        .offset = best.real - middle(best.before, best.after),
        .bracket = best.after - best.before,
        .checked = {best.after},
        .from = {INT64_MIN},
        .until = {INT64_MIN},
        .blind_until = {INT64_MIN},
    };
}

void net_clock_check(struct net_clock *clock)
{
    struct measurement now = measure(3);
    net_clock_observe(clock, (struct sonde_mono){now.before}, now.real,
                      (struct sonde_mono){now.after});
}

void net_clock_observe(struct net_clock *clock, struct sonde_mono before, int64_t real,
                       struct sonde_mono after)
{
    int64_t bracket = after.ns - before.ns;
    int64_t offset = real - middle(before.ns, after.ns);
    int64_t change = sonde_saturating_sub(offset, clock->offset);

    if (change > bracket + TOLERANCE || change < -(bracket + TOLERANCE)) {
        if (clock->steps && sonde_mono_since(after, clock->until).ns < FORGET)
            clock->blind_until.ns = sonde_saturating_add(after.ns, FORGET);
        clock->steps++;
        clock->former = clock->offset;
        clock->from = clock->checked;
        clock->until = after;
        clock->offset = offset;
        clock->bracket = bracket;
    }
    clock->checked = after;
}

static bool between(int64_t at, int64_t low, int64_t high)
{
    return at >= low && at <= high;
}

bool net_clock_translate(const struct net_clock *clock, int64_t real, struct sonde_mono earliest,
                         struct sonde_mono latest, struct sonde_mono *at)
{
    int64_t slack = clock->bracket + TOLERANCE;
    int64_t low = sonde_saturating_sub(earliest.ns, slack);
    int64_t high = sonde_saturating_add(latest.ns, slack);
    int64_t now = sonde_saturating_sub(real, clock->offset);
    int64_t then = sonde_saturating_sub(real, clock->former);
    bool now_fits = between(now, low, high);
    bool then_fits = false;

    if (sonde_mono_before(latest, clock->blind_until))
        return false;
    if (clock->steps && latest.ns - FORGET < clock->until.ns) {
        now_fits = now_fits && now >= clock->from.ns;
        then_fits = between(then, low, high) &&
                    between(then, sonde_saturating_sub(clock->from.ns, BACKLOG), clock->until.ns);
    }
    if (now_fits == then_fits)
        return false;
    at->ns = now_fits ? now : then;
    return true;
}
