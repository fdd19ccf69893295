#include "lab/record.h"

struct sonde_wall lab_clock_wall(const struct lab_clock *clock, struct sonde_mono at)
{
    return (struct sonde_wall){
        sonde_saturating_add(clock->epoch.ns, sonde_mono_since(at, clock->start).ns)};
}

const char *lab_harm_name(unsigned bit)
{
    switch (bit) {
    case SONDE_SIM_REORDERED:
        return "reordered";
    case SONDE_SIM_CORRUPT:
        return "corrupt";
    case SONDE_SIM_TRUNCATED:
        return "truncated";
    case SONDE_SIM_CUT:
        return "cut";
    case SONDE_SIM_MANGLED:
        return "mangled";
    case SONDE_SIM_FORGED:
        return "forged";
    default:
        return NULL;
    }
}
