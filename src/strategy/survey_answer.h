/* Whose answer is it? Judged without memory, by what the answer itself proves. */
#ifndef STRATEGY_SURVEY_ANSWER_H
#define STRATEGY_SURVEY_ANSWER_H

#include "sonde/transport.h"
#include "strategy/survey_probe.h"
#include "strategy/survey_window.h"

enum survey_verdict {
    SURVEY_OURS,
    SURVEY_FOREIGN,
    SURVEY_MALFORMED,
    SURVEY_NO_ANSWER, /* about our probe, but the answer is still to come: redirect, source quench
                       */
};

/* Of an answer that is ours. */
struct survey_judged {
    struct sonde_survey_answer answer; /* kind REPLY or ERROR */
    uint64_t mark;                     /* of the target */
    struct sonde_mono sent;            /* where the RTT is known */
};

/* The window is not asked yet, but fetched, while the proof is looked at. */
enum survey_verdict survey_judge(const struct survey_prober *prober,
                                 const struct survey_window *window,
                                 const struct sonde_event *event, struct survey_judged *judged);

#endif
