#include "strategy/survey_pace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>

#define MS    SONDE_NS_PER_MS
#define START INT64_C(123456789)

static void begin(struct survey_pace *pace, uint64_t gap_ns, uint64_t gap_slots, bool adaptive)
{
    cr_assert_eq(survey_pace_init(pace, gap_ns, gap_slots, adaptive), 0);
    survey_pace_start(pace, (struct sonde_mono){START});
}

static unsigned take_all(struct survey_pace *pace, int64_t at_ns)
{
    unsigned count = 0;
    survey_pace_turn(pace, (struct sonde_mono){START + at_ns});
    while (count < 1000000 && survey_pace_take(pace))
        count++;
    return count;
}

/* Slot k is at k * gap / slots, to the nanosecond, also where that is no whole number. */
Test(strategy_survey_pace, slots_are_exact)
{
    struct survey_pace pace;
    begin(&pace, 1000 * MS, 3, false);
    for (int64_t k = 0; k < 3000; k++) {
        int64_t due = (k * 1000 * MS + 2) / 3;
        int64_t early = k * 1000 * MS / 3 - 1;
        if (k > 0)
            cr_assert_eq(take_all(&pace, early), 0, "slot %lld is early", (long long)k);
        cr_assert_eq(take_all(&pace, due), 1, "slot %lld is not there", (long long)k);
    }
}

Test(strategy_survey_pace, a_rate_is_kept_over_any_second)
{
    struct survey_pace pace;
    begin(&pace, 1000 * MS, 50000, false);
    int64_t at = 0;
    for (int second = 0; second < 5; second++) {
        unsigned count = 0, wakes = 0;
        while (at < (second + 1) * 1000 * MS) {
            count += take_all(&pace, at);
            int64_t wake = survey_pace_wake(&pace).ns - START;
            cr_assert_gt(wake, at);
            at = wake;
            wakes++;
        }
        cr_expect(count > 49900 && count < 50100, "%u probes in second %d", count, second);
        cr_expect_eq(wakes, 1000, "one group each millisecond, not %u", wakes);
    }
}

Test(strategy_survey_pace, wide_gaps_wake_at_their_slot)
{
    struct survey_pace pace;
    begin(&pace, 7 * MS + 5, 1, false);
    for (int64_t k = 0; k < 100; k++) {
        int64_t wake = survey_pace_wake(&pace).ns - START;
        cr_assert_eq(wake, k * (7 * MS + 5));
        cr_assert_eq(take_all(&pace, wake), 1);
    }
}

Test(strategy_survey_pace, a_tenth_of_a_second_is_made_up_for_and_no_more)
{
    struct survey_pace pace;
    begin(&pace, MS, 1, false);
    cr_expect_eq(take_all(&pace, 0), 1);
    cr_expect_eq(take_all(&pace, 99 * MS), 99);
    unsigned count = take_all(&pace, 10000 * MS);
    cr_expect(count >= 100 && count <= 101, "%u at once after a sleep", count);
    cr_expect_eq(take_all(&pace, 10001 * MS), 1);
}

Test(strategy_survey_pace, no_limit)
{
    struct survey_pace pace;
    begin(&pace, 0, 0, false);
    cr_expect_eq(take_all(&pace, 0), 1000000);
    cr_expect_eq(survey_pace_wake(&pace).ns, START);
    cr_expect_eq(survey_pace_rate(&pace), 0);
    cr_expect_eq(survey_pace_init(&pace, UINT64_C(1) << 53, 1, false), -EINVAL);
    cr_expect_eq(survey_pace_init(&pace, 1, UINT64_C(1) << 53, false), -EINVAL);
}

/* --- a network that carries so many probes a second, half of them to somebody ------------------
 */

struct road {
    double capacity;
    double share;
    uint64_t sent;
    double owed; /* answers */
};

/* `seconds` of it, a turn each millisecond; what is answered is answered 30 ms later. */
static void drive(struct survey_pace *pace, struct road *road, int64_t *now, int seconds)
{
    static double answers[32];
    for (int ms = 0; ms < seconds * 1000; ms++, *now += MS) {
        unsigned count = take_all(pace, *now);
        struct sonde_mono at = {START + *now};
        for (unsigned i = 0; i < count; i++)
            survey_pace_sent(pace, at);
        road->sent += count;
        double carried = fmin(count, road->capacity / 1000);
        int64_t tick = *now / MS;
        answers[tick % 32] = carried * road->share;
        road->owed += tick >= 30 ? answers[(tick - 30) % 32] : 0;
        for (; road->owed >= 1; road->owed--)
            survey_pace_answered(pace, (struct sonde_mono){at.ns - 30 * MS});
    }
}

Test(strategy_survey_pace, a_wide_road_is_used)
{
    struct survey_pace pace;
    struct road road = {.capacity = 1e9, .share = 0.5};
    int64_t now = 0;
    begin(&pace, 1000 * MS, 50000, true);
    cr_expect_lt(survey_pace_rate(&pace), 3000, "it begins slowly");
    drive(&pace, &road, &now, 12);
    cr_expect_eq(survey_pace_rate(&pace), 50000);
    cr_expect_eq(pace.cuts, 0);
}

Test(strategy_survey_pace, a_narrow_road_is_noticed)
{
    struct survey_pace pace;
    struct road road = {.capacity = 20000, .share = 0.5};
    int64_t now = 0;
    begin(&pace, 1000 * MS, 50000, true);
    drive(&pace, &road, &now, 20);
    uint64_t sent = road.sent;
    uint32_t cuts = pace.cuts;
    drive(&pace, &road, &now, 60);
    double rate = (double)(road.sent - sent) / 60;
    cr_expect(rate > 10000 && rate < 24000, "%g probes a second of 20,000", rate);
    cr_expect(cuts > 0 && pace.cuts - cuts > 5, "%u cuts", pace.cuts);
}

Test(strategy_survey_pace, a_road_that_narrows_and_widens)
{
    struct survey_pace pace;
    struct road road = {.capacity = 1e9, .share = 0.5};
    int64_t now = 0;
    begin(&pace, 1000 * MS, 50000, true);
    drive(&pace, &road, &now, 12);
    road.capacity = 5000;
    drive(&pace, &road, &now, 20);
    cr_expect_lt(survey_pace_rate(&pace), 15000);
    road.capacity = 1e9;
    drive(&pace, &road, &now, 20);
    cr_expect_eq(survey_pace_rate(&pace), 50000);
}

/* Hosts that fall silent at any rate are no reason to be slow for ever. */
Test(strategy_survey_pace, a_share_that_falls_for_good)
{
    struct survey_pace pace;
    struct road road = {.capacity = 1e9, .share = 0.5};
    int64_t now = 0;
    begin(&pace, 1000 * MS, 50000, true);
    drive(&pace, &road, &now, 12);
    road.share = 0.2;
    drive(&pace, &road, &now, 8);
    cr_expect_lt(survey_pace_rate(&pace), 5000);
    drive(&pace, &road, &now, 40);
    cr_expect_eq(survey_pace_rate(&pace), 50000);
}

Test(strategy_survey_pace, few_answers_say_nothing)
{
    struct survey_pace pace;
    struct road road = {.capacity = 1e9, .share = 0.00005};
    int64_t now = 0;
    begin(&pace, 1000 * MS, 50000, true);
    drive(&pace, &road, &now, 30);
    road.share = 0;
    drive(&pace, &road, &now, 30);
    cr_expect_eq(pace.cuts, 0);
    cr_expect_eq(survey_pace_rate(&pace), 50000);
}

Test(strategy_survey_pace, without_a_rate_a_narrow_road_is_noticed_too)
{
    struct survey_pace pace;
    struct road road = {.capacity = 200000, .share = 0.5};
    int64_t now = 0;
    begin(&pace, 0, 0, true);
    drive(&pace, &road, &now, 12);
    cr_expect_gt(pace.cuts, 0);
    cr_expect_gt(survey_pace_rate(&pace), 50000);
    cr_expect_lt(survey_pace_rate(&pace), 400000);
}
