/* A survey with its hands held: what it wants to send is taken, refused or let go by the test. */
#ifndef TESTS_STRATEGY_SURVEY_STAGE_H
#define TESTS_STRATEGY_SURVEY_STAGE_H

#include "sonde/survey.h"

#include <errno.h>
#include <stdlib.h>

#include "survey_help.h"

#define COUNT 1000

struct stage {
    struct sonde_address first;
    struct sonde_survey *survey;
    uint8_t asked[COUNT]; /* accepted, by target */
    unsigned heard[3];
    struct sonde_survey_answer last;
};

static inline void hear(void *self, const struct sonde_survey_answer *answer)
{
    struct stage *stage = self;
    stage->heard[answer->kind]++;
    stage->last = *answer;
}

static inline struct sonde_survey_config stage_config(struct stage *stage, uint64_t count)
{
    *stage = (struct stage){.first = address_of("198.51.100.0")};
    return survey_config(&stage->first, count);
}

static inline void begin(struct stage *stage, const struct sonde_survey_config *config)
{
    cr_assert_eq(sonde_survey_create(&stage->survey, config, hear, stage), 0);
}

static inline struct sonde_survey_figures figures(const struct stage *stage)
{
    struct sonde_survey_figures now;
    sonde_survey_figures(stage->survey, &now);
    return now;
}

static inline unsigned index_of(const struct stage *stage, const struct sonde_address *target)
{
    return (unsigned)((target->bytes[2] << 8 | target->bytes[3]) -
                      (stage->first.bytes[2] << 8 | stage->first.bytes[3]));
}

/* Takes one batch; from number `refuse_from` on it is refused with `error`. Returns its size. */
static inline size_t turn(struct stage *stage, int64_t now_ns, size_t capacity, size_t refuse_from,
                          int error)
{
    static struct sonde_datagram batch[2048];
    size_t count =
        sonde_survey_transmit(stage->survey, (struct sonde_mono){now_ns}, batch, capacity);
    cr_assert_leq(count, capacity);
    for (size_t i = 0; i < count; i++) {
        struct sonde_address source;
        open_datagram(&batch[i], &source);
        cr_assert_eq(batch[i].token, 0);
        batch[i].sent.ns = now_ns;
        batch[i].error = i >= refuse_from ? error : 0;
        if (i < refuse_from)
            stage->asked[index_of(stage, &batch[i].to)]++;
    }
    sonde_survey_transmitted(stage->survey, batch, count);
    return count;
}

static inline void expect_all_asked(const struct stage *stage, unsigned count, unsigned times)
{
    for (unsigned i = 0; i < COUNT; i++)
        cr_expect_eq(stage->asked[i], i < count ? times : 0, "target %u: %u times", i,
                     stage->asked[i]);
}

static inline void expect_refusal(const struct stage *stage, size_t at, int error, uint64_t probes)
{
    const struct sonde_survey_figures now = figures(stage);
    cr_expect_eq(now.refusals[at].error, error, "%zu: %d", at, now.refusals[at].error);
    cr_expect_eq(now.refusals[at].probes, probes);
}

#endif
