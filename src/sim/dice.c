#include "sim/dice.h"

#include <math.h>
#include <string.h>

#include "base/siphash.h"

#define HOUR_NS 3.6e12

/* The finaliser of SplitMix64: neighbouring numbers become unrelated ones. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

struct sim_dice sim_dice_take(uint64_t seed, uint64_t node_key, uint64_t count)
{
    return (struct sim_dice){mix(mix(seed * GOLDEN ^ node_key) + (count + 1) * GOLDEN)};
}

uint64_t sim_dice_throw(struct sim_dice dice, unsigned what)
{
    return mix(dice.base + (what + UINT64_C(1)) * GOLDEN);
}

static double unit(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double sim_dice_unit(struct sim_dice dice, unsigned what)
{
    return unit(sim_dice_throw(dice, what));
}

bool sim_dice_chance(struct sim_dice dice, unsigned what, const struct sim_setting *setting)
{
    return setting && sim_dice_unit(dice, what) < setting->chance[0];
}

void sim_dice_bytes(struct sim_dice dice, unsigned what, uint8_t *bytes, size_t length)
{
    struct sim_dice own = {sim_dice_throw(dice, what)};
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(sim_dice_throw(own, (unsigned)(i / 8)) >> i % 8 * 8);
}

int64_t sim_dice_jitter(struct sim_dice dice, unsigned copy, const struct sim_setting *jitter)
{
    if (!jitter)
        return 0;
    double amount = (double)jitter->number[1];
    double u = sim_dice_unit(dice, SIM_THROW_JITTER + 2 * copy);
    double added = 0;
    switch (jitter->number[0]) {
    case SIM_JITTER_FIXED:
        added = amount;
        break;
    case SIM_JITTER_UNIFORM:
        added = amount * u;
        break;
    case SIM_JITTER_NORMAL: /* Box-Muller; 1 - u is never 0 */
        added = amount * sqrt(-2 * log(1 - u)) *
                cos(2 * M_PI * sim_dice_unit(dice, SIM_THROW_JITTER + 2 * copy + 1));
        break;
    case SIM_JITTER_PARETO: /* of the second kind: from 0 on, with the mean that was asked for */
        added = amount * (jitter->chance[0] - 1) * (pow(1 - u, -1 / jitter->chance[0]) - 1);
        break;
    default:
        break;
    }
    return (int64_t)fmin(fmax(added, -HOUR_NS), HOUR_NS);
}

double sim_dice_address(uint64_t seed, unsigned what, const struct sonde_address *address)
{
    uint8_t key[16] = {0};
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(seed >> 8 * i);
    key[8] = (uint8_t)what;
    return unit(base_siphash(key, address->bytes, sizeof(address->bytes)));
}

uint64_t sim_dice_key(const char *name)
{
    static const uint8_t key[16];
    return base_siphash(key, name, strlen(name));
}
