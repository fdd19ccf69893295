#include "sonde/stats.h"

#include <criterion/criterion.h>

#include "streams.h"

static uint64_t counts[SONDE_HISTOGRAM_BUCKETS];

static struct sonde_outcome stamped(enum sonde_outcome_kind kind, enum sonde_stamp_source sent,
                                    enum sonde_stamp_source received, int64_t lag_ns)
{
    struct sonde_outcome outcome = final_outcome(kind, 0);
    outcome.due.ns = SONDE_NS_PER_S;
    outcome.sent = (struct sonde_stamp){{SONDE_NS_PER_S + lag_ns}, sent};
    outcome.received = (struct sonde_stamp){{2 * SONDE_NS_PER_S}, received};
    return outcome;
}

Test(stats_self, counts_stamps_by_source_and_direction)
{
    struct sonde_self self;
    sonde_self_init(&self, counts);
    struct sonde_outcome told[] = {
        stamped(SONDE_REPLY, SONDE_STAMP_KERNEL, SONDE_STAMP_KERNEL, 5000),
        stamped(SONDE_REPLY, SONDE_STAMP_USER, SONDE_STAMP_KERNEL, 7000),
        stamped(SONDE_UNREACHABLE, SONDE_STAMP_KERNEL, SONDE_STAMP_USER, 9000),
        stamped(SONDE_TIMED_OUT, SONDE_STAMP_KERNEL, SONDE_STAMP_NONE, 2000),
        stamped(SONDE_UNFINISHED, SONDE_STAMP_NONE, SONDE_STAMP_NONE, 2000),
        stamped(SONDE_REPLY, SONDE_STAMP_HARDWARE, SONDE_STAMP_HARDWARE, 2000),
        stamped(SONDE_SEND_FAILED, SONDE_STAMP_USER, SONDE_STAMP_NONE, 2000),
        stamped(SONDE_DUPLICATE, SONDE_STAMP_KERNEL, SONDE_STAMP_KERNEL, 2000),
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        sonde_self_outcome(&self, &told[i]);

    const uint64_t sent[SONDE_STAMP_SOURCES] = {1, 1, 3, 1, 0};
    const uint64_t received[SONDE_STAMP_SOURCES] = {0, 1, 2, 1, 0};
    cr_assert_arr_eq(self.sent, sent, sizeof sent);
    cr_assert_arr_eq(self.received, received, sizeof received);
    cr_assert_eq(self.lag.total, 4);
    cr_assert_eq(self.early, 0);

    struct sonde_span lag;
    cr_assert_eq(sonde_histogram_quantile(&self.lag, SONDE_PPM(50), &lag), SONDE_QUANTILE_ESTIMATE);
    cr_assert(lag.ns > 4950 && lag.ns < 5050);
    cr_assert_eq(sonde_histogram_quantile(&self.lag, SONDE_PPM(99), &lag), SONDE_QUANTILE_EXACT);
    cr_assert_eq(lag.ns, 9000);
}

Test(stats_self, leaving_early_is_not_a_lag)
{
    struct sonde_self self;
    sonde_self_init(&self, counts);
    struct sonde_outcome early = stamped(SONDE_REPLY, SONDE_STAMP_USER, SONDE_STAMP_USER, -1);
    sonde_self_outcome(&self, &early);
    early.due.ns = INT64_MAX;
    early.sent.at.ns = INT64_MIN;
    early.received.source = (enum sonde_stamp_source)77;
    sonde_self_outcome(&self, &early);
    cr_assert_eq(self.early, 2);
    cr_assert_eq(self.lag.total, 0);
    cr_assert_eq(self.received[SONDE_STAMP_USER], 1);
}
