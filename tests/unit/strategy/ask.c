#include "sonde/ask.h"

#include <criterion/criterion.h>
#include <errno.h>

static enum sonde_next next(struct sonde_ask *ask, struct sonde_probe *probe)
{
    struct sonde_strategy strategy = sonde_ask_strategy(ask);
    struct sonde_mono wake = {0};
    enum sonde_next what = strategy.ops->next(strategy.self, (struct sonde_mono){5}, probe, &wake);
    cr_assert(what == SONDE_NEXT_PROBE || wake.ns == SONDE_NEVER.ns);
    return what;
}

Test(strategy_ask, first_in_first_out)
{
    struct sonde_ask *ask;
    struct sonde_probe probe;
    cr_assert_eq(sonde_ask_create(&ask, 3), 0);
    cr_assert_eq(next(ask, &probe), SONDE_NEXT_WAIT);
    for (uint64_t round = 0; round < 5; round++) {
        for (uint64_t i = 0; i < 2; i++)
            cr_assert_eq(sonde_ask_put(ask, &(struct sonde_probe){.number = 2 * round + i}), 0);
        for (uint64_t i = 0; i < 2; i++) {
            cr_assert_eq(next(ask, &probe), SONDE_NEXT_PROBE);
            cr_assert_eq(probe.number, 2 * round + i);
        }
        cr_assert_eq(next(ask, &probe), SONDE_NEXT_WAIT);
    }
    sonde_ask_destroy(ask);
}

Test(strategy_ask, room)
{
    struct sonde_ask *ask;
    struct sonde_probe probe = {0};
    cr_assert_eq(sonde_ask_create(&ask, 0), -EINVAL);
    cr_assert_eq(sonde_ask_create(&ask, 2), 0);
    cr_assert_eq(sonde_ask_room(ask), 2);
    cr_assert_eq(sonde_ask_put(ask, &probe), 0);
    cr_assert_eq(sonde_ask_put(ask, &probe), 0);
    cr_assert_eq(sonde_ask_room(ask), 0);
    cr_assert_eq(sonde_ask_put(ask, &probe), -ENOBUFS);
    cr_assert_eq(next(ask, &probe), SONDE_NEXT_PROBE);
    cr_assert_eq(sonde_ask_room(ask), 1);
    sonde_ask_destroy(ask);
}

Test(strategy_ask, closed_it_ends_with_what_it_has)
{
    struct sonde_ask *ask;
    struct sonde_probe probe = {.timeout = sonde_span_s(3)};
    cr_assert_eq(sonde_ask_create(&ask, 2), 0);
    struct sonde_strategy strategy = sonde_ask_strategy(ask);
    cr_assert_eq(sonde_ask_put(ask, &probe), 0);
    sonde_ask_close(ask);
    cr_assert_eq(sonde_ask_put(ask, &probe), -EPIPE);
    cr_assert_eq(sonde_ask_room(ask), 0);
    cr_assert_eq(next(ask, &probe), SONDE_NEXT_PROBE);
    cr_assert_eq(next(ask, &probe), SONDE_NEXT_DONE);
    cr_assert_eq(strategy.ops->patience(strategy.self).ns, sonde_span_s(3).ns);
    cr_assert_eq(strategy.ops->end(strategy.self).ns, SONDE_NEVER.ns);
    sonde_ask_destroy(ask);
}
