/* Tells a path what its hops did, without a trace. */
#ifndef TESTS_STRATEGY_PATH_HELP_H
#define TESTS_STRATEGY_PATH_HELP_H

#include <criterion/criterion.h>

#include "sonde/path.h"

#define MS SONDE_NS_PER_MS

struct path_bench {
    struct sonde_path *path;
    uint32_t nth[256];
};

static inline struct path_bench path_bench_new(struct sonde_path_config config)
{
    struct path_bench bench = {0};
    cr_assert_eq(sonde_path_create(&bench.path, &config), 0);
    return bench;
}

static inline struct sonde_address path_bench_address(unsigned id)
{
    const uint8_t bytes[4] = {10, 0, (uint8_t)(id >> 8), (uint8_t)id};
    return sonde_address_from_bytes(SONDE_IPV4, bytes);
}

/* The hop's next probe leaves and has this outcome, in this round. */
static inline void path_bench_tell(struct path_bench *bench, unsigned hop, uint32_t round,
                                   struct sonde_outcome outcome)
{
    struct sonde_trace_place place = {
        .round = round, .hop = (uint8_t)hop, .nth = bench->nth[hop]++};
    outcome.number = 1000 + place.nth;
    sonde_path_sent(bench->path, &place);
    sonde_path_outcome(bench->path, &place, &outcome);
}

static inline struct sonde_outcome path_bench_answer(enum sonde_outcome_kind kind, unsigned who)
{
    return (struct sonde_outcome){.kind = kind,
                                  .said = kind == SONDE_REPLY ? SONDE_SAID_ICMP_REPLY
                                                              : SONDE_SAID_NOTHING,
                                  .from = path_bench_address(who),
                                  .hop_limit = -1,
                                  .traffic_class = -1,
                                  .rtt_known = true,
                                  .rtt = {10 * MS}};
}

/* `missed` of `asked` probes are not answered, spread evenly; the hop's address is its number. */
static inline void path_bench_hop(struct path_bench *bench, unsigned hop,
                                  enum sonde_outcome_kind kind, unsigned missed, unsigned asked)
{
    unsigned owed = 0;
    for (unsigned i = 0; i < asked; i++) {
        owed += missed;
        if (owed >= asked) {
            owed -= asked;
            path_bench_tell(bench, hop, i, (struct sonde_outcome){.kind = SONDE_TIMED_OUT});
        } else {
            path_bench_tell(bench, hop, i, path_bench_answer(kind, hop));
        }
    }
}

static inline void path_bench_judge(struct path_bench *bench, enum sonde_trace_reason reason,
                                    unsigned hop, unsigned asked)
{
    struct sonde_trace_end end = {.reason = reason, .hop = (uint8_t)hop, .asked = (uint8_t)asked};
    sonde_path_judge(bench->path, &end);
}

static inline const struct sonde_path_hop *path_bench_at(struct path_bench *bench, unsigned hop)
{
    const struct sonde_path_hop *found = sonde_path_hop(bench->path, (uint8_t)hop);
    cr_assert_not_null(found);
    return found;
}

#endif
