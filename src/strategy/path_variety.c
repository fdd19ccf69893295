/*
 * Several addresses at one hop: one after the other, or by turns? The number of runs of equal
 * addresses is compared with what a random order of the same answers gives (A. Wald, J. Wolfowitz,
 * Annals of Mathematical Statistics 11 (1940) 147; for more than two kinds A. M. Mood, ibid. 367).
 */
#include <math.h>

#include "strategy/path_inside.h"

#define FEWER (-2.0) /* standard deviations: 2.3 % of random orders */

static bool one_after_the_other(const struct path_hop *hop)
{
    const struct sonde_path_hop *shown = &hop->shown;
    double n = (double)shown->unlisted;
    double squares = n * n, cubes = n * n * n;
    for (unsigned i = 0; i < shown->address_count; i++) {
        double count = (double)shown->addresses[i].answers;
        n += count;
        squares += count * count;
        cubes += count * count * count;
    }
    if (n < 2)
        return false;
    double mean = n + 1 - squares / n;
    double variance =
        (squares * (squares + n * (n + 1)) - 2 * n * cubes - n * n * n) / (n * n * (n - 1));
    return variance > 0 && ((double)hop->runs + 0.5 - mean) / sqrt(variance) < FEWER;
}

static void list_changes(struct path_hop *hop)
{
    uint64_t kept = hop->switch_count < SONDE_PATH_CHANGES ? hop->switch_count : SONDE_PATH_CHANGES;
    for (uint64_t i = 0; i < kept; i++)
        hop->shown.changes[i] = hop->switches[(hop->switch_count - kept + i) % SONDE_PATH_CHANGES];
    hop->shown.change_count = (uint8_t)kept;
}

static bool known_before(const struct sonde_path *path, unsigned below, uint32_t round)
{
    for (unsigned h = path->config.first_hop; h < below; h++) {
        const struct sonde_path_hop *hop = &path_hop_at(path, h)->shown;
        for (unsigned i = 0; i < hop->change_count; i++)
            if (hop->changes[i].round == round)
                return true;
    }
    return false;
}

void path_find_variety(struct sonde_path *path)
{
    path->summary.changes = 0;
    for (unsigned h = path->config.first_hop; h <= path->length; h++) {
        struct path_hop *hop = path_hop_at(path, h);
        if (hop->shown.address_count < 2)
            continue;
        hop->shown.variety = SONDE_PATH_ALTERNATES;
        if (!one_after_the_other(hop))
            continue;
        hop->shown.variety = SONDE_PATH_CHANGED;
        list_changes(hop);
        for (unsigned i = 0; i < hop->shown.change_count; i++) {
            uint32_t round = hop->shown.changes[i].round;
            bool repeated = i > 0 && hop->shown.changes[i - 1].round == round;
            path->summary.changes += !repeated && !known_before(path, h, round);
        }
    }
}
