#include "sim/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for one more item of an array that is kept at the power of two at or above its count.
 */
static void *grown(void *items, uint32_t count, size_t item_bytes)
{
    if (count & (count - 1))
        return items;
    return realloc(items, (count ? 2 * (size_t)count : 1) * item_bytes);
}

#define GROW(items, count)                                                                         \
    __extension__({                                                                                \
        void *larger = grown((items), (count), sizeof(*(items)));                                  \
        if (larger)                                                                                \
            (items) = larger;                                                                      \
        larger != NULL;                                                                            \
    })

static void link_key(uint32_t from, uint32_t to, uint8_t key[static SIM_INDEX_KEY])
{
    memset(key, 0, SIM_INDEX_KEY);
    memcpy(key, &from, sizeof(from));
    memcpy(key + sizeof(from), &to, sizeof(to));
}

static void name_key(const char *name, uint8_t key[static SIM_INDEX_KEY])
{
    memset(key, 0, SIM_INDEX_KEY);
    memcpy(key, name, strnlen(name, SIM_NAME_MAX));
}

/* The first `bits` of the address, the rest zero. */
static void prefix_key(const struct sonde_address *address, uint8_t bits,
                       uint8_t key[static SIM_INDEX_KEY])
{
    memset(key, 0, SIM_INDEX_KEY);
    key[0] = address->family;
    key[1] = bits;
    memcpy(key + 2, address->bytes, bits / 8);
    if (bits % 8)
        key[2 + bits / 8] = (uint8_t)(address->bytes[bits / 8] & (0xff00 >> bits % 8));
}

void sim_scenario_destroy(struct sim_scenario *scenario)
{
    free(scenario->nodes);
    free(scenario->settings);
    free(scenario->prefixes);
    free(scenario->happenings);
    free(scenario->list);
    free(scenario->text);
    sim_index_destroy(&scenario->names);
    sim_index_destroy(&scenario->links);
    sim_index_destroy(&scenario->addresses);
    *scenario = (struct sim_scenario){0};
}

/* One more node, which stands in the index under the key. NULL without memory. */
static struct sim_node *add_node(struct sim_scenario *scenario, struct sim_index *index,
                                 const uint8_t key[static SIM_INDEX_KEY], enum sim_node_kind kind)
{
    if (!GROW(scenario->nodes, scenario->node_count) ||
        sim_index_add(index, key, scenario->node_count))
        return NULL;
    struct sim_node *node = &scenario->nodes[scenario->node_count++];
    *node = (struct sim_node){.kind = kind, .address_first = SIM_NOBODY};
    return node;
}

int sim_scenario_add_node(struct sim_scenario *scenario, enum sim_node_kind kind, const char *name)
{
    uint8_t key[SIM_INDEX_KEY];
    name_key(name, key);
    struct sim_node *node = add_node(scenario, &scenario->names, key, kind);
    if (!node)
        return -ENOMEM;
    memcpy(node->name, name, strnlen(name, SIM_NAME_MAX));
    return 0;
}

/* What a link calls one of its ends. */
static const char *end_name(const struct sim_scenario *scenario, uint32_t node)
{
    return node == 0 ? "observer" : scenario->nodes[node].name;
}

int sim_scenario_add_link(struct sim_scenario *scenario, uint32_t from, uint32_t to)
{
    uint8_t key[SIM_INDEX_KEY];
    link_key(from, to, key);
    struct sim_node *node = add_node(scenario, &scenario->links, key, SIM_LINK);
    if (!node)
        return -ENOMEM;
    node->from = from;
    node->to = to;
    snprintf(node->name, sizeof(node->name), "%.*s>%.*s", SIM_NAME_MAX, end_name(scenario, from),
             SIM_NAME_MAX, end_name(scenario, to));
    return 0;
}

int sim_scenario_add_prefix(struct sim_scenario *scenario, const struct sim_prefix *prefix)
{
    uint8_t key[SIM_INDEX_KEY];
    prefix_key(&prefix->address, prefix->bits, key);
    if (!GROW(scenario->prefixes, scenario->prefix_count) ||
        sim_index_add(&scenario->addresses, key, scenario->prefix_count))
        return -ENOMEM;
    uint32_t index = scenario->prefix_count++;
    uint32_t *link = &scenario->nodes[prefix->node].address_first;
    while (*link != SIM_NOBODY)
        link = &scenario->prefixes[*link].next;
    *link = index;
    struct sim_prefix *added = &scenario->prefixes[index];
    *added = *prefix;
    added->next = SIM_NOBODY;
    memcpy(added->address.bytes, key + 2, sizeof(added->address.bytes));
    int family = prefix->address.family == SONDE_IPV6;
    scenario->lengths[family][prefix->bits / 64] |= UINT64_C(1) << prefix->bits % 64;
    return 0;
}

int sim_scenario_add_setting(struct sim_scenario *scenario, const struct sim_setting *setting)
{
    if (!GROW(scenario->settings, scenario->setting_count))
        return -ENOMEM;
    scenario->settings[scenario->setting_count++] = *setting;
    return 0;
}

int sim_scenario_add_happening(struct sim_scenario *scenario, struct sim_happening happening)
{
    if (!GROW(scenario->happenings, scenario->happening_count))
        return -ENOMEM;
    scenario->happenings[scenario->happening_count++] = happening;
    return 0;
}

int sim_scenario_add_list(struct sim_scenario *scenario, uint32_t item)
{
    if (!GROW(scenario->list, scenario->list_count))
        return -ENOMEM;
    scenario->list[scenario->list_count++] = item;
    return 0;
}

int sim_scenario_add_text(struct sim_scenario *scenario, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!GROW(scenario->text, scenario->text_count))
            return -ENOMEM;
        scenario->text[scenario->text_count++] = text[i];
    }
    return 0;
}

/* Settings of one owner and time keep the order in which they were written. */
static int compare_settings(const void *left, const void *right)
{
    const struct sim_setting *a = left;
    const struct sim_setting *b = right;
    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int compare_happenings(const void *left, const void *right)
{
    const struct sim_happening *a = left;
    const struct sim_happening *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void sim_scenario_sort(struct sim_scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->setting_count; i++)
        scenario->settings[i].order = i;
    for (uint32_t i = 0; i < scenario->happening_count; i++)
        scenario->happenings[i].order = i;
    if (scenario->setting_count)
        qsort(scenario->settings, scenario->setting_count, sizeof(*scenario->settings),
              compare_settings);
    if (scenario->happening_count)
        qsort(scenario->happenings, scenario->happening_count, sizeof(*scenario->happenings),
              compare_happenings);
    for (uint32_t i = scenario->setting_count; i-- > 0;) {
        struct sim_node *owner = &scenario->nodes[scenario->settings[i].owner];
        owner->setting_first = i;
        owner->setting_count++;
    }
}

uint32_t sim_scenario_named(const struct sim_scenario *scenario, const char *name)
{
    uint8_t key[SIM_INDEX_KEY];
    if (strlen(name) > SIM_NAME_MAX)
        return SIM_NOBODY;
    name_key(name, key);
    return sim_index_find(&scenario->names, key);
}

uint32_t sim_scenario_link(const struct sim_scenario *scenario, uint32_t from, uint32_t to)
{
    uint8_t key[SIM_INDEX_KEY];
    link_key(from, to, key);
    return sim_index_find(&scenario->links, key);
}

uint32_t sim_scenario_prefix_index(const struct sim_scenario *scenario,
                                   const struct sonde_address *address, uint8_t bits)
{
    uint8_t key[SIM_INDEX_KEY];
    prefix_key(address, bits, key);
    return sim_index_find(&scenario->addresses, key);
}

const struct sim_prefix *sim_scenario_prefix(const struct sim_scenario *scenario,
                                             const struct sonde_address *address)
{
    const uint64_t *lengths = scenario->lengths[address->family == SONDE_IPV6];
    int longest = (int)sonde_address_length(address) * 8;
    for (int bits = longest; bits >= 0 && longest > 0; bits--) {
        if (!(lengths[bits / 64] >> bits % 64 & 1))
            continue;
        uint32_t index = sim_scenario_prefix_index(scenario, address, (uint8_t)bits);
        if (index != SIM_INDEX_ABSENT)
            return &scenario->prefixes[index];
    }
    return NULL;
}

const struct sim_prefix *sim_scenario_address(const struct sim_scenario *scenario, uint32_t node,
                                              enum sonde_family family)
{
    for (uint32_t i = scenario->nodes[node].address_first; i != SIM_NOBODY;
         i = scenario->prefixes[i].next)
        if (family == SONDE_FAMILY_NONE || scenario->prefixes[i].address.family == family)
            return &scenario->prefixes[i];
    return NULL;
}

bool sim_scenario_own_address(const struct sim_scenario *scenario, enum sonde_family family,
                              struct sonde_address *address)
{
    const struct sim_prefix *own = sim_scenario_address(scenario, 0, family);
    if (own)
        *address = own->address;
    else if (sim_scenario_address(scenario, 0, SONDE_FAMILY_NONE))
        return false;
    else
        sonde_address_parse(family == SONDE_IPV6 ? "2001:db8::1" : "198.18.0.1", address);
    return true;
}

int64_t sim_scenario_in_force(const struct sim_scenario *scenario, uint32_t node, int64_t at,
                              const struct sim_setting **in_force)
{
    int64_t until = INT64_MAX;
    memset(in_force, 0, SIM_PROPERTIES * sizeof(*in_force));
    const struct sim_node *owner = &scenario->nodes[node];
    for (uint32_t i = 0; i < owner->setting_count; i++) {
        const struct sim_setting *setting = &scenario->settings[owner->setting_first + i];
        if (setting->from > at) {
            until = setting->from < until ? setting->from : until;
            break;
        }
        if (setting->until <= at)
            continue;
        until = setting->until < until ? setting->until : until;
        in_force[setting->property] = setting->cleared ? NULL : setting;
    }
    return until;
}
