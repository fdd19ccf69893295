/*
 * Whom a sweep is to ask, as it was written down: addresses, prefixes, ranges and names from the
 * command line and from files, in their order.
 */
#ifndef CLI_SWEEP_ITEMS_H
#define CLI_SWEEP_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/target_set.h"
#include "cli/sweep_options.h"

/* Where a word stands. The file's name is of the settings. */
struct sweep_place {
    const char *file; /* NULL: the command line */
    unsigned long line;
};

struct sweep_item {
    struct base_target_range range; /* meaningless while a name is not resolved */
    char *name;                     /* to be resolved; NULL: the range says it */
    struct sweep_place place;
};

struct sweep_items {
    struct sweep_item *items;
    size_t count;
    size_t capacity;
    size_t names;
    uint64_t bad; /* words in files that are nothing; told already */
};

/*
 * Reads operands and files, or what is to be excluded. What is wrong is told on stderr: an operand
 * that is nothing ends it, a word in a file does not. Returns 0 or an exit code.
 */
int sweep_items_read(const char *program, const struct sweep_settings *settings,
                     struct sweep_items *items);
int sweep_items_read_excluded(const char *program, const struct sweep_settings *settings,
                              struct sweep_items *items);

/* Begins a line on stderr about a word: "PROGRAM: " or "PROGRAM: FILE:LINE: ". */
void sweep_place_tell(const char *program, const struct sweep_place *place);

void sweep_items_free(struct sweep_items *items);

#endif
