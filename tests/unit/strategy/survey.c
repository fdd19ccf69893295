#include "survey_stage.h"

Test(strategy_survey, everybody_is_asked_once_in_slots)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, COUNT);
    config.gap_ns = 10 * MS;
    begin(&stage, &config);
    cr_expect_eq(figures(&stage).rate, 100);
    int64_t now = 5000;
    for (unsigned i = 0; i < COUNT; i++) {
        cr_assert_not(sonde_survey_finished(stage.survey, (struct sonde_mono){now}));
        cr_assert_eq(turn(&stage, now, 64, 64, 0), 1);
        cr_assert_eq(figures(&stage).position, i + 1);
        now = sonde_survey_deadline(stage.survey).ns;
        if (i < COUNT - 1)
            cr_assert_eq(now, 5000 + (i + 1) * 10 * MS);
    }
    expect_all_asked(&stage, COUNT, 1);
    cr_expect_eq(now, 5000 + 999 * 10 * MS + 1000 * MS, "the cooldown");
    cr_expect_not(sonde_survey_finished(stage.survey, (struct sonde_mono){now - 1}));
    cr_expect(sonde_survey_finished(stage.survey, (struct sonde_mono){now}));
    cr_expect_eq(turn(&stage, now, 64, 64, 0), 0);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey, copies_follow_each_other)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 500);
    config.copies = 3;
    config.gap_ns = 0;
    begin(&stage, &config);
    for (int i = 0; i < 300 && turn(&stage, i, 7, 7, 0); i++)
        cr_assert_leq(figures(&stage).position, (uint64_t)(i + 1) * 7 / 3);
    expect_all_asked(&stage, 500, 3);
    cr_expect_eq(figures(&stage).sent, 1500);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey, shards_share_the_targets)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, COUNT);
    uint64_t positions = 0;
    config.shard_count = 7;
    config.gap_ns = 0;
    for (config.shard = 0; config.shard < 7; config.shard++) {
        config.key[3] = (uint8_t)config.shard;
        begin(&stage, &config);
        positions += figures(&stage).positions;
        for (int i = 0; i < 100; i++)
            turn(&stage, i, 64, 64, 0);
        cr_expect_eq(figures(&stage).sent, figures(&stage).positions);
        sonde_survey_destroy(stage.survey);
    }
    cr_expect_eq(positions, COUNT);
    expect_all_asked(&stage, COUNT, 1);
}

/* Stopped anywhere, under refusals, and gone on with: nobody is left out. */
Test(strategy_survey, going_on_leaves_nobody_out)
{
    for (unsigned stop = 1; stop < 60; stop++) {
        struct stage stage;
        struct sonde_survey_config config = stage_config(&stage, COUNT);
        config.gap_ns = 0;
        config.copies = 1 + stop % 2;
        begin(&stage, &config);
        int64_t now = 0;
        for (unsigned i = 0; i < stop; i++, now += MS)
            turn(&stage, now, 16, i % 16, ENOBUFS);
        config.from = figures(&stage).position;
        sonde_survey_destroy(stage.survey);
        begin(&stage, &config);
        while (turn(&stage, now, 64, 64, 0))
            now += MS;
        cr_assert_eq(figures(&stage).position, COUNT);
        sonde_survey_destroy(stage.survey);
        unsigned again = 0;
        for (unsigned i = 0; i < COUNT; i++) {
            cr_assert_geq(stage.asked[i], config.copies, "stop %u: target %u is left out", stop, i);
            again += stage.asked[i] > config.copies;
        }
        cr_assert_leq(again, 64, "stop %u: %u asked again", stop, again);
    }
}

static struct sonde_address mixed_at(const void *self, uint64_t index)
{
    const struct stage *stage = self;
    struct sonde_address six = address_of("2001:db8::");
    return index % 4 == 0 ? row_at(&stage->first, index) : row_at(&six, index);
}

Test(strategy_survey, a_family_without_source_has_failed)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 40000);
    config.targets.at = mixed_at;
    config.targets.self = &stage;
    config.source[1] = (struct sonde_address){0};
    config.source[0] = (struct sonde_address){0};
    config.copies = 2;
    begin(&stage, &config);
    int calls = 0;
    while (!sonde_survey_finished(stage.survey, (struct sonde_mono){0}) && calls++ < 100)
        cr_assert_eq(turn(&stage, 0, 64, 64, 0), 0);
    cr_expect_eq(figures(&stage).failed, 80000);
    expect_refusal(&stage, 0, EADDRNOTAVAIL, 80000);
    cr_expect(calls > 5, "no call takes for ever");
    sonde_survey_destroy(stage.survey);

    config.targets.count = COUNT;
    config.source[0] = address_of("192.0.2.254");
    config.gap_ns = 0;
    config.copies = 1;
    begin(&stage, &config);
    while (turn(&stage, 0, 64, 64, 0))
        ;
    cr_expect_eq(figures(&stage).failed, 750);
    cr_expect_eq(figures(&stage).sent, 250);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey, answers_are_counted_once)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, 4);
    struct sonde_datagram batch[8];
    struct letter letter;
    config.gap_ns = 0;
    config.copies = 2;
    begin(&stage, &config);
    cr_assert_eq(sonde_survey_transmit(stage.survey, (struct sonde_mono){1000}, batch, 8), 8);
    for (int i = 0; i < 8; i++)
        batch[i].sent.ns = 1000;
    reply_to(&letter, &batch[0], 5000);
    sonde_survey_transmitted(stage.survey, batch, 8);
    sonde_survey_receive(stage.survey, &letter.event);
    cr_expect_eq(stage.heard[SONDE_SURVEY_REPLY], 1);
    cr_expect_eq(stage.last.rtt.ns, 4000);
    reply_to(&letter, &batch[1], 6000);
    sonde_survey_receive(stage.survey, &letter.event);
    cr_expect_eq(stage.heard[SONDE_SURVEY_DUPLICATE], 1, "the other copy's");
    complain(&letter, &batch[2], "203.0.113.1", 1000, 7000);
    sonde_survey_receive(stage.survey, &letter.event);
    sonde_survey_receive(stage.survey, &letter.event);
    cr_expect_eq(stage.heard[SONDE_SURVEY_ERROR], 1);
    cr_expect_eq(stage.heard[SONDE_SURVEY_DUPLICATE], 2);
    letter.bytes[30] ^= 1;
    sonde_survey_receive(stage.survey, &letter.event);
    letter.event.bytes = (struct sonde_bytes){batch[3].bytes, batch[3].length};
    sonde_survey_receive(stage.survey, &letter.event);
    sonde_survey_receive(stage.survey, &(struct sonde_event){.kind = SONDE_EVENT_SENT_STAMP});
    struct sonde_survey_figures now = figures(&stage);
    cr_expect_eq(now.sent, 8);
    cr_expect_eq(now.replies, 1);
    cr_expect_eq(now.errors, 1);
    cr_expect_eq(now.duplicates, 2);
    cr_expect_eq(now.malformed, 1);
    cr_expect_eq(now.foreign, 1);
    sonde_survey_destroy(stage.survey);
}

/* Two targets were asked: a third answer is a duplicate even if the window knew nothing of it. */
Test(strategy_survey, there_are_never_more_answers_than_probes)
{
    struct stage stage, other;
    struct sonde_survey_config config = stage_config(&stage, 2);
    struct sonde_survey_config more = stage_config(&other, 3);
    struct sonde_datagram batch[4];
    struct letter letter;
    config.gap_ns = more.gap_ns = 0;
    begin(&stage, &config);
    begin(&other, &more); /* the same key */
    cr_assert_eq(turn(&stage, 0, 4, 4, 0), 2);
    cr_assert_eq(sonde_survey_transmit(other.survey, (struct sonde_mono){0}, batch, 4), 3);
    for (int i = 0; i < 3; i++) {
        reply_to(&letter, &batch[i], 1000);
        sonde_survey_receive(stage.survey, &letter.event);
    }
    cr_expect_eq(figures(&stage).replies, 2);
    cr_expect_eq(figures(&stage).duplicates, 1);
    sonde_survey_destroy(stage.survey);
    sonde_survey_destroy(other.survey);
}

Test(strategy_survey, deadline_and_stop_end_the_sending)
{
    struct stage stage;
    struct sonde_survey_config config = stage_config(&stage, COUNT);
    config.gap_ns = 10 * MS;
    config.deadline.ns = 95 * MS;
    begin(&stage, &config);
    int64_t now = 0;
    while (turn(&stage, now, 64, 64, 0))
        now = sonde_survey_deadline(stage.survey).ns;
    cr_expect_eq(now, 95 * MS);
    cr_expect_eq(figures(&stage).sent, 10);
    cr_expect_eq(sonde_survey_deadline(stage.survey).ns, 1095 * MS);
    cr_expect_not(sonde_survey_finished(stage.survey, (struct sonde_mono){1094 * MS}));
    cr_expect(sonde_survey_finished(stage.survey, (struct sonde_mono){1095 * MS}));
    sonde_survey_destroy(stage.survey);

    config.deadline.ns = 0;
    begin(&stage, &config);
    turn(&stage, 0, 64, 64, 0);
    sonde_survey_stop(stage.survey, (struct sonde_mono){5 * MS});
    sonde_survey_stop(stage.survey, (struct sonde_mono){500 * MS});
    cr_expect_eq(turn(&stage, 50 * MS, 64, 64, 0), 0);
    cr_expect_eq(sonde_survey_deadline(stage.survey).ns, 1005 * MS);
    cr_expect_eq(figures(&stage).position, 1);
    sonde_survey_destroy(stage.survey);
}

Test(strategy_survey, what_cannot_be)
{
    struct stage stage;
    struct sonde_survey_config good = stage_config(&stage, COUNT);
    for (int i = 0; i < 7; i++) {
        struct sonde_survey_config config = good;
        if (i == 0)
            config.targets.count = 0;
        if (i == 1)
            config.targets.count = (UINT64_C(1) << 63) + 1;
        if (i == 2)
            config.shard = 1;
        if (i == 3)
            config.from = COUNT + 1;
        if (i == 4)
            config.identifier_count = 0;
        if (i == 5)
            config.payload_bytes = 15;
        if (i == 6)
            config.gap_ns = UINT64_MAX;
        cr_expect_eq(sonde_survey_create(&stage.survey, &config, hear, &stage), -EINVAL, "%d", i);
    }
    good.from = COUNT;
    begin(&stage, &good);
    cr_expect_eq(turn(&stage, 0, 64, 64, 0), 0);
    cr_expect(sonde_survey_finished(stage.survey, (struct sonde_mono){0}));
    sonde_survey_destroy(stage.survey);
    good.from = 0;
    good.shard = 5000;
    good.shard_count = 10000;
    begin(&stage, &good);
    cr_expect_eq(figures(&stage).positions, 0, "more shards than targets");
    sonde_survey_destroy(stage.survey);
}
