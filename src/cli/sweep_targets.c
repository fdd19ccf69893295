#include "cli/sweep_targets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "net/lookup.h"
#include "sonde/sim.h"

#define SMALL_PAYLOAD 1000 /* bytes that pass everywhere in one piece */

/* What finding targets needs throughout. */
struct finder {
    const char *program;
    const struct sweep_settings *settings;
    const struct sonde_transport *transport;
    struct sweep_targets *targets;
};

void sweep_targets_free(struct sweep_targets *targets)
{
    for (uint32_t i = 0; targets->names && i < targets->count; i++)
        free(targets->names[i]);
    free(targets->names);
    free(targets->targets);
    base_target_set_destroy(&targets->set);
    *targets = (struct sweep_targets){0};
}

static int no_memory(const struct finder *finder)
{
    fprintf(stderr, "%s: cannot keep the hosts: %s\n", finder->program, strerror(ENOMEM));
    return SWEEP_SYSTEM;
}

/* --- names ----------------------------------------------------------------------------------- */

static int add_range(const struct finder *finder, const struct base_target_range *range,
                     bool excluded)
{
    struct base_target_set *set = &finder->targets->set;
    const int error =
        excluded ? base_target_set_exclude(set, range) : base_target_set_add(set, range);
    return error ? no_memory(finder) : 0;
}

/* The first address of a name, or all; the item keeps the first, others become items. */
static int take_addresses(const struct finder *finder, struct sweep_items *items, size_t at,
                          const struct net_names *names, bool excluded)
{
    const bool all = excluded || finder->settings->all_addresses;
    for (size_t i = 0; i < names->count && (all || i == 0); i++) {
        const struct base_target_range range = {names->addresses[i], names->addresses[i]};
        if (add_range(finder, &range, excluded) != 0)
            return SWEEP_SYSTEM;
        if (i == 0) {
            items->items[at].range = range;
            continue;
        }
        if (items->count == items->capacity) {
            struct sweep_item *list = reallocarray(items->items, items->capacity * 2, sizeof *list);
            if (!list)
                return no_memory(finder);
            items->items = list;
            items->capacity *= 2;
        }
        char *name = strdup(items->items[at].name);
        if (!name)
            return no_memory(finder);
        items->items[items->count++] = (struct sweep_item){range, name, items->items[at].place};
    }
    return 0;
}

/* Items whose names are looked up. */
struct names {
    const struct finder *finder;
    struct sweep_items *items;
    bool excluded;
    size_t *which; /* items, by number of the look-up */
    size_t count;
    int status;
};

/* The item is nobody. */
static void give_up(const struct finder *finder, struct sweep_item *item, const char *problem)
{
    char text[256];
    if (item->name)
        base_printable(item->name, strlen(item->name), text, sizeof text);
    else
        sonde_address_format(&item->range.first, text);
    sweep_place_tell(finder->program, &item->place);
    fprintf(stderr, "%s: %s\n", text, problem);
    item->range.first.family = SONDE_FAMILY_NONE;
    finder->targets->missing++;
}

static const char *name_of(void *self, size_t index)
{
    const struct names *names = self;
    return names->items->items[names->which[index]].name;
}

static bool on_found(void *self, size_t index, int error, const struct net_names *found)
{
    struct names *names = self;
    const size_t item = names->which[index];
    if (error)
        give_up(names->finder, &names->items->items[item], net_names_error(error));
    else
        names->status = take_addresses(names->finder, names->items, item, found, names->excluded);
    return names->status == 0;
}

static void find_in_scenario(struct names *names, size_t index)
{
    const struct finder *finder = names->finder;
    const enum sonde_family family = sweep_settings_family(finder->settings);
    struct net_names found = {.count = 1};
    const int error =
        sonde_sim_resolve(finder->transport, name_of(names, index), family, &found.addresses[0]);
    if (!error)
        on_found(names, index, 0, &found);
    else
        give_up(finder, &names->items->items[names->which[index]],
                error == -EAFNOSUPPORT ? "the scenario gives it no address of that family"
                                       : "there is no such name in the scenario");
}

static int find_names(struct names *names)
{
    const struct finder *finder = names->finder;
    for (size_t i = 0; i < names->count && finder->settings->scenario && !names->status; i++)
        find_in_scenario(names, i);
    if (names->count == 0 || finder->settings->scenario)
        return names->status;
    const struct net_lookup lookup = {names->count, names, name_of, on_found};
    const int error = net_lookup_all(&lookup, sweep_settings_family(finder->settings));
    return names->status ? names->status : error ? no_memory(finder) : 0;
}

static int resolve_all(const struct finder *finder, struct sweep_items *items, bool excluded)
{
    const enum sonde_family family = sweep_settings_family(finder->settings);
    struct names names = {finder, items, excluded, calloc(items->names + 1, sizeof(size_t)), 0, 0};
    int status = names.which ? 0 : no_memory(finder);
    for (size_t i = 0; i < items->count && !status; i++) {
        struct sweep_item *item = &items->items[i];
        const bool wanted = family == SONDE_FAMILY_NONE || item->range.first.family == family;
        if (item->name)
            names.which[names.count++] = i;
        else if (wanted || excluded)
            status = add_range(finder, &item->range, excluded);
        else
            give_up(finder, item, "is of the family that was not asked for");
    }
    if (!status)
        status = find_names(&names);
    free(names.which);
    return status;
}

/* --- what must not be asked ------------------------------------------------------------------ */

/* A broadcast address of a local network is nobody's: left out where it ends a prefix. */
static int leave_out_broadcast(const struct finder *finder, const struct sonde_address *address)
{
    const struct sonde_transport *transport = finder->transport;
    struct sonde_route route = {0};
    const int error = transport->ops->route(transport->self, address, &route);
    if (!route.broadcast && error != -EACCES)
        return 0;
    return add_range(finder, &(struct base_target_range){*address, *address}, true);
}

static int leave_out_broadcasts(const struct finder *finder, const struct sweep_items *items)
{
    int status = 0;
    if (finder->settings->special || finder->settings->scenario)
        return 0;
    for (size_t i = 0; i < items->count && !status; i++) {
        const struct base_target_range *range = &items->items[i].range;
        if (range->first.family != SONDE_IPV4 || sonde_address_equal(&range->first, &range->last))
            continue;
        status = leave_out_broadcast(finder, &range->first);
        if (!status)
            status = leave_out_broadcast(finder, &range->last);
    }
    return status;
}

/* In the order of a sealed set. */
static int compare(const struct sonde_address *a, const struct sonde_address *b)
{
    if (a->family != b->family)
        return a->family < b->family ? -1 : 1;
    if (a->scope != b->scope)
        return a->scope < b->scope ? -1 : 1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* Where the first item stands that has addresses of the range. */
static struct sweep_place place_of(const struct sweep_items *items,
                                   const struct base_target_range *range)
{
    for (size_t i = 0; i < items->count; i++) {
        const struct base_target_range *here = &items->items[i].range;
        if (here->first.family != SONDE_FAMILY_NONE && compare(&here->first, &range->last) <= 0 &&
            compare(&here->last, &range->first) >= 0)
            return items->items[i].place;
    }
    return (struct sweep_place){0};
}

static int refuse_special(const struct finder *finder, const struct sweep_items *items)
{
    struct base_target_range range;
    const char *what;
    char first[SONDE_ADDRESS_TEXT], last[SONDE_ADDRESS_TEXT];
    if (finder->settings->special || !base_target_set_special(&finder->targets->set, &range, &what))
        return 0;
    const struct sweep_place place = place_of(items, &range);
    sweep_place_tell(finder->program, &place);
    fprintf(stderr, "%s to %s: %s; --exclude leaves it out, --special asks it all the same\n",
            sonde_address_format(&range.first, first), sonde_address_format(&range.last, last),
            what);
    return SWEEP_BAD_ARGUMENTS;
}

int sweep_targets_resolve(const char *program, const struct sweep_settings *settings,
                          const struct sonde_transport *transport, struct sweep_items *items,
                          struct sweep_items *excluded, struct sweep_targets *targets)
{
    const struct finder finder = {program, settings, transport, targets};
    *targets = (struct sweep_targets){.missing = items->bad};
    int status = resolve_all(&finder, items, false);
    const uint64_t missing = targets->missing;
    if (!status)
        status = resolve_all(&finder, excluded, true);
    if (!status && (targets->missing > missing || excluded->bad > 0)) {
        fprintf(stderr, "%s: nobody is asked while it is not clear who is excluded\n", program);
        return SWEEP_NOT_FOUND;
    }
    if (!status)
        status = leave_out_broadcasts(&finder, items);
    if (status)
        return status;
    const int error = base_target_set_seal(&targets->set);
    if (error == -E2BIG) {
        fprintf(stderr,
                "%s: these are too many addresses: 2^63 are the most, and a /65 of IPv6 has so "
                "many\n",
                program);
        return SWEEP_BAD_ARGUMENTS;
    }
    if (error)
        return no_memory(&finder);
    if (targets->set.addresses == 0 && targets->missing == 0)
        fprintf(stderr, "%s: nobody is left to be asked\n", program);
    if (targets->set.addresses == 0)
        return targets->missing > 0 ? SWEEP_NOT_FOUND : SWEEP_BAD_ARGUMENTS;
    return refuse_special(&finder, items);
}

/* --- the list -------------------------------------------------------------------------------- */

/* 0.0.0.0 is this host (RFC 1122 section 3.2.1.3): asked at the address it would use itself. */
static bool is_this_host(const struct sonde_address *address)
{
    static const uint8_t zero[16] = {0};
    return memcmp(address->bytes, zero, sonde_address_length(address)) == 0;
}

/*
 * The kernel writes the source of an IPv4 datagram, so only what may have to be fragmented needs a
 * look at the route. The checksums of ICMPv6, UDP and TCP cover the source. What has no route fails
 * when it is sent.
 */
static struct sonde_engine_target target_of(const struct finder *finder,
                                            const struct sonde_address *address)
{
    const struct sweep_settings *settings = finder->settings;
    const struct sonde_transport *transport = finder->transport;
    const bool ours = settings->source.family == address->family;
    struct sonde_engine_target target = {
        .address = *address,
        .source = ours ? settings->source : (struct sonde_address){.family = address->family},
        .many_answer = sonde_address_is_multicast(address),
    };
    struct sonde_route route = {0};
    const bool source = address->family == SONDE_IPV6 || settings->scenario ||
                        settings->choice.kind != SONDE_PROBE_ECHO;
    const bool needed =
        source || is_this_host(address) || sweep_settings_payload(settings) > SMALL_PAYLOAD;
    if (!needed || transport->ops->route(transport->self, address, &route) != 0)
        return target;
    if (is_this_host(address))
        target.address = route.source;
    if (!ours && source)
        target.source = route.source;
    if (!transport->header_is_kernels)
        target.mtu = route.mtu;
    return target;
}

/* The first range of the set that does not end before the address. */
static size_t range_from(const struct base_target_set *set, const struct sonde_address *address)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&set->ranges[middle].last, address) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The ring puts no fragments together: it would hear nobody. */
static int refuse_fragments(const struct finder *finder, const struct sonde_engine_target *target)
{
    const unsigned headers = target->address.family == SONDE_IPV6 ? 48 : 28;
    const unsigned payload = sweep_settings_payload(finder->settings);
    if (target->mtu == 0 || payload + headers <= target->mtu ||
        strcmp(finder->transport->name, "ring") != 0)
        return 0;
    fprintf(stderr,
            "%s: %u bytes of payload do not fit the MTU of %" PRIu32
            ", and --transport ring puts no fragments together; --transport raw does\n",
            finder->program, payload, target->mtu);
    return SWEEP_BAD_ARGUMENTS;
}

/* Adds the address that has this number in the set, unless it was added before. */
static int list_address(const struct finder *finder, uint64_t index, const char *name,
                        uint8_t *seen)
{
    struct sweep_targets *targets = finder->targets;
    const struct sonde_address address = base_target_set_at(&targets->set, index);
    if (seen[index / 8] & 1u << index % 8)
        return 0;
    seen[index / 8] |= (uint8_t)(1u << index % 8);
    if (name && !(targets->names[targets->count] = strdup(name)))
        return no_memory(finder);
    targets->targets[targets->count] = target_of(finder, &address);
    return refuse_fragments(finder, &targets->targets[targets->count++]);
}

/* Adds the addresses of an item that are in the set. */
static int list_item(const struct finder *finder, const struct sweep_item *item, uint8_t *seen)
{
    const struct base_target_set *set = &finder->targets->set;
    const struct base_target_range *wanted = &item->range;
    int status = 0;
    if (wanted->first.family == SONDE_FAMILY_NONE)
        return 0;
    for (size_t i = range_from(set, &wanted->first); i < set->count && !status; i++) {
        const struct base_target_range *range = &set->ranges[i];
        const bool cut = compare(&range->first, &wanted->first) < 0;
        const bool ends = compare(&range->last, &wanted->last) > 0;
        uint64_t from = set->before[i], to = from;
        if (compare(&range->first, &wanted->last) > 0)
            break;
        if (!base_target_set_find(set, cut ? &wanted->first : &range->first, &from) ||
            !base_target_set_find(set, ends ? &wanted->last : &range->last, &to))
            break;
        for (uint64_t index = from; index <= to && !status; index++)
            status = list_address(finder, index, item->name, seen);
    }
    return status;
}

int sweep_targets_list(const char *program, const struct sweep_settings *settings,
                       const struct sonde_transport *transport, const struct sweep_items *items,
                       struct sweep_targets *targets)
{
    const struct finder finder = {program, settings, transport, targets};
    const size_t most = (size_t)targets->set.addresses;
    uint8_t *seen = calloc(1, most / 8 + 1);
    targets->targets = calloc(most, sizeof *targets->targets);
    if (items->names > 0)
        targets->names = calloc(most, sizeof *targets->names);
    int status = 0;
    if (!seen || !targets->targets || (items->names > 0 && !targets->names))
        status = no_memory(&finder);
    for (size_t i = 0; i < items->count && !status; i++)
        status = list_item(&finder, &items->items[i], seen);
    free(seen);
    return status;
}
