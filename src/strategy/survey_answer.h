/* Whose answer is it? Judged without memory, by what the answer itself proves. */
#ifndef STRATEGY_SURVEY_ANSWER_H
#define STRATEGY_SURVEY_ANSWER_H

#include "sonde/transport.h"
#include "strategy/survey_probe.h"

enum survey_verdict {
    SURVEY_OURS,
    SURVEY_FOREIGN,
    SURVEY_MALFORMED,
    SURVEY_NO_ANSWER, /* about our probe, but the answer is still to come: redirect, source quench
                       */
};

/* *answer (kind REPLY or ERROR), *mark and, where the RTT is known, *sent are set for OURS only. */
enum survey_verdict survey_judge(const struct survey_prober *prober,
                                 const struct sonde_event *event,
                                 struct sonde_survey_answer *answer, uint64_t *mark,
                                 struct sonde_mono *sent);

#endif
