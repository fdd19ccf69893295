#include "cli/sweep_pace.h"

#include <inttypes.h>

/* Both as fractions of integers, so that what fits exactly fits. */
static unsigned __int128 round_ns(const struct sonde_sweep_config *sweep)
{
    const unsigned __int128 slots = sweep->gap_slots > 0 ? sweep->gap_slots : 1;
    return ((unsigned __int128)sweep->hosts * sweep->gap_ns + slots - 1) / slots;
}

static uint64_t needed_rate(const struct sonde_sweep_config *sweep)
{
    const uint64_t period_ns = (uint64_t)sweep->period.ns;
    const unsigned __int128 in_ns = (unsigned __int128)sweep->hosts * SONDE_NS_PER_S;
    return (uint64_t)((in_ns + period_ns - 1) / period_ns);
}

void sweep_pace_tell(const char *program, const struct sonde_sweep_config *sweep, bool limited,
                     uint64_t most, FILE *err)
{
    const bool periodic =
        sweep->mode == SONDE_SWEEP_LOOP || (sweep->mode == SONDE_SWEEP_COUNT && sweep->count > 1);
    if (!periodic || sweep->gap_ns == 0 || sweep->period.ns <= 0 ||
        round_ns(sweep) <= (unsigned __int128)sweep->period.ns)
        return;
    /* up to the next millisecond */
    const uint64_t turn_ms = (uint64_t)((round_ns(sweep) + SONDE_NS_PER_MS - 1) / SONDE_NS_PER_MS);
    const double seconds = (double)turn_ms / 1e3;
    const uint64_t rate = needed_rate(sweep);
    fprintf(err, "%s: %" PRIu32 " hosts take turns of %.10g s at this rate, not of %.10g s; ",
            program, sweep->hosts, seconds, (double)sweep->period.ns / 1e9);
    if (limited && rate > most)
        fprintf(err, "--interval %.10g asks for no more than it gives\n", seconds);
    else
        fprintf(err, "--rate %" PRIu64 " would serve them all\n", rate);
}
