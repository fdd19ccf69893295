#include "strategy/trace_memory.h"

#include <criterion/criterion.h>

static struct sonde_trace_config config_of(uint64_t rounds, int64_t interval_ms)
{
    return (struct sonde_trace_config){.first_hop = 1,
                                       .last_hop = 10,
                                       .queries = 3,
                                       .rounds = rounds,
                                       .interval = sonde_span_ms(interval_ms),
                                       .probe = {.timeout = sonde_span_ms(5000)}};
}

Test(strategy_trace_memory, holds_what_may_be_asked_about)
{
    struct trace_memory memory;
    struct sonde_trace_config config = config_of(0, 100);
    cr_assert_eq(trace_memory_init(&memory, &config), 0);
    cr_assert_geq(memory.count, 150u * 30u, "15 s of rounds");
    trace_memory_destroy(&memory);
    config = config_of(0, 0);
    config.interval.ns = 1;
    cr_assert_eq(trace_memory_init(&memory, &config), 0);
    cr_assert_leq(memory.count, 1u << 18);
    trace_memory_destroy(&memory);
}

Test(strategy_trace_memory, forgets_the_oldest)
{
    struct trace_memory memory;
    struct sonde_trace_config config = config_of(1, 0);
    cr_assert_eq(trace_memory_init(&memory, &config), 0);
    cr_assert_null(trace_memory_find(&memory, 0));
    cr_assert_null(trace_memory_oldest(&memory));
    for (uint32_t i = 0; i < memory.count; i++)
        cr_assert_eq(trace_memory_add(&memory, &(struct trace_asked){.place = {.nth = i}}), i);
    cr_assert_eq(trace_memory_oldest(&memory)->place.nth, 0);
    uint64_t last =
        trace_memory_add(&memory, &(struct trace_asked){.place = {.nth = 7}, .open = true});
    cr_assert_null(trace_memory_find(&memory, 0));
    cr_assert_eq(trace_memory_find(&memory, 1)->place.nth, 1);
    cr_assert_eq(trace_memory_find(&memory, last)->place.nth, 7);
    cr_assert(trace_memory_find(&memory, last)->open);
    cr_assert_null(trace_memory_find(&memory, last + 1));
    trace_memory_destroy(&memory);
}
