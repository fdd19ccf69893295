#include "net/ring_device.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "net/hops.h"
#include "net/route.h"
#include "net/route_dump.h"

#define SAMPLES 64

static uint64_t samples_of(const struct base_target_set *set)
{
    return set->addresses < SAMPLES ? set->addresses : SAMPLES;
}

static struct sonde_address sample(const struct base_target_set *set, uint64_t number)
{
    const uint64_t count = samples_of(set);
    return base_target_set_at(set, set->addresses / count * number +
                                       set->addresses % count * number / count);
}

/* The device that has this address of ours; 0: none. */
static uint32_t device_with(const struct ifaddrs *ours, const struct sonde_address *source)
{
    for (; ours; ours = ours->ifa_next) {
        const struct sockaddr *name = ours->ifa_addr;
        if (!name)
            continue;
        if (name->sa_family == AF_INET && source->family == SONDE_IPV4 &&
            memcmp(&((const struct sockaddr_in *)(const void *)name)->sin_addr, source->bytes, 4) ==
                0)
            return if_nametoindex(ours->ifa_name);
        if (name->sa_family == AF_INET6 && source->family == SONDE_IPV6 &&
            memcmp(&((const struct sockaddr_in6 *)(const void *)name)->sin6_addr, source->bytes,
                   16) == 0)
            return if_nametoindex(ours->ifa_name);
    }
    return 0;
}

/* The device that has the source of all samples that have a route; 0: none, or several. */
static uint32_t device_of(const struct net_routes *routes, const struct base_target_set *set)
{
    struct ifaddrs *ours;
    uint32_t device = 0;
    bool one = true;
    if (getifaddrs(&ours) != 0)
        return 0;
    for (uint64_t i = 0; i < samples_of(set) && one; i++) {
        const struct sonde_address address = sample(set, i);
        struct sonde_route route;
        if (net_routes_find(routes, &address, &route) != 0)
            continue;
        const uint32_t here = device_with(ours, &route.source);
        one = here != 0 && (device == 0 || device == here);
        device = here;
    }
    freeifaddrs(ours);
    return one ? device : 0;
}

/* Whether the address would be refused though the kernel has a route to it, in other tables. */
static bool is_missed(struct net_hops *hops, const struct net_routes *routes,
                      const struct sonde_address *address)
{
    struct sonde_route route;
    const uint8_t *link;
    int error = 0;
    return net_hops_find(hops, address, (struct sonde_mono){0}, &link, &error) == NET_HOP_REFUSED &&
           error == ENETUNREACH && net_routes_find(routes, address, &route) == 0;
}

/*
 * Whether no address goes through another device, on which this one's address may be the source,
 * too; and no sample by a route that the ring does not know.
 */
static bool leads_through(uint32_t device, const struct net_routes *routes,
                          const struct base_target_set *set)
{
    const struct net_hops_config config = {.device = device, .chosen = true};
    struct net_hops hops;
    bool all = true;
    if (net_hops_open(&hops, &config) != 0)
        return false;
    for (size_t i = 0; i < set->count && all; i++)
        all = !net_hops_elsewhere(&hops, &set->ranges[i].first, &set->ranges[i].last);
    for (uint64_t i = 0; i < samples_of(set) && all; i++) {
        const struct sonde_address address = sample(set, i);
        all = !is_missed(&hops, routes, &address);
    }
    net_hops_close(&hops);
    return all;
}

bool net_ring_device(const struct sonde_net_config *config, const struct base_target_set *set,
                     char device[static NET_DEVICE_NAME])
{
    struct net_routes routes;
    const char *operation;
    uint32_t usual = 0;
    memset(device, 0, NET_DEVICE_NAME);
    if (config->device) {
        strncpy(device, config->device, NET_DEVICE_NAME - 1);
        return strcmp(device, "lo") != 0;
    }
    if (net_routes_open(&routes, config, 0, &operation) != 0)
        return false;
    const uint32_t found = device_of(&routes, set);
    const bool fits =
        found != 0 && found != if_nametoindex("lo") && leads_through(found, &routes, set);
    net_routes_close(&routes);
    if (!fits)
        return false;
    if (net_route_default_device(SONDE_FAMILY_NONE, &usual) == 0 && usual == found)
        return true;
    return if_indextoname(found, device) != NULL;
}
