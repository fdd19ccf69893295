/* What this machine refuses to send: for a moment, for good, and because its network is gone. */
#include "survey_stage.h"

Test(strategy_survey_refused, a_batch_refused_whole_makes_it_wait)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 100);
    config.gap_ns = 0;
    begin(&stage, &config);
    cr_expect_eq(turn(&stage, 1000, 64, 0, ENOBUFS), 64);
    cr_expect_eq(figures(&stage).sent, 0);
    cr_expect_eq(figures(&stage).position, 0);
    int64_t wake = sonde_survey_deadline(stage.survey).ns;
    cr_expect(wake > 1000 && wake <= 1000 + MS);
    cr_expect_eq(turn(&stage, wake - 1, 64, 64, 0), 0, "not before it is time");
    cr_expect_eq(turn(&stage, wake, 32, 32, 0), 32, "the refused ones first");
    cr_expect_eq(figures(&stage).position, 32);
    cr_expect_eq(turn(&stage, wake, 80, 64, EAGAIN), 68);
    cr_expect_eq(figures(&stage).sent, 96);
    wake = sonde_survey_deadline(stage.survey).ns;
    cr_expect_eq(turn(&stage, wake, 64, 64, 0), 4);
    expect_all_asked(&stage, 100, 1);
    cr_expect_eq(figures(&stage).failed, 0);
    sonde_survey_destroy(stage.survey);
}

/* One neighbour that is not there must not hold the others up. */
Test(strategy_survey_refused, the_others_go_on_meanwhile)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, COUNT);
    config.gap_ns = 0;
    begin(&stage, &config);
    int64_t now = 0;
    for (int i = 0; i < 200; i++, now += MS)
        turn(&stage, now, 20, 19, EAGAIN);
    cr_expect_eq(figures(&stage).sent, COUNT);
    expect_all_asked(&stage, COUNT, 1);
    sonde_survey_destroy(stage.survey);
}

static size_t refuse_always(struct stage *stage, struct sonde_mono now,
                            const struct sonde_address *refused)
{
    static struct sonde_datagram batch[64];
    size_t count = sonde_survey_transmit(stage->survey, now, batch, 64);
    for (size_t i = 0; i < count; i++) {
        batch[i].sent = now;
        batch[i].error = sonde_address_equal(&batch[i].to, refused) ? EAGAIN : 0;
    }
    sonde_survey_transmitted(stage->survey, batch, count);
    return count;
}

static struct sonde_address wide_at(const void *self, uint64_t index)
{
    struct sonde_address address = row_at(self, index);
    address.bytes[1] = (uint8_t)(address.bytes[1] + (index >> 16));
    return address;
}

/* … but a resume must not repeat without limit what was asked behind it. */
Test(strategy_survey_refused, nobody_runs_away_from_one_that_waits)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 200000);
    struct sonde_datagram batch[1];
    config.targets.at = wide_at;
    config.gap_ns = 0;
    begin(&stage, &config);
    cr_assert_eq(sonde_survey_transmit(stage.survey, (struct sonde_mono){0}, batch, 1), 1);
    struct sonde_address refused = batch[0].to;
    batch[0].error = EAGAIN;
    batch[0].sent.ns = 0;
    sonde_survey_transmitted(stage.survey, batch, 1);
    int64_t now = MS;
    while (figures(&stage).failed == 0) {
        refuse_always(&stage, (struct sonde_mono){now}, &refused);
        if (figures(&stage).failed == 0) {
            cr_assert_eq(figures(&stage).position, 0);
            cr_assert_lt(figures(&stage).sent, 65536);
        }
        int64_t wake = sonde_survey_deadline(stage.survey).ns;
        now = wake > now ? wake : now + 10000;
    }
    cr_expect(now >= 4000 * MS && now < 4050 * MS, "given up after %lld ns", (long long)now);
    cr_expect_geq(figures(&stage).sent, 65535);
    while (refuse_always(&stage, (struct sonde_mono){now}, &refused))
        now += MS;
    cr_expect_eq(figures(&stage).sent, 199999);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey_refused, reasons_are_told_apart)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 100);
    config.gap_ns = 0;
    begin(&stage, &config);
    for (int error = 1; error <= 20; error++)
        turn(&stage, 0, 5, 0, error == EAGAIN || error == ENXIO || error == ENODEV ? EPERM : error);
    uint64_t failed = 0;
    for (size_t i = 0; i < SONDE_SURVEY_REFUSALS; i++)
        failed += figures(&stage).refusals[i].probes;
    cr_expect_eq(failed, figures(&stage).failed);
    cr_expect_eq(failed, 100);
    expect_refusal(&stage, 0, EPERM, 20);
    expect_refusal(&stage, 6, 8, 5);
    expect_refusal(&stage, 7, 0, 50);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey_refused, refused_for_long_or_for_good_has_failed)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 100);
    config.gap_ns = 0;
    begin(&stage, &config);
    int64_t now = 0;
    for (int i = 0; i < 20000 && figures(&stage).failed < 100; i++) {
        now = i > 0 ? sonde_survey_deadline(stage.survey).ns : 0;
        turn(&stage, now, 100, 0, ENOBUFS);
    }
    cr_expect_eq(figures(&stage).failed, 100);
    expect_refusal(&stage, 0, ENOBUFS, 100);
    expect_refusal(&stage, 1, 0, 0);
    cr_expect(now >= 4000 * MS && now < 4050 * MS, "given up after %lld ns", (long long)now);
    cr_expect(sonde_survey_finished(stage.survey, (struct sonde_mono){now}),
              "who asked nobody waits for nobody");
    sonde_survey_destroy(stage.survey);

    begin(&stage, &config);
    turn(&stage, 0, 100, 60, EHOSTUNREACH);
    cr_expect_eq(figures(&stage).failed, 40);
    expect_refusal(&stage, 0, EHOSTUNREACH, 40);
    cr_expect_eq(figures(&stage).sent, 60);
    cr_expect_eq(figures(&stage).position, 100);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey_refused, a_network_that_is_gone_for_a_while_is_waited_for)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 1000);
    config.gap_ns = 0;
    begin(&stage, &config);
    turn(&stage, 0, 64, 64, 0);
    int64_t now = MS;
    for (; now < 4900 * MS; now = sonde_survey_deadline(stage.survey).ns)
        turn(&stage, now, 64, 0, ENETUNREACH);
    cr_expect_eq(figures(&stage).failed, 0);
    cr_expect_eq(figures(&stage).position, 64);
    for (int i = 0; i < 1000 && figures(&stage).position < 1000; i++) {
        turn(&stage, now, 64, 64, 0);
        now += 10 * MS;
    }
    cr_expect_eq(figures(&stage).sent, 1000);
    cr_expect_eq(figures(&stage).failed, 0);
    cr_expect_eq(figures(&stage).gone, 0);
    expect_all_asked(&stage, 1000, 1);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey_refused, a_network_that_stays_away_ends_it)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 1000);
    config.gap_ns = 0;
    begin(&stage, &config);
    int64_t now = 0;
    for (int i = 0; i < 2000; i++) {
        turn(&stage, now, 64, 0, ENETDOWN);
        if (figures(&stage).gone)
            break;
        now = sonde_survey_deadline(stage.survey).ns;
    }
    cr_expect_eq(figures(&stage).gone, ENETDOWN);
    cr_expect_eq(figures(&stage).position, 0);
    cr_expect(now >= 5000 * MS && now < 5200 * MS, "%lld", (long long)now);
    cr_expect(sonde_survey_finished(stage.survey, (struct sonde_mono){now}));
    sonde_survey_destroy(stage.survey);
}

/* Of ten addresses, the last one has no route. */
Test(strategy_survey_refused, some_without_a_way_have_failed)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 10);
    config.gap_ns = 0;
    begin(&stage, &config);
    int64_t now = 0;
    turn(&stage, now, 2, 0, ENETUNREACH);
    cr_expect_eq(figures(&stage).failed, 0);
    now = sonde_survey_deadline(stage.survey).ns;
    turn(&stage, now, 9, 9, 0); /* they left after all, with seven more */
    for (int i = 0; i < 10 && figures(&stage).position < 10; i++) {
        now += MS;
        turn(&stage, now, 10, 0, ENETUNREACH);
    }
    cr_expect_eq(figures(&stage).sent, 9);
    cr_expect_eq(figures(&stage).failed, 1);
    cr_expect_eq(figures(&stage).gone, 0);
    cr_expect_lt(now, 100 * MS);
    sonde_survey_destroy(stage.survey);
}
