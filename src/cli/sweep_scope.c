#include "cli/sweep_scope.h"

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
