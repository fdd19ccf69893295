#include "net/neighbours.h"

#include <string.h>

#define PATIENCE sonde_span_ms(4000) /* the kernel gives up after three seconds */
#define BELIEVED sonde_span_ms(5000) /* how long the kernel need not see a neighbour in use */
#define FAILURE  sonde_span_ms(1000) /* and how long it is not asked for one in vain */

/* Neighbours differ in their last bits. */
static struct net_neighbour *place_of(struct net_neighbours *neighbours,
                                      const struct sonde_address *address)
{
    size_t length = sonde_address_length(address);
    uint32_t hash = 0;

    for (size_t i = 0; i < length; i++)
        hash = hash * 31 + address->bytes[i];
    return &neighbours->places[hash % NET_NEIGHBOURS_ROOM];
}

static struct net_neighbour *entry_of(struct net_neighbours *neighbours,
                                      const struct sonde_address *address)
{
    struct net_neighbour *place = place_of(neighbours, address);
    bool ours = place->state != NET_NEIGHBOUR_FREE && place->address.family == address->family &&
                memcmp(place->address.bytes, address->bytes, sizeof address->bytes) == 0;

    return ours ? place : NULL;
}

enum net_neighbour_way net_neighbours_find(struct net_neighbours *neighbours,
                                           const struct sonde_address *address,
                                           struct sonde_mono now, const uint8_t **link)
{
    struct net_neighbour *entry = entry_of(neighbours, address);
    bool valid = entry && sonde_mono_before(now, entry->until);

    if (entry && entry->state == NET_NEIGHBOUR_KNOWN) {
        if (!valid)
            entry->until = sonde_mono_add(now, BELIEVED);
        *link = entry->link;
        return valid ? NET_NEIGHBOUR_LINK : NET_NEIGHBOUR_KERNEL;
    }
    if (valid && entry->state == NET_NEIGHBOUR_FAILED)
        return NET_NEIGHBOUR_UNREACHABLE;
    if (valid && entry->waiting == NET_NEIGHBOURS_WAITING)
        return NET_NEIGHBOUR_LATER;
    if (valid) {
        entry->waiting++;
        return NET_NEIGHBOUR_KERNEL;
    }
    *place_of(neighbours, address) = (struct net_neighbour){
        .address = *address,
        .state = NET_NEIGHBOUR_ASKED,
        .waiting = 1,
        .until = sonde_mono_add(now, PATIENCE),
    };
    return NET_NEIGHBOUR_KERNEL;
}

void net_neighbours_learn(struct net_neighbours *neighbours, const struct sonde_address *address,
                          const uint8_t *link, struct sonde_mono now)
{
    struct net_neighbour *entry = entry_of(neighbours, address);

    if (!entry)
        return;
    entry->waiting = 0;
    if (link && (entry->state != NET_NEIGHBOUR_KNOWN ||
                 memcmp(entry->link, link, sizeof entry->link) != 0)) {
        entry->state = NET_NEIGHBOUR_KNOWN;
        memcpy(entry->link, link, sizeof entry->link);
        entry->until = sonde_mono_add(now, BELIEVED);
    } else if (!link) {
        entry->state = NET_NEIGHBOUR_FAILED;
        entry->until = sonde_mono_add(now, FAILURE);
    }
}

void net_neighbours_forget(struct net_neighbours *neighbours, const struct sonde_address *address)
{
    struct net_neighbour *entry = entry_of(neighbours, address);

    if (entry)
        entry->state = NET_NEIGHBOUR_FREE;
}

void net_neighbours_clear(struct net_neighbours *neighbours)
{
    memset(neighbours, 0, sizeof *neighbours);
}
