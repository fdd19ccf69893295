#include "strategy/slots.h"

#include <criterion/criterion.h>

static struct strategy_slots rate(uint64_t per_second, int64_t tick_ns)
{
    struct strategy_slots slots = {.gap_ns = SONDE_NS_PER_S,
                                   .gap_slots = per_second,
                                   .tick = {tick_ns},
                                   .share = STRATEGY_SLOTS_WHOLE};
    strategy_slots_begin(&slots, (struct sonde_mono){1000});
    return slots;
}

Test(strategy_slots, nothing_adds_up)
{
    struct strategy_slots slots = rate(3, 0);
    cr_assert_eq(strategy_slots_at(&slots, 0).ns, 1000);
    cr_assert_eq(strategy_slots_at(&slots, 1).ns, 1000 + 333333333);
    cr_assert_eq(strategy_slots_at(&slots, 2).ns, 1000 + 666666666);
    cr_assert_eq(strategy_slots_at(&slots, 3000000003).ns, 1000 + 1000000001 * SONDE_NS_PER_S);
    cr_assert_float_eq(strategy_slots_rate(&slots), 3, 1e-9);
}

Test(strategy_slots, a_due_time_gets_the_first_slot_that_is_not_before_it)
{
    for (uint64_t per_second = 1; per_second < 3000000; per_second = per_second * 7 / 2 + 1) {
        struct strategy_slots slots = rate(per_second, 0);
        for (uint64_t k = 1; k < 5000; k += 7) {
            struct sonde_mono at = strategy_slots_at(&slots, k);
            cr_assert_eq(strategy_slots_from(&slots, at), k);
            at.ns++;
            cr_assert_eq(strategy_slots_from(&slots, at), k + 1);
            at.ns -= 2;
            cr_assert_eq(strategy_slots_from(&slots, at), k);
        }
    }
}

Test(strategy_slots, used_up_slots_do_not_come_back)
{
    struct strategy_slots slots = rate(1000, 0);
    slots.next = 50;
    cr_assert_eq(strategy_slots_from(&slots, (struct sonde_mono){0}), 50);
    cr_assert_eq(strategy_slots_last(&slots, (struct sonde_mono){0}), 50);
}

Test(strategy_slots, groups_leave_together_and_keep_the_rate)
{
    struct strategy_slots slots = rate(100000, SONDE_NS_PER_MS);
    cr_assert_eq(slots.group, 100);
    cr_assert_eq(strategy_slots_at(&slots, 99).ns, 1000);
    cr_assert_eq(strategy_slots_at(&slots, 100).ns, 1000 + SONDE_NS_PER_MS);
    cr_assert_eq(strategy_slots_from(&slots, (struct sonde_mono){1001}), 100);
    cr_assert_eq(strategy_slots_last(&slots, (struct sonde_mono){1000 + SONDE_NS_PER_MS - 1}), 0);
    cr_assert_eq(strategy_slots_last(&slots, (struct sonde_mono){1000 + SONDE_NS_PER_MS}), 100);
    cr_assert_eq(rate(500, SONDE_NS_PER_MS).group, 1);
}

Test(strategy_slots, the_last_slot_is_not_after_now)
{
    struct strategy_slots slots = rate(7, 0);
    for (int64_t now = 1000; now < 3 * SONDE_NS_PER_S; now += 12345677) {
        uint64_t last = strategy_slots_last(&slots, (struct sonde_mono){now});
        cr_assert_leq(strategy_slots_at(&slots, last).ns, now);
        cr_assert_gt(strategy_slots_at(&slots, last + 1).ns, now);
    }
}

Test(strategy_slots, a_share_of_the_rate_counts_from_the_next_slot)
{
    struct strategy_slots slots = rate(1000, 0);
    slots.next = 10;
    strategy_slots_set_share(&slots, STRATEGY_SLOTS_WHOLE / 2);
    cr_assert_eq(strategy_slots_at(&slots, slots.next).ns, 1000 + 10 * SONDE_NS_PER_MS);
    cr_assert_eq(strategy_slots_at(&slots, slots.next + 1).ns, 1000 + 12 * SONDE_NS_PER_MS);
    cr_assert_float_eq(strategy_slots_rate(&slots), 500, 1e-9);
    strategy_slots_set_share(&slots, 0);
    cr_assert_eq(slots.share, 1);
}

Test(strategy_slots, the_end_of_time_holds)
{
    struct strategy_slots slots = {
        .gap_ns = INT64_MAX, .gap_slots = 1, .share = STRATEGY_SLOTS_WHOLE};
    strategy_slots_begin(&slots, (struct sonde_mono){5});
    cr_assert_eq(strategy_slots_at(&slots, UINT64_MAX).ns, INT64_MAX);
    cr_assert_eq(strategy_slots_from(&slots, SONDE_NEVER), 1);
}
