#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/random.h"
#include "engine/flight.h"

static const uint16_t identifiers[] = {500, 501, 502, 503};

static struct sonde_mono at(int64_t ns)
{
    return (struct sonde_mono){ns};
}

/* Leases for a target, in its own lane or any other. */
static struct flight_slot *lease(struct flight *flight, uint32_t target, struct sonde_mono now,
                                 struct sonde_mono *free_at)
{
    struct flight_wish wish = {.target = target, .lane = target};
    return flight_lease(flight, &wish, now, free_at);
}

static void flight_with(struct flight *flight, size_t lanes, uint32_t sequences, int64_t linger_ns)
{
    cr_assert_eq(flight_init(flight, identifiers, lanes, sequences, 1u << 20,
                             (struct sonde_span){linger_ns}),
                 0);
}

Test(engine_flight, sequences_count_from_one_for_each_target)
{
    struct flight flight;
    flight_with(&flight, 2, 65536, 0);
    struct sonde_mono free_at;
    for (unsigned k = 1; k <= 3; k++) {
        for (uint32_t target = 0; target < 2; target++) {
            struct flight_slot *slot = lease(&flight, target, at(0), &free_at);
            cr_assert_eq(slot->sequence, k);
            cr_assert_eq(flight_identifier(&flight, slot), identifiers[target]);
        }
    }
    flight_destroy(&flight);
}

Test(engine_flight, found_by_token_and_by_lease)
{
    struct flight flight;
    flight_with(&flight, 4, 65536, 1000);
    struct sonde_mono free_at;
    for (int i = 0; i < 1000; i++)
        flight_open(&flight, lease(&flight, (uint32_t)i, at(i), &free_at), at(i + 50));
    for (uint32_t i = 0; i < 1000; i++) {
        struct flight_slot *slot =
            flight_by_lease(&flight, identifiers[i % 4], (uint16_t)(i / 4 + 1));
        cr_assert_not_null(slot);
        cr_assert_eq(slot->target, i);
        cr_assert_eq(flight_by_token(&flight, slot->token), slot);
    }
    cr_assert_null(flight_by_lease(&flight, 499, 1));
    cr_assert_null(flight_by_lease(&flight, 500, 0));
    cr_assert_null(flight_by_lease(&flight, 500, 70000));
    cr_assert_null(flight_by_token(&flight, 0));
    cr_assert_null(flight_by_token(&flight, UINT64_MAX));
    flight_destroy(&flight);
}

Test(engine_flight, open_leases_are_never_given_twice)
{
    struct flight flight;
    flight_with(&flight, 1, 256, 0);
    struct sonde_mono free_at;
    for (int i = 0; i < 256; i++) {
        struct flight_slot *slot = lease(&flight, 0, at(i), &free_at);
        cr_assert_not_null(slot);
        flight_open(&flight, slot, at(1000 + i));
    }
    cr_assert_null(lease(&flight, 0, at(300), &free_at));
    cr_assert_eq(free_at.ns, 1000, "the first lease is free again when its probe times out");
    struct flight_slot *first = flight_first_expiry(&flight);
    cr_assert_eq(first->sequence, 1);
    uint64_t old_token = first->token;
    flight_close(&flight, first, FLIGHT_TIMED_OUT, at(1000));
    struct flight_slot *next = lease(&flight, 0, at(1000), &free_at);
    cr_assert_not_null(next);
    cr_assert_eq(next->sequence, 1);
    cr_assert_null(flight_by_token(&flight, old_token), "a token never comes twice");
    flight_destroy(&flight);
}

static void lease_and_answer(struct flight *flight)
{
    struct sonde_mono free_at;
    struct flight_slot *slot = lease(flight, 0, at(0), &free_at);
    flight_open(flight, slot, at(10));
    flight_close(flight, slot, FLIGHT_ANSWERED, at(5));
}

Test(engine_flight, lingers_as_long_as_nobody_needs_the_lease)
{
    struct flight flight;
    flight_with(&flight, 1, 4, 1000);
    struct sonde_mono free_at;
    for (int i = 0; i < 4; i++)
        lease_and_answer(&flight);
    cr_assert_not_null(flight_by_lease(&flight, 500, 1));
    cr_assert_not_null(lease(&flight, 0, at(6), &free_at), "an answered one may go early");
    cr_assert_not_null(flight_by_lease(&flight, 500, 2));
    flight_destroy(&flight);
}

Test(engine_flight, is_forgotten_when_its_time_is_over)
{
    struct flight flight;
    flight_with(&flight, 1, 256, 1000);
    struct sonde_mono free_at;
    for (int i = 0; i < 4; i++)
        lease_and_answer(&flight);
    cr_assert_not_null(lease(&flight, 0, at(1004), &free_at));
    cr_assert_not_null(flight_by_lease(&flight, 500, 1));
    cr_assert_not_null(lease(&flight, 0, at(1005), &free_at));
    for (uint32_t sequence = 1; sequence <= 4; sequence++)
        cr_assert_null(flight_by_lease(&flight, 500, sequence));
    flight_destroy(&flight);
}

Test(engine_flight, an_open_lease_is_passed_over)
{
    struct flight flight;
    flight_with(&flight, 1, 4, 1000);
    struct sonde_mono free_at;
    flight_open(&flight, lease(&flight, 0, at(0), &free_at), SONDE_NEVER);
    for (int i = 0; i < 20; i++) {
        struct flight_slot *slot = lease(&flight, 0, at(i), &free_at);
        cr_assert_not_null(slot, "lease %d", i);
        cr_assert_neq(slot->sequence, 1);
        flight_open(&flight, slot, at(i + 1));
        flight_close(&flight, slot, FLIGHT_ANSWERED, at(i));
    }
    cr_assert_eq(flight_first_expiry(&flight)->sequence, 1);
    flight_destroy(&flight);
}

Test(engine_flight, another_lane_helps_out)
{
    struct flight flight;
    flight_with(&flight, 2, 2, 0);
    struct sonde_mono free_at;
    for (int i = 0; i < 4; i++) {
        struct flight_slot *slot = lease(&flight, 0, at(0), &free_at);
        cr_assert_not_null(slot);
        cr_assert_eq(flight_identifier(&flight, slot), identifiers[i / 2]);
        flight_open(&flight, slot, at(100 - i));
    }
    cr_assert_null(lease(&flight, 0, at(0), &free_at));
    cr_assert_eq(free_at.ns, 97);
    flight_destroy(&flight);
}

Test(engine_flight, expiries_come_in_order)
{
    struct flight flight;
    flight_with(&flight, 4, 65536, 0);
    struct base_random random;
    base_random_seed(&random, 7);
    struct sonde_mono free_at;
    for (int i = 0; i < 5000; i++) {
        struct flight_slot *slot = lease(&flight, (uint32_t)i, at(0), &free_at);
        flight_open(&flight, slot, at((int64_t)base_random_below(&random, 1000000)));
    }
    int64_t last = -1;
    int count = 0;
    for (struct flight_slot *slot; (slot = flight_first_expiry(&flight)); count++) {
        cr_assert_geq(slot->expiry_ns, last);
        last = slot->expiry_ns;
        flight_close(&flight, slot, FLIGHT_TIMED_OUT, at(last));
    }
    cr_assert_eq(count, 5000);
    cr_assert_eq(flight.open_count, 0);
    flight_destroy(&flight);
}

Test(engine_flight, memory_is_bounded)
{
    struct flight flight;
    cr_assert_eq(flight_init(&flight, identifiers, 1, 65536, 100, SONDE_FOREVER), 0);
    struct sonde_mono free_at;
    for (int i = 0; i < 100; i++)
        flight_open(&flight, lease(&flight, 0, at(0), &free_at), at(10));
    cr_assert_null(lease(&flight, 0, at(0), &free_at));
    flight_close(&flight, flight_first_expiry(&flight), FLIGHT_ANSWERED, at(1));
    cr_assert_not_null(lease(&flight, 0, at(2), &free_at));
    cr_assert_leq(sizeof(struct flight_slot) + 2 * sizeof(uint32_t), 64);
    flight_destroy(&flight);
}

Test(engine_flight, refuses_what_cannot_be)
{
    struct flight flight;
    cr_assert_neq(flight_init(&flight, identifiers, 0, 65536, 10, SONDE_FOREVER), 0);
    flight_destroy(&flight);
    cr_assert_neq(flight_init(&flight, identifiers, 1, 65537, 10, SONDE_FOREVER), 0);
    flight_destroy(&flight);
    cr_assert_neq(flight_init(&flight, identifiers, 1, 65536, 0, SONDE_FOREVER), 0);
    flight_destroy(&flight);
}

Test(engine_flight, full_lanes_are_not_searched_for_every_probe_that_waits)
{
    struct flight flight;
    flight_with(&flight, 4, 65536, 0);
    struct sonde_mono free_at;
    for (uint32_t i = 0; i < 4 * 65536; i++) {
        struct flight_slot *slot = lease(&flight, i, at(0), &free_at);
        cr_assert_not_null(slot);
        flight_open(&flight, slot, at(1000 + i));
    }
    const clock_t began = clock();
    for (uint32_t i = 0; i < 20000; i++)
        cr_assert_null(lease(&flight, i, at(1), &free_at));
    cr_assert_lt(clock() - began, CLOCKS_PER_SEC, "quadratic");
    struct flight_slot *first = flight_first_expiry(&flight);
    const uint16_t lane = first->lane, sequence = first->sequence;
    flight_close(&flight, first, FLIGHT_TIMED_OUT, at(1000));
    struct flight_slot *again = lease(&flight, 3, at(1001), &free_at);
    cr_assert_not_null(again);
    cr_assert_eq(again->lane, lane);
    cr_assert_eq(again->sequence, sequence);
    flight_destroy(&flight);
}

Test(engine_flight, a_fixed_lane_is_the_only_one_and_zero_is_passed_over)
{
    struct flight flight;
    struct sonde_mono free_at;
    static const uint16_t lanes[] = {100, 101};
    cr_assert_eq(flight_init(&flight, lanes, 2, 8, 1000, (struct sonde_span){1000}), 0);
    struct flight_wish wish = {.lane = 3, .fixed = true, .no_zero = true};
    bool seen[8] = {0};
    for (int i = 0; i < 7; i++) {
        struct flight_slot *slot = flight_lease(&flight, &wish, at(0), &free_at);
        cr_assert_not_null(slot);
        cr_assert_eq(flight_identifier(&flight, slot), 101);
        cr_assert_neq(slot->sequence, 0);
        cr_assert_not(seen[slot->sequence]);
        seen[slot->sequence] = true;
        flight_open(&flight, slot, at(10 + i));
    }
    cr_assert_null(flight_lease(&flight, &wish, at(0), &free_at));
    cr_assert_eq(free_at.ns, 10);
    struct flight_slot *first = flight_by_lease(&flight, 101, 1);
    flight_close(&flight, first, FLIGHT_ANSWERED, at(1));
    cr_assert_eq(flight_lease(&flight, &wish, at(1), &free_at)->sequence, 1);
    flight_destroy(&flight);
}

Test(engine_flight, a_lane_takes_another_identifier_when_nobody_is_under_way)
{
    struct flight flight;
    struct sonde_mono free_at;
    struct flight_wish wish = {.lane = 3, .fixed = true, .no_zero = true};
    flight_with(&flight, 4, 65536, 1000);
    struct flight_slot *slot = flight_lease(&flight, &wish, at(0), &free_at);
    cr_assert_eq(flight_rename(&flight, 3, 5000), -EBUSY);
    cr_assert_eq(flight_rename(&flight, 3, 503), 0);
    flight_open(&flight, slot, at(10));
    flight_close(&flight, slot, FLIGHT_TIMED_OUT, at(10));
    cr_assert_eq(flight_rename(&flight, 3, 501), -EEXIST);
    cr_assert_eq(flight_rename(&flight, 3, 5000), 0);
    cr_assert_null(flight_by_lease(&flight, 503, 1));
    cr_assert_null(flight_by_lease(&flight, 5000, 1), "it lingered under another identifier");
    slot = flight_lease(&flight, &wish, at(20), &free_at);
    cr_assert_eq(flight_identifier(&flight, slot), 5000);
    cr_assert_eq(flight_by_lease(&flight, 5000, slot->sequence), slot);
    flight_destroy(&flight);
}
