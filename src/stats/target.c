#include "sonde/stats.h"

enum sonde_verdict sonde_target_stats_outcome(struct sonde_target_stats *target,
                                              const struct sonde_outcome *outcome)
{
    enum sonde_verdict verdict = sonde_stats_outcome(&target->stats, outcome);
    if (target->histogram != NULL && verdict == SONDE_VERDICT_RECEIVED && outcome->rtt_known)
        sonde_histogram_record(target->histogram, outcome->rtt);
    if (target->sequence != NULL)
        sonde_sequence_outcome(target->sequence, verdict, outcome);
    return verdict;
}
