#include "sim/agenda.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

void sim_agenda_destroy(struct sim_agenda *agenda)
{
    for (size_t i = 0; i < agenda->count; i++)
        free(agenda->entries[i].delivery);
    for (int i = 0; i < SIM_BUFFER_CLASSES; i++) {
        while (agenda->unused[i]) {
            struct sim_delivery *delivery = agenda->unused[i];
            agenda->unused[i] = delivery->next_free;
            free(delivery);
        }
    }
    free(agenda->entries);
    *agenda = (struct sim_agenda){0};
}

struct sim_delivery *sim_agenda_buffer(struct sim_agenda *agenda, size_t length)
{
    uint8_t size_class = 0;
    while (length > (size_t)1 << (SIM_BUFFER_SMALLEST + size_class))
        size_class++;
    if (size_class >= SIM_BUFFER_CLASSES)
        return NULL;
    struct sim_delivery *delivery = agenda->unused[size_class];
    if (delivery)
        agenda->unused[size_class] = delivery->next_free;
    else
        delivery = malloc(sizeof(*delivery) + ((size_t)1 << (SIM_BUFFER_SMALLEST + size_class)));
    if (!delivery)
        return NULL;
    *delivery = (struct sim_delivery){.length = (uint32_t)length, .size_class = size_class};
    return delivery;
}

void sim_agenda_release(struct sim_agenda *agenda, struct sim_delivery *delivery)
{
    delivery->next_free = agenda->unused[delivery->size_class];
    agenda->unused[delivery->size_class] = delivery;
}

static bool before(const struct sim_agenda_entry *a, const struct sim_agenda_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

int sim_agenda_put(struct sim_agenda *agenda, struct sim_delivery *delivery)
{
    if (agenda->count == agenda->capacity) {
        size_t capacity = agenda->capacity ? agenda->capacity * 2 : 64;
        struct sim_agenda_entry *entries =
            reallocarray(agenda->entries, capacity, sizeof(*entries));
        if (!entries)
            return -ENOMEM;
        agenda->entries = entries;
        agenda->capacity = capacity;
    }
    struct sim_agenda_entry entry = {delivery->out, agenda->order++, delivery};
    size_t at = agenda->count++;
    while (at > 0 && before(&entry, &agenda->entries[(at - 1) / 2])) {
        agenda->entries[at] = agenda->entries[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    agenda->entries[at] = entry;
    return 0;
}

int64_t sim_agenda_next(const struct sim_agenda *agenda)
{
    return agenda->count ? agenda->entries[0].at : INT64_MAX;
}

struct sim_delivery *sim_agenda_take(struct sim_agenda *agenda)
{
    if (!agenda->count)
        return NULL;
    struct sim_delivery *first = agenda->entries[0].delivery;
    struct sim_agenda_entry last = agenda->entries[--agenda->count];
    size_t at = 0;
    for (size_t child = 1; child < agenda->count; child = 2 * at + 1) {
        if (child + 1 < agenda->count &&
            before(&agenda->entries[child + 1], &agenda->entries[child]))
            child++;
        if (!before(&agenda->entries[child], &last))
            break;
        agenda->entries[at] = agenda->entries[child];
        at = child;
    }
    agenda->entries[at] = last;
    return first;
}
