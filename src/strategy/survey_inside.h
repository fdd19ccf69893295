/* The survey from inside. */
#ifndef STRATEGY_SURVEY_INSIDE_H
#define STRATEGY_SURVEY_INSIDE_H

#include "sonde/survey.h"
#include "strategy/permutation.h"
#include "strategy/survey_pace.h"
#include "strategy/survey_probe.h"
#include "strategy/survey_window.h"

/* A probe on its way to the transport, or refused by it for the moment. */
struct survey_pending {
    struct sonde_address target;
    uint64_t position;
    int64_t refused_ns;   /* the first time */
    uint64_t sent_before; /* … how many had left by then */
    int64_t retry_ns;     /* not before; INT64_MIN: never refused yet */
    int64_t pause_ns;     /* until the next attempt, if it is refused again */
    bool settled;         /* left, or failed */
};

struct sonde_survey {
    struct sonde_survey_config config;
    sonde_survey_hear *hear;
    void *self;
    struct strategy_permutation order;
    struct survey_prober prober;
    struct survey_window window;
    struct survey_pace pace;

    uint64_t next_position;           /* the next one to be asked … */
    uint32_t next_copy;               /* … for this time … */
    struct sonde_address next_target; /* … once it has been asked at all */

    struct survey_pending *pending; /* batch_most of them, by position */
    size_t pending_count;
    size_t *handed; /* those in the transport's hands, in the order of the batch */
    size_t handed_count;
    size_t batch_most;
    uint8_t *arena; /* batch_most datagrams */
    size_t datagram_bytes;
    struct sonde_mono batch_at;   /* the time that they carry */
    struct sonde_mono hold_until; /* after a batch that was refused whole */

    bool started;
    struct sonde_mono start;
    bool ended; /* no more probes: */
    struct sonde_mono ended_at;
    bool reads_matter; /* RTTs depend on when answers are read */
    struct sonde_survey_figures figures;
};

#endif
