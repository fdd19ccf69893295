/*
 * Lines of target texts, "!" before what is excluded: what parses is in order, and the set that is
 * made of it knows every address of its own by number and back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/target_set.h"

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_line(struct base_target_set *set, const char *line)
{
    bool excluded = line[0] == '!';
    struct base_target_range range;
    enum base_target_text verdict = base_target_range_parse(line + excluded, &range);
    if (verdict != BASE_TARGET_OK && verdict != BASE_TARGET_HOST_BITS)
        return;
    MUST(range.first.family == SONDE_IPV4 || range.first.family == SONDE_IPV6);
    MUST(range.first.family == range.last.family && range.first.scope == range.last.scope);
    MUST(memcmp(range.first.bytes, range.last.bytes, 16) <= 0);
    MUST((excluded ? base_target_set_exclude : base_target_set_add)(set, &range) == 0);
}

static void ask(const struct base_target_set *set, uint64_t index)
{
    struct sonde_address address = base_target_set_at(set, index);
    uint64_t found;
    MUST(base_target_set_find(set, &address, &found) && found == index);
}

static void check(const struct base_target_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        MUST(memcmp(set->ranges[i].first.bytes, set->ranges[i].last.bytes, 16) <= 0);
        MUST(i == 0 || set->before[i] > set->before[i - 1]);
        ask(set, set->before[i]);
        if (i > 0)
            ask(set, set->before[i] - 1);
    }
    if (set->addresses > 0) {
        ask(set, set->addresses - 1);
        ask(set, set->addresses / 2);
    }
    struct base_target_range range;
    const char *what;
    if (base_target_set_special(set, &range, &what))
        MUST(memcmp(range.first.bytes, range.last.bytes, 16) <= 0 && strlen(what) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    MUST(text);
    memcpy(text, data, size);
    text[size] = '\0';
    struct base_target_set set = {0};
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        take_line(&set, line);
    int error = base_target_set_seal(&set);
    MUST(error == 0 || error == -E2BIG);
    if (error == 0)
        check(&set);
    base_target_set_destroy(&set);
    free(text);
    return 0;
}
