#include "strategy/trace_end.h"

#include <criterion/criterion.h>

#define MS SONDE_NS_PER_MS

static struct trace_look look_at(int64_t now_ms)
{
    return (struct trace_look){
        .now = {now_ms * MS},
        .wait = {250 * MS},
        .stale = {3000 * MS},
        .first_hop = 1,
        .last_hop = 20,
        .silent_hops = 4,
        .window = 10,
    };
}

static void hear(struct trace_hop *hops, unsigned hop, enum sonde_outcome_kind kind, unsigned who)
{
    const uint8_t bytes[4] = {10, 0, 0, (uint8_t)who};
    hops[hop].answered = true;
    hops[hop].nth = 1;
    hops[hop].kind = kind;
    hops[hop].from = sonde_address_from_bytes(SONDE_IPV4, bytes);
}

Test(strategy_trace_end, the_lowest_final_answer_counts)
{
    struct trace_hop hops[TRACE_HOPS] = {0};
    struct trace_look look = look_at(100);
    struct sonde_trace_end end = {.asked = 9, .error = 3};
    hear(hops, 7, SONDE_REPLY, 9);
    hear(hops, 5, SONDE_TOO_BIG, 4);
    hops[5].mtu = 1400;
    hear(hops, 4, SONDE_TIME_EXCEEDED, 4);
    cr_assert_eq(trace_end_find(hops, &look, &end), 5);
    cr_assert_eq(end.reason, SONDE_TRACE_TOO_BIG);
    cr_assert_eq(end.mtu, 1400);
    cr_assert_eq(end.asked, 9);
    cr_assert_eq(end.error, 3);
}

Test(strategy_trace_end, unless_it_was_long_ago)
{
    struct trace_hop hops[TRACE_HOPS] = {0};
    struct trace_look look = look_at(3001);
    struct sonde_trace_end end = {0};
    hear(hops, 5, SONDE_REPLY, 9);
    cr_assert_eq(trace_end_find(hops, &look, &end), 15);
    cr_assert_eq(end.reason, SONDE_TRACE_OPEN);
    cr_assert_eq(end.hop, 5);
}

Test(strategy_trace_end, a_circle_behind_the_target_is_none)
{
    struct trace_hop hops[TRACE_HOPS] = {0};
    struct trace_look look = look_at(100);
    struct sonde_trace_end end = {0};
    for (unsigned hop = 3; hop <= 6; hop++)
        hear(hops, hop, SONDE_TIME_EXCEEDED, hop % 2);
    cr_assert_eq(trace_end_find(hops, &look, &end), 6);
    cr_assert_eq(end.reason, SONDE_TRACE_LOOP);
    cr_assert_eq(end.loop_hop, 3);
    hear(hops, 2, SONDE_REPLY, 9);
    cr_assert_eq(trace_end_find(hops, &look, &end), 2);
    cr_assert_eq(end.reason, SONDE_TRACE_REACHED);
    cr_assert_eq(end.loop_length, 0);
}

Test(strategy_trace_end, silence_takes_its_time)
{
    struct trace_hop hops[TRACE_HOPS] = {0};
    struct sonde_trace_end end = {0};
    hear(hops, 1, SONDE_TIME_EXCEEDED, 1);
    for (unsigned hop = 2; hop <= 5; hop++)
        hops[hop] = (struct trace_hop){.nth = 1, .open = 1, .left_ns = 100 * MS};
    struct trace_look look = look_at(349);
    cr_assert_eq(trace_end_find(hops, &look, &end), 11);
    cr_assert_eq(end.reason, SONDE_TRACE_OPEN);
    look = look_at(350);
    cr_assert_eq(trace_end_find(hops, &look, &end), 5);
    cr_assert_eq(end.reason, SONDE_TRACE_SILENCE);
    cr_assert_eq(end.hop, 1);
    look.last_hop = 4;
    trace_end_find(hops, &look, &end);
    cr_assert_eq(end.reason, SONDE_TRACE_LAST_HOP, "not enough of it");
}
