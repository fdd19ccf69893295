/*
 * Any bytes as what a survey receives: the first two say as what, the rest is the datagram, or the
 * end of one that begins like the answer to a probe. Figures must add up, whatever comes.
 */
#include <stdlib.h>
#include <string.h>

#include "sonde/survey.h"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sonde_address sources[2] = {{.family = SONDE_IPV4, .bytes = {192, 0, 2, 1}},
                                                {.family = SONDE_IPV6, .bytes = {0x20, 1}}};

static struct sonde_address target_at(const void *self, uint64_t index)
{
    (void)self;
    return (struct sonde_address){.family = index % 2 ? SONDE_IPV4 : SONDE_IPV6,
                                  .bytes = {198, 51, 100, 7}};
}

static void hear(void *self, const struct sonde_survey_answer *answer)
{
    uint64_t *heard = self;
    heard[answer->kind]++;
    MUST(answer->target.family == SONDE_IPV4 || answer->target.family == SONDE_IPV6);
    MUST(!answer->rtt_known || answer->rtt.ns >= 0);
}

/* The datagram alone in memory, so that a read beyond it is seen. */
static struct sonde_bytes compose(uint8_t how, const struct sonde_datagram *probe,
                                  const uint8_t *data, size_t size)
{
    size_t front = how & 1 ? 0 : (size_t)(how >> 1) % (probe->length + 1);
    uint8_t *bytes = malloc(front + size);
    MUST(bytes || front + size == 0);
    if (front > 0)
        memcpy(bytes, probe->bytes, front);
    if (size > 0)
        memcpy(bytes + front, data, size);
    return (struct sonde_bytes){bytes, front + size};
}

/* Making a survey takes longer than all the rest: there is one, whose figures go on. */
static struct sonde_survey *the_survey(struct sonde_datagram batch[2], uint64_t heard[3])
{
    static const uint16_t identifiers[2] = {8, 9};
    struct sonde_survey_config config = {.key = "no secret here",
                                         .identifiers = identifiers,
                                         .identifier_count = 2,
                                         .targets = {2, NULL, target_at},
                                         .source = {sources[0], sources[1]},
                                         .hop_limit = 64,
                                         .payload_bytes = 16};
    struct sonde_survey *survey;
    MUST(sonde_survey_create(&survey, &config, hear, heard) == 0);
    MUST(sonde_survey_transmit(survey, (struct sonde_mono){1000}, batch, 2) == 2);
    batch[0].sent.ns = batch[1].sent.ns = 1000;
    sonde_survey_transmitted(survey, batch, 2);
    return survey;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sonde_survey *survey;
    static struct sonde_datagram batch[2];
    static uint64_t heard[3];
    if (size < 2)
        return 0;
    if (!survey)
        survey = the_survey(batch, heard);

    const struct sonde_datagram *probe = &batch[data[1] & 1];
    struct sonde_event event = {
        .kind = data[1] & 2 ? SONDE_EVENT_ERROR : SONDE_EVENT_DATAGRAM,
        .stamp = {{2000}, SONDE_STAMP_KERNEL},
        .read = {2500},
        .layer = data[1] & 4 ? SONDE_LAYER_ICMP : SONDE_LAYER_IP,
        .cut = data[1] & 8,
        .from = probe->to,
        .to = data[1] & 2 ? probe->to : sources[probe->to.family == SONDE_IPV6],
        .hop_limit = -1,
        .traffic_class = -1,
    };
    event.bytes = compose(data[0], probe, data + 2, size - 2);
    for (int i = 0; i < 4; i++)
        sonde_survey_receive(survey, &event);
    struct sonde_survey_figures figures;
    sonde_survey_figures(survey, &figures);
    MUST(figures.sent == 2 && figures.replies + figures.errors <= 2);
    MUST(figures.replies == heard[SONDE_SURVEY_REPLY] &&
         figures.errors == heard[SONDE_SURVEY_ERROR]);
    MUST(figures.duplicates == heard[SONDE_SURVEY_DUPLICATE]);
    free((void *)event.bytes.data);
    return 0;
}
