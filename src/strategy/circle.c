#include "strategy/circle.h"

static bool same(const struct sonde_address *a, const struct sonde_address *b)
{
    return a->family != SONDE_FAMILY_NONE && sonde_address_equal(a, b);
}

static bool turns(const struct sonde_address *addresses, size_t length)
{
    if (sonde_address_equal(&addresses[0], &addresses[1]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!same(&addresses[i], &addresses[i + length]))
            return false;
    return true;
}

bool strategy_circle_find(const struct sonde_address *addresses, size_t count, size_t *first,
                          size_t *length)
{
    for (size_t i = 0; i + 4 <= count; i++) {
        for (size_t n = 2; i + 2 * n <= count; n++) {
            if (turns(&addresses[i], n)) {
                *first = i;
                *length = n;
                return true;
            }
        }
    }
    return false;
}
