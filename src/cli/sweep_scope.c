#include "cli/sweep_scope.h"

#include <errno.h>
#include <string.h>

#include "net/route.h"
#include "net/route_dump.h"

#define SAMPLES 64

int sweep_scope_of(const struct sweep_settings *settings, const struct sweep_items *items,
                   const struct sweep_items *excluded, struct base_target_set *set)
{
    const enum sonde_family family = sweep_settings_family(settings);
    int error = 0;
    *set = (struct base_target_set){0};
    for (size_t i = 0; i < items->count && !error; i++) {
        const struct sweep_item *item = &items->items[i];
        if (!item->name && (family == SONDE_FAMILY_NONE || item->range.first.family == family))
            error = base_target_set_add(set, &item->range);
    }
    for (size_t i = 0; i < excluded->count && !error; i++)
        if (!excluded->items[i].name)
            error = base_target_set_exclude(set, &excluded->items[i].range);
    return error ? error : base_target_set_seal(set);
}

/* The device of all samples that have a route; 0: none, or several. */
static uint32_t device_of(const struct net_routes *routes, const struct base_target_set *set)
{
    const uint64_t samples = set->addresses < SAMPLES ? set->addresses : SAMPLES;
    uint32_t device = 0;
    for (uint64_t i = 0; i < samples; i++) {
        const uint64_t index = (uint64_t)((unsigned __int128)set->addresses * i / samples);
        const struct sonde_address address = base_target_set_at(set, index);
        struct sonde_route route = {0};
        if (net_routes_find(routes, &address, &route) != 0 || route.device == 0)
            continue;
        if (device != 0 && device != route.device)
            return 0;
        device = route.device;
    }
    return device;
}

bool sweep_scope_ring(const struct sweep_settings *settings, const struct base_target_set *set,
                      char device[static IF_NAMESIZE])
{
    const struct sonde_net_config config = {.fixed_identifier = -1, .source = settings->source};
    struct net_routes routes;
    const char *operation;
    uint32_t usual = 0;
    memset(device, 0, IF_NAMESIZE);
    if (settings->device) {
        strncpy(device, settings->device, IF_NAMESIZE - 1);
        return strcmp(device, "lo") != 0;
    }
    if (net_routes_open(&routes, &config, 0, &operation) != 0)
        return false;
    const uint32_t found = device_of(&routes, set);
    net_routes_close(&routes);
    if (found == 0 || found == if_nametoindex("lo"))
        return false;
    if (net_route_default_device(SONDE_FAMILY_NONE, &usual) == 0 && usual == found)
        return true;
    return if_indextoname(found, device) != NULL;
}
