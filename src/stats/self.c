#include "sonde/stats.h"

void sonde_self_init(struct sonde_self *self, uint64_t counts[SONDE_HISTOGRAM_BUCKETS])
{
    *self = (struct sonde_self){0};
    sonde_histogram_init(&self->lag, SONDE_HISTOGRAM_LOWEST, SONDE_HISTOGRAM_HIGHEST, counts,
                         SONDE_HISTOGRAM_BUCKETS);
}

static void count_source(uint64_t counts[SONDE_STAMP_SOURCES], enum sonde_stamp_source source)
{
    if ((unsigned)source < SONDE_STAMP_SOURCES)
        counts[source]++;
}

void sonde_self_outcome(struct sonde_self *self, const struct sonde_outcome *outcome)
{
    if (!sonde_outcome_is_final(outcome->kind) || outcome->kind == SONDE_SEND_FAILED)
        return;
    count_source(self->sent, outcome->sent.source);
    if (outcome->kind <= SONDE_PARAMETER_PROBLEM)
        count_source(self->received, outcome->received.source);

    if (outcome->sent.source == SONDE_STAMP_NONE || outcome->sent.source == SONDE_STAMP_HARDWARE)
        return;
    if (!sonde_histogram_record(&self->lag, sonde_mono_since(outcome->sent.at, outcome->due)))
        self->early++;
}
